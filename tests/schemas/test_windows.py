from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kinds import DAY, HOUR
from schemas.windows import WINDOW_HOURS, Calendar, Window

ZONES = [
    "Asia/Almaty",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",  # Clocks changed at midnight, so some days had no midnight.
    "Asia/Beirut",  # They change at midnight still.
    "Australia/Lord_Howe",  # By half an hour.
    "Africa/Casablanca",
    "Antarctica/Casey",  # Skipped three hours in the middle of a night, so 6 o'clock was late.
    "Pacific/Apia",  # Left out a whole day in 2011.
    "UTC",
]


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).astimezone(UTC).timestamp())


def test_a_window_begins_at_local_midnight_and_lasts_a_day() -> None:
    window = Calendar(ZoneInfo("Asia/Almaty")).window_at(at("2026-03-17T12:00:00+05:00"))
    assert window == Window(at("2026-03-17T00:00:00+05:00"), at("2026-03-18T00:00:00+05:00"))


@pytest.mark.parametrize(
    ("offset", "inside"), [(-1, False), (0, True), (DAY - 1, True), (DAY, False)]
)
def test_a_window_holds_its_first_second_and_not_its_end(offset: int, inside: bool) -> None:
    window = Window(1_000_000, 1_000_000 + DAY)
    assert window.contains(window.nbf + offset) is inside


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 24), ("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-26", 24)],
)
def test_a_day_on_which_clocks_change_has_its_own_length(day: str, hours: int) -> None:
    window = Calendar(ZoneInfo("Europe/Berlin")).window_at(at(f"{day}T12:00:00+01:00"))
    assert window.exp - window.nbf == hours * HOUR


def test_six_hour_windows_begin_at_fixed_local_hours() -> None:
    calendar = Calendar(ZoneInfo("Asia/Almaty"), hours=6)
    begins = [
        w.nbf
        for w in calendar.windows_between(
            at("2026-03-17T03:00:00+05:00"), at("2026-03-18T00:00:00+05:00")
        )
    ]
    assert begins == [at(f"2026-03-17T{hour}:00:00+05:00") for hour in ("00", "06", "12", "18")]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("hours", WINDOW_HOURS)
@given(
    now=st.integers(
        min_value=at("2005-01-01T00:00:00+00:00"), max_value=at("2037-01-01T00:00:00+00:00")
    )
)
def test_windows_are_disjoint_and_consecutive_in_every_zone(
    zone: str, hours: int, now: int
) -> None:
    calendar = Calendar(ZoneInfo(zone), hours)
    window = calendar.window_at(now)
    following = calendar.next_window(window)
    assert window.contains(now)
    assert following.nbf == window.exp < following.exp
    assert calendar.window_at(window.nbf) == calendar.window_at(window.exp - 1) == window


def test_a_window_whose_beginning_was_skipped_begins_late() -> None:
    """At 4 o'clock it was 7, so 6 o'clock by the clock of the night was an hour after that."""
    calendar = Calendar(ZoneInfo("Antarctica/Casey"), hours=6)
    window = calendar.window_at(at("2018-10-07T07:00:00+11:00"))
    assert window == Window(at("2018-10-07T00:00:00+08:00"), at("2018-10-07T06:00:00+08:00"))
    assert calendar.next_window(window).exp == at("2018-10-07T12:00:00+11:00")


def test_the_windows_of_a_bundle_begin_before_its_end() -> None:
    calendar = Calendar(ZoneInfo("Asia/Almaty"))
    now = at("2026-03-17T12:00:00+05:00")
    windows = calendar.windows_between(now, now + 3 * DAY)
    assert len(windows) == 4
    assert windows[0].contains(now)
    assert windows[-1].nbf < now + 3 * DAY <= windows[-1].exp


def test_a_bundle_that_ends_at_midnight_needs_no_further_window() -> None:
    calendar = Calendar(ZoneInfo("Asia/Almaty"))
    midnight = at("2026-03-18T00:00:00+05:00")
    assert len(calendar.windows_between(midnight - 1, midnight)) == 1


@pytest.mark.parametrize("hours", [0, 5, 7, 48])
def test_other_lengths_are_refused(hours: int) -> None:
    with pytest.raises(ValueError, match="window_hours is one of"):
        Calendar(ZoneInfo("UTC"), hours)
