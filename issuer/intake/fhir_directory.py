"""The resources of one type in a FHIR file, and which of them a reference means: one, or none.

FHIR R4, Bundle, section "Resolving references in Bundles": a relative reference belongs to the
server of the entry that it stands in. Where an entry names no server, ``Type/id`` means whoever has
that name alone in the file; where it names one, a resource without any server only when no other
server has the name.
"""

from collections.abc import Callable, Iterator
from typing import Any

from issuer.intake.fhir_addresses import (
    AddressKeys,
    contained,
    names_of,
    relative_name,
    server_of,
    without_version,
)
from issuer.intake.fhir_file import Resource
from issuer.intake.fhir_shapes import Members
from issuer.intake.packed import Notes, Table

MOST_IDENTIFIERS = 4
"""Of one resource, by which a logical reference can mean it; further ones are nobody's."""

_LONGEST = 2048


class Directory:
    """What resources of one type say, as a number of 64 bits each, by all their names."""

    def __init__(self, kind: str, keys: AddressKeys, value_of: Callable[[Members], int]) -> None:
        self._kind, self._keys, self._value_of = kind, keys, value_of
        self._notes = Notes()
        self._table = Table(self._notes)
        self._has_addresses = False

    def add(self, resource: Resource, members: Members, source: int) -> int:
        """Note the resource, the ``source``-th of the file; what it says."""
        value = self._value_of(members)
        self._has_addresses |= resource.address is not None
        for key in names_of(self._keys, resource.address, self._kind, members.get("id")):
            self._notes.add(key, value, source)
        for system, text in list(_identifiers(members))[:MOST_IDENTIFIERS]:
            self._notes.add(self._keys.identified(self._kind, system, text), value, source)
        return value

    def settle(self, standing: bytearray, lost: int) -> None:
        """Everything was read: from here on :meth:`find` knows all that count.

        A name under which no version counts says ``lost``.
        """
        self._table, self._notes = Table(self._notes, standing, lost), Notes()

    def find(self, reference: Members, holder: Resource) -> list[int]:
        """What those say that ``reference`` in ``holder`` can mean: it means one, or nobody."""
        if str(reference.get("type", self._kind)).rpartition("/")[2] != self._kind:
            return []
        literal = reference.get("reference")
        found = self._literal(literal, holder) if isinstance(literal, str) else []
        return found or self._logical(reference.get("identifier"))

    def _literal(self, reference: str, holder: Resource) -> list[int]:
        if reference.startswith("#"):
            inner = contained(holder.members, reference[1:], self._kind)
            return [self._value_of(resource) for resource in inner]
        address = without_version(reference)
        name = relative_name(address, self._kind)
        if name is not None:
            return self._relative(name, server_of(holder.address))
        return self._table.find(self._keys.at(address))

    def _relative(self, name: str, server: str | None) -> list[int]:
        bare = self._table.find(self._keys.bare(name))
        served = self._table.find(self._keys.served(name)) if self._has_addresses else []
        if server is None:
            return sorted({*bare, *served})
        own = self._table.find(self._keys.at(f"{server}/{name}"))
        return own or ([] if served else bare)

    def _logical(self, identifier: Any) -> list[int]:
        pair = _pair(identifier)
        return [] if pair is None else self._table.find(self._keys.identified(self._kind, *pair))


def _identifiers(members: Members) -> Iterator[tuple[str, str]]:
    """Of a Specimen the one that the laboratory gave it, too."""
    listed = members.get("identifier")
    given = listed if isinstance(listed, list) else []
    for identifier in [members.get("accessionIdentifier"), *given]:
        pair = _pair(identifier)
        if pair is not None and identifier.get("use") != "old":
            yield pair


def _pair(identifier: Any) -> tuple[str, str] | None:
    """System and value of an Identifier that has both."""
    if not isinstance(identifier, dict):
        return None
    system, value = identifier.get("system"), identifier.get("value")
    if not (isinstance(system, str) and isinstance(value, str) and system and value):
        return None
    return (system, value) if len(system) + len(value) <= _LONGEST else None
