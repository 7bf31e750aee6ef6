"""Lengths of time in words.

>>> period_text(72 * HOUR), period_text(14 * DAY, Language.RU)
('72 h', '14 дней')
"""

from schemas.catalogues import sentence
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.languages import Language

_DAYS_FROM = 4 * DAY
"""Shorter ones are told in hours: 72 h says more than 3 days."""


def period_text(seconds: int, language: Language = Language.EN) -> str:
    """In whole days, hours or minutes, rounded down."""
    if seconds >= _DAYS_FROM:
        return sentence("period_days", language, count=seconds // DAY)
    if seconds >= HOUR:
        return sentence("period_hours", language, number=seconds // HOUR)
    return sentence("period_minutes", language, number=seconds // MINUTE)
