"""Holder hints: how much of a birthday a pass says, for the ID check at the door."""

from enum import StrEnum

DAYS_IN_FOUR_YEARS = 1_461
"""Of them one is a 29 February."""

_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class HintForm(StrEnum):
    """The one form of all hints in a bundle."""

    MONTH = "month"
    DAY = "day"
    NONE = "none"


Holder = str | None
"""``"03"``, ``"03-17"`` or None."""

_DAYS: tuple[str, ...] = tuple(
    f"{month:02}-{day:02}"
    for month, days in enumerate(_DAYS_IN_MONTH, start=1)
    for day in range(1, days + 1)
)
_MONTHS: tuple[str, ...] = tuple(f"{month:02}" for month in range(1, 13))
_BIRTHDAYS = frozenset(_DAYS)


def all_hints(form: HintForm) -> tuple[Holder, ...]:
    """Every hint of a form: one None, 12 months, or 366 days with 29 February."""
    match form:
        case HintForm.NONE:
            return (None,)
        case HintForm.MONTH:
            return _MONTHS
        case HintForm.DAY:
            return _DAYS


def days_in_four_years(hint: Holder) -> int:
    """On how many of 1,461 days people with this hint are born: 113 for ``"02"``, 1 for 02-29."""
    if hint is None:
        return DAYS_IN_FOUR_YEARS
    return sum(1 if day == "02-29" else 4 for day in _DAYS if day.startswith(hint))


def is_birthday(text: str) -> bool:
    """Whether ``text`` is a day of a (leap) year, ``MM-DD``."""
    return text in _BIRTHDAYS


def hint_of_birthday(birthday: str | None, form: HintForm) -> Holder:
    """What is kept of a birthday ``MM-DD``; raises ValueError when one is needed and none is given.

    Nothing is read of it where the authority gives no hints.
    """
    if form is HintForm.NONE:
        return None
    if birthday is None or not is_birthday(birthday):
        raise ValueError("a birthday is a month and a day: MM-DD")
    return birthday[:2] if form is HintForm.MONTH else birthday
