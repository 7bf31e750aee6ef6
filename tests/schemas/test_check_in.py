"""A check-in code has one form, keys that can be sealed under, and a name that can be shown."""

import sys
import unicodedata
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.check_in import (
    DEFAULT_HOURS,
    MOST_HOURS,
    MOST_SHOWN_HOURS,
    NAME_BYTES,
    PREFIX,
    TEXT_LIMIT,
    CheckInCode,
    check_name,
    format_check_in,
    grid_at,
    grid_digest,
    parse_check_in,
)
from schemas.encoding import BASE45_ALPHABET, base45_decode, base45_encode
from schemas.hour_keys import binding_of
from schemas.hours import HOURS, hour_at
from schemas.kinds import DAY
from shell.pictures import ErrorLevel, qr_version
from tests.support.curve25519 import FIELD, HIGHEST_BIT, LOW_ORDER, spell
from tests.support.hpke import fixed_key, public
from tests.support.world import NOON, World

FIRST = hour_at(NOON)
KEYS = tuple(public(fixed_key(f"venue {i}")) for i in range(MOST_HOURS))
GRID = sha256(b"grid").digest()[:16]
CODE = CheckInCode(FIRST, KEYS[:DEFAULT_HOURS], GRID, "Кафе «Ақ Орда»")

