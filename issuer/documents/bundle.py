"""The trust bundle: what the issuer publishes, the same bytes for everyone.

Its members are docs/formats.md, "The trust bundle".
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from issuer.home import Config, Home
from issuer.keys.grid import Cell, KeyFile, public_key
from issuer.keys.keyring import SigningKey, load_notices_key, statement_key_path
from issuer.keys.tracing import PUBLISHED_AHEAD, export_members, tracing_members
from issuer.rules.policy import Policy
from schemas.bundle import BUNDLE_LIMIT, LONGEST_LIFE, PassKey, TrustBundle
from schemas.codec import decode, to_json
from schemas.encoding import b64url_encode
from schemas.hints import HintForm, all_hints
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError
from shell.files import read_private, write_private

RENEW_AFTER = 6 * HOUR
YEAR = 366 * DAY
KEY_MEMBER_BYTES = 465
"""What one key adds to the payload, its status's id not counted; base64url makes 4 bytes of 3."""

TRACING_MEMBER_BYTES = 66
"""What the authority's key of one hour, or of the exports of one day, adds to the payload."""

BYTES_WITHOUT_KEYS = 250_000
"""Room for root statements, the longest names and policies, and retired ids."""


@dataclass(frozen=True)
class Retired:
    """A key withdrawn before its time; it is listed until its window ends.

    From ``at`` on doors refuse its passes; ``key`` is what they need until then.
    """

    key: PassKey
    at: int

    @property
    def id(self) -> bytes:
        return self.key.id


def load_retired(home: Home, now: int) -> list[Retired]:
    """The retired keys whose window has not ended. Raises CommandError for a damaged file."""
    if not home.retired.exists():
        return []
    try:
        entries: tuple[Retired, ...] = decode(
            tuple[Retired, ...], json.loads(read_private(home.retired))
        )
    except (ValueError, RecursionError):
        raise CommandError(f"{home.retired} is damaged; restore it from a backup") from None
    return [entry for entry in entries if entry.key.window.exp > now]


def save_retired(home: Home, retired: Iterable[Retired]) -> None:
    write_private(home.retired, to_json(tuple(retired)))


def bundle_end(policy: Policy, *, signer_exp: int, sunset: int, now: int) -> int:
    """``exp`` of a bundle made now: no later than its signer's end or the sunset."""
    return min(now + policy.bundle_hours * HOUR, signer_exp, sunset)


def is_due(
    bundle: TrustBundle,
    *,
    policy: Policy,
    sunset: int,
    key_ids: Set[bytes],
    retired: Iterable[Retired],
    renew_after: int = RENEW_AFTER,
    now: int,
) -> bool:
    """Whether ``bundle`` is ``renew_after`` seconds old, or no longer says what is true."""
    return (
        not 0 <= now - bundle.iat < renew_after
        or list(bundle.windows) != policy.calendar.windows_between(bundle.iat, bundle.exp)
        or not _ids_in_use(bundle, now) <= key_ids
        or bundle.retired != {entry.id: entry.at for entry in retired}
        or bundle.sunset != sunset
        or bundle.name != policy.name
        or _statuses(policy) != [(s.id, s.name, s.colour) for s in bundle.statuses]
        or _policies(policy) != [(p.id, p.name, p.admit, p.asks_hint) for p in bundle.policies]
    )


def _ids_in_use(bundle: TrustBundle, now: int) -> Set[bytes]:
    """Keys whose window has not ended; the others leave the disk while a bundle lists them."""
    return {key.id for key in bundle.pass_keys if now < key.window.exp}


