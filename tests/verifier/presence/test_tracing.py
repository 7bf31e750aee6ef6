"""Which hours a device can export, and for whom."""

import pytest

from schemas.encoding import parse_time
from schemas.hour_keys import public_half
from schemas.hours import day_at, hour_at
from schemas.kinds import DAY, HOUR
from schemas.trace import NotATrace, format_trace, open_trace, parse_trace
from tests.support.venue_device import VenueDevice
from tests.support.world import NOON, World
from verifier.presence.seeds import make_seeds, venue_seeds
from verifier.presence.tracing import HoursAsked, NotBegun, collect, seal_export, stretches

MIDNIGHT = parse_time("2026-03-17T00:00:00Z")


def asked(venue: VenueDevice, start: int, end: int, now: int = NOON) -> HoursAsked:
    return collect(venue_seeds(venue.store), start=start, end=end, now=now)


def test_the_keys_are_the_private_halves_of_those_that_were_shown(venue: VenueDevice) -> None:
    code = venue.code(NOON + 600)
    hours = asked(venue, NOON, NOON + 1, NOON + 600)
    assert {h: public_half(k) for h, k in hours.keys.items()} == {hour_at(NOON): code.keys[0]}
    assert (len(hours.dead), hours.unknown) == (0, [])


def test_a_stay_that_touches_an_hour_needs_all_of_it(venue: VenueDevice) -> None:
    venue.code()
    hours = asked(venue, NOON - 2 * HOUR + 1800, NOON - HOUR + 1)
    assert list(hours.keys) == [hour_at(NOON) - 2, hour_at(NOON) - 1]


def test_the_hour_that_has_begun_is_there_and_the_next_one_is_not(venue: VenueDevice) -> None:
    venue.code()
    assert list(asked(venue, NOON, NOON + HOUR).keys) == [hour_at(NOON)]
    with pytest.raises(NotBegun):
        asked(venue, NOON, NOON + HOUR + 1)


def test_hours_without_a_seed_are_told_by_their_dates(venue: VenueDevice) -> None:
    venue.code()
    hours = asked(venue, MIDNIGHT - 2 * DAY, NOON)
    assert hours.unknown == ["2026-03-15", "2026-03-16"]
    assert list(hours.keys) == list(range(hour_at(MIDNIGHT), hour_at(NOON)))


def test_hours_over_14_days_are_dead_although_their_seed_is_still_there(venue: VenueDevice) -> None:
    begin = hour_at(MIDNIGHT)
    make_seeds(venue.store, [begin, begin + 24], MIDNIGHT)
    end = MIDNIGHT + 14 * DAY
    last = asked(venue, MIDNIGHT, MIDNIGHT + 2 * DAY, end - 1)
    assert list(last.keys) == list(range(begin, begin + 48))
    after = asked(venue, MIDNIGHT, MIDNIGHT + 2 * DAY, end)
    assert after.dead == range(begin, begin + 24)
    assert list(after.keys) == list(range(begin + 24, begin + 48))
    assert after.unknown == []


def test_a_range_that_is_dead_as_a_whole_gives_nothing(venue: VenueDevice) -> None:
    hours = asked(venue, 0, DAY)
    assert (hours.keys, hours.dead, hours.unknown) == ({}, range(24), [])


def test_hours_are_named_in_stretches_within_a_date() -> None:
    midnight = hour_at(MIDNIGHT)
    hours = [midnight - 2, midnight - 1, midnight, midnight + 1, midnight + 5]
    assert stretches(hours) == [
        range(midnight - 2, midnight),
        range(midnight, midnight + 2),
        range(midnight + 5, midnight + 6),
    ]
    assert stretches([]) == []


def test_only_the_authority_opens_what_is_sealed_and_with_the_key_of_this_day(
    venue: VenueDevice,
) -> None:
    venue.code()
    bundle, hours = venue.store.bundle(), asked(venue, MIDNIGHT, NOON)
    assert bundle is not None
    sealed = seal_export(hours, bundle, NOON)
    assert sealed is not None
    read = parse_trace(format_trace(sealed))
    assert (read.iss, read.day) == (venue.world.iss, day_at(NOON))
    assert open_trace(read, venue.world.export_key(read.day)) == hours.keys
    stranger = World(iss="https://other.example", first_key=50, tracing=True)
    of_hours = [venue.world.hour_key(24 * read.day + hour) for hour in range(24)]
    other_day, other = venue.world.export_key(read.day + 1), stranger.export_key(read.day)
    for key in (other_day, other, *of_hours):
        with pytest.raises(NotATrace):
            open_trace(read, key)


def test_all_hours_of_14_days_fit_in_a_file(venue: VenueDevice) -> None:
    now = MIDNIGHT + DAY - 1
    first = hour_at(MIDNIGHT) - 13 * 24
    make_seeds(venue.store, range(first, first + 14 * 24), MIDNIGHT)
    bundle = venue.world.accepted(now)
    hours = asked(venue, MIDNIGHT - 13 * DAY, now, now)
    assert len(hours.keys) == 14 * 24
    sealed = seal_export(hours, bundle, now)
    assert sealed is not None
    read = parse_trace(format_trace(sealed))
    assert open_trace(read, venue.world.export_key(read.day)) == hours.keys


def test_a_bundle_without_a_key_for_exports_of_this_day_seals_nothing(venue: VenueDevice) -> None:
    venue.code()
    hours = asked(venue, MIDNIGHT, NOON)
    assert seal_export(hours, World().accepted(NOON), NOON) is None


def test_no_key_is_in_what_python_prints_of_the_hours(venue: VenueDevice) -> None:
    venue.code()
    assert "keys" not in repr(asked(venue, MIDNIGHT, NOON))