NAMES = st.text(st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Z")), max_size=15)
CODES = st.builds(
    CheckInCode,
    first_hour=st.integers(0, HOURS - MOST_HOURS),
    keys=st.lists(st.sampled_from(KEYS), min_size=1, max_size=MOST_HOURS).map(tuple),
    grid=st.binary(min_size=16, max_size=16),
    name=NAMES.filter(lambda name: is_taken(name)),
)


def is_taken(name: str) -> bool:
    """Also for what a later version of Unicode than that of this Python has forbidden."""
    try:
        return check_name(name) == name
    except ValueError:
        return False


def code_of(data: bytes | bytearray) -> str:
    return PREFIX + base45_encode(bytes(data))


def data_of(code: CheckInCode) -> bytearray:
    return bytearray(base45_decode(format_check_in(code).removeprefix(PREFIX)))


def refuse(text: str, why: str = "not a check-in code") -> None:
    with pytest.raises(ValueError, match=why):
        parse_check_in(text)


@given(CODES)
def test_a_code_goes_there_and_back(code: CheckInCode) -> None:
    text = format_check_in(code)
    assert parse_check_in(text) == code
    assert set(text) <= set(BASE45_ALPHABET.decode())


@given(st.text(max_size=60) | st.text(BASE45_ALPHABET.decode(), max_size=200).map(PREFIX.__add__))
def test_any_text_is_a_code_or_a_value_error(text: str) -> None:
    try:
        code = parse_check_in(text)
    except ValueError:
        return
    assert format_check_in(code) == text.rstrip("\r\n")


@given(st.binary(min_size=53, max_size=500))
def test_any_bytes_in_base45_are_a_code_or_a_value_error(data: bytes) -> None:
    try:
        code = parse_check_in(code_of(data))
    except ValueError:
        return
    assert data_of(code) == data


def test_the_fields_follow_each_other_in_the_order_of_the_specification() -> None:
    data = bytes(data_of(CODE))
    assert data[:5] == FIRST.to_bytes(4, "big") + b"\x04"
    assert data[5:133] == b"".join(CODE.keys)
    assert data[133:149] == GRID
    assert data[149:].decode() == "Кафе «Ақ Орда»"


def test_a_code_tells_the_key_and_the_binding_of_each_of_its_hours_and_of_no_other() -> None:
    assert [CODE.key_at(FIRST + i) for i in range(-1, 5)] == [None, *CODE.keys, None]
    assert CODE.end_hour == FIRST + 4
    assert CODE.bindings() == {FIRST + i: binding_of(key) for i, key in enumerate(CODE.keys)}


@pytest.mark.parametrize("end", ["", "\r", "\n", "\r\n"])
def test_one_line_end_is_taken_away(end: str) -> None:
    assert parse_check_in(format_check_in(CODE) + end) == CODE


@pytest.mark.parametrize("spoil", ["\n\n", "\n\r", " ", "\x00", "\u2028"])
def test_nothing_else_stands_after_a_code(spoil: str) -> None:
    # A space is a digit of base45, and then the last group is too short.
    refuse(format_check_in(CODE) + spoil, "not a check-in code|not base45")


@pytest.mark.parametrize("prefix", ["", "QV1", "qv1:", "QV2:", "QP1:", " QV1:"])
def test_a_text_with_another_beginning_is_no_check_in_code(prefix: str) -> None:
    refuse(prefix + format_check_in(CODE).removeprefix(PREFIX))


def test_a_code_cut_short_is_refused_wherever_it_is_cut() -> None:
    nameless = bytes(data_of(replace(CODE, name="")))
    for length in range(len(nameless)):
        refuse(code_of(nameless[:length]))


@pytest.mark.parametrize("count", [0, 13, 255])
def test_a_code_has_one_to_twelve_hours(count: int) -> None:
    data = data_of(CheckInCode(FIRST, KEYS, GRID, "x" * 60))
    data[4] = count
    refuse(code_of(data))


def test_a_code_that_counts_more_hours_than_it_has_is_refused() -> None:
    data = data_of(replace(CODE, name=""))
    data[4] += 1
    refuse(code_of(data))


@pytest.mark.parametrize("first", [HOURS - 3, HOURS, (1 << 32) - 1])
def test_a_code_whose_hours_reach_beyond_four_bytes_of_seconds_is_refused(first: int) -> None:
    data = data_of(CODE)
    data[:4] = first.to_bytes(4, "big")
    refuse(code_of(data))


def test_the_last_hours_that_can_be_told_are_taken() -> None:
    last = replace(CODE, first_hour=HOURS - 4)
    assert parse_check_in(format_check_in(last)).end_hour == HOURS


@pytest.mark.parametrize("place", [0, 3], ids=["first", "last"])
@pytest.mark.parametrize("number", LOW_ORDER + tuple(n + HIGHEST_BIT for n in LOW_ORDER))
def test_a_code_with_a_key_of_low_order_is_refused(number: int, place: int) -> None:
    keys = list(CODE.keys)
    keys[place] = spell(number)
    refuse(format_check_in(replace(CODE, keys=tuple(keys))), "shared key|canonical form")


@pytest.mark.parametrize("number", [9 + HIGHEST_BIT, FIELD + 9])
def test_a_code_with_a_key_in_another_spelling_is_refused(number: int) -> None:
    refuse(format_check_in(replace(CODE, keys=(spell(number),))), "canonical form")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(" Cafe", id="a space before"),
        pytest.param("Cafe ", id="a space behind"),
        pytest.param("Ca  fe", id="two spaces"),
        pytest.param("Ca\nfe", id="a line end"),
        pytest.param("Ca\u00a0fe", id="another space"),
        pytest.param("Ca\u202efe", id="a mark that turns text around"),
        pytest.param("Ca\u200bfe", id="a space without width"),
        pytest.param("\x1b[2J", id="an escape of terminals"),
        pytest.param("Ca\ue000fe", id="a private character"),
        pytest.param("x" * 61, id="61 bytes"),
    ],
)
def test_a_name_that_cannot_be_shown_as_it_is_is_refused(name: str) -> None:
    refuse(format_check_in(replace(CODE, keys=KEYS[:1], name=name)), "check-in code|venue's name")


