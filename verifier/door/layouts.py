"""Keyboard layouts, as far as a handheld scanner meets them.

A scanner presses the keys of a US keyboard. On a device with another layout other characters come
out of them, and with Caps Lock the other one of a letter's key.

>>> LAYOUTS["german"].undone("QP1ÖYßZ", caps_lock=False)
'QP1:Z-Y'
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

_PLAIN = r"`1234567890-=qwertyuiop[]\asdfghjkl;'zxcvbnm,./"
_SHIFTED = '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'

_DEAD = {"\u0300": "`", "\u0301": "´", "\u0302": "^", "\u0303": "~", "\u0308": "¨"}
"""What an accent is on its own key; it waits for the next letter and comes out above it."""


@dataclass(frozen=True)
class KeyboardLayout:
    """What each key gives, in the order of :data:`_PLAIN`: without Shift and with it."""

    plain: str
    shifted: str

    def undone(self, text: str, *, caps_lock: bool) -> str:
        """What a US keyboard gives for the keys of ``text``; an unknown character stays."""
        keys = self._caps_keys if caps_lock else self._keys
        return "".join(keys.get(one) or _letter_under_accent(keys, one) for one in text)

    @cached_property
    def _keys(self) -> Mapping[str, str]:
        pairs = zip(self.shifted + self.plain, _SHIFTED + _PLAIN, strict=True)
        return {" ": " ", **dict(pairs)}

    @cached_property
    def _caps_keys(self) -> Mapping[str, str]:
        """Caps Lock takes the other character of a key that has two letters."""
        swapped: dict[str, str] = {}
        for plain, shifted in zip(self.plain, self.shifted, strict=True):
            if plain.isalpha() and shifted.isalpha():
                swapped |= {plain: self._keys[shifted], shifted: self._keys[plain]}
        return {**self._keys, **swapped}


def _letter_under_accent(keys: Mapping[str, str], character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    dead, under = keys.get(_DEAD.get(parts[1:], "")), keys.get(parts[0])
    return character if dead is None or under is None else dead + under


LAYOUTS: Mapping[str, KeyboardLayout] = {
    "us": KeyboardLayout(_PLAIN, _SHIFTED),
    "german": KeyboardLayout(
        "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    ),
    "french": KeyboardLayout(
        "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
        "²1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    ),
    "turkish_q": KeyboardLayout(
        '"1234567890*-qwertyuıopğü,asdfghjklşizxcvbnmöç.',
        "é!'^+%&/()=?_QWERTYUIOPĞÜ;ASDFGHJKLŞİZXCVBNMÖÇ:",
    ),
    "turkish_f": KeyboardLayout(
        "+1234567890/-fgğıodrnhpqwxuieaütkmlyşjövcçzsb.,",
        "*!\"^$%&'()=?_FGĞIODRNHPQWXUİEAÜTKMLYŞJÖVCÇZSB:;",
    ),
    "russian": KeyboardLayout(
        r"ё1234567890-=йцукенгшщзхъ\фывапролджэячсмитьбю.",
        'Ё!"№;%:?*()_+ЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ,',
    ),
    "kazakh": KeyboardLayout(
        r'("әіңғ,.үұқөһйцукенгшщзхъ\фывапролджэячсмитьбю№',
        ")!ӘІҢҒ;:ҮҰҚӨҺЙЦУКЕНГШЩЗХЪ/ФЫВАПРОЛДЖЭЯЧСМИТЬБЮ?",
    ),
}
"""As Windows has them, the US one first.

A character that a layout gives without Shift counts before the same one with it.
"""
