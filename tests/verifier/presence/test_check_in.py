"""A venue's seeds, the code made from them, and what proofs are bound to in each hour."""

import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.check_in import (
    MOST_SHOWN_HOURS,
    NAME_BYTES,
    format_check_in,
    grid_at,
    parse_check_in,
)
from schemas.encoding import parse_time
from schemas.hours import begin_of, hour_at
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError
from shell.pictures import ErrorLevel, qr_version, read_codes, save_qr
from tests.support.venue_device import VenueDevice
from tests.support.world import NOON
from verifier.presence.bindings import BindingsOfDevice, bindings_at
from verifier.presence.check_in import NoWindow, shown_hours
from verifier.presence.seeds import make_seeds, sweep, venue_seeds

MIDNIGHT = parse_time("2026-03-18T00:00:00Z")
KAZAKH_NAME = "«Қазына» мейрамханасы, Алматы ққ"
"""60 bytes, as many as a name may have."""


# The code


def test_a_code_has_the_keys_of_the_next_hours_and_the_grid_of_the_bundle(
    venue: VenueDevice,
) -> None:
    code = venue.code(NOON + 1800, name="Café")
    bundle = venue.store.bundle()
    assert bundle is not None
    assert (code.first_hour, len(code.keys), code.name) == (hour_at(NOON), 4, "Café")
    assert code.grid == grid_at(bundle, NOON)
    assert len(set(code.keys)) == 4
    assert parse_check_in(format_check_in(code)) == code


def test_a_code_made_again_has_the_same_keys(venue: VenueDevice) -> None:
    first, second = venue.code(NOON + 1800), venue.code(NOON + 1800 + HOUR)
    assert second.keys[:3] == first.keys[1:]


def test_two_devices_of_one_venue_have_different_keys(tmp_path: Path) -> None:
    one, other = VenueDevice(tmp_path / "one"), VenueDevice(tmp_path / "other")
    assert not set(one.code().keys) & set(other.code().keys)


@pytest.mark.parametrize(("seconds", "hours_earlier"), [(0, 1), (119, 1), (120, 0), (3599, 0)])
def test_the_hour_before_is_shown_for_two_minutes(seconds: int, hours_earlier: int) -> None:
    assert shown_hours(NOON + seconds, 4).start == hour_at(NOON) - hours_earlier


def test_the_largest_code_is_qr_version_12_at_level_m_and_is_read_back(
    venue: VenueDevice, tmp_path: Path
) -> None:
    assert len(KAZAKH_NAME.encode()) == NAME_BYTES
    text = format_check_in(venue.code(hours=MOST_SHOWN_HOURS, name=KAZAKH_NAME))
    assert qr_version(text, ErrorLevel.M) == 12
    save_qr(text, tmp_path / "code.png", ErrorLevel.M)
    assert read_codes(tmp_path / "code.png") == [text]
    assert qr_version(format_check_in(venue.code()), ErrorLevel.M) <= 10


def test_without_a_window_for_now_there_is_no_code_and_no_seed(venue: VenueDevice) -> None:
    with pytest.raises(NoWindow):
        venue.code(NOON + 20 * DAY)
    assert venue_seeds(venue.store).dates() == []


# Seeds


def test_a_code_over_midnight_utc_needs_the_seeds_of_two_dates(venue: VenueDevice) -> None:
    code = venue.code(MIDNIGHT - 90 * 60)
    assert venue_seeds(venue.store).dates() == ["2026-03-17", "2026-03-18"]
    after = venue.code(MIDNIGHT + 30 * 60)
    assert after.first_hour == hour_at(MIDNIGHT)
    assert after.keys[:2] == code.keys[2:]


def test_just_after_midnight_yesterdays_last_hour_is_still_shown(venue: VenueDevice) -> None:
    assert venue.code(MIDNIGHT + 60).first_hour == hour_at(MIDNIGHT) - 1
    assert venue_seeds(venue.store).dates() == ["2026-03-17", "2026-03-18"]


def test_seeds_are_the_owners_alone_and_no_backup_takes_them(venue: VenueDevice) -> None:
    before = os.umask(0)
    venue.code()
    os.umask(before)
    for path in venue.store.home.rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path
    assert (venue.store.seeds / "CACHEDIR.TAG").is_file()
    venue.store.check_private()


def test_a_seed_that_others_can_read_is_complained_about(venue: VenueDevice) -> None:
    venue.code()
    seed = venue.seed("2026-03-17")
    seed.chmod(0o640)
    for use in (venue.store.check_private, venue.code):
        with pytest.raises(CommandError, match=f"run: chmod 600 '{seed}'"):
            use()


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33)])
def test_a_damaged_seed_is_told_and_a_new_one_is_made_once_it_is_removed(
    venue: VenueDevice, content: bytes
) -> None:
    venue.code()
    seed = venue.seed("2026-03-17")
    seed.write_bytes(content)
    with pytest.raises(CommandError, match="is damaged; remove it, its hours are lost"):
        venue.code()
    with pytest.raises(CommandError, match="is damaged; remove it, its hours are lost"):
        bindings_at(venue_seeds(venue.store), NOON)
    seed.unlink()
    assert len(venue.code().keys) == 4


