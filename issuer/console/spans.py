"""Stretches of time in words, in the reader's language."""

from schemas.kinds import DAY, HOUR, MINUTE
from schemas.languages import Language
from shell.pages import Pages

_UNITS = (("span_days", DAY), ("span_hours", HOUR), ("span_minutes", MINUTE))
_DAYS_FROM = 4 * DAY
"""Shorter ones are told in hours: 72 h says more than 3 days."""


def say_span(pages: Pages, language: Language, seconds: int) -> str:
    """In whole days, hours or minutes, rounded up, so that nothing is said to end too early."""
    if seconds >= _DAYS_FROM:
        name, unit = _UNITS[0]
    else:
        name, unit = _UNITS[1] if seconds >= 2 * HOUR else _UNITS[2]
    return pages.say(name, language, number=-(-seconds // unit))
