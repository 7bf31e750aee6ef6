"""When the clock is corrected, and by which answers."""

from email.utils import formatdate

import pytest

from shell.fetching import Answer
from tests.support.world import NOON
from wallet_sim.fetching.clock import CorrectedClock, corrected_offset


def answer(date: int, *, age: str = "", status: int = 200) -> Answer:
    return Answer(status, b"", formatdate(date, usegmt=True), age)


def clock(offset: int = 0, *, received: int = NOON) -> tuple[CorrectedClock, list[int]]:
    stored: list[int] = []
    return CorrectedClock(lambda: received, offset, stored.append), stored


@pytest.mark.parametrize("difference", [0, 1, -1, 45, -45])
def test_a_clock_that_is_45_seconds_off_or_less_stays(difference: int) -> None:
    ours, stored = clock()
    assert not ours.learn(answer(NOON + difference), sent=NOON)
    assert (ours.now(), stored) == (NOON, [])


@pytest.mark.parametrize("difference", [46, -46, 3600, -86_400])
def test_a_clock_that_is_46_seconds_off_or_more_is_corrected(difference: int) -> None:
    ours, stored = clock()
    assert ours.learn(answer(NOON + difference), sent=NOON)
    assert (ours.now(), stored) == (NOON + difference, [difference])
    assert ours.was_corrected


def test_a_correction_that_fits_is_not_made_again() -> None:
    ours, stored = clock(offset=600)
    assert not ours.learn(answer(NOON + 640), sent=NOON)
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
    assert corrected_offset(0, date=NOON - 105, sent=NOON - 60, received=NOON + 60) == 0
    assert corrected_offset(0, date=NOON - 106, sent=NOON - 60, received=NOON + 60) == -166
