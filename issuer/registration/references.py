"""Whom a result is about, as somebody typed it.

A reference with as many digits as an IIN is taken for one: where it is none, somebody has mistyped,
and what is done would be done to nobody. Other documents have such numbers, too: somebody has to
say so.
"""

from datetime import date

from issuer.registration.iin import parse_iin, without_marks
from schemas.problems import ApiProblem, Problem

_AS_LONG_AS_AN_IIN = range(10, 14)
"""Digits: an IIN has twelve, and one or two are lost, or one is doubled."""

_MISTAKEN = str.maketrans({"O": "0", "I": "1", "L": "1"})
"""Letters that are typed for digits."""


def typed_reference(text: str, *, no_iin: bool, today: date) -> str:
    """The reference, without a spreadsheet's marks and normalised.

    Raises ApiProblem ``invalid`` where nothing is left of it, and ``not_an_iin`` for a number that
    looks like an IIN and is none, unless ``no_iin`` says so. ``today`` is the local date.
    """
    reference = without_marks(text)
    if not reference:
        raise ApiProblem(Problem.INVALID)
    if not no_iin and _looks_like_iin(reference) and not _is_iin(reference, today):
        raise ApiProblem(Problem.NOT_AN_IIN)
    return reference


def _looks_like_iin(reference: str) -> bool:
    digits = reference.translate(_MISTAKEN)
    return digits.isdecimal() and len(digits) in _AS_LONG_AS_AN_IIN


def _is_iin(reference: str, today: date) -> bool:
    try:
        parse_iin(reference, today=today)
    except ValueError:
        return False
    return True
