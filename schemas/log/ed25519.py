"""Ed25519 signatures (RFC 8032 section 5.1.7), judged as the venue's page judges them.

Implementations differ in points of small order and in points that are not written in their one
form, so these are refused before the library is asked. The vectors are tests/vectors/log.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES = 32
SIGNATURE_BYTES = 64

_FIELD = 2**255 - 19
"""Coordinates y are below this (RFC 8032 section 5.1)."""

_EIGHTH = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
"""One of the two y of points of order 8; the other is its negative."""

_SMALL_ORDER = frozenset({0, 1, _FIELD - 1, _EIGHTH, _FIELD - _EIGHTH})
"""The y of all eight points that vanish when they are multiplied by the cofactor."""


def is_sound_key(key: bytes) -> bool:
    """Whether ``key`` may be a public key: 32 bytes in their one form, not of small order."""
    return len(key) == KEY_BYTES and _is_sound_point(key)


def is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether ``signature`` is that of ``key`` over ``message``."""
    if len(signature) != SIGNATURE_BYTES or not is_sound_key(key):
        return False
    if not _is_sound_point(signature[:KEY_BYTES]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _is_sound_point(encoded: bytes) -> bool:
    y = int.from_bytes(encoded, "little") % 2**255
    return y < _FIELD and y not in _SMALL_ORDER
