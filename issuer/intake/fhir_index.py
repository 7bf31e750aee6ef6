"""What a FHIR file says that its results refer to, of which numbers of a fixed size are kept.

32 bytes for each resource while versions are compared, then one; 20 for each of its names, 16 once
all are known; however large the resources are.
"""

from contextlib import suppress
from hashlib import blake2b
from json import JSONEncoder

from issuer.intake.fhir_addresses import AddressKeys, address_of, server_of
from issuer.intake.fhir_doses import Doses
from issuer.intake.fhir_file import Reader, Resource
from issuer.intake.fhir_judge import RESULTS, Judge
from issuer.intake.fhir_patients import Patients
from issuer.intake.fhir_shapes import Members, has_shape
from issuer.intake.fhir_specimens import Specimens
from issuer.intake.fhir_versions import Standing, Versions, stamp_of
from issuer.intake.values import Unusable, read_person
from issuer.rules.policy import Policy

_ENCODER = JSONEncoder(sort_keys=True)


MOST_SERVERS = 4
"""Of one file, on each of which a deletion is looked for that names no server."""


class FhirIndex:
    """What a file says that rows refer to; ``judge`` knows it once :meth:`look` is done."""

    def __init__(self, policy: Policy, now: int) -> None:
        self._keys, self._versions = AddressKeys(), Versions()
        self._patients = Patients(
            policy.fhir.iin_systems, self._keys, lambda text: read_person(text, policy, now)
        )
        self._specimens = Specimens(self._keys, policy.zone)
        self._doses = Doses(policy.fhir.days_between_doses)
        self._servers = set[str]()
        self._has_doses = self._has_removals = False
        self.judge = Judge(policy, now, self._patients, self._specimens, self._doses)

    def look(self, read: Reader) -> bytearray:
        """Read the file; for each of its resources the :class:`Standing`."""
        for source, resource in enumerate(read()):
            self._note(resource, source)
        if self._has_removals:
            self._remove_on_servers(read)
        standing = self._versions.standing()
        self._versions = Versions()
        self._patients.settle(standing)
        self._specimens.settle(standing)
        if self._has_doses:
            self._count_doses(read, standing)
        return standing

    def _note(self, resource: Resource, source: int) -> None:
        members, kind = resource.members or {}, resource.type
        server = server_of(resource.address)
        if server is not None and len(self._servers) < MOST_SERVERS:
            self._servers.add(server)
        stamp = stamp_of(members.get("meta"), resource.response)
        if resource.removed is not None:
            self._versions.add(self._removed(resource, resource.removed), stamp)
        elif kind in ("Patient", "Specimen", *RESULTS):
            address = address_of(self._keys, resource.address, kind, members.get("id"))
            self._versions.add(address, stamp, self._content(resource, members, kind, source))
        else:
            self._versions.add(None)

    def _removed(self, resource: Resource, name: str) -> int:
        address = resource.address or (name if ":" in name else None)
        if address is not None:
            return self._keys.at(address)
        self._has_removals = True
        return self._keys.bare(name)

    def _remove_on_servers(self, read: Reader) -> None:
        """What was deleted without an address is gone from whichever server of the file had it."""
        for resource in read():
            name = resource.removed
            if name is None or resource.address is not None or ":" in name:
                continue
            stamp = stamp_of(None, resource.response)
            for server in self._servers:
                self._versions.add_removal(self._keys.at(f"{server}/{name}"), stamp)

    def _content(self, resource: Resource, members: Members, kind: str, source: int) -> int:
        """A number that tells apart what two versions say; never 0, as for one removed."""
        if kind == "Patient":
            return self._patients.add(resource, members, source) + 1
        if kind == "Specimen":
            return self._specimens.add(resource, members, source) + 1
        self._has_doses |= kind == "Immunization"
        return _digest(members) or source + 1

    def _count_doses(self, read: Reader, standing: bytearray) -> None:
        for resource, stands in zip(read(), standing, strict=True):
            if resource.type != "Immunization" or stands != Standing.COUNTS:
                continue
            members = resource.members or {}
            with suppress(Unusable):
                if has_shape("Immunization", members):
                    shot = self.judge.shot(resource, members)
                    self._doses.add(shot.person.iin.number, shot.day, shot.number)
        self._doses.settle()


def _digest(members: Members) -> int:
    """Of all that a result says, its own account of versions and its text for people left out.

    0 for what is nested too deeply, which is then like no other version.
    """
    told = {name: value for name, value in members.items() if name not in ("meta", "text")}
    try:
        text = _ENCODER.encode(told).encode()
    except RecursionError:
        return 0
    return int.from_bytes(blake2b(text, digest_size=8).digest())
