"""What is sealed at check-in, what check-out takes back, and which codes are refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bundle import TrustBundle
from schemas.check_in import PREFIX, CheckInCode, format_check_in, grid_at, parse_check_in
from schemas.encoding import base45_decode, base45_encode, parse_time
from schemas.hours import begin_of, date_at, hour_at
from schemas.kinds import HOUR, MINUTE
from schemas.visits import RECORD_BYTES, HourOfStay, OpeningKeys
from tests.support.curve25519 import LOW_ORDER, spell
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON, World
from wallet_sim.presence.check_in import (
    CheckedIn,
    CheckInFault,
    NotCheckedIn,
    check_in,
    check_out,
    read_code,
)
from wallet_sim.presence.state import VisitDay, Visits

FIRST = hour_at(NOON)
DATE = date_at(NOON)
AT = NOON + 12 * MINUTE
LATE = parse_time("2026-03-17T22:40:00Z")
"""In the hour before the last of a UTC date, which is the middle of the night in Almaty."""


def opened(visits: Visits, venue: Venue, hour: int) -> list[HourOfStay]:
    """What the authority would find of an hour at a venue, whatever the date says."""
    notice = venue.notice(hour)
    keys = OpeningKeys(hour, venue=notice.venue_key, authority=notice.authority_key)
    records = [record for day in visits.days for record in day.records]
    return [stay for stay in map(keys.open, records) if stay is not None]


def hours_found(visits: Visits, venue: Venue, hours: range) -> list[int]:
    return [hour for hour in hours if opened(visits, venue, hour)]


def checked_in(venue: Venue, bundle: TrustBundle, now: int = AT, hours: int = 4) -> CheckedIn:
    return check_in(Visits(), venue.code(now, hours=hours, bundle=bundle), bundle=bundle, now=now)


def fault_of(text: str, bundle: TrustBundle, now: int = AT) -> CheckInFault:
    before = Visits((VisitDay(DATE, (b"r" * RECORD_BYTES,) * 8),))
    with pytest.raises(NotCheckedIn) as caught:
        check_in(before, text, bundle=bundle, now=now)
    return caught.value.fault


# Checking in


def test_a_visit_is_sealed_for_this_hour_and_two_more(venue: Venue, bundle: TrustBundle) -> None:
    visits = checked_in(venue, bundle).visits
    assert opened(visits, venue, FIRST) == [HourOfStay(FIRST, NOON + 600, NOON + HOUR)]
    for later in (FIRST + 1, FIRST + 2):
        assert opened(visits, venue, later) == [
            HourOfStay(later, begin_of(later), begin_of(later + 1))
        ]
    assert opened(visits, venue, FIRST + 3) == []


def test_the_answer_is_for_the_screen(venue: Venue, bundle: TrustBundle) -> None:
    answer = checked_in(venue, bundle)
    assert (answer.venue, answer.hours, answer.split_view) == (venue.name, 3, False)
    assert (answer.arrived, answer.until) == (NOON + 600, NOON + 3 * HOUR)


def test_nobody_opens_a_record_with_one_of_the_two_keys(venue: Venue, bundle: TrustBundle) -> None:
    visits, notice = checked_in(venue, bundle).visits, venue.notice(FIRST)
    for keys in (notice.venue_key, notice.venue_key), (notice.authority_key, notice.authority_key):
        opening = OpeningKeys(FIRST, venue=keys[0], authority=keys[1])
        assert not any(opening.open(record) for day in visits.days for record in day.records)


@pytest.mark.parametrize("hours", [1, 2, 3])
def test_a_code_that_ends_earlier_gives_fewer_records(
    venue: Venue, bundle: TrustBundle, hours: int
) -> None:
    answer = checked_in(venue, bundle, hours=hours)
    assert answer.hours == hours
    assert hours_found(answer.visits, venue, range(FIRST, FIRST + 4)) == list(
        range(FIRST, FIRST + hours)
    )


def test_the_last_hour_of_a_code_is_enough(venue: Venue, bundle: TrustBundle) -> None:
    code = venue.code(NOON - 3 * HOUR, bundle=bundle)
    assert check_in(Visits(), code, bundle=bundle, now=AT).hours == 1


def test_hours_without_a_key_of_the_authority_are_left_out(venue: Venue, world: World) -> None:
    tracing = world.payload(NOON)["tracing"]
    bundle = world.accepted(NOON, tracing=[t for t in tracing if t["hour"] != FIRST + 1])
    answer = checked_in(venue, bundle)
    assert answer.hours == 1
    assert opened(answer.visits, venue, FIRST + 2) == []


@pytest.mark.parametrize("number", range(1, 5))
def test_each_date_has_a_multiple_of_eight_records_of_one_length(
    venue: Venue, bundle: TrustBundle, number: int
) -> None:
    visits = Visits()
    for _ in range(number):
        visits = check_in(visits, venue.code(AT, bundle=bundle), bundle=bundle, now=AT).visits
    [day] = visits.days
    assert len(day.records) % 8 == 0
    assert {len(record) for record in day.records} == {RECORD_BYTES}
    assert len(set(day.records)) == len(day.records)


def test_the_order_of_records_tells_nothing_of_their_age(venue: Venue, bundle: TrustBundle) -> None:
    """Of 120 check-ins the record of the first hour stands in each of the eight places."""
    code, notice = venue.code(AT, bundle=bundle), venue.notice(FIRST)
    keys = OpeningKeys(FIRST, venue=notice.venue_key, authority=notice.authority_key)
    places = set()
    for _ in range(120):
        [day] = check_in(Visits(), code, bundle=bundle, now=AT).visits.days
        places.add(next(i for i, record in enumerate(day.records) if keys.open(record)))
    assert places == set(range(8))


def test_later_records_are_mixed_with_earlier_ones(venue: Venue, bundle: TrustBundle) -> None:
    code = venue.code(AT, bundle=bundle)
    before = check_in(Visits(), code, bundle=bundle, now=AT).visits
    [old] = check_out(before, now=NOON + 3 * HOUR).visits.days
    moved = 0
    for _ in range(20):
        [day] = check_in(Visits((old,)), code, bundle=bundle, now=AT).visits.days
        assert set(old.records) < set(day.records)
        moved += day.records[:8] != old.records
    assert moved == 20


def test_two_visits_of_one_venue_and_hour_have_nothing_in_common(
    venue: Venue, bundle: TrustBundle
) -> None:
    one, two = (checked_in(venue, bundle).visits.day(DATE).records for _ in range(2))
    pieces = [{r[i : i + 8] for r in records for i in range(97)} for records in (one, two)]
    assert not pieces[0] & pieces[1]


def test_at_midnight_the_records_are_on_two_dates(venue: Venue, world: World) -> None:
    bundle = world.accepted(LATE)
    visits = checked_in(venue, bundle, now=LATE).visits
    first = hour_at(LATE)
    assert [(day.date, len(day.records)) for day in visits.days] == [
        ("2026-03-17", 8),
        ("2026-03-18", 8),
    ]
    by_date = [Visits((day,)) for day in visits.days]
    hours = range(first, first + 4)
    assert hours_found(by_date[0], venue, hours) == [first, first + 1]
    assert hours_found(by_date[1], venue, hours) == [first + 2]


@pytest.mark.parametrize("begins", ["2026-10-25T00:20:00Z", "2026-03-29T00:20:00Z"])
def test_when_clocks_are_changed_each_hour_is_sealed_once(begins: str) -> None:
    """In Berlin one hour comes twice on the first night, and one never on the second."""
    now = parse_time(begins)
    world = World(zone="Europe/Berlin", start=now, tracing=True)
    venue, bundle = Venue(world), world.accepted(now)
    answer = checked_in(venue, bundle, now=now)
    first = hour_at(now)
    assert hours_found(answer.visits, venue, range(first - 2, first + 5)) == [
        first,
        first + 1,
        first + 2,
    ]
    assert (answer.until - begin_of(first), answer.split_view) == (3 * HOUR, False)


def test_a_second_check_in_ends_the_first_stay(
    venue: Venue, other_venue: Venue, bundle: TrustBundle
) -> None:
    visits = checked_in(venue, bundle).visits
    moved = NOON + HOUR + 20 * MINUTE
    code = other_venue.code(moved, bundle=bundle)
    visits = check_in(visits, code, bundle=bundle, now=moved).visits
    hours = range(FIRST, FIRST + 6)
    assert hours_found(visits, venue, hours) == [FIRST, FIRST + 1]
    assert hours_found(visits, other_venue, hours) == [FIRST + 1, FIRST + 2, FIRST + 3]
    assert visits.stay is not None
    assert visits.stay.began == moved


# Checking out


@pytest.mark.parametrize(
    ("after", "deleted", "kept"),
    [(20 * MINUTE, 2, 1), (HOUR, 1, 2), (HOUR + 59 * MINUTE, 1, 2), (2 * HOUR + 1, 0, 3)],
    ids=["first hour", "second hour", "end of the second", "third hour"],
)
def test_leaving_deletes_the_records_of_hours_that_have_not_begun(
    venue: Venue, bundle: TrustBundle, after: int, deleted: int, kept: int
) -> None:
    visits = checked_in(venue, bundle).visits
    left = check_out(visits, now=NOON + after)
    assert (left.was_open, left.deleted) == (True, deleted)
    assert hours_found(left.visits, venue, range(FIRST, FIRST + 4)) == list(
        range(FIRST, FIRST + kept)
    )
    [day] = left.visits.days
    assert len(day.records) == 8
    assert left.visits.stay is None


def test_leaving_before_midnight_fills_the_next_date_with_dummies(
    venue: Venue, world: World
) -> None:
    bundle = world.accepted(LATE)
    left = check_out(checked_in(venue, bundle, now=LATE).visits, now=LATE + MINUTE)
    assert left.deleted == 2
    assert [len(day.records) for day in left.visits.days] == [8, 8]
    first = hour_at(LATE)
    assert hours_found(left.visits, venue, range(first, first + 4)) == [first]


def test_leaving_seals_nothing_that_anybody_could_open(venue: Venue, bundle: TrustBundle) -> None:
    visits = checked_in(venue, bundle).visits
    after = check_out(visits, now=AT + MINUTE).visits
    made = set(after.days[0].records) - set(visits.days[0].records)
    assert len(made) == 2
    only_made = Visits((VisitDay(DATE, tuple(made)),))
    assert hours_found(only_made, venue, range(FIRST - 24, FIRST + 24)) == []


def test_without_a_stay_there_is_nothing_to_leave(venue: Venue, bundle: TrustBundle) -> None:
    visits = checked_in(venue, bundle).visits
    once = check_out(visits, now=AT)
    twice = check_out(once.visits, now=AT)
    assert (twice.was_open, twice.deleted, twice.visits) == (False, 0, once.visits)


def test_a_clock_that_was_set_back_deletes_no_other_records(
    venue: Venue, bundle: TrustBundle
) -> None:
    left = check_out(checked_in(venue, bundle).visits, now=AT - 5 * HOUR)
    assert left.deleted == 2
    assert hours_found(left.visits, venue, range(FIRST, FIRST + 4)) == [FIRST]


# Codes that are refused


def test_a_code_whose_hours_are_over_says_since_when(venue: Venue, bundle: TrustBundle) -> None:
    code = venue.code(NOON - 4 * HOUR, bundle=bundle)
    with pytest.raises(NotCheckedIn) as caught:
        check_in(Visits(), code, bundle=bundle, now=AT)
    assert (caught.value.fault, caught.value.at) == (CheckInFault.CODE_OVER, NOON)


@pytest.mark.parametrize("ahead", [HOUR, 24 * HOUR, 70 * 365 * 24 * HOUR])
def test_a_code_of_a_clock_that_is_ahead_says_when_it_begins(
    venue: Venue, bundle: TrustBundle, ahead: int
) -> None:
    code = venue.code(NOON + ahead, bundle=None)
    with pytest.raises(NotCheckedIn) as caught:
        check_in(Visits(), code, bundle=bundle, now=AT)
    assert (caught.value.fault, caught.value.at) == (CheckInFault.CODE_NOT_YET, NOON + ahead)


def test_a_code_of_a_clock_that_is_an_hour_behind_is_good(
    venue: Venue, bundle: TrustBundle
) -> None:
    code = venue.code(NOON - HOUR, bundle=bundle)
    answer = check_in(Visits(), code, bundle=bundle, now=AT)
    assert (answer.hours, answer.split_view) == (3, False)


def test_a_bundle_without_the_hour_is_to_be_renewed(venue: Venue, world: World) -> None:
    bundle = world.accepted(NOON, tracing=[])
    assert fault_of(venue.code(AT, bundle=bundle), bundle) is CheckInFault.NO_AUTHORITY_KEY


@pytest.mark.parametrize("key", [spell(number) for number in LOW_ORDER], ids=range(7))
def test_an_authority_key_of_low_order_is_no_key(
    venue: Venue, bundle: TrustBundle, key: bytes
) -> None:
    spoiled = replace(bundle, tracing={**bundle.tracing, FIRST: key})
    assert fault_of(venue.code(AT, bundle=bundle), spoiled) is CheckInFault.NO_AUTHORITY_KEY


def test_a_bundle_that_has_expired_is_to_be_renewed(venue: Venue, bundle: TrustBundle) -> None:
    now = bundle.exp
    assert fault_of(venue.code(now), bundle, now) is CheckInFault.BUNDLE_EXPIRED
    assert check_in(Visits(), venue.code(now - 1), bundle=bundle, now=now - 1).hours >= 1


@pytest.mark.parametrize("key", [spell(number) for number in LOW_ORDER], ids=range(7))
@pytest.mark.parametrize("place", [0, 3])
def test_a_code_with_a_key_of_low_order_is_refused_whichever_hour_it_is_for(
    venue: Venue, bundle: TrustBundle, key: bytes, place: int
) -> None:
    code = parse_check_in(venue.code(AT, bundle=bundle))
    keys = [*code.keys]
    keys[place] = key
    spoiled = format_check_in(replace(code, keys=tuple(keys)))
    assert fault_of(spoiled, bundle) is CheckInFault.NOT_A_CODE


def test_a_code_cut_off_anywhere_is_refused_or_lacks_only_letters_of_the_name(
    venue: Venue, bundle: TrustBundle
) -> None:
    whole = venue.code(AT, bundle=bundle, name="Baiterek")
    for length in range(len(whole)):
        try:
            code = read_code(whole[:length], now=AT)
        except NotCheckedIn as refused:
            assert refused.fault is CheckInFault.NOT_A_CODE
        else:
            assert "Baiterek".startswith(code.name)


@given(st.data())
def test_a_damaged_code_never_does_worse_than_be_refused(data: st.DataObject) -> None:
    text = data.draw(st.one_of(st.text(max_size=80), _damaged()))
    try:
        read_code(text, now=AT)
    except NotCheckedIn as refused:
        assert refused.fault in CheckInFault


def _damaged() -> st.SearchStrategy[str]:
    code = CheckInCode(FIRST, tuple(bytes([9, n]) * 16 for n in range(4)), bytes(16), "x")
    raw = base45_decode(format_check_in(code)[len(PREFIX) :])

    def spoil(change: tuple[int, int]) -> str:
        place, value = change
        changed = bytearray(raw)
        changed[place] = value
        return PREFIX + base45_encode(bytes(changed))

    places = st.tuples(st.integers(0, len(raw) - 1), st.integers(0, 255))
    return places.map(spoil)


@pytest.mark.parametrize(
    "text", ["", "QV1:", "QP1:AAAA", "https://qupia.example/", "QV1:" + "0" * 600, "QV1:é"]
)
def test_other_texts_are_no_codes(bundle: TrustBundle, text: str) -> None:
    assert fault_of(text, bundle) is CheckInFault.NOT_A_CODE


# What the venue sees


def test_other_pass_keys_at_the_venue_are_warned_of_and_never_refused(
    venue: Venue, bundle: TrustBundle
) -> None:
    elsewhere = World(first_key=40, tracing=True).accepted(NOON)
    code = venue.code(AT, bundle=elsewhere)
    answer = check_in(Visits(), code, bundle=bundle, now=AT)
    assert (answer.split_view, answer.hours) == (True, 3)


def test_a_code_from_before_local_midnight_shows_the_keys_of_that_day(
    venue: Venue, world: World
) -> None:
    """Midnight in Almaty is at 19:00 UTC; the code was shown an hour before, this is after it."""
    shown, now = NOON + 11 * HOUR, NOON + 12 * HOUR + MINUTE
    bundle = world.accepted(NOON)
    assert grid_at(bundle, shown) != grid_at(bundle, now)
    code = venue.code(shown, bundle=bundle)
    assert not check_in(Visits(), code, bundle=bundle, now=now).split_view
    later = world.accepted(NOON + 12 * HOUR)
    assert not check_in(Visits(), code, bundle=later, now=now).split_view


def test_a_slow_clock_at_local_midnight_sees_no_other_keys(venue: Venue, world: World) -> None:
    midnight = NOON + 12 * HOUR
    bundle = world.accepted(NOON)
    code = venue.code(midnight - HOUR, bundle=bundle)
    shown = replace(parse_check_in(code), grid=grid_at(bundle, midnight) or b"")
    text = format_check_in(shown)
    for slow, sees_other_keys in ((60, False), (600, True)):
        answer = check_in(Visits(), text, bundle=bundle, now=midnight - slow)
        assert answer.split_view is sees_other_keys


def test_keys_of_another_window_than_the_codes_are_other_keys(venue: Venue, world: World) -> None:
    now = NOON + 12 * HOUR + MINUTE
    bundle = world.accepted(NOON)
    grid = grid_at(bundle, NOON)
    assert grid is not None
    code = replace(parse_check_in(venue.code(now, bundle=bundle)), grid=grid)
    assert check_in(Visits(), format_check_in(code), bundle=bundle, now=now).split_view


def test_a_grid_that_agrees_in_its_first_eight_bytes_only_is_of_other_keys(
    venue: Venue, world: World
) -> None:
    bundle = world.accepted(NOON)
    code = parse_check_in(venue.code(NOON, bundle=bundle))
    alike = replace(code, grid=code.grid[:8] + bytes(8))
    assert check_in(Visits(), format_check_in(alike), bundle=bundle, now=NOON).split_view
