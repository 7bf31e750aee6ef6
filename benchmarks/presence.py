"""Trying a list of notices on sealed visits, beside the X25519 agreements that this needs at least.

And what a check-in takes: the time of a seal, and the size of the code on the venue's screen.
"""

import time
from collections.abc import Iterator
from hashlib import sha256

from benchmarks.figures import Figure, openssl_agreements
from schemas.check_in import (
    DEFAULT_HOURS,
    GRID_BYTES,
    MOST_SHOWN_HOURS,
    NAME_BYTES,
    CheckInCode,
    format_check_in,
)
from schemas.hour_keys import AUTHORITY_LABEL, VENUE_LABEL, derive_hour_key, public_half
from schemas.hours import begin_of, date_of, first_hour_of
from schemas.notices import Notice
from schemas.visits import HourOfStay, SealingKeys, seal_dummy, seal_visit
from shell.pictures import ErrorLevel, qr_version
from wallet_sim.presence.matching import match
from wallet_sim.presence.state import VisitDay

HOURS = 5_000
DAYS = 14
RECORDS = 140
PADDED = 16
"""Records of each date, dummies among them."""

FIRST_HOUR = first_hour_of("2026-03-03")
SEALS = 2_000
ROUNDS = 3


def run() -> list[Figure]:
    """The time to match a list, the share of it that is X25519, the time of a seal, code sizes."""
    days, notices = _days(), _notices()
    tries = len(notices) * PADDED
    seconds, agreements = min(
        (_matching_seconds(days, notices), openssl_agreements()) for _ in range(ROUNDS)
    )
    return [
        Figure("openssl speed: X25519 agreements", agreements, "/s"),
        Figure(f"{HOURS:,} notice hours against {RECORDS} records", seconds, "s", 6),
        Figure("one failed try", seconds / tries * 1e6, "µs"),
        Figure("tries / openssl", tries / seconds / agreements, ""),
        Figure("sealing both layers of a record", _sealing_seconds() * 1e3, "ms", 1),
        Figure("check-in code of 4 hours, longest name", _version(DEFAULT_HOURS), "QR version", 12),
        Figure("check-in code of 6 hours", _version(MOST_SHOWN_HOURS), "QR version", 12),
    ]


def _days() -> list[VisitDay]:
    """Ten records of each date and six that nobody can open; none of a place in the list."""
    return [
        VisitDay(date_of(hour), tuple(_records(hour)))
        for hour in range(FIRST_HOUR, FIRST_HOUR + 24 * DAYS, 24)
    ]


def _records(first: int) -> Iterator[bytes]:
    real = RECORDS // DAYS
    for hour in range(first, first + real):
        yield seal_visit(_stay(hour), _keys(hour, "a place that was never traced"))
    for _ in range(PADDED - real):
        yield seal_dummy(first)


def _notices() -> list[Notice]:
    """Hours of all fourteen days, in turn at many places."""
    return [
        Notice(
            hour := FIRST_HOUR + number % (24 * DAYS),
            derive_hour_key(_seed(f"place {number // (24 * DAYS)}"), hour, label=VENUE_LABEL),
            derive_hour_key(_seed("authority"), hour, label=AUTHORITY_LABEL),
        )
        for number in range(HOURS)
    ]


def _matching_seconds(days: list[VisitDay], notices: list[Notice]) -> float:
    """CPU seconds of one core."""
    start = time.process_time()
    if match(days, notices):
        raise AssertionError("a place that was never traced was found")
    return time.process_time() - start


def _sealing_seconds() -> float:
    stay, keys = _stay(FIRST_HOUR), _keys(FIRST_HOUR, "here")
    start = time.process_time()
    for _ in range(SEALS):
        seal_visit(stay, keys)
    return (time.process_time() - start) / SEALS


def _version(hours: int) -> int:
    """Of the code with the longest name."""
    keys = tuple(
        public_half(derive_hour_key(_seed("here"), hour, label=VENUE_LABEL))
        for hour in range(FIRST_HOUR, FIRST_HOUR + hours)
    )
    code = CheckInCode(FIRST_HOUR, keys, bytes(GRID_BYTES), "Қ" * (NAME_BYTES // 2))
    return qr_version(format_check_in(code), ErrorLevel.M)


def _stay(hour: int) -> HourOfStay:
    return HourOfStay.of(hour, arrive=begin_of(hour), leave=begin_of(hour + 1))


def _keys(hour: int, place: str) -> SealingKeys:
    venue = derive_hour_key(_seed(place), hour, label=VENUE_LABEL)
    own = derive_hour_key(_seed("authority"), hour, label=AUTHORITY_LABEL)
    return SealingKeys.of(hour, venue=public_half(venue), authority=public_half(own))


def _seed(name: str) -> bytes:
    return sha256(name.encode()).digest()
