"""When the clock is corrected, by which answers, and what time a proof carries."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.presentation import SLOT_TOLERANCE, slot_at
from shell.fetching import Answer
from tests.support.world import NOON
from wallet_sim.fetching.clock import CorrectedClock, corrected_offset


def answer(date: int, *, age: str = "", status: int = 200) -> Answer:
    return Answer(status, b"", formatdate(date, usegmt=True), age)


def clock(offset: int = 0, *, received: int = NOON) -> tuple[CorrectedClock, list[int]]:
    stored: list[int] = []
    return CorrectedClock(lambda: received, lambda: 0.0, offset, stored.append), stored


@pytest.mark.parametrize("difference", [0, 1, -1, 30, -30])
def test_a_clock_that_is_half_a_minute_off_or_less_stays(difference: int) -> None:
    ours, stored = clock()
    assert not ours.learn(answer(NOON + difference), sent=NOON)
    assert (ours.now(), stored) == (NOON, [])


@pytest.mark.parametrize(
    ("difference", "moved"),
    [(31, 30), (44, 30), (46, 60), (-31, -30), (-46, -60), (3607, 3600), (-86_400, -86_400)],
)
def test_a_clock_that_is_further_off_is_corrected_by_whole_half_minutes(
    difference: int, moved: int
) -> None:
    ours, stored = clock()
    assert ours.learn(answer(NOON + difference), sent=NOON)
    assert (ours.now(), stored) == (NOON + moved, [moved])
    assert ours.was_corrected


@given(dates=st.lists(st.integers(NOON - 10**6, NOON + 10**6), min_size=1, max_size=5))
def test_an_issuer_can_mark_a_phone_that_a_door_admits_in_five_ways_at_most(
    dates: list[int],
) -> None:
    """Whatever it says, and however often within one sync: the marks are whole half minutes."""
    ours, _ = clock()
    for date in dates:
        ours.learn(answer(date), sent=NOON)
    assert ours.offset % 30 == 0
    slots = slot_at(ours.now()) - slot_at(NOON)
    admitted = abs(slots) <= SLOT_TOLERANCE
    assert not admitted or ours.offset in (-60, -30, 0, 30, 60)


def test_a_clock_is_corrected_once_in_a_sync() -> None:
    ours, stored = clock()
    assert ours.learn(answer(NOON + 60), sent=NOON)
    assert not ours.learn(answer(NOON + 3600), sent=NOON)
    assert stored == [60]


def test_a_correction_that_fits_is_not_made_again() -> None:
    ours, stored = clock(offset=600)
    assert not ours.learn(answer(NOON + 625), sent=NOON)
    assert (ours.offset, stored) == (600, [])


def test_a_correction_goes_when_the_clock_was_put_right() -> None:
    ours, stored = clock(offset=600)
    assert ours.learn(answer(NOON), sent=NOON)
    assert (ours.now(), stored) == (NOON, [0])


@pytest.mark.parametrize("age", ["0", "1", "3600", "x"])
def test_an_answer_from_a_cache_says_nothing_about_the_time(age: str) -> None:
    ours, stored = clock()
    assert not ours.learn(answer(NOON + 3600, age=age), sent=NOON)
    assert stored == []
    assert ours.issuer_now() is None


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Tue, 17 Mar 2026 07:00:00 +0500", "Thu, 01 Jan 2099 00:00:00"]
)
def test_an_answer_without_a_proper_date_says_nothing_about_the_time(date: str) -> None:
    ours, stored = clock()
    assert not ours.learn(Answer(200, b"", date, ""), sent=NOON)
    assert stored == []


def test_no_answer_moves_a_clock_beyond_the_year_2100() -> None:
    ours, stored = clock()
    assert not ours.learn(Answer(200, b"", "Fri, 31 Dec 9999 23:59:59 GMT", ""), sent=NOON)
    assert stored == []


def test_a_slow_network_does_not_look_like_a_wrong_clock() -> None:
    assert corrected_offset(0, date=NOON, sent=NOON - 60, received=NOON + 60) == 0
    assert corrected_offset(0, date=NOON - 90, sent=NOON - 60, received=NOON + 60) == 0
    assert corrected_offset(0, date=NOON - 106, sent=NOON - 60, received=NOON + 60) == -60


class Device:
    """A phone whose clock is wrong, set meanwhile, or asleep."""

    def __init__(self) -> None:
        self.now, self.counted = NOON - 7_200, 50.0
        self.clock = CorrectedClock(lambda: self.now, lambda: self.counted, 0, [].append)

    def pass_time(self, seconds: int, *, asleep: bool = False) -> None:
        self.now += seconds
        self.counted += 0 if asleep else seconds


def test_the_issuers_time_is_carried_on_and_owes_nothing_to_the_phones_clock() -> None:
    device = Device()
    assert device.clock.issuer_now() is None
    device.clock.learn(answer(NOON), sent=device.now)
    device.pass_time(100)
    assert device.clock.issuer_now() == NOON + 100


def test_after_sleep_or_when_the_clock_was_set_the_issuer_is_asked_again() -> None:
    device = Device()
    device.clock.learn(answer(NOON), sent=device.now)
    device.pass_time(3600, asleep=True)
    assert device.clock.issuer_now() is None
