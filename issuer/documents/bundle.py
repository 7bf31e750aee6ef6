"""The trust bundle: what the issuer publishes, the same bytes for everyone.

Its members are docs/formats.md, "The trust bundle".
"""

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import astuple, dataclass
from typing import Any

from issuer.home import Config, Home
from issuer.keys.grid import Cell, KeyFile, public_key
from issuer.keys.keyring import SigningKey, load_or_make_notices_key, statement_key_path
from issuer.keys.tracing import PUBLISHED_AHEAD, tracing_members
from issuer.rules.policy import Policy
from schemas.bundle import BUNDLE_LIMIT, LONGEST_LIFE, PassKey, TrustBundle
from schemas.codec import decode, to_json
from schemas.encoding import b64url_encode
from schemas.hints import all_hints
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError
from shell.files import read_private, write_private

RENEW_AFTER = 6 * HOUR
YEAR = 366 * DAY
KEY_MEMBER_BYTES = 465
"""What one key adds to the payload, its status's id not counted; base64url makes 4 bytes of 3."""

TRACING_MEMBER_BYTES = 66
"""What the authority's key of one hour adds to the payload."""

BYTES_WITHOUT_KEYS = 250_000
"""Room for root statements, the longest names and policies, and retired ids."""


@dataclass(frozen=True)
class Retired:
    """A key withdrawn before its time; it is listed until its window ends."""

    id: bytes
    window_exp: int


def load_retired(home: Home, now: int) -> list[Retired]:
    """The retired keys whose window has not ended. Raises CommandError for a damaged file."""
    if not home.retired.exists():
        return []
    try:
        pairs = decode(tuple[tuple[bytes, int], ...], json.loads(read_private(home.retired)))
    except (ValueError, RecursionError):
        raise CommandError(f"{home.retired} is damaged; restore it from a backup") from None
    return [Retired(*pair) for pair in pairs if pair[1] > now]


def save_retired(home: Home, retired: Iterable[Retired]) -> None:
    write_private(home.retired, to_json(tuple(map(astuple, retired))))


def bundle_end(config: Config, policy: Policy, *, signer_exp: int, now: int) -> int:
    """``exp`` of a bundle made now: no later than its signer's end or the sunset."""
    return min(now + policy.bundle_hours * HOUR, signer_exp, config.sunset)


def is_due(
    bundle: TrustBundle,
    *,
    policy: Policy,
    config: Config,
    key_ids: Set[bytes],
    retired: Iterable[Retired],
    now: int,
) -> bool:
    """Whether ``bundle`` is six hours old, or no longer says what is true."""
    return (
        not 0 <= now - bundle.iat < RENEW_AFTER
        or list(bundle.windows) != policy.calendar.windows_between(bundle.iat, bundle.exp)
        or not bundle.by_id.keys() <= key_ids
        or bundle.retired != {entry.id for entry in retired}
        or bundle.sunset != config.sunset
        or bundle.name != policy.name
        or _statuses(policy) != [(s.id, s.name, s.colour) for s in bundle.statuses]
        or _policies(policy) != [(p.id, p.name, p.admit, p.asks_hint) for p in bundle.policies]
    )


def bundle_payload(
    *,
    config: Config,
    policy: Policy,
    delegations: Sequence[str],
    pass_keys: Iterable[PassKey],
    paper_keys: Sequence[Mapping[str, Any]],
    service_keys: Sequence[Mapping[str, Any]],
    retired: Iterable[Retired],
    tracing: Mapping[int, bytes],
    version: int,
    now: int,
    exp: int,
) -> dict[str, Any]:
    """Every member of the payload, as docs/formats.md, "The trust bundle" names them."""
    return {
        "iss": config.url,
        "name": dict(policy.name),
        "token_issuer": config.token_issuer,
        "version": version,
        "iat": now,
        "exp": exp,
        "sunset": config.sunset,
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
        "retired": sorted(b64url_encode(entry.id) for entry in retired),
        "specimen": config.specimen,
        "tracing": tracing_members(tracing),
    }


def service_keys(home: Home) -> list[SigningKey]:
    """The keys of the retention statement and of the list of notices. Raises CommandError."""
    statement_key = SigningKey.load(statement_key_path(home), Typ.RETENTION)
    return [statement_key, load_or_make_notices_key(home)]


def service_key_member(key: SigningKey, config: Config, now: int) -> dict[str, Any]:
    """How the bundle names a key that signs for this service."""
    return {
        **key.jwk,
        "kid": key.thumbprint,
        "typ": key.typ.value,
        "nbf": now - LONGEST_LIFE,
        "exp": config.sunset,
    }


def public_keys(
    cells: Iterable[Cell], keys: Mapping[Cell, KeyFile], known: Mapping[bytes, PassKey]
) -> list[PassKey]:
    """The public halves in the order of ``cells``; keys published before are not opened again."""
    files = [keys[cell] for cell in cells]
    return [known.get(file.id) or public_key(file) for file in files]


def check_size(config: Config, policy: Policy, now: int) -> None:
    """Raise CommandError for settings whose bundle could exceed the 4 MB that clients accept.

    The most windows are in force just before one ends; every window of a year is tried, because
    days on which the clocks change count too.
    """
    calendar, life = policy.calendar, policy.bundle_hours * HOUR
    until = min(config.sunset, now + YEAR)
    moments = [window.exp - 1 for window in calendar.windows_between(now, until)]
    windows = max(len(calendar.windows_between(at, at + life)) for at in moments)
    cells = windows * len(all_hints(config.hint))
    keys = cells * len(policy.statuses)
    members = cells * sum(KEY_MEMBER_BYTES + len(status.id) for status in policy.statuses)
    members += TRACING_MEMBER_BYTES * ((DAY + max(life, PUBLISHED_AHEAD)) // HOUR + 1)
    if members * 4 // 3 + BYTES_WITHOUT_KEYS > BUNDLE_LIMIT:
        raise CommandError(
            f"these settings need {keys} keys in one bundle, more than 4 MB; "
            "choose fewer statuses, longer windows, fewer bundle_hours or a coarser hint"
        )


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
