"""Whoever was there is found, nobody else, and a long list neither hangs nor fills the memory."""

import tracemalloc
from collections.abc import Iterable

import pytest

from schemas.bundle import TrustBundle
from schemas.hour_keys import public_half
from schemas.hours import date_of, hour_at
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.notices import MOST_NOTICES, Notice
from schemas.recognition import Sealed
from schemas.visits import HourOfStay, OpeningKeys, SealingKeys, seal_dummy, seal_visit
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON
from wallet_sim.presence.check_in import check_in
from wallet_sim.presence.matching import match
from wallet_sim.presence.state import VisitDay, Visits

FIRST = hour_at(NOON)


def visited(venue: Venue, bundle: TrustBundle, *times: int) -> Visits:
    visits = Visits()
    for now in times:
        visits = check_in(visits, venue.code(now, bundle=bundle), bundle=bundle, now=now).visits
    return visits


def stranger(hour: int, number: int) -> Notice:
    """An hour of a place where nobody was."""
    return Notice(hour, number.to_bytes(32, "big"), (number + 1).to_bytes(32, "big"))


def test_the_published_hours_of_a_visited_place_are_found_sorted(
    venue: Venue, bundle: TrustBundle
) -> None:
    visits = visited(venue, bundle, NOON + 10 * MINUTE)
    notices = (venue.notice(FIRST + 2), venue.notice(FIRST), venue.notice(FIRST + 3))
    assert match(visits.days, notices) == (
        HourOfStay(FIRST, NOON + 600, NOON + HOUR),
        HourOfStay(FIRST + 2, NOON + 2 * HOUR, NOON + 3 * HOUR),
    )


def test_a_place_that_was_never_visited_warns_nobody(
    venue: Venue, other_venue: Venue, bundle: TrustBundle
) -> None:
    visits = visited(venue, bundle, NOON)
    assert match(visits.days, other_venue.notices(NOON - 5 * HOUR, NOON + 5 * HOUR)) == ()


def test_the_same_place_at_another_time_warns_nobody(venue: Venue, bundle: TrustBundle) -> None:
    visits = visited(venue, bundle, NOON)
    assert match(visits.days, venue.notices(NOON - 5 * HOUR, NOON - 1)) == ()
    assert match(visits.days, venue.notices(NOON + 3 * HOUR, NOON + 9 * HOUR)) == ()


def test_two_visits_in_one_hour_are_one_warning(
    venue: Venue, other_venue: Venue, bundle: TrustBundle
) -> None:
    visits = visited(venue, bundle, NOON + 30 * MINUTE, NOON + 5 * MINUTE)
    code = other_venue.code(NOON, bundle=bundle)
    visits = check_in(visits, code, bundle=bundle, now=NOON + 45 * MINUTE).visits
    notices = (venue.notice(FIRST), other_venue.notice(FIRST), venue.notice(FIRST))
    assert match(visits.days, notices) == (HourOfStay(FIRST, NOON + 300, NOON + HOUR),)


def test_keys_of_one_side_only_open_nothing(venue: Venue, bundle: TrustBundle) -> None:
    visits, notice = visited(venue, bundle, NOON), venue.notice(FIRST)
    for keys in (
        (notice.venue_key, notice.venue_key),
        (notice.authority_key, notice.authority_key),
        (notice.authority_key, notice.venue_key),
        (notice.venue_key, venue.notice(FIRST + 1).authority_key),
    ):
        assert match(visits.days, (Notice(FIRST, *keys),)) == ()


def test_keys_under_another_hour_open_nothing(venue: Venue, bundle: TrustBundle) -> None:
    visits, notice = visited(venue, bundle, NOON), venue.notice(FIRST)
    assert match(visits.days, (Notice(FIRST + 1, notice.venue_key, notice.authority_key),)) == ()


@pytest.mark.parametrize("record", [b"", bytes(7), bytes(104), b"\xff" * 104, bytes(4096)])
def test_a_record_that_is_none_is_passed_over(venue: Venue, record: bytes) -> None:
    notice = venue.notice(FIRST)
    assert match((VisitDay(date_of(FIRST), (record,)),), (notice,)) == ()


def test_a_record_whose_times_are_not_in_its_hour_is_passed_over(venue: Venue) -> None:
    keys = SealingKeys.of(
        FIRST,
        venue=public_half(venue.hour_key(FIRST)),
        authority=public_half(venue.world.hour_key(FIRST)),
    )
    record = seal_visit(HourOfStay(FIRST, NOON - DAY, NOON + DAY), keys)
    assert match((VisitDay(date_of(FIRST), (record,)),), (venue.notice(FIRST),)) == ()


class Counter:
    """Counts the tries of every notice's keys."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.loaded: list[int] = []
        self.tries = 0
        real_init, real_fits = OpeningKeys.__init__, OpeningKeys.fits

        def init(keys: OpeningKeys, hour: int, *, venue: bytes, authority: bytes) -> None:
            self.loaded.append(hour)
            real_init(keys, hour, venue=venue, authority=authority)

        def fits(keys: OpeningKeys, sealed: Sealed) -> bool:
            self.tries += 1
            return real_fits(keys, sealed)

        monkeypatch.setattr(OpeningKeys, "__init__", init)
        monkeypatch.setattr(OpeningKeys, "fits", fits)


def test_only_records_of_the_notices_date_are_tried_and_keys_are_loaded_once(
    venue: Venue, bundle: TrustBundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    dates = [VisitDay(date_of(FIRST + 24 * n), tuple(_dummies(16))) for n in range(3)]
    counter = Counter(monkeypatch)
    match(dates, [stranger(FIRST, 7), stranger(FIRST + 24, 8), stranger(FIRST + 24 * 5, 9)])
    assert counter.loaded == [FIRST, FIRST + 24]
    assert counter.tries == 32


def _dummies(number: int) -> Iterable[bytes]:
    return (seal_dummy(FIRST) for _ in range(number))


def test_progress_is_told_from_the_first_notice_to_the_last(bundle: TrustBundle) -> None:
    told: list[tuple[int, int]] = []
    notices = [stranger(FIRST, number) for number in range(100)]
    match((VisitDay(date_of(FIRST), tuple(_dummies(8))),), notices, lambda *a: told.append(a))
    assert told[0] == (0, 100)
    assert told[-1] == (100, 100)
    assert len(told) >= 4
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_list_of_a_hundred_thousand_hours_is_gone_through_in_steady_memory(
    venue: Venue, bundle: TrustBundle
) -> None:
    """All of the list is looked at; 500 of its hours are of dates with records, and are tried."""
    visits = visited(venue, bundle, NOON)
    far = [stranger(FIRST + 24 * 3 + n % 240, n) for n in range(MOST_NOTICES - 500)]
    near = [stranger(FIRST, n) for n in range(499)]
    notices = (*far, *near, venue.notice(FIRST))
    told: list[int] = []
    tracemalloc.start()
    found = match(visits.days, notices, lambda done, _: told.append(done))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [stay.hour for stay in found] == [FIRST]
    assert (told[0], told[-1], len(told) > 3000) == (0, MOST_NOTICES, True)
    assert peak < 2_000_000