@pytest.mark.parametrize("data", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"])
def test_a_name_that_is_no_utf_8_is_refused(data: bytes) -> None:
    refuse(code_of(bytes(data_of(replace(CODE, name=""))) + data), "utf-8")


def test_a_text_beyond_the_longest_code_is_not_even_decoded() -> None:
    longest = format_check_in(CheckInCode(FIRST, KEYS, GRID, "x" * NAME_BYTES))
    assert len(longest) == TEXT_LIMIT
    assert len(parse_check_in(longest).keys) == MOST_HOURS
    refuse(longest + "000")
    refuse(PREFIX + "0" * 10_000_000)


def test_a_name_is_made_tidy_for_the_venue() -> None:
    assert check_name("  Кафе \t «Ақ   Орда»\n") == "Кафе «Ақ Орда»"
    assert check_name("қ" * 30) == "қ" * 30
    assert check_name("") == ""


@pytest.mark.parametrize("name", ["қ" * 31, "Ca\u202efe", "\ud800", "\x00"])
def test_a_name_that_does_not_fit_is_refused_in_words_for_the_venue(name: str) -> None:
    with pytest.raises(ValueError, match=r"at most 60 bytes|surrogates not allowed"):
        check_name(name)


NEWER_THAN_PYTHON_3_11 = "Кафе \U0001fae8"
NEVER_ASSIGNED = "Кафе \ufffe\U000e0fff\U0010ffff"


@pytest.mark.parametrize("name", [NEWER_THAN_PYTHON_3_11, NEVER_ASSIGNED])
def test_a_name_may_have_characters_that_this_version_of_unicode_does_not_know(name: str) -> None:
    code = replace(CODE, name=check_name(name))
    assert parse_check_in(format_check_in(code)).name == name


FORBIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def test_the_forbidden_characters_are_those_of_six_categories_as_far_as_they_are_assigned() -> None:
    """A Python whose Unicode has more in ``Cf`` than the list fails here: the formats must say."""
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        category = unicodedata.category(character)
        # Words are told apart by white space, some of which stands in these categories.
        if category != "Cn" and not character.isspace():
            assert is_taken(f"a{character}b") == (category not in FORBIDDEN), hex(number)


def test_white_space_of_every_kind_parts_words() -> None:
    spaces = "\t\n\v\f\r \x85\xa0\u1680\u2000\u200a\u2028\u2029\u202f\u205f\u3000"
    assert check_name(f"{spaces}a{spaces}b{spaces}") == "a b"
    for mark in "\x1c\x1d\x1e\x1f":
        assert not is_taken(f"a{mark}b")


@pytest.mark.parametrize(
    ("hours", "versions"), [(DEFAULT_HOURS, range(10, 12)), (MOST_SHOWN_HOURS, range(12, 13))]
)
def test_a_code_that_venues_show_is_at_most_version_12_at_level_m(
    hours: int, versions: range
) -> None:
    """Under the longest name; one hour more than venues may show would not fit."""
    longest = CheckInCode(FIRST, KEYS[:hours], GRID, "x" * NAME_BYTES)
    assert qr_version(format_check_in(longest), ErrorLevel.M) in versions
    more = CheckInCode(FIRST, KEYS[: MOST_SHOWN_HOURS + 1], GRID, "x" * NAME_BYTES)
    assert qr_version(format_check_in(more), ErrorLevel.M) > 12


def test_a_code_does_not_print_its_keys() -> None:
    assert CODE.keys[0].hex() not in repr(CODE)
    assert CODE.name not in repr(CODE)


# The grid


def test_a_grid_is_the_hash_of_the_sorted_ids_of_the_window() -> None:
    bundle = World(hint="month").accepted(NOON)
    ids = sorted(key.id for key in bundle.pass_keys if key.window.contains(NOON))
    assert len(ids) == 24
    assert grid_at(bundle, NOON) == sha256(b"".join(ids)).digest()[:16]
    assert grid_digest(reversed(ids)) == grid_at(bundle, NOON)


def test_each_window_has_a_grid_of_its_own_and_a_time_without_one_has_none() -> None:
    bundle = World().accepted(NOON)
    assert grid_at(bundle, NOON) != grid_at(bundle, NOON + DAY)
    assert grid_at(bundle, NOON + 30 * DAY) is None