def test_a_seed_dies_14_days_after_its_date_began(venue: VenueDevice) -> None:
    venue.code(MIDNIGHT - HOUR)
    end = MIDNIGHT + 13 * DAY
    assert sweep(venue.store, end - 1) == 0
    assert sweep(venue.store, end) == 1
    assert venue_seeds(venue.store).dates() == ["2026-03-18"]
    assert sweep(venue.store, end + DAY) == 1
    assert sweep(venue.store, end + DAY) == 0


def test_at_the_sunset_all_seeds_die(venue: VenueDevice) -> None:
    venue.code(NOON)
    [date] = venue_seeds(venue.store).dates()
    sunset = venue.world.sunset
    make_seeds(venue.store, [hour_at(sunset)], sunset - DAY)
    assert sweep(venue.store, sunset - 1) == 1
    assert venue_seeds(venue.store).dates() != [date]
    assert sweep(venue.store, sunset) == 1
    assert venue_seeds(venue.store).dates() == []


def test_what_an_interrupted_making_left_is_removed(venue: VenueDevice) -> None:
    venue.code()
    draft = venue.store.seeds / ".2026-03-17.seed.1.00000000.draft"
    draft.write_bytes(bytes(32))
    assert sweep(venue.store, NOON) == 0
    assert not draft.exists()
    assert venue.seed("2026-03-17").exists()


# Bindings


def test_the_bindings_of_a_device_are_those_of_its_code(venue: VenueDevice) -> None:
    code = venue.code(NOON + 1800)
    bindings = bindings_at(venue_seeds(venue.store), NOON + 1800)
    shown = code.bindings()
    current = hour_at(NOON)
    assert list(bindings) == list(range(current - 7, current + 2))
    assert {hour: bindings[hour] for hour in (current, current + 1)} == {
        hour: shown[hour] for hour in (current, current + 1)
    }


def test_hours_without_a_seed_have_no_binding(venue: VenueDevice) -> None:
    assert bindings_at(venue_seeds(venue.store), NOON) == {}


def test_bindings_follow_the_hour_and_the_seeds(venue: VenueDevice) -> None:
    bindings = BindingsOfDevice(venue.store)
    assert bindings.at(NOON) == {}
    venue.code()
    first = bindings.at(NOON)
    assert first.keys() >= {hour_at(NOON), hour_at(NOON) + 1}
    assert bindings.at(NOON + 3599) is first
    assert hour_at(NOON) + 2 in bindings.at(NOON + HOUR)
    venue.seed("2026-03-17").unlink()
    assert bindings.at(NOON + HOUR) == {}


def test_the_next_hour_over_midnight_is_bound_once_its_seed_is_there(venue: VenueDevice) -> None:
    now, tomorrow = MIDNIGHT - 30 * 60, hour_at(MIDNIGHT)
    bindings = BindingsOfDevice(venue.store)
    venue.code(now, hours=1)
    assert tomorrow not in bindings.at(now)
    code = venue.code(now, hours=2)
    assert bindings.at(now)[tomorrow] == code.bindings()[tomorrow]


# Clocks


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_the_hour_that_a_clock_shows_twice_is_two_hours(tmp_path: Path) -> None:
    """On 25 October 2026 clocks in Berlin go from 03:00 back to 02:00, at 01:00 UTC."""
    summer, winter = parse_time("2026-10-25T02:30+02:00"), parse_time("2026-10-25T02:30+01:00")
    assert time.localtime(summer)[:5] == time.localtime(winter)[:5]
    venue = VenueDevice(tmp_path / "home", summer)
    before, after = venue.code(summer, hours=6), venue.code(winter, hours=6)
    assert after.first_hour == before.first_hour + 1
    assert after.keys[:5] == before.keys[1:]
    bindings = bindings_at(venue_seeds(venue.store), winter)
    assert bindings[hour_at(summer)] != bindings[hour_at(winter)]


def test_the_code_of_a_venue_whose_clock_is_an_hour_ahead_is_good_later_only(
    venue: VenueDevice,
) -> None:
    code = venue.code(NOON + 1800 + HOUR)
    assert code.key_at(hour_at(NOON + 1800)) is None
    assert code.key_at(hour_at(NOON + HOUR)) is not None


def test_the_code_of_a_venue_whose_clock_is_an_hour_behind_has_the_right_keys(
    venue: VenueDevice,
) -> None:
    behind, right = venue.code(NOON + 1800 - HOUR), venue.code(NOON + 1800)
    current = hour_at(NOON)
    assert behind.key_at(current) == right.key_at(current) is not None
    assert begin_of(behind.end_hour) == begin_of(right.end_hour) - HOUR
