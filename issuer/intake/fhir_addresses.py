"""Where FHIR resources are, and which of them a reference can mean.

FHIR R4, Bundle, section "Resolving references in Bundles", and References, sections "Literal
References", "Logical References" and "Contained Resources". What is written in one way only needs
no server to be asked: an address that is not in the file is nobody's.
"""

import os
import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

_HISTORY = re.compile(r"/_history/[^/]*\Z")
_RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})\Z", re.ASCII)
_ON_SERVER = re.compile(r"(https?://.+)/([A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64})\Z", re.ASCII)

Key = int
"""A keyed digest of an address, 64 bits. The key is drawn anew for each file: nobody can aim at
another address, and a chance meeting among a million is less likely than one in 10 million."""


class AddressKeys:
    """Digests of the addresses of one file."""

    def __init__(self) -> None:
        self._keyed = blake2b(digest_size=8, key=os.urandom(16))

    def at(self, url: str) -> Key:
        """Of an entry's ``fullUrl``."""
        return self._digest("url", url)

    def bare(self, name: str) -> Key:
        """Of ``Type/id`` on a server that is not known."""
        return self._digest("bare", name)

    def served(self, name: str) -> Key:
        """Of ``Type/id`` on any of the servers that are known."""
        return self._digest("served", name)

    def identified(self, kind: str, system: str, value: str) -> Key:
        """Of a resource by an identifier of its own."""
        return self._digest(f"identifier {kind}", f"{system}|{value}")

    def _digest(self, sort: str, name: str) -> Key:
        digest = self._keyed.copy()
        digest.update(f"{sort} {name}".encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest()) or 1


def without_version(address: str) -> str:
    """The address of a resource in whatever version."""
    return _HISTORY.sub("", address)


def server_of(address: str | None) -> str | None:
    """The root of the server that a ``fullUrl`` belongs to; None for ``urn:uuid:`` and the like."""
    found = None if address is None else _ON_SERVER.match(address)
    return found.group(1) if found else None


def relative_name(address: str, kind: str) -> str | None:
    """``Type/id`` where ``address`` is one of that type."""
    found = _RELATIVE.match(address)
    return address if found and found.group(1) == kind else None


def address_of(keys: AddressKeys, address: str | None, kind: str, identity: object) -> Key | None:
    """The one address of a resource, of which several entries are versions; None without any."""
    if address is not None:
        return keys.bare(address) if _RELATIVE.match(address) else keys.at(address)
    return keys.bare(f"{kind}/{identity}") if _is_text(identity) else None


def names_of(keys: AddressKeys, address: str | None, kind: str, identity: object) -> Iterator[Key]:
    """All that references may call a resource by."""
    if address is not None and _RELATIVE.match(address):
        # No fullUrl as FHIR wants it, but it says as much as the id does.
        yield keys.bare(address)
        return
    if address is not None:
        yield keys.at(address)
    served = _ON_SERVER.match(address) if address is not None else None
    if served:
        yield keys.served(served.group(2))
    elif _is_text(identity):
        yield keys.bare(f"{kind}/{identity}")


def contained(members: Any, fragment: str, kind: str) -> list[Any]:
    """The resources of that kind within a resource to which ``#fragment`` points."""
    inner = members.get("contained")
    return [
        resource
        for resource in (inner if isinstance(inner, list) else [])
        if isinstance(resource, dict)
        and resource.get("resourceType") == kind
        and resource.get("id") == fragment
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
