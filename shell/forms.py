"""Forms that count once, and only from our own pages. The console and the wallet's pages use it.

The id in a form is its token against forged requests (CSRF) and its number in one: the time at
which it was made, bytes drawn here, and our mark on both under the key of whoever it was made for.
No other page can know one, and one of somebody else bears another mark. It ends, so that numbers
that were sent need not be remembered for ever.
"""

import hmac
import secrets
from collections.abc import Callable
from enum import Enum, auto
from hashlib import sha256

from starlette.requests import Request

from schemas.encoding import b64url_decode, b64url_encode
from schemas.kinds import SESSION_LONGEST

FORM_LIFE = SESSION_LONGEST
"""Seconds from its making in which a form can be sent; no session of staff lasts longer."""

_TIME_BYTES = 8
_NUMBER_BYTES = _TIME_BYTES + 16
_LABEL = b"qupia-form"

Spend = Callable[[bytes], bool]
"""Remembers a number for as long as its form lives; whether it came for the first time.

All processes that serve the same pages must agree on it.
"""


class Sent(Enum):
    """What a form that came back is."""

    NEW = auto()
    REPEATED = auto()
    FOREIGN = auto()


def new_form(key: bytes, now: int) -> str:
    """The id of a form for whoever has ``key``, made at ``now``, Unix seconds."""
    number = now.to_bytes(_TIME_BYTES, "big") + secrets.token_bytes(_NUMBER_BYTES - _TIME_BYTES)
    return b64url_encode(number + _mark(key, number))


def take_form(key: bytes, form_id: str, *, now: int, spend: Spend) -> Sent:
    """Use a form up. One that is not of ``key``, or has ended, is FOREIGN and not spent."""
    number = _number_in(key, form_id, now)
    if number is None:
        return Sent.FOREIGN
    return Sent.NEW if spend(number) else Sent.REPEATED


def is_form_of(key: bytes, form_id: str, *, now: int) -> bool:
    """Whether a form could be taken; it is not used up, for what changes nothing."""
    return _number_in(key, form_id, now) is not None


def is_from_here(request: Request, origin: str) -> bool:
    """Whether one of the pages at ``origin`` sent this form, or asks for this.

    What a browser says in Origin (RFC 6454 section 7) and in Fetch Metadata must both be right
    where it says them, and a form says one of them at least. A page may be opened from anywhere:
    that shows it to its owner, and changes nothing.
    """
    said, site = (request.headers.getlist(name) for name in ("origin", "sec-fetch-site"))
    if request.method in ("GET", "HEAD"):
        is_opened = request.headers.getlist("sec-fetch-mode") == ["navigate"]
        return is_opened or site in ([], ["same-origin"], ["none"])
    return bool(said or site) and said in ([], [origin]) and site in ([], ["same-origin"])


def _number_in(key: bytes, form_id: str, now: int) -> bytes | None:
    """The number of a form that is of ``key`` and has not ended; a clock set back ends it too."""
    try:
        data = b64url_decode(form_id)
    except ValueError:
        return None
    number, mark = data[:_NUMBER_BYTES], data[_NUMBER_BYTES:]
    made = int.from_bytes(number[:_TIME_BYTES], "big")
    is_ours = hmac.compare_digest(mark, _mark(key, number))
    return number if is_ours and abs(now - made) < FORM_LIFE else None


def _mark(key: bytes, number: bytes) -> bytes:
    return hmac.digest(key, _LABEL + number, sha256)
