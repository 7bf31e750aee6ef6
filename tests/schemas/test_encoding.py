import base45 as base45_package
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import (
    BASE45_ALPHABET,
    b64url_decode,
    b64url_encode,
    base45_decode,
    base45_encode,
    format_time,
    parse_body_time,
    parse_time,
)

BASE45_TEXTS = st.text(alphabet=BASE45_ALPHABET.decode(), max_size=60)


def decoded_by_package(text: str) -> bytes | None:
    try:
        return bytes(base45_package.b45decode(text))
    except ValueError:
        return None


def decoded_by_us(text: str) -> bytes | None:
    try:
        return base45_decode(text)
    except ValueError:
        return None


@given(st.binary(max_size=200))
def test_base45_is_what_the_package_makes(data: bytes) -> None:
    assert base45_encode(data) == base45_package.b45encode(data).decode()
    assert base45_decode(base45_encode(data)) == data


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"AB", "BB8"),
        (b"Hello!!", "%69 VD92EX0"),
        (b"base-45", "UJCLQE7W581"),
        (b"ietf!", "QED8WEX0"),
        (b"ab!", "0ECX0"),
        (b"", ""),
        (b"\x00", "00"),
        (b"\xff", "U5"),
        (b"\x00\x00\x00", "00000"),
    ],
)
def test_base45_is_that_of_rfc_9285_of_odd_lengths_too(data: bytes, text: str) -> None:
    assert base45_encode(data) == text
    assert base45_decode(text) == data


@given(BASE45_TEXTS)
def test_base45_is_read_or_refused_as_the_package_does(text: str) -> None:
    assert decoded_by_us(text) == decoded_by_package(text)


@given(st.text(max_size=60))
def test_any_text_is_base45_or_a_value_error(text: str) -> None:
    data = decoded_by_us(text)
    assert data is None or base45_encode(data) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("abc", id="lower case"),
        pytest.param("GGW", id="65536 does not fit two bytes"),
        pytest.param(":::", id="the largest triple"),
        pytest.param("BB", id="506 does not fit a byte"),
        pytest.param("V5", id="256 does not fit a byte"),
        pytest.param("::", id="the largest pair of digits"),
        pytest.param("B", id="a single digit"),
        pytest.param("BB8B", id="a single digit after a triple"),
        pytest.param("BB8V5", id="256 after a triple"),
        pytest.param("GGW00", id="65536 before a last byte"),
        pytest.param("BB8\n", id="a line end"),
        pytest.param("ÀÀÀ", id="not ASCII"),
        pytest.param("\ud800BB", id="a lone surrogate"),
        pytest.param("BB_", id="a character outside the alphabet"),
    ],
)
def test_any_other_form_of_base45_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not base45"):
        base45_decode(text)


def test_the_largest_pair_of_bytes_is_still_base45() -> None:
    assert base45_decode("FGW") == b"\xff\xff"


@given(st.binary(max_size=200))
def test_base64url_goes_there_and_back(data: bytes) -> None:
    assert b64url_decode(b64url_encode(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("AA==", id="padding"),
        pytest.param("AB", id="bits that are not zero after the last byte"),
        pytest.param("A", id="six bits are no byte"),
        pytest.param("+/AA", id="the other alphabet"),
        pytest.param("AA AA", id="a space"),
        pytest.param("AAAA\n", id="a line end"),
        pytest.param("ÀAAA", id="not ASCII"),
    ],
)
def test_any_other_form_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64url"):
        b64url_decode(text)


@given(st.text(max_size=60))
def test_any_text_is_base64url_or_a_value_error(text: str) -> None:
    try:
        data = b64url_decode(text)
    except ValueError:
        return
    assert b64url_encode(data) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-17T07:00:00Z", 1_773_730_800),
        ("2026-03-17T07:00Z", 1_773_730_800),
        ("2026-03-17T12:00:00+05:00", 1_773_730_800),
        ("2026-03-17t12:00+05:00", 1_773_730_800),
        ("2026-03-17T07:00:00.9z", 1_773_730_800),
        ("1970-01-01T00:00:00-00:00", 0),
    ],
)
def test_a_time_has_an_offset_and_may_leave_out_seconds(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-17T07:00:00",
        "2026-03-17",
        "2026-02-30T07:00:00Z",
        "2026-03-17T24:00:00Z",
        "2026-03-17 07:00:00Z",
        "20260317T070000Z",
        "2026-03-17T07:00:00Z\n",
        "tomorrow",
        "",
        "٢٠٢٦-03-17T07:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
    ],
)
def test_a_time_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(text)


@given(st.integers(min_value=0, max_value=253_370_764_799))
def test_a_time_in_a_body_goes_there_and_back(seconds: int) -> None:
    assert parse_body_time(format_time(seconds)) == seconds


@pytest.mark.parametrize(
    "text", ["2026-03-17T12:00:00+05:00", "2026-03-17T07:00Z", "2026-03-17T07:00:00.5Z"]
)
def test_a_time_in_a_body_has_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="a time in a body"):
        parse_body_time(text)
