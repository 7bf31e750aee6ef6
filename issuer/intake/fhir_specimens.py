"""When the specimens of a FHIR file were taken (FHIR R4, Specimen, ``collection.collected[x]``)."""

from zoneinfo import ZoneInfo

from issuer.intake.fhir_addresses import AddressKeys
from issuer.intake.fhir_directory import Directory
from issuer.intake.fhir_file import Resource
from issuer.intake.fhir_shapes import Members, is_modified, parse_moment
from issuer.intake.values import RejectReason, Unusable

_UNSAID, _UNREADABLE, _UNUSABLE = 0, 1, 2
_ZERO = 2**40
"""Added to Unix seconds, which are below 0 before 1970."""


class Specimens:
    """The Specimens of a file; 20 bytes for each of their names."""

    def __init__(self, keys: AddressKeys, zone: ZoneInfo) -> None:
        self._zone = zone
        self._specimens = Directory("Specimen", keys, self._value)

    def add(self, resource: Resource, members: Members, source: int) -> int:
        return self._specimens.add(resource, members, source)

    def settle(self, standing: bytearray) -> None:
        self._specimens.settle(standing, _UNUSABLE)

    def taken_at(self, reference: Members | None, holder: Resource) -> int | None:
        """Unix seconds; None where no Specimen of this file says it.

        Raises Unusable ``no_sampling_time`` for a reference that means several, or one entered in
        error, and ``bad_date`` for a time that cannot be read.
        """
        found = [] if reference is None else self._specimens.find(reference, holder)
        if len(found) > 1 or _UNUSABLE in found:
            raise Unusable(RejectReason.NO_SAMPLING_TIME)
        if _UNREADABLE in found:
            raise Unusable(RejectReason.BAD_DATE)
        return None if found in ([], [_UNSAID]) else found[0] - _ZERO

    def _value(self, members: Members) -> int:
        if members.get("status") == "entered-in-error" or is_modified(members):
            return _UNUSABLE
        collection = members.get("collection")
        given = _collected(collection) if isinstance(collection, dict) else []
        if not given:
            return _UNSAID
        try:
            [text] = given
            return int(parse_moment(text, self._zone).timestamp()) + _ZERO
        except (ValueError, OverflowError):
            return _UNREADABLE


def _collected(collection: Members) -> list[str | None]:
    """The times of the choice; of a period its start, since evidence never counts too long."""
    found = []
    for name, value in collection.items():
        if name == "collectedDateTime":
            found.append(value if isinstance(value, str) else None)
        elif name == "collectedPeriod" and isinstance(value, dict) and "start" in value:
            found.append(value["start"] if isinstance(value["start"], str) else None)
    return found
