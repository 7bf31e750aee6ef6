"""Who the Patients of a FHIR file are, and on which days each was vaccinated."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable
from hashlib import blake2b

from issuer.intake.fhir_shapes import Members, has_shape

_LONGEST_IIN = 64
_RELATIVE = re.compile(r"Patient/[^/?#]+\Z")
_HISTORY = re.compile(r"/_history/[^/]*\Z")


class Patients:
    """Short digests of addresses, and what Patients at them have as IIN.

    A Patient is known by its entry's ``fullUrl`` and by ``Patient/ID``. An address at which two
    different people are is nobody's.
    """

    def __init__(self, iin_systems: Collection[str]) -> None:
        self._systems = iin_systems
        self._iins: dict[bytes, str | None] = {}

    def add(self, address: str | None, members: Members) -> None:
        iin = self._iin(members) if has_shape("Patient", members) else None
        for name in _names(address, members.get("id")):
            key = _digest(name)
            known = self._iins.setdefault(key, iin)
            if known != iin:
                self._iins[key] = None

    def find(self, reference: str) -> str | None:
        """The IIN, as it is written, of the Patient that is referred to; None when unknown."""
        return self.at(_key(reference))

    def at(self, key: bytes) -> str | None:
        return self._iins.get(key)

    def _iin(self, members: Members) -> str | None:
        found = {
            identifier.get("value", "").strip()
            for identifier in members.get("identifier", ())
            if identifier.get("system") in self._systems
            and identifier.get("use") != "old"
            and len(identifier.get("value", "")) <= _LONGEST_IIN
        } - {""}
        return found.pop() if len(found) == 1 else None


class Doses:
    """The days on which people were vaccinated: two records of one day are one dose."""

    def __init__(self) -> None:
        self._days: dict[str, list[int]] = {}

    def add(self, iin: str, days: Iterable[int]) -> None:
        self._days[iin] = sorted({*self._days.get(iin, ()), *days})

    def number(self, iin: str, day: int) -> int:
        """1 for the first dose that the file has of this person."""
        return 1 + bisect_left(self._days.get(iin, []), day)


class DoseNotes:
    """Days by address, until it is known who is there."""

    def __init__(self) -> None:
        self._days: dict[bytes, list[int]] = {}

    def note(self, reference: str, day: int) -> None:
        self._days.setdefault(_key(reference), []).append(day)

    def settle(self, people: Patients) -> Doses:
        doses = Doses()
        for key, days in self._days.items():
            iin = people.at(key)
            if iin is not None:
                doses.add(iin, days)
        return doses


def _names(address: str | None, identifier: object) -> set[str]:
    names = set() if address is None else {address}
    if address is not None and (tail := _RELATIVE.search(address)):
        names.add(tail.group())
    if isinstance(identifier, str):
        names.add(f"Patient/{identifier}")
    return names


def _key(reference: str) -> bytes:
    """Where a reference points, whatever version of the Patient it means."""
    return _digest(_HISTORY.sub("", reference))


def _digest(name: str) -> bytes:
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
