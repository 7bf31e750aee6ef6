"""A venue's private keys of some hours, sealed to the authority.

The bytes are docs/formats.md, "From the venue to the authority".

The file is a JSON object: whose authority, under its key of which day, and the sealed keys.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from schemas.encoding import b64url_decode, b64url_encode
from schemas.errors import QupiaError
from schemas.hour_keys import KEY_BYTES, load_public_key
from schemas.hours import HOURS, hour_bytes
from schemas.jws import parse_json_object
from schemas.validation import matches
from schemas.visits import SUITE

TRACE_LIMIT = 64_000
"""Bytes of a file; all hours of 14 days make 17,000."""

_INFO = b"qupia-trace-v1"
_ENTRY_BYTES = 4 + KEY_BYTES


class NotATrace(QupiaError, ValueError):
    """The file is no export of this kind, or cannot be opened with the authority's key."""


@dataclass(frozen=True)
class SealedTrace:
    """``iss`` is the authority that can open it, ``day`` says with its key of which UTC day."""

    iss: str
    day: int
    sealed: bytes


def seal_trace(
    keys: Mapping[int, bytes], *, iss: str, day: int, authority_key: bytes
) -> SealedTrace:
    """Seal private keys by their hours, at least one, to the authority's export key of ``day``.

    Raises ValueError for an authority's key that cannot be used.
    """
    plain = b"".join(hour_bytes(number) + keys[number] for number in sorted(keys))
    return SealedTrace(iss, day, SUITE.encrypt(plain, load_public_key(authority_key), _INFO))


def open_trace(trace: SealedTrace, authority_key: bytes) -> dict[int, bytes]:
    """The private keys by their hours, in the order of these; raises NotATrace."""
    try:
        key = X25519PrivateKey.from_private_bytes(authority_key)
        plain = SUITE.decrypt(trace.sealed, key, _INFO)
    except InvalidTag:
        raise NotATrace("sealed to another key, or changed") from None
    entries = [plain[at : at + _ENTRY_BYTES] for at in range(0, len(plain), _ENTRY_BYTES)]
    keys = {int.from_bytes(entry[:4], "big"): entry[4:] for entry in entries}
    is_whole = bool(entries) and len(entries[-1]) == _ENTRY_BYTES
    is_ordered = list(keys) == sorted(keys) and len(keys) == len(entries)
    if not is_whole or not is_ordered or max(keys) >= HOURS:
        raise NotATrace("not a list of hours")
    return keys


def format_trace(trace: SealedTrace) -> bytes:
    """The content of the file."""
    members = {"iss": trace.iss, "day": trace.day, "sealed": b64url_encode(trace.sealed)}
    return json.dumps(members, indent=1).encode("ascii")


def parse_trace(data: bytes) -> SealedTrace:
    """The inverse of :func:`format_trace`, whatever the white space; raises NotATrace."""
    if len(data) > TRACE_LIMIT:
        raise NotATrace("not an export of hours")
    try:
        members = parse_json_object(data)
        if not matches("trace", members):
            raise NotATrace("not an export of hours")
        return SealedTrace(members["iss"], members["day"], b64url_decode(members["sealed"]))
    except ValueError:
        raise NotATrace("not an export of hours") from None
