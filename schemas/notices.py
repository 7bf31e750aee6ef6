"""The authority's list of hours to warn of, and when a wallet believes it.

The form and the checks are docs/formats.md, "The list of notices".

The same list is for everyone, signed by a key that the trust bundle names. The rules against
setting back and against two lists of one version are those of bundles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from schemas import jws
from schemas.bundle import LONGEST_LIFE, TrustBundle
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
class NoticeList:
    """An accepted list. Times are Unix seconds; ``digest`` is also its ETag."""

    version: int
    iat: int
    exp: int
    notices: tuple[Notice, ...]
    digest: str


@dataclass(frozen=True)
class NoticesState:
    """How far a wallet saw: the newest version and its digest."""

    version: int = 0
    digest: str = ""


def accept_notices(
    data: bytes, *, bundle: TrustBundle, state: NoticesState, now: int
) -> tuple[NoticeList, NoticesState]:
    """Verify a list against the bundle in force and all that was seen; raises NoticesRejected.

    The state that is returned is the one to remember.
    """
    if len(data) > NOTICES_LIMIT:
        raise NoticesRejected(NoticesFault.TOO_LARGE)
    accepted = _parse(_verified_payload(data, bundle, now), data, bundle)
    if now >= accepted.exp:
        raise NoticesRejected(NoticesFault.EXPIRED)
    if accepted.version < state.version:
        raise NoticesRejected(NoticesFault.ROLLBACK)
    if accepted.version == state.version and accepted.digest != state.digest:
        raise NoticesRejected(NoticesFault.SPLIT_VIEW)
    return accepted, NoticesState(accepted.version, accepted.digest)


def _verified_payload(data: bytes, bundle: TrustBundle, now: int) -> Mapping[str, Any]:
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
        return jws.verify(unverified, typ=jws.Typ.NOTICES, key=key_from_jwk(signer))
    except ValueError:
        raise NoticesRejected(NoticesFault.UNKNOWN_SIGNER) from None


def _parse(payload: Mapping[str, Any], data: bytes, bundle: TrustBundle) -> NoticeList:
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
    return NoticeList(payload["version"], iat, exp, notices, bundle_digest(data))


def _parse_notice(entry: Mapping[str, Any]) -> Notice:
    keys = b64url_decode(entry["venue_key"]), b64url_decode(entry["authority_key"])
    return Notice(entry["hour"], *keys)
