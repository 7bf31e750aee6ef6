"""Whom a FHIR resource is about.

A person is the Patient's identifier of a system that the policy names, read as a table's IIN is, or
such an identifier in the reference itself (FHIR R4, References, section "Logical References").
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from issuer.intake.fhir_addresses import AddressKeys
from issuer.intake.fhir_directory import Directory
from issuer.intake.fhir_file import Resource
from issuer.intake.fhir_shapes import Members, has_shape, is_modified
from issuer.intake.values import RejectReason, Unusable
from issuer.registration.iin import Iin, restore_iin

_BIRTH_BITS = 24
_NOBODY = 2**64 - 1
"""A Patient of whom an extension says something that nobody here understands, or whose version that
counts is not known."""

ReadIin = Callable[[str], Iin]
"""Raises Unusable for what is no IIN."""


@dataclass(frozen=True, repr=False)
class Patient:
    """An IIN, and the date of birth that the Patient says, where it says a whole one."""

    iin: Iin
    born: date | None


class Patients:
    """The Patients of a file; 20 bytes for each of their names."""

    def __init__(self, systems: Collection[str], keys: AddressKeys, read_iin: ReadIin) -> None:
        self._systems, self._read_iin = systems, read_iin
        self._patients = Directory("Patient", keys, self._value)

    def add(self, resource: Resource, members: Members, source: int) -> int:
        """Note a Patient; what tells its versions apart is whose IIN it is."""
        return self._patients.add(resource, members, source) >> _BIRTH_BITS

    def settle(self, standing: bytearray) -> None:
        self._patients.settle(standing, _NOBODY)

    def find(self, reference: Members | None, holder: Resource) -> Patient:
        """The one person meant; raises Unusable ``no_person`` or ``bad_iin``."""
        if reference is None:
            raise Unusable(RejectReason.NO_PERSON)
        named = self._named(reference)
        found = self._patients.find(reference, holder)
        numbers = {value >> _BIRTH_BITS for value in found}
        if len(numbers) > 1 or _NOBODY in found:
            raise Unusable(RejectReason.NO_PERSON)
        number = numbers.pop() if numbers else None
        if number and named not in (None, number):
            # The reference says two things, and nothing tells which of them is the error.
            raise Unusable(RejectReason.NO_PERSON)
        birth = max((value % 2**_BIRTH_BITS for value in found), default=0)
        return self._known(number if named is None else named, birth)

    def _known(self, number: int | None, birth: int = 0) -> Patient:
        if number is None:
            raise Unusable(RejectReason.NO_PERSON)
        if not number:
            raise Unusable(RejectReason.BAD_IIN)
        return Patient(restore_iin(number), date.fromordinal(birth) if birth else None)

    def _value(self, members: Members) -> int:
        """The IIN and the day of birth as one number; 0 for the IIN of somebody without one."""
        if not has_shape("Patient", members):
            return 0
        if is_modified(members):
            return _NOBODY
        return self._only(members.get("identifier", [])) << _BIRTH_BITS | _day(members)

    def _named(self, reference: Members) -> int | None:
        """The IIN that stands in the reference; None for one without any."""
        identifier = reference.get("identifier", {})
        return self._only([identifier]) if identifier.get("system") in self._systems else None

    def _only(self, identifiers: list[Any]) -> int:
        """The one IIN among identifiers; 0 for none, for several, or for one that is wrong."""
        texts = {
            identifier.get("value", "").strip()
            for identifier in identifiers
            if identifier.get("system") in self._systems and identifier.get("use") != "old"
        } - {""}
        try:
            numbers = {int(self._read_iin(text).number) for text in texts}
        except Unusable:
            return 0
        return numbers.pop() if len(numbers) == 1 else 0


def _day(members: Members) -> int:
    """The ordinal of the date of birth; 0 where it is missing, partial or no date."""
    text = members.get("birthDate")
    try:
        return date.fromisoformat(text).toordinal() if isinstance(text, str) else 0
    except ValueError:
        return 0
