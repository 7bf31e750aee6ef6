"""Windows and keys: what is published, until when, and how a venue is set up with it."""

from base64 import b64encode
from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.keys.roots import WARN_BEFORE_END, signer_end
from issuer.oversight.audit import Action
from issuer.publication.making import find_key, retire
from issuer.publication.switching import switch_cost
from issuer.staff import Role
from issuer.staff_actions import require
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from schemas.problems import ApiProblem, Problem
from shell.pictures import qr_png
from shell.times import local_time


def show(desk: Desk) -> Response:
    authority, now = desk.authority, desk.now
    published = authority.published()
    ends = signer_end(authority.chain)
    return desk.page(
        "keys.html",
        may_retire=desk.account.role is Role.OFFICER,
        root=authority.anchor,
        url=authority.config.url,
        setup_png=b64encode(qr_png(authority.setup_code)).decode("ascii"),
        signer_ends=local_time(ends, authority.policy.zone),
        signer_days=max(0, ends - now) // DAY,
        signer_warns=ends - now <= WARN_BEFORE_END,
        bundle=_bundle(desk, published.bundle, published.etag) if published else None,
        columns=[status.name[desk.language] for status in authority.policy.statuses],
        windows=_windows(desk, published.bundle) if published else [],
        sunset=local_time(authority.sunset, authority.policy.zone),
    )


def act(desk: Desk) -> Response:
    """Retire the keys of one window, status and hint, or all of a window."""
    require(desk.account, Action.RETIRE)
    key = find_key(desk.authority, desk.sent("key"))
    if key is None:
        raise ApiProblem(Problem.INVALID)
    if desk.sent("step") != "do":
        return desk.page(
            "person_sure.html",
            consequence=desk.say(
                "retire_means", key=b64url_encode(key.id)[:8], count=_bundle_hours(desk)
            ),
            costs=_costs(desk, key),
            kept={"key": desk.sent("key")},
        )
    is_out = retire(desk.authority, key, desk.now, account=desk.account)
    return desk.done("retired" if is_out else "retired_waits")


def _costs(desk: Desk, key: PassKey) -> list[str]:
    """What it costs people that a key is retired at once, as this page does."""
    cost = switch_cost(desk.authority.policy, key, hours=0)
    if cost.soon is None:
        alike = desk.say("retire_few_alike")
    else:
        alike = desk.say("retire_alike", alike=cost.alike, soon=cost.soon)
    return [alike, desk.say("retire_at_doors"), desk.say("retire_only_for_theft")]


def _bundle_hours(desk: Desk) -> int:
    """For how many hours a venue can still work with what is published now, rounded up."""
    published = desk.authority.published()
    return -(-(published.bundle.exp - desk.now) // HOUR) if published else 0


def _bundle(desk: Desk, bundle: TrustBundle, digest: str) -> dict[str, Any]:
    return {
        "version": bundle.version,
        "made": local_time(bundle.iat, desk.authority.policy.zone),
        "ends": local_time(bundle.exp, desk.authority.policy.zone),
        "digest": digest,
        "retired": len(bundle.retired),
    }


def _windows(desk: Desk, bundle: TrustBundle) -> list[dict[str, Any]]:
    """The calendar: for each window and status how many keys there are, and their ids."""
    policy = desk.authority.policy
    return [
        {
            "begins": local_time(window.nbf, policy.zone),
            "ends": local_time(window.exp, policy.zone),
            "is_now": window.contains(desk.now),
            "statuses": [
                {
                    "name": status.name[desk.language],
                    "made": [
                        {"id": b64url_encode(key.id), "holder": key.holder}
                        for key in bundle.pass_keys
                        if key.window == window and key.status == status.id
                    ],
                }
                for status in bundle.statuses
            ],
        }
        for window in bundle.windows
    ]


PAGE = Page("/console/keys", "keys", frozenset({Role.OFFICER, Role.AUDITOR}), show, act)
