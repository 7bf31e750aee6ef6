"""The key of one hour, derived from the seed of its day.

The bytes are docs/formats.md, "Seeds and hour keys".

A venue and an authority have one each. Whoever seals needs the public halves only; what is sealed
can be opened when both have given their private half away. Exports of venues are sealed to a key of
their own, which is never given away.
"""

from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.hours import day_bytes, hour_bytes
from schemas.presentation import VENUE_BYTES

SEED_BYTES = 32
KEY_BYTES = 32

VENUE_LABEL = b"qupia-venue-hour"
AUTHORITY_LABEL = b"qupia-authority-hour"
EXPORT_LABEL = b"qupia-authority-trace"
_BINDING_LABEL = b"qupia-venue"

_FIELD = (1 << 255) - 19
"""The numbers that X25519 reckons with are below this (RFC 7748 section 4.1)."""

# Any will do to see whether a public key is of use: nothing is ever sealed under it.
_PROBE = X25519PrivateKey.from_private_bytes(bytes(range(1, KEY_BYTES + 1)))


def derive_hour_key(seed: bytes, hour: int, *, label: bytes) -> bytes:
    """The X25519 private key of an hour, 32 bytes: HKDF-SHA256 (RFC 5869) with an empty salt.

    ``label`` is :data:`VENUE_LABEL` or :data:`AUTHORITY_LABEL`, ``seed`` 32 bytes. Raises
    ValueError for another seed and for an hour that has no four bytes.
    """
    return _derive(seed, label + hour_bytes(hour))


def derive_export_key(seed: bytes, day: int) -> bytes:
    """The authority's X25519 private key for the exports of a UTC day, 32 bytes.

    ``seed`` is that of the day. Raises ValueError as :func:`derive_hour_key` does.
    """
    return _derive(seed, EXPORT_LABEL + day_bytes(day))


def public_half(private_key: bytes) -> bytes:
    """The X25519 public key of 32 bytes (RFC 7748 section 6.1)."""
    return X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def load_public_key(data: bytes) -> X25519PublicKey:
    """The key in 32 bytes; raises ValueError for one of low order or in another spelling.

    Under a key of low order everybody could open what is sealed (RFC 7748 section 6.1, RFC 9180
    section 7.1.4). X25519 ignores the highest bit and takes numbers from 2²⁵⁵ − 19 on for smaller
    ones (RFC 7748 section 5). Here a key is also hashed, and two spellings would be two bindings.
    """
    if int.from_bytes(data, "little") >= _FIELD:
        raise ValueError("not the canonical form of a key")
    key = X25519PublicKey.from_public_bytes(data)
    _PROBE.exchange(key)  # Raises ValueError where the shared secret is zero for every private key.
    return key


def _derive(seed: bytes, info: bytes) -> bytes:
    if len(seed) != SEED_BYTES:
        raise ValueError("a seed has 32 bytes")
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(seed)


def binding_of(hour_key: bytes) -> bytes:
    """What ties a proof to a venue and an hour, 16 bytes; ``hour_key`` is the public half."""
    return sha256(_BINDING_LABEL + hour_key).digest()[:VENUE_BYTES]
