"""Hours and dates of presence tracing. Both are UTC, whatever clocks show.

The numbers are docs/formats.md, "Seeds and hour keys".

>>> hour_at(1_774_000_000), date_of(492_777), format_time(tracing_ends("2026-03-20"))
(492777, '2026-03-20', '2026-04-03T00:00:00Z')
"""

from schemas.encoding import format_time, parse_time
from schemas.kinds import DAY, HOUR, TRACING_PERIOD

HOURS = (1 << 32) // HOUR
"""Hours that can be told: their last second still fits four bytes, as records of visits have it."""

DAYS = (1 << 32) // DAY
"""Days that can be told, by the same rule."""


def hour_at(now: int) -> int:
    """The hour since 1970 in which ``now`` (Unix seconds) lies."""
    return now // HOUR


def begin_of(hour: int) -> int:
    """The first second of an hour, Unix seconds."""
    return hour * HOUR


def hour_bytes(hour: int) -> bytes:
    """An hour as all formats write it, in four bytes; raises ValueError for one beyond them."""
    if not 0 <= hour < HOURS:
        raise ValueError("no such hour")
    return hour.to_bytes(4, "big")


def day_at(now: int) -> int:
    """The UTC day since 1970 in which ``now`` (Unix seconds) lies."""
    return now // DAY


def day_bytes(day: int) -> bytes:
    """A day as all formats write it, in four bytes; raises ValueError for one beyond them."""
    if not 0 <= day < DAYS:
        raise ValueError("no such day")
    return day.to_bytes(4, "big")


def date_at(now: int) -> str:
    """The UTC date of a moment, ``YYYY-MM-DD``."""
    return format_time(now)[:10]


def date_of(hour: int) -> str:
    """The UTC date of an hour, ``YYYY-MM-DD``."""
    return date_at(begin_of(hour))


def first_hour_of(date: str) -> int:
    """The first hour of a UTC date; raises ValueError for a text that is none."""
    return hour_at(parse_time(f"{date}T00:00:00Z"))


def tracing_ends(date: str) -> int:
    """When all that belongs to a UTC date dies: visits, seeds, notices. Unix seconds.

    No part of the date is then older than 14 days.
    """
    return begin_of(first_hour_of(date)) + TRACING_PERIOD


def hours_between(start: int, end: int) -> range:
    """The hours of which some part lies in ``start`` to before ``end`` (Unix seconds)."""
    return range(hour_at(start), hour_at(end - 1) + 1) if start < end else range(0)


def days_between(start: int, end: int) -> range:
    """The UTC days of which some part lies in ``start`` to before ``end`` (Unix seconds)."""
    return range(day_at(start), day_at(end - 1) + 1) if start < end else range(0)


def dates_between(start: int, end: int) -> list[str]:
    """The UTC dates of which some part lies in ``start`` to before ``end`` (Unix seconds)."""
    return [date_at(day * DAY) for day in days_between(start, end)]
