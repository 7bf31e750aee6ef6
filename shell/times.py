"""Times as people read and write them: local ones, to the minute.

``zone`` is the authority's where one is given, else this machine's; times are Unix seconds.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Self

from schemas.catalogues import sentence
from schemas.hours import begin_of
from schemas.languages import Language

_MINUTE = "%Y-%m-%d %H:%M"


class WrittenTime(str):
    """A time in ISO form, which sentences and pages write as their reader's language does."""

    _spell: Callable[[Language], str]

    def __new__(cls, text: str, spell: Callable[[Language], str]) -> Self:
        """``spell`` gives it in a language."""
        made = super().__new__(cls, text)
        made._spell = spell
        return made

    def spelt(self, language: Language) -> str:
        """``17 March 2026, 14:30``."""
        return self._spell(language)


def local_time(seconds: int, zone: tzinfo | None = None) -> WrittenTime:
    """``2026-03-17 14:30``."""
    return WrittenTime(_written(seconds, zone, _MINUTE), partial(_spell, seconds, zone, "%H:%M"))


def zoned_time(seconds: int) -> WrittenTime:
    """``2026-03-17 14:30 +05``, for those who compare it with a clock elsewhere."""
    text = _written(seconds, None, f"{_MINUTE} %Z")
    return WrittenTime(text, partial(_spell, seconds, None, "%H:%M %Z"))


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


def local_span(span: tuple[int, int], zone: tzinfo | None = None) -> WrittenTime:
    """``2026-03-17 12:00 – 15:00``, with the second date only where it is another one."""
    begin, end = local_time(span[0], zone), local_time(span[1], zone)
    is_one_day = local_date(span[0], zone) == local_date(span[1], zone)
    clock = local_clock(span[1], zone)

    def spell(language: Language) -> str:
        return f"{begin.spelt(language)} – {clock if is_one_day else end.spelt(language)}"

    return WrittenTime(f"{begin} – {clock if is_one_day else end}", spell)


def _spell(seconds: int, zone: tzinfo | None, clock: str, language: Language) -> str:
    day = datetime.fromtimestamp(seconds, UTC).astimezone(zone)
    return sentence(
        "moment",
        language,
        day=day.day,
        month=sentence(f"moment_month_{day.month:02}", language),
        year=day.year,
        time=day.strftime(clock),
    )


def _written(seconds: int, zone: tzinfo | None, form: str) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime(form)
