"""Which of several versions of a FHIR resource counts, in whatever order they stand in a file.

FHIR R4, Resource, section "Resource Metadata" (``meta.lastUpdated``, ``meta.versionId``), and
Bundle, section "Bundle Types" (of a deleted resource the entry has a request and a response only).
Of one address the newest counts: by the time of its last change where each version has one, else by
the number of its version where each has one. Where neither tells, none does, unless all say the
same.
"""

import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from itertools import pairwise
from typing import Any

_NUMBER = re.compile(r'(?:W/"|")?(\d{1,18})"?\Z', re.ASCII)
_LONGEST_TIME = 64
_BEGIN = datetime(1, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_UNKNOWN = 0
"""Neither a time nor a number: both are kept one higher."""


class Standing(IntEnum):
    """Whether a resource counts, has been replaced, or nobody can tell."""

    COUNTS = 0
    REPLACED = 1
    UNCLEAR = 2


@dataclass(frozen=True)
class Stamp:
    """When a version was written, in microseconds, and its number; 0 where it does not say."""

    updated: int = _UNKNOWN
    number: int = _UNKNOWN


def stamp_of(meta: Any, response: Any) -> Stamp:
    """What a resource says of its version, else the server's response in the entry around it."""
    meta = meta if isinstance(meta, Mapping) else {}
    response = response if isinstance(response, Mapping) else {}
    return Stamp(
        _ticks(meta.get("lastUpdated")) or _ticks(response.get("lastModified")),
        _count(meta.get("versionId")) or _count(response.get("etag")),
    )


class Versions:
    """One entry for each resource of a file, 32 bytes; ``content`` tells what it says."""

    def __init__(self) -> None:
        self._addresses, self._contents = array("Q"), array("Q")
        self._updated, self._numbers = array("Q"), array("Q")
        self._removals = 0

    def add(self, address: int | None, stamp: Stamp = Stamp(), content: int = 0) -> None:
        """The next resource; without an address it is never superseded."""
        self._addresses.append(address or 0)
        self._contents.append(content)
        self._updated.append(stamp.updated)
        self._numbers.append(stamp.number)

    def add_removal(self, address: int, stamp: Stamp) -> None:
        """A version that is no resource of its own; to be told after all resources."""
        self.add(address, stamp)
        self._removals += 1

    def standing(self) -> bytearray:
        """For each resource in order of reading one of :class:`Standing`."""
        flags = bytearray(len(self._addresses))
        for group in self._groups():
            newest = self._newest(group)
            for place in group:
                if place not in newest:
                    flags[place] = Standing.REPLACED if newest else Standing.UNCLEAR
        return flags[: len(flags) - self._removals]

    def _groups(self) -> Iterable[list[int]]:
        repeated = {a for a, b in pairwise(sorted(self._addresses)) if a == b and a}
        groups: dict[int, list[int]] = {address: [] for address in repeated}
        if groups:
            for place, address in enumerate(self._addresses):
                if address in groups:
                    groups[address].append(place)
        return groups.values()

    def _newest(self, group: list[int]) -> set[int]:
        """The versions of one address that count: one, or several that say the same."""
        if self._agree(group):
            return set(group)
        if all(self._updated[place] for place in group):
            group = _highest(group, self._updated)
            if not self._agree(group) and all(self._numbers[place] for place in group):
                group = _highest(group, self._numbers)
        elif all(self._numbers[place] for place in group):
            group = _highest(group, self._numbers)
        return set(group) if self._agree(group) else set()

    def _agree(self, group: list[int]) -> bool:
        return len({self._contents[place] for place in group}) == 1


def _highest(group: list[int], by: "array[int]") -> list[int]:
    most = max(by[place] for place in group)
    return [place for place in group if by[place] == most]


def _ticks(text: Any) -> int:
    if not isinstance(text, str) or len(text) > _LONGEST_TIME:
        return _UNKNOWN
    try:
        return max(_UNKNOWN, (datetime.fromisoformat(text) - _BEGIN) // _TICK + 1)
    except (ValueError, TypeError, OverflowError):
        # No time, or one without an offset, which cannot be compared.
        return _UNKNOWN


def _count(number: Any) -> int:
    """A number also without the quotation marks that FHIR asks for."""
    found = _NUMBER.match(str(number)) if type(number) in (int, str) else None
    return int(found.group(1)) + 1 if found else _UNKNOWN
