"""Where a bundle comes from: the issuer's address, or a file on a USB stick."""

from pathlib import Path

from schemas.bundle import BUNDLE_LIMIT
from schemas.paths import HEALTH_PATH, TRUST_BUNDLE_PATH
from shell.clock import Clock
from shell.errors import CommandError
from shell.fetching import send
from verifier.settings import ClockCheck

_SPARE = 1024
"""Bytes of white space after a bundle in a file that are read before the limit strikes."""

_HEALTH_LIMIT = 64_000


def fetch_bundle(origin: str) -> bytes:
    """The bytes that the issuer serves, not verified; raises CommandError."""
    answer = send("GET", origin + TRUST_BUNDLE_PATH, limit=BUNDLE_LIMIT)
    if answer.status != 200:
        raise CommandError(
            f"{origin} answered {answer.status} instead of a trust bundle; "
            "check the address, or try again later"
        )
    return answer.body


def read_bundle_file(path: Path) -> bytes:
    """The bytes of a bundle file without white space at its end, not verified.

    Editors and mail programs add a final line end. Raises CommandError when there is no such file.
    """
    try:
        with path.open("rb") as file:
            return file.read(BUNDLE_LIMIT + _SPARE).rstrip(b" \t\r\n")
    except FileNotFoundError:
        raise CommandError(
            f"there is no file {path}; name a bundle file, or a URL such as https://qupia.example"
        ) from None


def compare_clock(origin: str, clock: Clock) -> ClockCheck | None:
    """How far this device's clock is ahead of the issuer's; None when that cannot be told.

    The bundle's own answer may come out of a cache, so the time is read from an answer that never
    does. Half of the round trip is taken to be on the way back. Nothing depends on the result.
    """
    sent = clock()
    try:
        answer = send("GET", origin + HEALTH_PATH, limit=_HEALTH_LIMIT)
    except CommandError:
        return None
    received = clock()
    if answer.made_at is None:
        return None
    return ClockCheck((sent + received) // 2 - answer.made_at, received)
