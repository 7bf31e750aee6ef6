"""The hours that a venue hands over are read by the authority alone, and in one form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64url_encode
from schemas.hours import DAYS, HOURS, hour_bytes
from schemas.trace import (
    TRACE_LIMIT,
    NotATrace,
    SealedTrace,
    format_trace,
    open_trace,
    parse_trace,
    seal_trace,
)
from tests.support import hpke
from tests.support.curve25519 import FIELD, HIGHEST_BIT, LOW_ORDER, spell
from tests.support.hpke import fixed_key, public

ISS = "https://qupia.example"
NUMBER = 492_703
TODAY = NUMBER // 24
AUTHORITY = fixed_key("authority")
KEYS = {NUMBER + i: fixed_key(f"venue {i}") for i in (2, 0, 7)}
TRACE = seal_trace(KEYS, iss=ISS, day=TODAY, authority_key=public(AUTHORITY))
MEMBERS: dict[str, Any] = json.loads(format_trace(TRACE))


def sealed_by_hand(plain: bytes, info: bytes = b"qupia-trace-v1") -> SealedTrace:
    sealed = hpke.seal(plain, to=public(AUTHORITY), ephemeral=fixed_key("ephemeral"), info=info)
    return SealedTrace(ISS, TODAY, sealed)


def entry(hour: int) -> bytes:
    return hour.to_bytes(4, "big") + fixed_key("venue")


def refuse(data: bytes) -> None:
    with pytest.raises(NotATrace, match="not an export of hours"):
        parse_trace(data)


@given(
    st.dictionaries(
        st.integers(0, HOURS - 1), st.binary(min_size=32, max_size=32), min_size=1, max_size=20
    )
)
def test_hours_go_there_and_back(keys: dict[int, bytes]) -> None:
    trace = seal_trace(keys, iss=ISS, day=TODAY, authority_key=public(AUTHORITY))
    assert parse_trace(format_trace(trace)) == trace
    assert open_trace(trace, AUTHORITY) == keys


def test_hours_come_out_in_their_order() -> None:
    assert list(open_trace(TRACE, AUTHORITY)) == [NUMBER, NUMBER + 2, NUMBER + 7]


def test_a_trace_made_from_the_text_of_the_specification_opens() -> None:
    plain = b"".join(hour_bytes(hour) + KEYS[hour] for hour in sorted(KEYS))
    assert open_trace(sealed_by_hand(plain), AUTHORITY) == KEYS


def test_the_file_says_whose_it_is_and_for_which_day_and_nothing_of_the_venue() -> None:
    assert (MEMBERS["iss"], MEMBERS["day"]) == (ISS, TODAY)
    assert MEMBERS.keys() == {"iss", "day", "sealed"}


def test_all_hours_of_fourteen_days_and_today_fit_the_limit() -> None:
    keys = {NUMBER + i: bytes(32) for i in range(15 * 24)}
    trace = seal_trace(keys, iss=ISS, day=TODAY, authority_key=public(AUTHORITY))
    data = format_trace(trace)
    assert len(data) < TRACE_LIMIT
    assert parse_trace(data) == trace


@pytest.mark.parametrize("name", ["stranger", "venue 0"])
def test_nobody_but_the_authority_opens_a_trace(name: str) -> None:
    with pytest.raises(NotATrace, match="sealed to another key, or changed"):
        open_trace(TRACE, fixed_key(name))


def test_what_was_sealed_for_another_purpose_is_no_trace() -> None:
    for info in (b"", b"qupia-visit-v1", b"qupia-trace-v2"):
        with pytest.raises(NotATrace, match="sealed to another key, or changed"):
            open_trace(sealed_by_hand(entry(NUMBER), info), AUTHORITY)


@given(st.integers(0, len(TRACE.sealed) - 1), st.integers(1, 255))
def test_a_trace_that_was_changed_anywhere_opens_with_nothing(place: int, change: int) -> None:
    sealed = bytearray(TRACE.sealed)
    sealed[place] ^= change
    with pytest.raises(NotATrace, match="sealed to another key, or changed"):
        open_trace(SealedTrace(ISS, TODAY, bytes(sealed)), AUTHORITY)


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(entry(1)[:-1], id="a byte too few"),
        pytest.param(entry(1) + b"\x00", id="a byte too many"),
        pytest.param(entry(2) + entry(1), id="in another order"),
        pytest.param(entry(1) + entry(1), id="an hour twice"),
        pytest.param(entry(HOURS), id="an hour that is none"),
        pytest.param(entry((1 << 32) - 1), id="the last number of four bytes"),
    ],
)
def test_a_content_that_is_no_list_of_hours_is_refused(plain: bytes) -> None:
    with pytest.raises(NotATrace, match="not a list of hours"):
        open_trace(sealed_by_hand(plain), AUTHORITY)


@given(st.binary(max_size=120))
def test_any_content_is_a_list_of_hours_or_no_trace(plain: bytes) -> None:
    try:
        keys = open_trace(sealed_by_hand(plain), AUTHORITY)
    except NotATrace:
        return
    assert b"".join(hour_bytes(hour) + key for hour, key in keys.items()) == plain


@pytest.mark.parametrize("number", [*LOW_ORDER, *(n + HIGHEST_BIT for n in LOW_ORDER), FIELD + 9])
def test_nothing_is_sealed_to_a_key_of_low_order_or_in_another_spelling(number: int) -> None:
    with pytest.raises(ValueError, match=r"shared key|canonical form"):
        seal_trace(KEYS, iss=ISS, day=TODAY, authority_key=spell(number))


@given(st.binary(max_size=300))
def test_any_bytes_are_no_trace(data: bytes) -> None:
    refuse(data)


@given(
    st.dictionaries(
        st.sampled_from(["iss", "day", "sealed", "x"]),
        st.none() | st.integers() | st.floats() | st.text() | st.lists(st.integers(), max_size=2),
    )
)
def test_any_object_is_no_trace(members: dict[str, object]) -> None:
    refuse(json.dumps(members).encode())


@pytest.mark.parametrize(
    "members",
    [
        {"iss": ""},
        {"iss": "qupia.example"},
        {"iss": "https://qupia.example\x1b[2J"},
        {"iss": 7},
        {"day": -1},
        {"day": DAYS},
        {"day": 1.5},
        {"day": True},
        {"day": str(TODAY)},
        {"sealed": "A" * 99},
        {"sealed": MEMBERS["sealed"] + "="},
        {"sealed": MEMBERS["sealed"] + "A"},
        {"sealed": "A" * 60_001},
        {"comment": "x"},
    ],
)
def test_a_file_of_another_shape_is_no_trace(members: dict[str, object]) -> None:
    refuse(json.dumps(MEMBERS | members).encode())


@pytest.mark.parametrize("name", MEMBERS)
def test_no_member_of_a_file_may_be_missing(name: str) -> None:
    rest = {other: value for other, value in MEMBERS.items() if other != name}
    refuse(json.dumps(rest).encode())


def test_a_sealed_text_in_another_spelling_is_no_trace() -> None:
    sealed = b64url_encode(bytes(100))
    assert sealed[-1] == "A"
    refuse(json.dumps(MEMBERS | {"sealed": sealed[:-1] + "B"}).encode())


def test_white_space_means_nothing_and_a_member_twice_is_refused() -> None:
    data = json.dumps(MEMBERS).encode()
    assert parse_trace(b"\n " + data + b"\r\n") == TRACE
    refuse(data[:-1] + b', "day": 1}')


def test_a_file_over_the_limit_is_not_even_parsed() -> None:
    data = format_trace(TRACE)
    assert parse_trace(data.ljust(TRACE_LIMIT)) == TRACE
    refuse(data.ljust(TRACE_LIMIT + 1))
