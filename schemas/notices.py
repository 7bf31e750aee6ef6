"""The authority's list of hours to warn of, and when a wallet believes it.

The form and the checks are docs/formats.md, "The list of notices".

The same list is for everyone, signed by a key that the trust bundle names. The rules against
setting back and against two lists of one version are those of bundles, for each key by itself: a
thief of one can number its lists as high as there are numbers, and another key goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas import jws
from schemas.bundle import CLOCK_TOLERANCE, LONGEST_LIFE, TrustBundle
from schemas.encoding import b64url_decode, b64url_encode
from schemas.errors import Refusal
from schemas.jwk import key_from_jwk
from schemas.resources import load_json
from schemas.trust import bundle_digest
from schemas.validation import matches

NOTICES_LIMIT = 24_000_000
"""Bytes; 100,000 hours make 18 million."""

MOST_NOTICES = 100_000


class NoticesFault(StrEnum):
    NOT_A_LIST = "not_a_list"
    TOO_LARGE = "too_large"
    UNKNOWN_SIGNER = "unknown_signer"
    ROLLBACK = "rollback"
    SPLIT_VIEW = "split_view"
    EXPIRED = "expired"
    CLOCK_BEHIND = "clock_behind"


class NoticesRejected(Refusal[NoticesFault]):
    """A list was not accepted."""

    table = load_json("notices_faults.json")
    kind = "notices_fault"


@dataclass(frozen=True, repr=False)
class Notice:
    """One hour at one venue, with both private keys of 32 bytes."""

    hour: int
    venue_key: bytes
    authority_key: bytes

    def member(self) -> dict[str, Any]:
        """How the list has it."""
        return {
            "hour": self.hour,
            "venue_key": b64url_encode(self.venue_key),
            "authority_key": b64url_encode(self.authority_key),
        }


@dataclass(frozen=True)
class NoticesState:
    """How far a wallet saw the lists of one key: the newest version and its digest."""

    version: int
    digest: str


@dataclass(frozen=True)
class NoticeList:
    """An accepted list. ``kid`` names who signed; times are Unix seconds.

    ``digest`` is also its ETag.
    """

    kid: str
    version: int
    iat: int
    exp: int
    notices: tuple[Notice, ...]
    digest: str

    @property
    def state(self) -> NoticesState:
        """What a wallet remembers of its key from now on."""
        return NoticesState(self.version, self.digest)


def accept_notices(
    data: bytes, *, bundle: TrustBundle, seen: Mapping[str, NoticesState], now: int
) -> NoticeList:
    """Verify a list against the bundle in force and all that was seen; raises NoticesRejected.

    ``seen`` is what is remembered of each key by its ``kid``. The state of the list that is
    returned takes the place of its own key's.
    """
    if len(data) > NOTICES_LIMIT:
        raise NoticesRejected(NoticesFault.TOO_LARGE)
    signer, payload = _verified(data, bundle, now)
    accepted = _parse(payload, data, bundle, signer)
    if now >= accepted.exp:
        raise NoticesRejected(NoticesFault.EXPIRED)
    # One from the future would stay newer than all that come, and never end for a wallet of now.
    if now < accepted.iat - CLOCK_TOLERANCE:
        raise NoticesRejected(NoticesFault.CLOCK_BEHIND)
    _check_history(accepted, seen.get(signer))
    return accepted


def notices_kids(bundle: TrustBundle) -> frozenset[str]:
    """The keys whose lists count; a wallet forgets what it knows of any other.

    So what was signed with a stolen key goes with it.
    """
    keys = bundle.service_keys
    return frozenset(key["kid"] for key in keys if key["typ"] == jws.Typ.NOTICES)


def _check_history(accepted: NoticeList, before: NoticesState | None) -> None:
    if before is None:
        return
    if accepted.version < before.version:
        raise NoticesRejected(NoticesFault.ROLLBACK)
    if accepted.version == before.version and accepted.digest != before.digest:
        raise NoticesRejected(NoticesFault.SPLIT_VIEW)


def _verified(data: bytes, bundle: TrustBundle, now: int) -> tuple[str, Mapping[str, Any]]:
    """Who signed, and the payload."""
    try:
        unverified = jws.parse(data.decode("ascii"))
    except ValueError:
        raise NoticesRejected(NoticesFault.NOT_A_LIST) from None
    kid = unverified.unverified_header.get("kid")
    signers = [key for key in bundle.service_keys if key["typ"] == jws.Typ.NOTICES]
    signer = next((s for s in signers if s["kid"] == kid and s["nbf"] <= now < s["exp"]), None)
    if signer is None:
        raise NoticesRejected(NoticesFault.UNKNOWN_SIGNER)
    try:
        payload = jws.verify(unverified, typ=jws.Typ.NOTICES, key=key_from_jwk(signer))
    except ValueError:
        raise NoticesRejected(NoticesFault.UNKNOWN_SIGNER) from None
    return signer["kid"], payload


def _parse(payload: Mapping[str, Any], data: bytes, bundle: TrustBundle, signer: str) -> NoticeList:
    if not matches("notices", payload) or payload["iss"] != bundle.iss:
        raise NoticesRejected(NoticesFault.NOT_A_LIST)
    try:
        notices = tuple(_parse_notice(entry) for entry in payload["notices"])
    except ValueError:
        raise NoticesRejected(NoticesFault.NOT_A_LIST) from None
    iat, exp = payload["iat"], payload["exp"]
    # A list for ever could hide later ones from every wallet that has seen none yet.
    if not 0 < exp - iat <= LONGEST_LIFE:
        raise NoticesRejected(NoticesFault.NOT_A_LIST)
    return NoticeList(signer, payload["version"], iat, exp, notices, bundle_digest(data))


def _parse_notice(entry: Mapping[str, Any]) -> Notice:
    keys = b64url_decode(entry["venue_key"]), b64url_decode(entry["authority_key"])
    return Notice(entry["hour"], *keys)
