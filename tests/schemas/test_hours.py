"""Hours and dates are UTC, and all that belongs to a date dies at one moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hours import (
    DAYS,
    HOURS,
    begin_of,
    date_at,
    date_of,
    dates_between,
    day_at,
    day_bytes,
    days_between,
    first_hour_of,
    hour_at,
    hour_bytes,
    hours_between,
    tracing_ends,
)
from schemas.kinds import DAY, HOUR
from tests.support.world import NOON

HOUR_OF_NOON = 492_703
MIDNIGHT = 1_773_705_600
"""2026-03-17T00:00:00Z."""


def test_an_hour_begins_and_ends_to_the_second() -> None:
    assert hour_at(NOON) == hour_at(NOON + HOUR - 1) == HOUR_OF_NOON
    assert hour_at(NOON - 1) == HOUR_OF_NOON - 1
    assert begin_of(HOUR_OF_NOON) == NOON


def test_a_date_is_that_of_utc_whatever_the_local_time() -> None:
    """At 02:00 in Almaty it is still the day before."""
    assert date_at(MIDNIGHT - 3 * HOUR) == "2026-03-16"
    assert date_of(hour_at(MIDNIGHT)) == "2026-03-17"


@pytest.mark.parametrize("date", ["2026-03-29", "2026-10-25", "2024-02-29", "1970-01-01"])
def test_every_date_has_24_hours_the_days_of_changing_clocks_too(date: str) -> None:
    first = first_hour_of(date)
    assert {date_of(hour) for hour in range(first, first + 24)} == {date}
    assert date_of(first + 24) > date


def test_what_belongs_to_a_date_dies_at_the_midnight_14_days_after_its_own() -> None:
    assert tracing_ends("2026-03-17") == MIDNIGHT + 14 * DAY
    assert date_at(tracing_ends("2026-03-17")) == "2026-03-31"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-3-17",
        "2026-02-30",
        "2026-03-17T00:00:00Z",
        "17.03.2026",
        "../2026-03-17",
        "٢٠٢٦-03-17",
    ],
)
def test_a_text_that_is_no_date_has_no_end(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        tracing_ends(text)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        pytest.param(NOON, NOON + HOUR, [0], id="one whole hour"),
        pytest.param(NOON, NOON + HOUR + 1, [0, 1], id="a second of the next"),
        pytest.param(NOON - 1, NOON + 1, [-1, 0], id="over the turn of an hour"),
        pytest.param(NOON + 5, NOON + 6, [0], id="a second"),
        pytest.param(NOON + 5, NOON + 5, [], id="no time"),
        pytest.param(NOON + 5, NOON, [], id="an end before the beginning"),
    ],
)
def test_the_hours_of_a_stretch_of_time(start: int, end: int, hours: list[int]) -> None:
    assert [hour - HOUR_OF_NOON for hour in hours_between(start, end)] == hours


def test_the_dates_of_a_stretch_of_time() -> None:
    assert dates_between(MIDNIGHT - 1, MIDNIGHT + 1) == ["2026-03-16", "2026-03-17"]
    assert dates_between(MIDNIGHT, MIDNIGHT + DAY) == ["2026-03-17"]
    assert dates_between(NOON, NOON) == dates_between(NOON, NOON - DAY) == []


def test_the_days_of_a_stretch_of_time_are_its_dates() -> None:
    today = day_at(NOON)
    assert today == MIDNIGHT // DAY == HOUR_OF_NOON // 24
    assert days_between(MIDNIGHT - 1, MIDNIGHT + 1) == range(today - 1, today + 1)
    assert days_between(MIDNIGHT, MIDNIGHT + DAY) == range(today, today + 1)
    assert list(days_between(NOON, NOON)) == list(days_between(NOON, NOON - DAY)) == []


def test_a_day_has_four_bytes_while_its_hours_have() -> None:
    assert day_bytes(DAYS - 1) == bytes.fromhex("0000c22d")
    assert 24 * DAYS <= HOURS
    for day in (-1, DAYS):
        with pytest.raises(ValueError, match="no such day"):
            day_bytes(day)


@given(st.integers(min_value=0, max_value=HOURS - 1))
def test_an_hour_goes_into_four_bytes_and_so_does_its_end(hour: int) -> None:
    assert int.from_bytes(hour_bytes(hour), "big") == hour
    assert begin_of(hour + 1) < 1 << 32


@pytest.mark.parametrize("hour", [-1, HOURS, (1 << 32) - 1, 1 << 32])
def test_an_hour_beyond_four_bytes_of_seconds_is_refused(hour: int) -> None:
    with pytest.raises(ValueError, match="no such hour"):
        hour_bytes(hour)
