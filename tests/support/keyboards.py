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
    **dict(zip("1234567890-+$%*#_", '"әіңғ,.үұқөҺҢҒҮІӨ', strict=True)),
}
"""By the character that the scanner means: the one that comes out."""


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
