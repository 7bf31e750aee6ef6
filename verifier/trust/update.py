"""The newest bundle and the time from the issuer's address. Scanning never loads this module."""

from collections.abc import Sequence

from schemas.bundle import BUNDLE_LIMIT
from schemas.continuity import LogMemory
from schemas.jws import parse_json_object
from schemas.languages import Language
from schemas.log.reading import TILE_BYTES, read_leaves
from schemas.paths import HEALTH_PATH, TRUST_BUNDLE_PATH
from schemas.problems import ApiProblem, Problem
from schemas.validation import matches
from shell.clock import Clock
from shell.errors import CommandError
from shell.fetching import Answer, send
from verifier.trust.settings import ClockCheck

_HEALTH_LIMIT = 64_000
"""Bytes; of this answer only the header counts."""


def fetch_bundle(origin: str) -> bytes:
    """The bytes that the issuer serves, not verified; raises CommandError."""
    answer = send("GET", origin + TRUST_BUNDLE_PATH, limit=BUNDLE_LIMIT)
    if answer.status != 200:
        raise CommandError(_why_none(origin, answer))
    return answer.body


def fetch_leaves(origin: str, log: LogMemory) -> Sequence[bytes] | None:
    """The leaf hashes of the whole log, 32 bytes each, not verified.

    None when they are not all to be had: a device goes on without them, and says so.
    """

    def find_tile(path: str) -> bytes | None:
        answer = send("GET", origin + path, limit=TILE_BYTES)
        return answer.body if answer.status == 200 else None

    try:
        return read_leaves(log.origin, log.size, find_tile)
    except (ValueError, CommandError):
        return None


def _why_none(origin: str, answer: Answer) -> str:
    """What an issuer says itself, or that something else than an issuer answered."""
    try:
        members = parse_json_object(answer.body)
    except ValueError:
        members = {}
    if matches("problem", members):
        return f"{origin}: {ApiProblem(Problem(members['code'])).text(Language.EN)}"
    return (
        f"{origin} answered {answer.status} instead of a trust bundle; "
        "check the address, or try again later"
    )


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
