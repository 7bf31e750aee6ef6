"""Times as people read and write them, in a zone of their own."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from schemas.catalogues import sentence
from schemas.hours import begin_of
from schemas.kinds import HOUR
from schemas.languages import Language
from shell.times import (
    local_clock,
    local_date,
    local_span,
    local_time,
    printed_time,
    read_local_time,
    spans,
    zoned_time,
)

ALMATY = ZoneInfo("Asia/Almaty")
NOON = 492_703
"""The hour that begins on 2026-03-17 at 07:00 UTC, noon in Almaty."""


@pytest.fixture
def machine_in_almaty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Almaty")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("machine_in_almaty")
def test_times_are_told_as_this_machine_writes_them() -> None:
    assert local_time(1_773_730_800) == "2026-03-17 12:00"
    assert zoned_time(1_773_730_800) == "2026-03-17 12:00 +05"


def test_times_are_told_in_the_authority_s_zone() -> None:
    noon = begin_of(NOON)
    assert local_time(noon, ALMATY) == "2026-03-17 12:00"
    assert (local_date(noon, ALMATY), local_clock(noon, ALMATY)) == ("2026-03-17", "12:00")


def test_paper_says_the_zone_beside_the_time() -> None:
    assert printed_time(1_795_219_200, ALMATY) == {
        "date": "21.11.2026",
        "time": "05:00",
        "zone": "UTC+05:00",
    }


def test_what_is_typed_is_read_in_the_zone() -> None:
    assert read_local_time("2026-03-17", "12:00", ALMATY) == begin_of(NOON)


@pytest.mark.parametrize(
    ("date", "clock"),
    [("2026-03-17", ""), ("17.03.2026", "12:00"), ("1969-12-31", "12:00"), ("0001-01-01", "00:00")],
)
def test_what_is_no_time_is_refused(date: str, clock: str) -> None:
    with pytest.raises(ValueError, match="time"):
        read_local_time(date, clock, ALMATY)


def test_hours_that_follow_each_other_are_one_span() -> None:
    hours = [NOON + 1, NOON, NOON + 5, NOON + 2, NOON]
    assert spans(hours) == [
        (begin_of(NOON), begin_of(NOON + 3)),
        (begin_of(NOON + 5), begin_of(NOON + 6)),
    ]
    assert spans([]) == []


def test_a_span_names_a_second_date_only_where_there_is_one() -> None:
    [day], [night] = spans([NOON, NOON + 1]), spans(range(NOON + 10, NOON + 14))
    assert local_span(day, ALMATY) == "2026-03-17 12:00 – 14:00"
    assert local_span(day, UTC) == "2026-03-17 07:00 – 09:00"
    assert local_span(night, ALMATY) == "2026-03-17 22:00 – 2026-03-18 02:00"


def test_an_hour_in_which_clocks_go_back_is_told_as_people_see_it() -> None:
    """In Berlin 2026-10-25 has two hours from 02:00 to 03:00."""
    [span] = spans(range(498_264, 498_267))
    assert local_span(span, UTC) == "2026-11-04 00:00 – 03:00"
    [span] = spans(range(498_024, 498_027))
    assert local_span(span, UTC) == "2026-10-25 00:00 – 03:00"
    assert local_span(span, ZoneInfo("Europe/Berlin")) == "2026-10-25 02:00 – 04:00"


@pytest.mark.parametrize(
    ("language", "time", "span"),
    [
        (Language.KK, "2026 ж. 17 наурыз, 12:00", "2026 ж. 17 наурыз, 12:00 – 14:00"),
        (Language.RU, "17 марта 2026 г., 12:00", "17 марта 2026 г., 12:00 – 14:00"),
        (Language.EN, "17 March 2026, 12:00", "17 March 2026, 12:00 – 14:00"),
    ],
)
def test_a_sentence_writes_times_as_its_language_does(
    language: Language, time: str, span: str
) -> None:
    noon = 1_773_730_800
    assert local_time(noon, ALMATY).spelt(language) == time
    assert local_span((noon, noon + 2 * HOUR), ALMATY).spelt(language) == span
    said = sentence("check_in_until", language, until=local_time(noon, ALMATY))
    assert time in said


def test_every_month_is_spelt_in_each_language() -> None:
    days = [int(datetime(2026, month, 1, tzinfo=UTC).timestamp()) for month in range(1, 13)]
    for language in Language:
        assert len({local_time(day, UTC).spelt(language) for day in days}) == 12
