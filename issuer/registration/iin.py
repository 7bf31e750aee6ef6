"""Kazakhstan's individual identification number (IIN): twelve digits.

Date of birth as YYMMDD, a digit for century and sex, a serial number of four digits, a check digit
(Government decree No. 565 of 11 June 2003). The check digit finds most faults in single
digits, but few in the eleventh, whose weight is nothing modulo 11 (threat model).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from schemas.references import normalise_reference

_EXCEL = re.compile(r"""=?(["'])([^"']*)\1\Z|'([^"']*)\Z""")
"""How a spreadsheet keeps a number a text: ``="…"``, ``'…``, or in quotation marks."""

_SHAPE = re.compile(r"\d{12}\Z", flags=re.ASCII)
_CENTURY = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
_FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
_NO_DIGIT = 10


@dataclass(frozen=True, kw_only=True)
class Iin:
    """A number whose check digit and date are right. It is never shown, not even in a traceback."""

    number: str = field(repr=False)
    birthday: str = field(repr=False)
    """``MM-DD``."""
    born: date = field(repr=False)
    """The whole date that the number says."""


def parse_iin(text: str, *, today: date) -> Iin:
    """Read an IIN as people and spreadsheets write it; ``today`` is the local date.

    Forgiven are what a reference forgives (spaces, hyphens, characters without a shape, digits of
    another width) and the marks by which a spreadsheet keeps a number a text.
    Raises ValueError, without the number, when it has not twelve digits, its check digit is wrong,
    its date is none of the calendar's or its holder is not born yet.
    """
    number = without_marks(text)
    if not _SHAPE.match(number):
        raise ValueError("an IIN has twelve digits")
    if _check_digit(number) != int(number[11]):
        raise ValueError("the IIN's check digit is wrong")
    born = _born(number)
    if born > today:
        raise ValueError("the IIN's holder is not born yet")
    return _iin(number, born)


def without_marks(text: str) -> str:
    """A reference without a spreadsheet's marks, normalised; empty for what is none."""
    if _SHAPE.match(text):
        return text
    try:
        bare = normalise_reference(text)
        found = _EXCEL.match(bare)
        return normalise_reference(found[2] or found[3] or "") if found else bare
    except ValueError:
        return ""


def restore_iin(number: int) -> Iin:
    """One that :func:`parse_iin` has read, from its digits."""
    digits = f"{number:012}"
    return _iin(digits, _born(digits))


def _iin(number: str, born: date) -> Iin:
    return Iin(number=number, birthday=f"{number[2:4]}-{number[4:6]}", born=born)


def _check_digit(number: str) -> int:
    """The twelfth digit; 10, which no digit equals, for numbers that are never given out."""
    digits = [int(digit) for digit in number[:11]]
    first = _weigh(digits, _FIRST_WEIGHTS)
    return _weigh(digits, _SECOND_WEIGHTS) if first == _NO_DIGIT else first


def _weigh(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11


def _born(number: str) -> date:
    century = _CENTURY.get(number[6])
    if century is None:
        raise ValueError("the IIN's seventh digit names no century")
    try:
        return date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        raise ValueError("the IIN's date is not in the calendar") from None
