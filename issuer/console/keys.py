"""Windows and keys: what is published, until when, and how a venue is set up with it."""

from base64 import b64encode
from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.console.moments import local_time
from issuer.keys.roots import signer_end
from issuer.oversight.audit import Action
from issuer.publication.making import make_missing_keys, publish, retire
from issuer.staff import Role
from issuer.staff_actions import require
from schemas.bundle import PassKey, TrustBundle
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from schemas.problems import ApiProblem, Problem
from shell.pictures import qr_png

SIGNER_WARNING = 10 * DAY


def show(desk: Desk) -> Response:
    authority, now = desk.authority, desk.now
    published = authority.published()
    ends = signer_end(authority.home, authority.config)
    return desk.page(
        "keys.html",
        may_retire=desk.account.role is Role.OFFICER,
        root=authority.config.root,
        url=authority.config.url,
        setup_png=b64encode(qr_png(setup_code(desk))).decode("ascii"),
        signer_ends=local_time(authority.policy, ends),
        signer_days=max(0, ends - now) // DAY,
        signer_warns=ends - now < SIGNER_WARNING,
        bundle=_bundle(desk, published.bundle, published.digest) if published else None,
        columns=[status.name[desk.language] for status in authority.policy.statuses],
        windows=_windows(desk, published.bundle) if published else [],
        sunset=local_time(authority.policy, authority.config.sunset),
    )


def act(desk: Desk) -> Response:
    """Retire the keys of one window, status and hint, or all of a window."""
    require(desk.account, Role.OFFICER)
    key = _named(desk)
    if desk.sent("step") != "do":
        return desk.page(
            "person_sure.html",
            consequence=desk.say(
                "retire_means", key=b64url_encode(key.id)[:8], hours=_bundle_hours(desk)
            ),
            kept={"key": desk.sent("key")},
        )
    desk.authority.audit.note(Action.RETIRE, desk.account, desk.now)
    retire(desk.authority, key, desk.now)
    make_missing_keys(desk.authority, desk.now)
    publish(desk.authority, desk.now)
    return desk.done("retired")


def setup_code(desk: Desk) -> str:
    """What a venue's page scans to be set up."""
    return f"QS1:{desk.authority.config.url}#{desk.authority.config.root}"


def _bundle_hours(desk: Desk) -> int:
    """For how many hours a venue can still work with what is published now, rounded up."""
    published = desk.authority.published()
    return -(-(published.bundle.exp - desk.now) // HOUR) if published else 0


def _named(desk: Desk) -> PassKey:
    published = desk.authority.published()
    keys = published.bundle.pass_keys if published else ()
    wanted = desk.sent("key")
    found = [key for key in keys if wanted and b64url_encode(key.id).startswith(wanted)]
    if len(found) != 1:
        raise ApiProblem(Problem.INVALID)
    return found[0]


def _bundle(desk: Desk, bundle: TrustBundle, digest: str) -> dict[str, Any]:
    return {
        "version": bundle.version,
        "made": local_time(desk.authority.policy, bundle.iat),
        "ends": local_time(desk.authority.policy, bundle.exp),
        "digest": digest,
        "retired": len(bundle.retired),
    }


def _windows(desk: Desk, bundle: TrustBundle) -> list[dict[str, Any]]:
    """The calendar: for each window and status how many keys there are, and their ids."""
    policy = desk.authority.policy
    return [
        {
            "begins": local_time(policy, window.nbf),
            "ends": local_time(policy, window.exp),
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
