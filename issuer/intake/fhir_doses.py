"""Which dose of a course a vaccination is.

FHIR R4, Immunization, ``protocolApplied.doseNumber[x]`` and ``seriesDoses[x]``: a number or a text.
Reports of one person within the days that the policy says are one shot, reported again: its number
is the lowest that a report says, else its place among the shots that the file has.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from issuer.intake.fhir_shapes import Members, is_modified
from issuer.intake.packed import Notes, Table
from issuer.intake.values import RejectReason, Unusable
from issuer.rules.export_rules import fold

HIGHEST_DOSE = 9
"""Boosters included. A higher number, and 0, are how systems write that it is not known."""

_NUMBER_BITS = 8
_LONGEST = 64
_NOISE = re.compile(
    r"(?<![^\W\d])(?:doses?|nr|no|number|component|доз[аыу]?|дозасы|номер|компонент[іi]?)"
    r"(?![^\W\d])\.?|#"
)
_PARTS = re.compile(r"/|\bof\b|\bиз\b")
_DIGITS = re.compile(r"v?(\d{1,4})(?:st|nd|rd|th|-?(?:я|й|ая|ый|ой|ья|ий|ші|шы))?\Z", re.ASCII)
_WORDS = {
    word: number
    for number, words in enumerate(
        (
            "one first i один одна первая первый первое бір бірінші",
            "two second ii два две вторая второй второе екі екінші",
            "three third iii три третья третий третье үш үшінші",
            "four fourth iv четыре четвертая четвертый четвертое төрт төртінші",
            "five fifth v пять пятая пятый пятое бес бесінші",
        ),
        1,
    )
    for word in words.split()
}


def dose_of(members: Members) -> tuple[int | None, int | None]:
    """The number of a dose and of the doses in its series, as the record says them itself.

    Of several protocols the lowest number and the longest series count. Raises Unusable
    ``not_a_course`` for what is no number of a dose, and for a protocol that is changed by an
    extension.
    """
    applied: Sequence[Members] = members.get("protocolApplied", [])
    if any(map(is_modified, applied)):
        raise Unusable(RejectReason.NOT_A_COURSE)
    numbers, series = list[int](), list[int]()
    for entry in applied:
        for value in _said(entry, "doseNumber"):
            number, *of = _read(value)
            numbers.append(number)
            series += of
        series += [_read(value)[-1] for value in _said(entry, "seriesDoses")]
    return min(numbers, default=None), max(series, default=None)


def _said(entry: Members, choice: str) -> list[Any]:
    """The values of a choice; None for one of which only an extension says why it is missing."""
    names = {f"{choice}PositiveInt", f"{choice}String"}
    return [entry.get(name) for name in names if name in entry or f"_{name}" in entry]


def _read(value: Any) -> list[int]:
    """The number, and how many there are where the text says it: "2 of 3"."""
    text = str(value) if type(value) in (int, str) else ""
    parts = _PARTS.split(fold(text)) if len(text) <= _LONGEST else []
    numbers = [_number(part) for part in parts]
    if len(numbers) not in (1, 2) or not all(1 <= number <= HIGHEST_DOSE for number in numbers):
        raise Unusable(RejectReason.NOT_A_COURSE)
    return numbers


def _number(text: str) -> int:
    """0 for what is no number."""
    bare = " ".join(_NOISE.sub(" ", text.replace("ё", "е")).split()).rstrip(" .:-")
    digits = _DIGITS.match(bare)
    return int(digits.group(1)) if digits else _WORDS.get(bare, 0)


class Doses:
    """The days on which the people of a file were vaccinated, 20 bytes for each report."""

    def __init__(self, apart: int) -> None:
        """``apart``: the fewest days between two shots of one person."""
        self._apart = apart
        self._notes = Notes()
        self._table = Table(self._notes)

    def add(self, iin: str, day: int, number: int | None) -> None:
        self._notes.add(int(iin), day << _NUMBER_BITS | (number or 0))

    def settle(self) -> None:
        self._table, self._notes = Table(self._notes), Notes()

    def number(self, iin: str, day: int) -> int:
        """Of the shot that was reported on that day: 1 for the first that the file has."""
        shots = self._shots(self._table.find(int(iin)))
        place = bisect_right([days[0] for days, _ in shots], day)
        said = shots[place - 1][1] if place else []
        return min(said, default=place)

    def _shots(self, reports: Iterable[int]) -> list[tuple[list[int], list[int]]]:
        """The days and the numbers, where they say any, of the reports of each shot."""
        shots: list[tuple[list[int], list[int]]] = []
        for report in reports:
            day, number = divmod(report, 2**_NUMBER_BITS)
            if not shots or day - shots[-1][0][0] >= self._apart:
                shots.append(([], []))
            shots[-1][0].append(day)
            shots[-1][1].extend([number] if number else [])
        return shots
