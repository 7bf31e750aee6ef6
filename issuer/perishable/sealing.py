"""Where one record lives and how it is sealed; everything here only computes.

The bytes are docs/formats.md, "Records".

A record dies on a day. Its name in the database and the seal around its content are made with
keys of that day, so nothing of it can be read or recognised once the day's key is destroyed.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from issuer.perishable.errors import CHANGED, StoreError
from schemas.kinds import DAY, STORED_KINDS, Kind

TAG_INFO = b"qupia-store-tag-v1"
SEAL_INFO = b"qupia-store-seal-v1"
KEY_BYTES = 32
NONCE_BYTES = 12
SECOND_BYTES = 8
LENGTH_BYTES = 2
_BLOCK = 64  # SHA-256's block, to which HMAC pads its key (RFC 2104 section 2).


def day_of(second: int) -> str:
    """The UTC date of a Unix second as ``YYYY-MM-DD``."""
    return _date(second // DAY)


@lru_cache(maxsize=1024)  # A lookup asks for the same few days again and again.
def _date(days_since_1970: int) -> str:
    return datetime.fromtimestamp(days_since_1970 * DAY, UTC).date().isoformat()


def visible_expiry(kind: Kind, expires: int) -> int:
    """The second after ``expires`` that the database shows: rounded up, so that it names nobody."""
    step = STORED_KINDS[kind].rounding
    return -(-expires // step) * step


def day_of_death(expires_at: int) -> str:
    """The day under whose key a record lives; midnight belongs to the day that it ends."""
    return day_of(expires_at - 1)


def days_to_search(
    kind: Kind, now: int, *, expires: int | None = None, longest: int | None = None
) -> tuple[str, str]:
    """First and last day, both included, on which a live record of ``kind`` can die.

    They are the same day when the second of the record's death is known. ``longest`` is the
    longest life in seconds of the record in question, where that is less than its kind's.
    """
    if expires is not None:
        day = day_of_death(visible_expiry(kind, expires))
        return day, day
    entry = STORED_KINDS[kind]
    longest = entry.longest if longest is None else longest
    return day_of(now), day_of(now + longest + entry.rounding - 1)


def check_record(kind: Kind, payload: bytes, *, expires: int, now: int) -> None:
    """Raise ValueError for a record that the table of kinds does not allow.

    That is a mistake in the program that stores it, not something a person can put right.
    """
    entry = STORED_KINDS[kind]
    if not isinstance(expires, int) or expires <= now:
        raise ValueError(f"a record of kind {kind} needs an expiry in the future")
    if visible_expiry(kind, expires) > now + entry.longest + entry.rounding:
        raise ValueError(f"a record of kind {kind} may not live longer than {entry.longest} s")
    if len(payload) > entry.payload:
        raise ValueError(f"the payload of kind {kind} has at most {entry.payload} bytes")


@dataclass(frozen=True)
class Opened:
    """What a seal held: the exact second at which the record is gone, and its payload."""

    expires: int
    payload: bytes


class DayKey:
    """The two keys derived from one day's 32 random bytes, ready for use."""

    __slots__ = ("_aead", "_inner", "_outer", "day")

    def __init__(self, day: str, secret: bytes) -> None:
        self.day = day
        self._aead = AESGCM(_derive(secret, SEAL_INFO))
        # A lookup makes a tag for every day that a kind can live. Keeping HMAC's two halves with
        # the key already taken in makes a tag in 0.7 µs, where hmac.digest needs 1.5 µs.
        tag_key = _derive(secret, TAG_INFO).ljust(_BLOCK, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in tag_key))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in tag_key))

    def tag(self, kind: Kind, identifier: bytes) -> bytes:
        """The record's name on this day, 32 bytes: HMAC-SHA256 over kind, zero byte, identifier."""
        inner = self._inner.copy()
        inner.update(kind.encode() + b"\0" + identifier)
        outer = self._outer.copy()
        outer.update(inner.digest())
        return outer.digest()

    def seal(self, kind: Kind, tag: bytes, payload: bytes, *, expires: int) -> bytes:
        """Seal ``payload`` under a new nonce; every record of a kind comes out equally long."""
        padded = payload.ljust(STORED_KINDS[kind].payload, b"\0")
        content = expires.to_bytes(SECOND_BYTES) + len(payload).to_bytes(LENGTH_BYTES) + padded
        nonce = os.urandom(NONCE_BYTES)
        bound = self._bound(kind, tag, visible_expiry(kind, expires))
        return nonce + self._aead.encrypt(nonce, content, bound)

    def open(self, kind: Kind, tag: bytes, sealed: bytes, *, expires_at: int) -> Opened:
        """Undo :meth:`seal`.

        Raises StoreError when the value was not sealed for this very day, kind, tag and expiry.
        """
        bound = self._bound(kind, tag, expires_at)
        try:
            content = self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
        except (InvalidTag, ValueError):
            raise StoreError(CHANGED) from None
        start = SECOND_BYTES + LENGTH_BYTES
        length = int.from_bytes(content[SECOND_BYTES:start])
        return Opened(int.from_bytes(content[:SECOND_BYTES]), content[start : start + length])

    def _bound(self, kind: Kind, tag: bytes, expires_at: int) -> bytes:
        place = self.day.encode() + b"\0" + kind.encode() + b"\0" + tag
        return place + expires_at.to_bytes(SECOND_BYTES)


def _derive(secret: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=b"", info=info).derive(secret)
