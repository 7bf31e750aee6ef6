"""The files of what people read, as translators have them."""

import json
from pathlib import Path

from schemas.languages import Language

ROOT = Path(__file__).parents[2]


def read(folder: Path) -> dict[Language, dict[str, str]]:
    """The names and sentences in the folder of a catalogue, by language."""
    return {
        one: json.loads((folder / f"{one}.json").read_text(encoding="utf-8")) for one in Language
    }


def by_name(folder: Path) -> dict[str, dict[str, str]]:
    """The sentence of each name and language; names are those of the files, forms and all."""
    texts = read(folder)
    names = dict.fromkeys(name for names in texts.values() for name in names)
    return {
        name: {one.value: texts[one][name] for one in Language if name in texts[one]}
        for name in names
    }


PAGE_TEXTS = by_name(ROOT / "verifier/web/src/texts")
"""What the venue's page says besides what it shares with the command."""
