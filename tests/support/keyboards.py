"""What a handheld scanner presses on a device whose keyboard has another layout.

A scanner presses the keys of a US keyboard; a page is told each key's place and what it means here.
"""

from collections.abc import Mapping

from playwright.sync_api import Page

_PLAIN = {" ": "Space", "-": "Minus", ".": "Period", "/": "Slash"}
_SHIFTED = {"$": "Digit4", "%": "Digit5", "*": "Digit8", "+": "Equal", ":": "Semicolon"}
_SHIFTED |= {"#": "Digit3", "_": "Minus"}
_LETTERS = "QWERTYUIOPASDFGHJKLZXCVBNM"
_CYRILLIC = "ЙЦУКЕНГШЩЗФЫВАПРОЛДЯЧСМИТЬ"

RUSSIAN: Mapping[str, str] = {
    **dict(zip(_LETTERS + _LETTERS.lower(), _CYRILLIC + _CYRILLIC.lower(), strict=True)),
    ":": "Ж",
    ".": "ю",
    "/": ".",
    "$": ";",
    "#": "№",
}
KAZAKH: Mapping[str, str] = {
    **RUSSIAN,
    **dict(zip("1234567890-+$%*#_/", '"әіңғ,.үұқөҺҢҒҮІӨ№', strict=True)),
}
GERMAN: Mapping[str, str] = dict(zip("YZyz:/*-_+#", "ZYzyÖ-(ß?`§", strict=True))
FRENCH: Mapping[str, str] = {
    **dict(zip("QAWZqawzMm", "AQZWaqzw?,", strict=True)),
    **dict(zip("1234567890-_$%*.:/#", "&é\"'(-è_çà)°458:M!3", strict=True)),
}
TURKISH: Mapping[str, str] = dict(zip("i:.-/+*$_#", "ıŞç*._(+?^", strict=True))
"""By the character that the scanner means: the one that comes out."""

LAYOUTS: Mapping[str, Mapping[str, str]] = {
    "Russian": RUSSIAN,
    "Kazakh": KAZAKH,
    "German": GERMAN,
    "French": FRENCH,
    "Turkish": TURKISH,
}


def typed_on(layout: Mapping[str, str], text: str) -> str:
    """What stands in a field after a scanner has pressed the keys of ``text``."""
    return "".join(layout.get(one, one) for one in text)


def with_caps_lock(typed: str) -> str:
    """The same with Caps Lock, on layouts whose other keys have no two letters."""
    return "".join(one.swapcase() if len(one.swapcase()) == 1 else one for one in typed)


def scan_with(page: Page, layout: Mapping[str, str], text: str) -> None:
    """Press the keys of ``text`` and Enter, all at once."""
    keys = [(layout.get(one, one), *_key(one)) for one in text]
    page.evaluate(_PRESS, [*keys, ("Enter", "Enter", False)])


def _key(character: str) -> tuple[str, bool]:
    """The place of a key, and whether it is pressed with Shift."""
    if character.isdigit():
        return f"Digit{character}", False
    if character.isalpha():
        return f"Key{character.upper()}", character.isupper()
    plain = _PLAIN.get(character)
    return (plain, False) if plain else (_SHIFTED[character], True)


_PRESS = """(keys) => {
  for (const [key, code, shiftKey] of keys) {
    const how = {key, code, shiftKey, bubbles: true, cancelable: true};
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", how));
    document.activeElement.dispatchEvent(new KeyboardEvent("keyup", how));
  }
}"""
