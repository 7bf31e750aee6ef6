"""Numbers by number for a whole file, without an object for each: memory stays bounded.

A name takes 20 bytes, whatever it stands for, and a file has at most as many names as
``issuer.intake.fhir_file`` and ``issuer.intake.fhir_directory`` allow.
"""

from array import array
from bisect import bisect_left, bisect_right
from itertools import groupby


class Notes:
    """What is collected while a file is read: a key, a number, and who says so."""

    def __init__(self) -> None:
        self.keys, self.values, self.sources = array("Q"), array("Q"), array("I")

    def add(self, key: int, value: int, source: int = 0) -> None:
        """Both numbers from 0 to 2**64 - 1."""
        self.keys.append(key)
        self.values.append(value)
        self.sources.append(source)


class Table:
    """Notes in order, to be looked up: that of a key are found whoever wrote them first."""

    def __init__(self, notes: Notes, dropped: bytearray | None = None, lost: int = 0) -> None:
        """Without the notes of sources that are ``dropped``: a byte, not 0, for each of them.

        A key that only dropped sources noted has the number ``lost``.
        """
        order = sorted(range(len(notes.keys)), key=notes.keys.__getitem__)
        self._keys, self._values = array("Q"), array("Q")
        for key, places in groupby(order, key=notes.keys.__getitem__):
            noted = list(places)
            kept = [at for at in noted if dropped is None or not dropped[notes.sources[at]]]
            for value in {notes.values[at] for at in kept} or {lost}:
                self._keys.append(key)
                self._values.append(value)

    def find(self, key: int) -> list[int]:
        """All different numbers of a key, in order."""
        first, last = bisect_left(self._keys, key), bisect_right(self._keys, key)
        return sorted(self._values[first:last])
