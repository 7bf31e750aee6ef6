"""The page makes keys, check-in codes and files of hours that the other programs make and read."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.check_in import (
    MOST_HOURS,
    NAME_BYTES,
    PREFIX,
    CheckInCode,
    check_name,
    format_check_in,
    grid_digest,
    parse_check_in,
)
from schemas.encoding import BASE45_ALPHABET, base45_decode, base45_encode
from schemas.hour_keys import VENUE_LABEL, binding_of, derive_hour_key, public_half
from schemas.hours import HOURS, day_at, hour_at
from schemas.trace import NotATrace, open_trace, parse_trace
from tests.support.curve25519 import FIELD, HIGHEST_BIT, LOW_ORDER, spell
from tests.support.engines import Node
from tests.support.world import NOON

HOUR = hour_at(NOON)
TODAY = day_at(NOON)
PRIVATE = [bytes([number]) * 32 for number in range(1, MOST_HOURS + 1)]
PUBLIC = [public_half(key) for key in PRIVATE]
GRID = bytes(range(16))
CODE = CheckInCode(HOUR, tuple(PUBLIC[:4]), GRID, "Кафе «Ақ Орда»")
NOT_KEYS = [spell(number) for number in (*LOW_ORDER, FIELD + 9, HIGHEST_BIT | 9)]
many = settings(max_examples=40)
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=25)


@pytest.fixture(scope="module")
def page(node: Node) -> Node:
    return node


def members(code: CheckInCode) -> dict[str, Any]:
    return {
        "first_hour": code.first_hour,
        "keys": [key.hex() for key in code.keys],
        "grid": code.grid.hex(),
        "name": code.name,
    }


def parsed(text: str) -> dict[str, Any] | None:
    try:
        return members(parse_check_in(text))
    except ValueError:
        return None


def assert_parsed_alike(page: Node, texts: list[str]) -> None:
    for text, there in zip(texts, page.presence("parse", texts), strict=True):
        assert there == parsed(text), text


# Base45


@many
@given(st.lists(st.binary(max_size=9), min_size=1, max_size=20))
def test_bytes_of_any_length_have_the_same_base45(page: Node, data: list[bytes]) -> None:
    texts = [base45_encode(one) for one in data]
    assert page.presence("base45", [one.hex() for one in data]) == texts
    assert page.presence("bytes", texts) == [one.hex() for one in data]


@many
@given(st.lists(st.text(BASE45_ALPHABET.decode() + "aé", max_size=8), min_size=1, max_size=40))
def test_the_same_texts_are_not_base45(page: Node, texts: list[str]) -> None:
    def decoded(text: str) -> str | None:
        try:
            return base45_decode(text).hex()
        except ValueError:
            return None

    assert page.presence("bytes", texts) == [decoded(text) for text in texts]


# Keys


@many
@given(
    st.lists(
        st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, HOURS - 1)),
        min_size=1,
        max_size=5,
    )
)
def test_a_seed_gives_the_same_keys_and_bindings(
    page: Node, asked: list[tuple[bytes, int]]
) -> None:
    here = []
    for seed, hour in asked:
        key = derive_hour_key(seed, hour, label=VENUE_LABEL)
        shown = public_half(key)
        here.append([key.hex(), shown.hex(), binding_of(shown).hex()])
    given = [{"seed": seed.hex(), "hour": hour} for seed, hour in asked]
    assert page.presence("hour_key", given) == here


@many
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=9, unique=True))
def test_the_same_keys_of_passes_give_the_same_grid(page: Node, ids: list[bytes]) -> None:
    shown = [one.hex() for one in ids]
    assert page.presence("grid", [shown, shown[::-1]]) == [grid_digest(ids).hex()] * 2


# Names


def checked(name: str) -> str | None:
    try:
        return check_name(name)
    except ValueError:
        return None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "  two   words\t",
        "a" * NAME_BYTES,
        "a" * (NAME_BYTES + 1),
        "ә" * 30,
        "ә" * 31,
        "turned \u202eround",
        "zero\u200bwidth",
        "byte\ufefforder",
        "line\u2028end",
        "no\u00a0break",
        "bell\a",
        "private \ue000",
        "newer \U0001fae8",
        "never assigned \ufffe\U0010ffff",
        "formats hieroglyphs \U00013439",
        "separates files \x1c",
    ],
)
def test_the_same_names_are_taken(page: Node, name: str) -> None:
    assert page.presence("name", [name]) == [checked(name)]


@many
@given(st.lists(names, min_size=1, max_size=30))
def test_any_name_is_taken_or_refused_alike(page: Node, some: list[str]) -> None:
    assert page.presence("name", some) == [checked(name) for name in some]


# Codes


@many
@given(
    st.builds(
        CheckInCode,
        first_hour=st.integers(0, HOURS - MOST_HOURS),
        keys=st.lists(st.sampled_from(PUBLIC), min_size=1, max_size=MOST_HOURS).map(tuple),
        grid=st.binary(min_size=16, max_size=16),
        name=names.filter(lambda name: checked(name) == name),
    )
)
def test_a_code_has_the_same_text(page: Node, code: CheckInCode) -> None:
    text = format_check_in(code)
    assert page.presence("format", [members(code)]) == [text]
    assert page.presence("parse", [text]) == [members(code)]


def test_the_same_texts_are_no_codes(page: Node) -> None:
    good = format_check_in(CODE)
    data = base45_decode(good.removeprefix(PREFIX))
    spoilt = [
        data[:4] + b"\x00" + data[5:],
        data[:4] + b"\x03" + data[5:],
        data[:4] + b"\x05" + data[5:],
        data[:4] + b"\x0d" + data[5:],
        (HOURS - 4).to_bytes(4, "big") + data[4:],
        (HOURS - 3).to_bytes(4, "big") + data[4:],
        data + b"\xff",
        data + b" ",
        *(data[:37] + key + data[69:] for key in NOT_KEYS),
        *(data[:length] for length in range(0, len(data), 7)),
    ]
    texts = [PREFIX + base45_encode(one) for one in spoilt]
    texts += [good + end for end in ("\r", "\n", "\r\n", "\n\r", " ", "A")]
    texts += [good.lower(), good[1:], PREFIX, "", "QP1:" + good[4:]]
    assert_parsed_alike(page, texts)
    assert {parsed(text) is None for text in texts} == {True, False}


@many
@given(st.lists(st.binary(min_size=40, max_size=200), min_size=1, max_size=20))
def test_any_bytes_are_a_code_or_none_alike(page: Node, data: list[bytes]) -> None:
    assert_parsed_alike(page, [PREFIX + base45_encode(one) for one in data])


# Files of hours


def test_a_file_of_hours_is_opened_by_the_authority_alone(page: Node) -> None:
    keys = dict(zip(range(HOUR - 3, HOUR + 1), PRIVATE, strict=False))
    [text] = page.presence("seal", [asked(keys, PUBLIC[5])])
    trace = parse_trace(text.encode())
    assert (trace.iss, trace.day) == ("https://qupia.example", TODAY)
    assert open_trace(trace, PRIVATE[5]) == keys
    with pytest.raises(NotATrace):
        open_trace(trace, PRIVATE[6])


def test_hours_are_written_in_their_order_and_sealed_anew_each_time(page: Node) -> None:
    keys = {HOUR: PRIVATE[1], HOUR - 300: PRIVATE[0]}
    first, second = page.presence("seal", [asked(keys, PUBLIC[5])] * 2)
    assert first != second
    for text in (first, second):
        assert open_trace(parse_trace(text.encode()), PRIVATE[5]) == keys


def test_all_hours_of_14_days_fit_into_a_file(page: Node) -> None:
    keys = dict.fromkeys(range(HOUR - 335, HOUR + 1), PRIVATE[0])
    [text] = page.presence("seal", [asked(keys, PUBLIC[5])])
    assert open_trace(parse_trace(text.encode()), PRIVATE[5]) == keys


@pytest.mark.parametrize("key", NOT_KEYS, ids=bytes.hex)
def test_nothing_is_sealed_to_a_key_that_everybody_has(page: Node, key: bytes) -> None:
    assert page.presence("seal", [asked({HOUR: PRIVATE[0]}, key)]) == [None]


def asked(keys: dict[int, bytes], authority_key: bytes) -> dict[str, Any]:
    return {
        "keys": {str(hour): key.hex() for hour, key in keys.items()},
        "iss": "https://qupia.example",
        "day": TODAY,
        "authority_key": authority_key.hex(),
    }
