"""Each part has a moment at which it dies, and not a second before."""

from dataclasses import replace

import pytest

from schemas.hours import begin_of, date_at, hour_at, tracing_ends
from schemas.kinds import DAY, HOUR
from schemas.notices import NoticesState
from schemas.visits import HourOfStay
from tests.support.world import NOON
from wallet_sim.presence.state import Heard, LaterHour, Stay, VisitDay, Visits, prune

HOUR_OF_NOON = hour_at(NOON)
DATE = date_at(NOON)
ENDS = tracing_ends(DATE)
STAY = Stay(
    NOON,
    begin_of(HOUR_OF_NOON + 3),
    (LaterHour(HOUR_OF_NOON + 1, b"one"), LaterHour(HOUR_OF_NOON + 2, b"two")),
)
WARNING = HourOfStay(HOUR_OF_NOON, NOON, NOON + 300)
ME = "https://qupia.example root"
HEARD = Heard(ME, "kid", NoticesState(7, "digest"), NOON, 3, (WARNING,))


def test_records_die_fourteen_days_after_their_date_began() -> None:
    visits = Visits((VisitDay(DATE, (b"record",)), VisitDay(date_at(NOON + DAY), (b"next",))))
    assert prune(visits, ENDS - 1) == visits
    assert [day.date for day in prune(visits, ENDS).days] == [date_at(NOON + DAY)]
    assert prune(visits, ENDS + DAY).days == ()


def test_a_warning_dies_with_the_date_of_its_hour() -> None:
    visits = Visits(heard=(HEARD,))
    assert visits.warnings == (WARNING,)
    assert prune(visits, ENDS - 1) == visits
    assert prune(visits, ENDS).warnings == ()


@pytest.mark.parametrize(
    ("hours", "known"), [(0, ["one", "two"]), (1, ["two"]), (2, []), (3, None), (300, None)]
)
def test_what_is_known_of_a_stay_goes_hour_by_hour(hours: int, known: list[str] | None) -> None:
    stay = prune(Visits(stay=STAY), begin_of(HOUR_OF_NOON + hours)).stay
    found = None if stay is None else [item.record.decode() for item in stay.later]
    assert found == known


def test_a_second_before_the_hour_ends_the_stay_is_still_open() -> None:
    assert prune(Visits(stay=STAY), STAY.until - 1).stay is not None


def test_at_the_sunset_all_is_gone() -> None:
    sunset = NOON + HOUR
    visits = Visits(
        days=(VisitDay(DATE, (b"record",)),),
        stay=STAY,
        heard=(HEARD,),
        sunset=sunset,
    )
    assert prune(visits, sunset - 1).heard == (HEARD,)
    assert prune(visits, sunset) == Visits()


def test_how_far_the_lists_of_one_authority_were_seen_says_nothing_of_another() -> None:
    visits = Visits(heard=(HEARD,))
    assert visits.heard_from(ME) == {"kid": HEARD}
    assert visits.heard_from("https://qupia.example another-root") == {}
    assert Visits().heard_from(ME) == {}


def test_each_key_has_a_list_and_a_key_that_is_gone_has_none() -> None:
    other_hour = HourOfStay(HOUR_OF_NOON + 1, NOON + HOUR, NOON + HOUR + 300)
    other = Heard(ME, "a newer kid", NoticesState(1, "other"), NOON + 1, 1, (other_hour, WARNING))
    both = Visits(heard=(HEARD,)).with_list(other)
    assert both.heard_from(ME) == {"kid": HEARD, "a newer kid": other}
    assert both.warnings == (WARNING, other_hour)
    assert both.newest == other
    later = replace(other, seen=NoticesState(2, "later"), warnings=())
    assert both.with_list(later).warnings == (WARNING,)
    assert both.with_keys(ME, {"a newer kid"}) == Visits(heard=(other,))
    assert both.with_keys("another authority", set()) == both


def test_the_list_of_an_authority_takes_the_place_of_all_of_another() -> None:
    other = Heard("https://other.example root", "kid", NoticesState(1, "x"), NOON, 0)
    assert Visits(heard=(HEARD,)).with_list(other) == Visits(heard=(other,))


def test_values_that_hold_records_never_print_them() -> None:
    record = b"a record of somebody"
    day, later = VisitDay(DATE, (record,)), LaterHour(HOUR_OF_NOON, record)
    stay = Stay(NOON, NOON + HOUR, (later,))
    for value in (day, later, stay, HEARD, Visits((day,), stay, (HEARD,))):
        assert "somebody" not in repr(value)
        assert str(NOON) not in repr(value)
