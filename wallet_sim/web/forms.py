"""Forms that were made here, for one person, and that work once.

The id in a form is its token against forged requests too: no other page can know one.
"""

import hmac
import secrets
from enum import Enum, auto
from hashlib import sha256
from threading import Lock

from schemas.encoding import b64url_decode, b64url_encode

_ID_BYTES = 16
_LABEL = b"qupia-wallet-form"


class Sent(Enum):
    """What a form that came back is."""

    NEW = auto()
    REPEATED = auto()
    FOREIGN = auto()


class Forms:
    """All forms of one served wallet; they are worth nothing after it ends."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._used: set[bytes] = set()
        self._lock = Lock()

    def new(self, person: int) -> str:
        """The id of a form on a page of the person with that number."""
        drawn = secrets.token_bytes(_ID_BYTES)
        return b64url_encode(drawn + self._mark(person, drawn))

    def take(self, person: int, form_id: str) -> Sent:
        """Use a form up."""
        drawn = self._drawn(person, form_id)
        if drawn is None:
            return Sent.FOREIGN
        with self._lock:
            if drawn in self._used:
                return Sent.REPEATED
            self._used.add(drawn)
            return Sent.NEW

    def is_of(self, person: int, form_id: str) -> bool:
        """Whether a form was made for this person; it is not used up, for what changes nothing."""
        return self._drawn(person, form_id) is not None

    def _drawn(self, person: int, form_id: str) -> bytes | None:
        try:
            data = b64url_decode(form_id)
        except ValueError:
            return None
        drawn, mark = data[:_ID_BYTES], data[_ID_BYTES:]
        return drawn if hmac.compare_digest(mark, self._mark(person, drawn)) else None

    def _mark(self, person: int, drawn: bytes) -> bytes:
        return hmac.digest(self._key, _LABEL + drawn + str(person).encode("ascii"), sha256)
