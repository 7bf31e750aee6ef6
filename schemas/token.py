"""The pass as a Privacy Pass token of type 0x0002 (RFC 9578 section 6).

The bytes are docs/formats.md, "A pass".
"""

from dataclasses import dataclass
from hashlib import sha256

from schemas.origins import LONGEST_NAME

TOKEN_TYPE = b"\x00\x02"
"""Blind RSA, 2048 bit (RFC 9578 section 8.2.2)."""

MODULUS_BYTES = 256
PUBLIC_EXPONENT = 65537
SALT_BYTES = 48
"""RSABSSA-SHA384-PSS-Deterministic (RFC 9474 section 5)."""

COORDINATE_BYTES = 32
TOKEN_INPUT_BYTES = 98
TOKEN_BYTES = TOKEN_INPUT_BYTES + MODULUS_BYTES

_SPKI_PREFIX = bytes.fromhex(
    "30820152"  # SubjectPublicKeyInfo
    "303d06092a864886f70d01010a3030"  # id-RSASSA-PSS with parameters:
    "a00d300b0609608648016503040202"  # hash SHA-384
    "a11a301806092a864886f70d010108300b0609608648016503040202"  # MGF1 with SHA-384
    "a203020130"  # salt 48
    "0382010f003082010a0282010100"  # BIT STRING { SEQUENCE { INTEGER of 257 bytes, 0 first
)
_SPKI_SUFFIX = bytes.fromhex("0203010001")  # INTEGER 65537


@dataclass(frozen=True)
class DevicePoint:
    """The public half of a one-time device key: coordinates of 32 bytes each, not yet checked."""

    x: bytes
    y: bytes

    @property
    def nonce(self) -> bytes:
        """H(0x04 || x || y): what ties a token to its device key."""
        return sha256(b"\x04" + self.x + self.y).digest()


def challenge_digest(token_issuer: str) -> bytes:
    """H(TokenChallenge) with empty redemption context and origin (RFC 9577 section 2.1.1)."""
    name = token_issuer.encode("ascii")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ValueError(f"token_issuer has 1 to {LONGEST_NAME} ASCII characters")
    challenge = TOKEN_TYPE + len(name).to_bytes(2, "big") + name + b"\x00" + b"\x00\x00"
    return sha256(challenge).digest()


def spki_from_modulus(modulus: bytes) -> bytes:
    """DER SubjectPublicKeyInfo of a pass key (RFC 9578 section 6.5).

    ``modulus`` is 256 bytes with the highest bit set, so every length in it is fixed.
    """
    if len(modulus) != MODULUS_BYTES or not modulus[0] & 0x80 or not modulus[-1] & 1:
        raise ValueError("a modulus has exactly 2048 bits and is odd")
    return _SPKI_PREFIX + modulus + _SPKI_SUFFIX


def token_key_id(modulus: bytes) -> bytes:
    """H(SPKI), 32 bytes; raises ValueError for a modulus that is not one of 2048 bits."""
    return sha256(spki_from_modulus(modulus)).digest()


def token_input(*, nonce: bytes, challenge: bytes, key_id: bytes) -> bytes:
    """The 98 bytes that the issuer signs blind; each part is 32 bytes."""
    return TOKEN_TYPE + nonce + challenge + key_id
