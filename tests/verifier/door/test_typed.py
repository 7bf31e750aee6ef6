"""What scanners type is read, or told apart from a bad pass; the page reads the same vectors."""

import json
from typing import Any

import pytest

from schemas.encoding import BASE45_ALPHABET
from tests.vectors.make_scanners import VECTORS, make
from verifier.door.layouts import LAYOUTS
from verifier.door.typed import looks_garbled, read_typed

CASES = json.loads(VECTORS.read_text())
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_typed_is_read_as_the_vector_says(case: dict[str, Any]) -> None:
    assert read_typed(case["text"]) == case["reads"]
    assert looks_garbled(case["text"]) is case["garbled"]


def test_the_vectors_come_out_the_same_when_they_are_made_again() -> None:
    assert make() == CASES


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("alphabet", [BASE45_ALPHABET.decode(), BASE64URL], ids=["45", "64"])
def test_no_two_characters_of_a_code_come_out_alike(name: str, alphabet: str) -> None:
    layout, us = LAYOUTS[name], LAYOUTS["us"]
    keys = us.shifted + us.plain + " "
    typed = [(layout.shifted + layout.plain + " ")[keys.index(one)] for one in alphabet]
    assert layout.undone("".join(typed), caps_lock=False) == alphabet
