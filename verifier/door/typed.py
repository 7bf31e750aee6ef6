"""The code behind what a handheld scanner types: its layout, its case and what it adds are undone.

Scanners put an AIM identifier (ISO/IEC 15424) or a character of their own before a code and after
it, some change the case, and what their keys mean is up to the device. A code is so long and so
regular that only one way of reading makes one of it.

>>> read_typed("a menu") is None, looks_garbled("a menu")
(True, False)
"""

import re
from collections.abc import Iterator

from schemas.encoding import BASE45_ALPHABET
from schemas.presentation import PREFIX, TEXT_LENGTH
from verifier.door.layouts import LAYOUTS

_MARGIN = 8
"""Characters that a scanner adds before a code, or after it."""

_SHORTEST = 100
"""Characters of a text that no person types and no scanner has made of a menu's address."""

_LONG = 400

_PASS = re.compile(
    rf"{PREFIX}[{re.escape(BASE45_ALPHABET.decode())}]{{{TEXT_LENGTH - len(PREFIX)}}}"
)
_PAPER = re.compile(r"eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}")
_BEGINNING = re.compile("QP1|EYJ")
_BEGINNING_LENGTH = 3
_CLEAN = re.compile(
    rf".{{,{_MARGIN}}}(QP1:[{re.escape(BASE45_ALPHABET.decode())}]*|eyJ[A-Za-z0-9_.-]*).{{,{_MARGIN}}}",
    re.DOTALL,
)

_UPPER = {ord(one): one.upper() for one in "abcdefghijklmnopqrstuvwxyz"}


def read_typed(text: str) -> str | None:
    """The pass in what was typed, to be judged; None where no way of reading makes one of it."""
    return next((code for reading in _readings(text) if (code := _code_in(reading))), None)


def looks_garbled(text: str) -> bool:
    """Whether a scanner's layout or case has spoilt a pass for good.

    A pass that is merely too short or too long is none: then the text itself is bad.
    """
    if len(text) < _SHORTEST or read_typed(text) is not None or _CLEAN.fullmatch(text):
        return False
    if len(text) >= _LONG and not text.isascii():
        return True
    beginning = text[: _MARGIN + _BEGINNING_LENGTH]
    return any(_BEGINNING.search(reading.translate(_UPPER)) for reading in _readings(beginning))


def _readings(text: str) -> Iterator[str]:
    for layout in LAYOUTS.values():
        for caps_lock in (False, True):
            yield layout.undone(text, caps_lock=caps_lock)


def _code_in(text: str) -> str | None:
    """A whole code with at most a few characters around it; a phone's has upper case only."""
    found = _PASS.search(text.translate(_UPPER)) or _PAPER.search(text)
    if found is None or max(found.start(), len(text) - found.end()) > _MARGIN:
        return None
    return found[0]
