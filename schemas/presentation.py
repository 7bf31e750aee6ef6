"""What a pass looks like at the door: one QR text of fixed length.

The bytes are docs/formats.md, "Showing a pass".
"""

from dataclasses import dataclass
from hashlib import sha256

from schemas.encoding import base45_decode, base45_encode
from schemas.token import DevicePoint

PREFIX = "QP1:"
TEXT_LENGTH = 592
"""Characters. At error level L this is always QR version 13."""

SLOT_SECONDS = 30
SLOT_TOLERANCE = 2
"""A proof is accepted this many slots before and after the verifier's own."""

SLOTS = 1 << 32
KEY_PREFIX_BYTES = 4
PROOF_BYTES = 64
VENUE_BYTES = 16
UNBOUND = bytes(VENUE_BYTES)
"""The venue binding of a proof that works at every venue."""

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256 (NIST SP 800-186 section 3.2.1.3)."""

_PROOF_LABEL = b"qupia-proof-v1"
_SCALAR_BYTES = PROOF_BYTES // 2


@dataclass(frozen=True)
class Presentation:
    """A pass and a fresh proof, cut into fields; nothing in it is verified yet.

    ``key_prefix`` 4 bytes, ``signature`` 256, ``slot`` an unsigned 32-bit number of half minutes
    since 1970, ``proof`` 64 (r || s).
    """

    key_prefix: bytes
    device: DevicePoint
    signature: bytes
    slot: int
    proof: bytes

    @property
    def fingerprint(self) -> bytes:
        """H(x || y): how a verifier recognises a pass that it has just admitted."""
        return sha256(self.device.x + self.device.y).digest()


def slot_at(now: int) -> int:
    """The half minute in which ``now`` (Unix seconds) lies."""
    return now // SLOT_SECONDS


def join_proof(r: int, s: int) -> bytes:
    """An ECDSA signature as a proof of 64 bytes, r || s.

    ``s`` and ``ORDER - s`` verify alike. Programs that sign differ in which they give, so a proof
    has the smaller one, and does not tell what program made it.
    """
    return b"".join(n.to_bytes(_SCALAR_BYTES, "big") for n in (r, min(s, ORDER - s)))


def has_low_s(proof: bytes) -> bool:
    """Whether ``s`` is the smaller of the two values that verify, at most (ORDER - 1) / 2."""
    return int.from_bytes(proof[_SCALAR_BYTES:], "big") <= (ORDER - 1) // 2


def proof_message(*, token: bytes, slot: int, venue: bytes) -> bytes:
    """What the device key signs; ``token`` is 354 bytes, ``venue`` 16."""
    return _PROOF_LABEL + sha256(token).digest() + slot.to_bytes(4, "big") + venue


def format_presentation(presentation: Presentation) -> str:
    """The QR text of 592 characters."""
    return PREFIX + base45_encode(
        presentation.key_prefix
        + presentation.device.x
        + presentation.device.y
        + presentation.signature
        + presentation.slot.to_bytes(4, "big")
        + presentation.proof
    )


def parse_presentation(text: str) -> Presentation:
    """The inverse of :func:`format_presentation`; raises ValueError for any other text."""
    if len(text) != TEXT_LENGTH or not text.startswith(PREFIX):
        raise ValueError("not a pass")
    data = base45_decode(text[len(PREFIX) :])
    return Presentation(
        key_prefix=data[:4],
        device=DevicePoint(data[4:36], data[36:68]),
        signature=data[68:324],
        slot=int.from_bytes(data[324:328], "big"),
        proof=data[328:],
    )
