"""How hours are said to staff, and what wallets will say to those whom they warn."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from schemas import notice_texts
from schemas.hours import begin_of
from schemas.languages import Language

_MINUTE = "%Y-%m-%d %H:%M"


def spans(hours: Iterable[int]) -> list[tuple[int, int]]:
    """Hours that follow each other are one span: begin and end, Unix seconds."""
    found: list[tuple[int, int]] = []
    for hour in sorted(set(hours)):
        begin, end = begin_of(hour), begin_of(hour + 1)
        if found and found[-1][1] == begin:
            begin = found.pop()[0]
        found.append((begin, end))
    return found


def say_span(span: tuple[int, int], zone: tzinfo = UTC) -> str:
    """``2026-03-17 12:00 – 15:00``, with the second date only where it is another one."""
    begin, end = (datetime.fromtimestamp(seconds, zone) for seconds in span)
    shown = end.strftime("%H:%M" if begin.date() == end.date() else _MINUTE)
    return f"{begin.strftime(_MINUTE)} – {shown}"


def warning_texts(hours: Iterable[int], zone: tzinfo) -> dict[Language, str]:
    """What a wallet says to somebody who was there all the time, in local times."""
    told = spans(hours)
    begins, ends = (
        datetime.fromtimestamp(seconds, zone).strftime(_MINUTE)
        for seconds in (told[0][0], told[-1][1])
    )
    return {
        language: f"{notice_texts.title(language, begins=begins, ends=ends)}\n"
        f"{notice_texts.advice(language)}"
        for language in Language
    }
