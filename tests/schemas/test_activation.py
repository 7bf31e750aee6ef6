import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.activation import (
    ALPHABET,
    Activation,
    format_activation_url,
    format_code,
    new_code,
    parse_activation_url,
    parse_code,
)

CODES = st.text(alphabet=ALPHABET, min_size=16, max_size=16)


@given(CODES)
def test_a_code_goes_there_and_back(code: str) -> None:
    assert parse_code(format_code(code)) == code


@pytest.mark.parametrize(
    "typed",
    ["0123 4567 89ab cdef", "o123-4567-89AB-CDEF", " OI23456789abcdef ", "0l23456789abcdef"],
)
def test_case_spaces_hyphens_and_look_alikes_are_forgiven(typed: str) -> None:
    assert parse_code(typed) == "0123456789ABCDEF"


@pytest.mark.parametrize(
    "typed", ["", "0123456789ABCDE", "0123456789ABCDEFG", "U123456789ABCDEF", "қ" * 16]
)
def test_a_code_of_another_form_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match="XXXX-XXXX-XXXX-XXXX") as error:
        parse_code(typed)
    assert not typed or typed not in str(error.value)


def test_new_codes_are_different() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) == 100
    assert all(parse_code(code) == code for code in codes)


@given(CODES)
def test_a_link_carries_issuer_code_and_root(code: str) -> None:
    activation = Activation("https://qupia.example", code, "A" * 43)
    assert parse_activation_url(format_activation_url(activation)) == activation


@pytest.mark.parametrize(
    "text",
    [
        "",
        "https://qupia.example",
        "https://qupia.example/activate#0123456789ABCDEF",
        "#.",
        "/activate#.x",
    ],
)
def test_a_text_that_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="activation"):
        parse_activation_url(text)


def test_an_activation_does_not_print_its_code() -> None:
    assert "0123" not in repr(Activation("https://qupia.example", "0123456789ABCDEF", "A" * 43))
