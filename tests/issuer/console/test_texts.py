"""What the console says: every sentence is there, is used, and stands in three languages."""

import json
import re
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from issuer.console.app import PAGES
from schemas.languages import Language

FOLDER = Path(__file__).parents[3] / "issuer/console"
TEXTS: dict[str, dict[str, str]] = json.loads((FOLDER / "texts.json").read_text())
SOURCES = "".join(
    path.read_text()
    for folder in (FOLDER, FOLDER.parents[1] / "shell")
    for path in folder.rglob("*")
    if path.suffix in (".py", ".html")
)
PATTERNS = re.findall(r'f"([a-z_]*\{[^}]*\}[a-z_]*)"', SOURCES)
JOINED = re.findall(r'"([a-z]+_)" ~ ', SOURCES)
ENDED = re.findall(r' ~ "(_[a-z]+)"', SOURCES)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_sentence_stands_in_three_languages_with_the_same_placeholders(name: str) -> None:
    texts: dict[str, Any] = TEXTS[name]
    assert set(texts) == {language.value for language in Language}
    assert all(text.strip() for text in texts.values())
    assert len({frozenset(placeholders(text)) for text in texts.values()}) == 1


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_sentence_of_another_language_is_not_the_english_one(name: str) -> None:
    texts = TEXTS[name]
    words = re.findall(r"[A-Za-z]{4,}", re.sub(r"\{\w+\}", "", texts["en"]))
    for language in ("kk", "ru"):
        if words:
            assert re.search(r"[а-яәғқңөұүһі]", texts[language], re.I), texts[language]


def test_every_sentence_that_is_named_exists() -> None:
    named = set(re.findall(r"""\bt\(["']([a-z_0-9]+)["'](?! ~)""", SOURCES))
    named |= set(re.findall(r"""\b(?:say|refuse|done)\(\s*["']([a-z_0-9]+)["']""", SOURCES))
    named |= {page.name for page in PAGES if page.name}
    assert named <= set(TEXTS), named - set(TEXTS)


def test_every_sentence_is_used() -> None:
    prefixes = {pattern.partition("{")[0] for pattern in PATTERNS} | set(JOINED)
    endings = tuple(ENDED)
    unused = [
        name
        for name in TEXTS
        if f'"{name}"' not in SOURCES
        and f"'{name}'" not in SOURCES
        and not any(prefix and name.startswith(prefix) for prefix in prefixes)
        and not name.endswith(endings)
    ]
    assert unused == []
