"""The signed list: what is in it, and when it has to be made anew. Everything here only computes.

Its entries stand in the order of hours and keys, which does not tell which of them came together.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from schemas.hours import date_of, tracing_ends
from schemas.jws import parse
from schemas.kinds import HOUR
from schemas.notices import Notice
from schemas.trust import bundle_digest

LIFE = 72 * HOUR
RENEW_AFTER = 6 * HOUR


@dataclass(frozen=True, repr=False)
class ListFile:
    """The list on disk: its bytes, its ETag value, who signed it, what it says of itself.

    ``hours`` are those of its entries, the earliest first. Times are Unix seconds.
    """

    data: bytes
    digest: str
    kid: str
    version: int
    iat: int
    exp: int
    hours: tuple[int, ...]

    def ended(self, now: int) -> int:
        """How many of its entries should be gone."""
        return sum(tracing_ends(date_of(hour)) <= now for hour in self.hours)


def parse_list(data: bytes) -> ListFile | None:
    """Our own list; its signature is not checked again. None for a damaged one: it is made anew."""
    try:
        unverified = parse(data.decode("ascii"))
        payload = unverified.unverified_payload
        hours = tuple(sorted(int(entry["hour"]) for entry in payload["notices"]))
        return ListFile(
            data=data,
            digest=bundle_digest(data),
            kid=str(unverified.unverified_header["kid"]),
            version=int(payload["version"]),
            iat=int(payload["iat"]),
            exp=int(payload["exp"]),
            hours=hours,
        )
    except (ValueError, KeyError, TypeError):
        return None


def is_list_due(listed: ListFile | None, *, kid: str, held: int, sunset: int, now: int) -> bool:
    """Whether the list is missing, six hours old, or no longer says what the store holds.

    ``held`` is how many entries it should have. The store changes by publishing and withdrawing,
    which change that number and make the list anew at once. Only what was interrupted in between
    is found here.
    """
    return (
        listed is None
        or not 0 <= now - listed.iat < RENEW_AFTER
        or listed.kid != kid
        or listed.exp > sunset
        or len(listed.hours) != held
        or any(tracing_ends(date_of(hour)) <= now for hour in listed.hours[:1])
    )


def list_payload(
    *,
    iss: str,
    before: ListFile | None,
    kid: str,
    notices: Iterable[Notice],
    sunset: int,
    now: int,
) -> dict[str, Any]:
    """The payload of the next list, which the key of that ``kid`` is to sign.

    Its version is the time wherever that is higher than one more than the last of this key, so that
    a list after a lost file is newer than all that wallets have seen. What another key has signed,
    who knows who had it, counts for nothing.
    """
    last = before.version if before is not None and before.kid == kid else 0
    ordered = sorted(notices, key=lambda notice: (notice.hour, notice.venue_key))
    return {
        "iss": iss,
        "version": max(last + 1, now),
        "iat": now,
        "exp": min(now + LIFE, sunset),
        "notices": [notice.member() for notice in ordered],
    }
