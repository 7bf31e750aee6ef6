"""The wallet's half of RSABSSA-SHA384-PSS-Deterministic (RFC 9474 section 4).

The issuer sees ``Blinded.message``, a uniformly random number whatever the message is, and signs
it; only who holds ``Blinded.inverse`` can turn its answer into the signature.
"""

import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha384

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from schemas.errors import QupiaError
from schemas.token import PUBLIC_EXPONENT, SALT_BYTES

Random = Callable[[int], bytes]
"""So many random bytes, fit for secrets."""

_DIGEST_BYTES = 48
_TRAILER = b"\xbc"
_PSS = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=SALT_BYTES)


class BlindingError(QupiaError):
    """The message cannot be blinded under this key, or the answer is no signature of it."""


@dataclass(frozen=True, repr=False)
class Blinded:
    """``message`` goes to the issuer, ``inverse`` stays; both have the length of the modulus."""

    message: bytes
    inverse: bytes


def blind(message: bytes, *, n: int, random: Random = secrets.token_bytes) -> Blinded:
    """Blind ``message`` under the modulus ``n`` with a fresh salt and a fresh blind.

    RFC 9474 section 4.2. Raises BlindingError when the encoded message or the blind shares a
    factor with ``n``: such a key is broken, so nothing is tried again.
    """
    return _blind_with(message, n=n, salt=random(SALT_BYTES), r=_uniform(n, random))


def finalize(message: bytes, blind_signature: bytes, *, n: int, inverse: bytes) -> bytes:
    """The signature of ``message``; as long as the modulus.

    RFC 9474 section 4.4. Raises BlindingError unless it verifies. A message whose answer did not
    verify is never blinded again: an issuer that fails on purpose would learn from the retry.
    """
    signature = _unblind(blind_signature, n=n, inverse=inverse)
    key = rsa.RSAPublicNumbers(PUBLIC_EXPONENT, n).public_key()
    try:
        key.verify(signature, message, _PSS, hashes.SHA384())
    except InvalidSignature:
        raise BlindingError("the signature is wrong") from None
    return signature


def _blind_with(message: bytes, *, n: int, salt: bytes, r: int) -> Blinded:
    """Blind with a given salt and blind; apart from :func:`blind` only test vectors need it."""
    m = int.from_bytes(_emsa_pss_encode(message, n.bit_length() - 1, salt), "big")
    if math.gcd(m, n) != 1:
        raise BlindingError("the encoded message is not coprime to the modulus")
    try:
        inverse = pow(r, -1, n)
    except ValueError:
        raise BlindingError("the blind is not invertible") from None
    length = _modulus_bytes(n)
    blinded = m * pow(r, PUBLIC_EXPONENT, n) % n
    return Blinded(blinded.to_bytes(length, "big"), inverse.to_bytes(length, "big"))


def _unblind(blind_signature: bytes, *, n: int, inverse: bytes) -> bytes:
    length = _modulus_bytes(n)
    value = int.from_bytes(blind_signature, "big")
    if len(blind_signature) != length or value >= n:
        raise BlindingError("the blind signature has the wrong length or is too large")
    return (value * int.from_bytes(inverse, "big") % n).to_bytes(length, "big")


def _uniform(n: int, random: Random) -> int:
    """A uniformly random number in [1, n): bits of the right length until one fits.

    Reducing a longer number instead would prefer small ones.
    """
    length, surplus = _modulus_bytes(n), -n.bit_length() % 8
    while True:
        r = int.from_bytes(random(length), "big") >> surplus
        if 1 <= r < n:
            return r


def _modulus_bytes(n: int) -> int:
    return -(-n.bit_length() // 8)


def _emsa_pss_encode(message: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 and MGF1-SHA-384 (RFC 8017 section 9.1.1)."""
    length = -(-bits // 8)
    if length < _DIGEST_BYTES + len(salt) + 2:
        raise BlindingError("the modulus is too short")
    digest = sha384(bytes(8) + sha384(message).digest() + salt).digest()
    block = b"\x01".rjust(length - len(salt) - _DIGEST_BYTES - 1, b"\x00") + salt
    mask = _mgf1(digest, len(block))
    masked = bytearray(a ^ b for a, b in zip(block, mask, strict=True))
    masked[0] &= 0xFF >> (8 * length - bits)
    return bytes(masked) + digest + _TRAILER


def _mgf1(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-384 (RFC 8017 appendix B.2.1)."""
    blocks = -(-length // _DIGEST_BYTES)
    mask = b"".join(sha384(seed + i.to_bytes(4, "big")).digest() for i in range(blocks))
    return mask[:length]
