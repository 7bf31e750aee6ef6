"""References: one form for all ways of writing one, and the keyed hash that stands for it."""

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64url_decode
from schemas.references import derive_rid, normalise_reference

KEY = bytes(range(32))


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as caught:
        normalise_reference(text)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "N1234567",
        "n 123-45-67",
        " n1234567\n",
        "Ｎ１２３４５６７",  # Full width, as some keyboards type it.
        "N\u00a0123\u202f45\u300067",
        "N\u2010123\u201145\u201467\u2212",
        "\ufeffN123\u00ad45\u200b67",
        "\U0001d40d1234567",
    ],
)
def test_all_ways_of_writing_a_reference_give_one(text: str) -> None:
    assert normalise_reference(text) == "N1234567"


def test_letters_of_every_alphabet_stay() -> None:
    assert normalise_reference("қыз-straße") == "ҚЫЗSTRASSE"


def test_cyrillic_letters_that_look_like_latin_ones_are_those() -> None:
    cyrillic, latin = "авекмнорстухіјѕ", "ABEKMHOPCTYXIJS"
    assert normalise_reference(cyrillic) == latin
    assert normalise_reference("N 12-АВ") == normalise_reference("n12ab")


@pytest.mark.parametrize("text", ["", " ", "\t-\u2014\u200b", "A" * 65, "ﷺ" * 5])
def test_a_reference_that_is_empty_or_too_long_is_refused(text: str) -> None:
    assert refusal(text) == "a reference has 1 to 64 characters besides spaces"


def test_letters_that_a_dropped_character_held_apart_are_joined() -> None:
    assert normalise_reference("e-\u0301") == "É"
    assert normalise_reference("É") == "É"


def test_a_reference_of_64_characters_may_be_written_with_spaces() -> None:
    assert normalise_reference("A " * 64) == "A" * 64


def test_a_very_long_text_is_refused_before_it_is_worked_on() -> None:
    assert refusal(" " * 257) == "a reference has at most 64 characters"


@pytest.mark.parametrize("text", ["A\0B", "A\ud800B", "A\x1bB", "A\ue000B"])
def test_a_reference_with_characters_that_cannot_be_printed_is_refused(text: str) -> None:
    assert refusal(text) == "a reference holds printable characters only"


@given(st.text(max_size=80))
def test_a_normalised_reference_is_normalised_to_itself(text: str) -> None:
    try:
        reference = normalise_reference(text)
    except ValueError as error:
        assert len(text) < 4 or text not in str(error)
    else:
        assert normalise_reference(reference) == reference
        assert 1 <= len(reference) <= 64


def test_a_rid_is_what_the_format_says() -> None:
    assert derive_rid(KEY, "n 123-45-67") == "ABhUKiiB6hhsK93n35Cjmgn81yJCRCbJMjEorDFntvg"
    mac = hmac.new(KEY, b"qupia-ref-v1N1234567", hashlib.sha256).digest()
    assert b64url_decode(derive_rid(KEY, "N1234567")) == mac


def test_another_key_or_another_reference_gives_another_rid() -> None:
    rids = {
        derive_rid(KEY, "600317300019"),
        derive_rid(KEY, "600317300018"),
        derive_rid(bytes(32), "600317300019"),
    }
    assert len(rids) == 3


def test_no_rid_is_made_of_nothing() -> None:
    with pytest.raises(ValueError, match="a reference has 1 to 64 characters"):
        derive_rid(KEY, " - ")