def bundle_payload(
    *,
    config: Config,
    policy: Policy,
    previous: bytes | None,
    delegations: Sequence[Mapping[str, Any]],
    handover: str | None,
    pass_keys: Iterable[PassKey],
    paper_keys: Sequence[Mapping[str, Any]],
    service_keys: Sequence[Mapping[str, Any]],
    retired: Iterable[Retired],
    tracing: Mapping[int, bytes],
    tracing_exports: Mapping[int, bytes],
    version: int,
    now: int,
    exp: int,
) -> dict[str, Any]:
    """Every member of the payload, as docs/formats.md, "The trust bundle" names them."""
    pass_keys = list(pass_keys)
    retired = sorted(retired, key=lambda entry: entry.id)
    optional = {} if handover is None else {"handover": handover}
    return optional | {
        "iss": config.url,
        "name": dict(policy.name),
        "token_issuer": config.token_issuer,
        "version": version,
        "iat": now,
        "exp": exp,
        "previous": None if previous is None else b64url_encode(previous),
        "delegations": list(delegations),
        "batch_size": config.batch_size,
        "hint": config.hint.value,
        "pass_keys": [_pass_key_member(key) for key in pass_keys],
        "paper_keys": list(paper_keys),
        "service_keys": list(service_keys),
        "statuses": [
            {"id": status.id, "name": dict(status.name), "colour": status.colour}
            for status in policy.statuses
        ],
        "policies": [
            {
                "id": kind.id,
                "name": dict(kind.name),
                "admit": list(kind.admit),
                "hint": kind.hint,
            }
            for kind in policy.policies
        ],
        "retired": [{"id": b64url_encode(entry.id), "at": entry.at} for entry in retired],
        "retiring": [_pass_key_member(key) for key in _retiring(pass_keys, retired, now)],
        "specimen": config.specimen,
        "tracing": tracing_members(tracing),
        "tracing_exports": export_members(tracing_exports),
    }


def service_keys(home: Home) -> list[SigningKey]:
    """The keys of the retention statement and of the list of notices. Raises CommandError."""
    statement_key = SigningKey.load(statement_key_path(home), Typ.RETENTION)
    return [statement_key, load_notices_key(home)]


def service_key_member(key: SigningKey, *, sunset: int, now: int) -> dict[str, Any]:
    """How the bundle names a key that signs for this service."""
    return {
        **key.jwk,
        "kid": key.thumbprint,
        "typ": key.typ.value,
        "nbf": now - LONGEST_LIFE,
        "exp": sunset,
    }


def public_keys(
    cells: Iterable[Cell], keys: Mapping[Cell, KeyFile], known: Mapping[bytes, PassKey]
) -> list[PassKey]:
    """The public halves in the order of ``cells``; keys published before are not opened again."""
    files = [keys[cell] for cell in cells]
    return [known.get(file.id) or public_key(file) for file in files]


def check_size(hint: HintForm, policy: Policy, *, sunset: int, now: int) -> None:
    """Raise CommandError for settings whose bundle could exceed the 4 MB that clients accept.

    The most windows are in force just before one ends; every window of a year is tried, because
    days on which the clocks change count too.
    """
    calendar, life = policy.calendar, policy.bundle_hours * HOUR
    until = min(sunset, now + YEAR)
    moments = [window.exp - 1 for window in calendar.windows_between(now, until)]
    windows = max(len(calendar.windows_between(at, at + life)) for at in moments)
    cells = windows * len(all_hints(hint))
    keys = cells * len(policy.statuses)
    members = cells * sum(KEY_MEMBER_BYTES + len(status.id) for status in policy.statuses)
    traced = DAY + max(life, PUBLISHED_AHEAD)
    members += TRACING_MEMBER_BYTES * (traced // HOUR + 1 + traced // DAY + 2)
    if members * 4 // 3 + BYTES_WITHOUT_KEYS > BUNDLE_LIMIT:
        raise CommandError(
            f"these settings need {keys} keys in one bundle, more than 4 MB; "
            "choose fewer statuses, longer windows, fewer bundle_hours or a coarser hint"
        )


def _retiring(pass_keys: Iterable[PassKey], retired: Iterable[Retired], now: int) -> list[PassKey]:
    """The keys that doors still take beside those of the grid, in its cells only."""
    cells = {Cell(key.window, key.status, key.holder) for key in pass_keys}
    keys = [entry.key for entry in retired if entry.at > now]
    return [key for key in keys if Cell(key.window, key.status, key.holder) in cells]


def _pass_key_member(key: PassKey) -> dict[str, Any]:
    return {
        "id": b64url_encode(key.id),
        "n": b64url_encode(key.modulus),
        "status": key.status,
        "holder": key.holder,
        "nbf": key.window.nbf,
        "exp": key.window.exp,
    }


def _statuses(policy: Policy) -> list[tuple[str, Mapping[str, str], str]]:
    return [(status.id, status.name, status.colour) for status in policy.statuses]


def _policies(policy: Policy) -> list[tuple[str, Mapping[str, str], frozenset[str], bool]]:
    return [
        (kind.id, kind.name, frozenset(kind.admit), kind.hint == "ask") for kind in policy.policies
    ]
