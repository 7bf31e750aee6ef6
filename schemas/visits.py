"""One hour of a visit, sealed so that nobody can open it alone.

The bytes are docs/formats.md, "A visit".

Two layers of HPKE (RFC 9180, base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM): the
outer one opens with the venue's key of that hour, the inner one with the authority's.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from schemas.hour_keys import load_public_key
from schemas.hours import begin_of, hour_bytes
from schemas.kinds import HOUR, MINUTE
from schemas.recognition import Recogniser, Sealed

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_128_GCM)
"""0x0020 / 0x0001 / 0x0001 (RFC 9180 section 7)."""

RECORD_BYTES = 104
ROUNDED_TO = 5 * MINUTE

_OUTER = b"qupia-visit-v1"
_INNER = b"qupia-visit-a-v1"


@dataclass(frozen=True)
class HourOfStay:
    """What a record says: Unix seconds within ``hour``, to five minutes, ``leave`` included."""

    hour: int
    arrive: int
    leave: int

    @classmethod
    def of(cls, hour: int, *, arrive: int, leave: int) -> "HourOfStay":
        """The part of a stay that lies in ``hour``: the beginning rounded down, the end up."""
        begin, end = begin_of(hour), begin_of(hour + 1)
        clipped = (min(max(moment, begin), end) for moment in (arrive, leave))
        came, left = clipped
        return cls(hour, came - came % ROUNDED_TO, left + -left % ROUNDED_TO)


@dataclass(frozen=True)
class SealingKeys:
    """The public keys under which an hour is sealed, the venue's and the authority's."""

    hour: int
    venue: X25519PublicKey
    authority: X25519PublicKey

    @classmethod
    def of(cls, hour: int, *, venue: bytes, authority: bytes) -> "SealingKeys":
        """From 32 bytes each; raises ValueError for a key of low order."""
        return cls(hour, load_public_key(venue), load_public_key(authority))

    @classmethod
    def throw_away(cls, hour: int) -> "SealingKeys":
        """Keys whose private halves are gone before anything is sealed under them."""
        venue, authority = X25519PrivateKey.generate(), X25519PrivateKey.generate()
        return cls(hour, venue.public_key(), authority.public_key())


class OpeningKeys:
    """The private keys of one notice (32 bytes each), loaded once for many records."""

    def __init__(self, hour: int, *, venue: bytes, authority: bytes) -> None:
        self.hour = hour
        self._venue = X25519PrivateKey.from_private_bytes(venue)
        self._authority = authority
        self._outer_info = _OUTER + hour_bytes(hour)
        self._recogniser = Recogniser(self._venue, self._outer_info)

    def fits(self, sealed: Sealed) -> bool:
        """Whether the outer layer is sealed to this venue and hour; costs less than to open it."""
        return self._recogniser.opens(sealed)

    def open(self, record: bytes) -> HourOfStay | None:
        """What a record says; None where these are not its keys, or its times are no such hour."""
        try:
            inner = SUITE.decrypt(record, self._venue, self._outer_info)
            authority = X25519PrivateKey.from_private_bytes(self._authority)
            opened = SUITE.decrypt(inner, authority, _INNER + hour_bytes(self.hour))
        except InvalidTag:
            return None
        arrive, leave = int.from_bytes(opened[:4], "big"), int.from_bytes(opened[4:], "big")
        begin = self.hour * HOUR
        if len(opened) != 8 or not begin <= arrive <= leave <= begin + HOUR:
            return None
        return HourOfStay(self.hour, arrive, leave)


def seal_visit(stay: HourOfStay, keys: SealingKeys) -> bytes:
    """A record of 104 bytes that says nothing without both private keys.

    Raises ValueError for keys of another hour: nobody could ever open the record.
    """
    if stay.hour != keys.hour:
        raise ValueError("the keys are of another hour")
    plain = stay.arrive.to_bytes(4, "big") + stay.leave.to_bytes(4, "big")
    hour = hour_bytes(stay.hour)
    inner = SUITE.encrypt(plain, keys.authority, _INNER + hour)
    return SUITE.encrypt(inner, keys.venue, _OUTER + hour)


def seal_dummy(hour: int) -> bytes:
    """A record that looks like any other and that nobody can open."""
    stay = HourOfStay(hour, begin_of(hour), begin_of(hour))
    return seal_visit(stay, SealingKeys.throw_away(hour))
