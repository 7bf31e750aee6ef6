"""Times as people read and write them: local ones, to the minute.

``zone`` is the authority's where one is given, else this machine's; times are Unix seconds.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from schemas.hours import begin_of

_MINUTE = "%Y-%m-%d %H:%M"


def local_time(seconds: int, zone: tzinfo | None = None) -> str:
    """``2026-03-17 14:30``."""
    return _written(seconds, zone, _MINUTE)


def zoned_time(seconds: int) -> str:
    """``2026-03-17 14:30 +05``, for those who compare it with a clock elsewhere."""
    return _written(seconds, None, f"{_MINUTE} %Z")


def local_date(seconds: int, zone: tzinfo | None = None) -> str:
    """``2026-03-17``, as a date field holds it, too."""
    return _written(seconds, zone, "%Y-%m-%d")


def local_clock(seconds: int, zone: tzinfo | None = None) -> str:
    """``14:30``, as a time field holds it, too."""
    return _written(seconds, zone, "%H:%M")


def printed_time(seconds: int, zone: tzinfo) -> dict[str, str]:
    """What stands on paper: ``date`` (``17.03.2026``), ``time`` and ``zone`` (``UTC+05:00``)."""
    offset = _written(seconds, zone, "%z")
    return {
        "date": _written(seconds, zone, "%d.%m.%Y"),
        "time": local_clock(seconds, zone),
        "zone": f"UTC{offset[:3]}:{offset[3:5]}",
    }


def read_local_time(date: str, clock: str, zone: tzinfo) -> int:
    """Unix seconds of ``2026-03-17`` and ``14:30``; raises ValueError, also before 1970."""
    local = datetime.strptime(f"{date} {clock}", _MINUTE)  # noqa: DTZ007 - its zone follows.
    try:
        seconds = int(local.replace(tzinfo=zone).timestamp())
    except OverflowError:
        raise ValueError("a time beyond the calendar") from None
    if seconds < 0:
        raise ValueError("a time before 1970")
    return seconds


def spans(hours: Iterable[int]) -> list[tuple[int, int]]:
    """Hours that follow each other are one span: begin and end."""
    found: list[tuple[int, int]] = []
    for hour in sorted(set(hours)):
        begin, end = begin_of(hour), begin_of(hour + 1)
        if found and found[-1][1] == begin:
            begin = found.pop()[0]
        found.append((begin, end))
    return found


def local_span(span: tuple[int, int], zone: tzinfo | None = None) -> str:
    """``2026-03-17 12:00 – 15:00``, with the second date only where it is another one."""
    begin, end = span
    is_one_day = local_date(begin, zone) == local_date(end, zone)
    shown = local_clock(end, zone) if is_one_day else local_time(end, zone)
    return f"{local_time(begin, zone)} – {shown}"


def _written(seconds: int, zone: tzinfo | None, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime(form)
