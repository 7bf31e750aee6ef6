"""Makes ``tests/vectors/scanners.json`` anew: python -m tests.vectors.make_scanners

What handheld scanners type, and what is to be read in it: ``reads`` is the code, or null where
nothing makes one of the text; ``garbled`` says that a layout or a changed case has spoilt it.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from schemas.encoding import BASE45_ALPHABET
from tests.support.keyboards import FRENCH, GERMAN, KAZAKH, LAYOUTS, RUSSIAN, typed_on
from tests.support.keyboards import with_caps_lock as caps

VECTORS = Path(__file__).parent / "scanners.json"

PASS = "QP1:" + (BASE45_ALPHABET.decode() * 14)[:588]
SLIP = f"eyJhbGciOiJFUzI1NiJ9.eyJ4IjoiLV8iLCJ6IjoieXF3In0.{'aB3-_Zyqw' * 9}AzYQm"

Case = tuple[str, str, str | None, bool]


def cases() -> Iterator[Case]:
    """Name, text, what is read, and whether it is garbled."""
    yield from added()
    for name, layout in LAYOUTS.items():
        yield f"a pass, {name}", typed_on(layout, PASS), PASS, False
        yield f"a slip, {name}", typed_on(layout, SLIP), SLIP, False
    yield from changed()
    yield from no_codes()


def added() -> Iterator[Case]:
    """What a scanner puts around a code."""
    yield "a pass as it is", PASS, PASS, False
    yield "a slip as it is", SLIP, SLIP, False
    yield "an AIM identifier", f"]Q1{PASS}", PASS, False
    yield "an AIM identifier before a slip", f"]Q3{SLIP}", SLIP, False
    yield "an AIM identifier, French", typed_on(FRENCH | {"]": "$"}, f"]Q1{PASS}"), PASS, False
    yield "control characters", f"\x02{PASS}\x03\r\n", PASS, False
    yield "a prefix and a suffix of eight", f"12345678{PASS}ABCDEFGH", PASS, False
    yield "a suffix after a slip", f"{SLIP}ABCDEFGH", SLIP, False
    yield "a prefix of nine", f"123456789{PASS}", None, False


def changed() -> Iterator[Case]:
    """Case that is not the code's, and accents that wait for a letter."""
    yield "a pass in lower case", PASS.lower(), PASS, False
    yield "a pass with Caps Lock", caps(PASS), PASS, False
    yield "a slip with Caps Lock", caps(SLIP), SLIP, False
    yield "Caps Lock, Russian", caps(typed_on(RUSSIAN, PASS)), PASS, False
    yield "Caps Lock, German", caps(typed_on(GERMAN, SLIP)), SLIP, False
    yield "lower case, Kazakh", typed_on(KAZAKH, PASS.lower()), PASS, False
    dead = typed_on(GERMAN, PASS.replace("+-", "+A"))
    yield "an accent above a letter", dead.replace("`A", "À"), PASS.replace("+-", "+A"), False
    yield "a slip in lower case", SLIP.lower(), None, True
    yield "a slip in upper case", SLIP.upper(), None, True


def no_codes() -> Iterator[Case]:
    yield "keys that came to nothing, German", typed_on(GERMAN, PASS.replace("+", "")), None, True
    yield "keys that came to nothing, Russian", typed_on(RUSSIAN, PASS[:-1]), None, True
    yield "a Spanish keyboard", PASS.replace(":", "Ñ").replace("-", "'"), None, True
    yield "an unknown script", "ᚠ" * 592, None, True
    yield "a pass that is too short", PASS[:-1], None, False
    yield "a pass that is too long", f"{PASS}{'0' * 9}", None, False
    yield "a slip without its signature", SLIP[:-1], None, False
    yield "a menu", "https://example.org/menu", None, False
    yield "a long address", f"https://example.org/{'menu' * 200}", None, False
    yield "somebody's sentence", "Ас мәзірі: бешбармақ, қымыз", None, False
    yield "another country's certificate", f"HC1:{'6BFOXN' * 80}", None, False
    yield "nothing", "", None, False


def make() -> list[dict[str, Any]]:
    members = ("name", "text", "reads", "garbled")
    return [dict(zip(members, case, strict=True)) for case in cases()]


if __name__ == "__main__":
    VECTORS.write_text(json.dumps(make(), ensure_ascii=False, indent=1) + "\n")
