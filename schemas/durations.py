"""How long something is, in words and one whole unit, and whether it looks like a time zone.

>>> [duration_text(seconds, Language.EN) for seconds in (1, 137, 600, 3605, 100_000, 200_000)]
['1 second', '137 seconds', '10 minutes', '1 hour', '28 hours', '2 days']
"""

from schemas.catalogues import sentence
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.languages import Language

_LEAST_MINUTES = 3 * MINUTE
_LEAST_DAYS = 2 * DAY
_NEAR_HOUR = 2 * MINUTE
_FARTHEST_ZONE = 14 * HOUR


def duration_text(seconds: int, language: Language) -> str:
    """``seconds``, which are not negative, rounded to the unit in which people would say it."""
    unit, count = _in_units(seconds)
    return sentence(f"duration_{unit}", language, count=count)


def is_whole_hours(seconds: int) -> bool:
    """Whether two clocks that differ by so much are likely set for two time zones."""
    off = abs(seconds - _rounded(seconds, HOUR) * HOUR)
    return HOUR - _NEAR_HOUR <= seconds <= _FARTHEST_ZONE + _NEAR_HOUR and off <= _NEAR_HOUR


def with_zone(text: str, seconds: int, language: Language) -> str:
    """``text`` about two clocks, and what is said of time zones where they are likely the cause."""
    if not is_whole_hours(seconds):
        return text
    return f"{text} {sentence('clock_zone', language)}"


def _in_units(seconds: int) -> tuple[str, int]:
    if seconds < _LEAST_MINUTES:
        return "seconds", seconds
    if seconds >= _LEAST_DAYS:
        return "days", _rounded(seconds, DAY)
    if seconds < 2 * HOUR and not is_whole_hours(seconds):
        return "minutes", _rounded(seconds, MINUTE)
    return "hours", _rounded(seconds, HOUR)


def _rounded(seconds: int, unit: int) -> int:
    return (seconds + unit // 2) // unit
