"""The forms of one served wallet, each for one person; they are worth nothing after it ends."""

import hmac
import secrets
from hashlib import sha256
from threading import Lock

from shell.clock import Clock
from shell.forms import FORM_LIFE, Sent, is_form_of, new_form, take_form

MOST_SPENT = 10_000
"""Numbers of forms remembered at once; beyond it no form counts before some have ended."""


class Forms:
    """``clock`` is the device's."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._spent: dict[bytes, int] = {}
        self._lock = Lock()

    def new(self, person: int) -> str:
        """The id of a form on a page of the person with that number."""
        return new_form(self._key_of(person), self._clock())

    def take(self, person: int, form_id: str) -> Sent:
        """Use a form up."""
        now = self._clock()
        return take_form(
            self._key_of(person), form_id, now=now, spend=lambda number: self._spend(number, now)
        )

    def is_of(self, person: int, form_id: str) -> bool:
        """Whether a form was made for this person; it is not used up, for what changes nothing."""
        return is_form_of(self._key_of(person), form_id, now=self._clock())

    def _spend(self, number: bytes, now: int) -> bool:
        with self._lock:
            # Whatever was sent so long ago was made before that, so it has ended.
            recent = {one: at for one, at in self._spent.items() if abs(now - at) < FORM_LIFE}
            is_new = number not in recent and len(recent) < MOST_SPENT
            self._spent = recent | {number: now} if is_new else recent
            return is_new

    def _key_of(self, person: int) -> bytes:
        return hmac.digest(self._key, str(person).encode("ascii"), sha256)
