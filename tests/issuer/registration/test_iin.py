"""IINs: check digit, century, date, and that the number is never shown."""

import traceback
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.registration.iin import parse_iin
from tests.support.lab_export import make_iin

TODAY = date(2026, 11, 21)


def refusal(text: str) -> str:
    with pytest.raises(ValueError) as caught:
        parse_iin(text, today=TODAY)
    return str(caught.value)


@pytest.mark.parametrize("number", ["600317300019", "040229600110", "991231200126"])
def test_an_iin_gives_its_number_and_birthday(number: str) -> None:
    iin = parse_iin(number, today=TODAY)
    assert (iin.number, iin.birthday) == (number, f"{number[2:4]}-{number[4:6]}")


def test_spaces_around_an_iin_are_forgiven() -> None:
    assert parse_iin(" 600317300019\xa0", today=TODAY).number == "600317300019"


def test_the_second_row_of_weights_decides_where_the_first_gives_ten() -> None:
    assert parse_iin("600317301802", today=TODAY).birthday == "03-17"


def test_a_number_that_has_no_check_digit_is_refused_with_every_digit() -> None:
    assert {refusal(f"59010130003{digit}") for digit in range(10)} == {
        "the IIN's check digit is wrong"
    }


# The eleventh digit weighs 11, which is nothing modulo 11: a fault in it goes unseen.
@pytest.mark.parametrize("place", [*range(10), 11])
def test_a_changed_digit_is_refused(place: int) -> None:
    number = "600317300019"
    changed = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert refusal(changed) == "the IIN's check digit is wrong"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "60031730001",
        "6003173000190",
        "60031730001x",
        "٦٠٠٣١٧٣٠٠٠١٩",
        "600317300\0019",
    ],
)
def test_anything_but_twelve_digits_is_refused(text: str) -> None:
    assert refusal(text) == "an IIN has twelve digits"


@pytest.mark.parametrize(
    "text",
    [
        "6003 17300019",
        "600317-30-0019",
        " 600317300019\u00a0",
        "６００３１７３０００１９",
        "6003173\u200b00019",
        "\ufeff600317300019",
        "'600317300019",
        '="600317300019"',
        '"600317300019"',
        "'600317300019'",
    ],
)
def test_what_people_and_spreadsheets_write_around_it_is_forgiven(text: str) -> None:
    assert parse_iin(text, today=TODAY).number == "600317300019"


@pytest.mark.parametrize("born", ["990230", "991301", "990001", "990100", "010229"])
def test_a_date_that_is_not_in_the_calendar_is_refused(born: str) -> None:
    assert refusal(make_iin(born, 1)) == "the IIN's date is not in the calendar"


def test_the_century_decides_whether_there_was_a_29_february() -> None:
    assert refusal(make_iin("000229", 1, century=3)) == "the IIN's date is not in the calendar"
    assert parse_iin(make_iin("000229", 1, century=5), today=TODAY).birthday == "02-29"


@pytest.mark.parametrize("century", [0, 7, 8, 9])
def test_a_seventh_digit_without_a_century_is_refused(century: int) -> None:
    iin = make_iin("850412", 1, century=century)
    assert refusal(iin) == "the IIN's seventh digit names no century"


def test_nobody_is_born_after_today() -> None:
    assert parse_iin(make_iin("261121", 1, century=6), today=TODAY).birthday == "11-21"
    assert refusal(make_iin("261122", 1, century=6)) == "the IIN's holder is not born yet"


def test_an_iin_is_not_shown() -> None:
    assert repr(parse_iin("600317300019", today=TODAY)) == "Iin()"


@given(st.text() | st.from_regex(r"\d{12}", fullmatch=True))
def test_any_text_is_an_iin_or_a_refusal_that_does_not_hold_it(text: str) -> None:
    try:
        assert parse_iin(text, today=TODAY).number == text.strip()
    except ValueError as error:
        # The traceback quotes no line that holds the text, only names of variables.
        shown = "".join(traceback.format_exception(error))
        assert len(text.strip()) < 12 or text.strip() not in shown
