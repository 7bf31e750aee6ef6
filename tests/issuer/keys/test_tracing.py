"""The authority's hours: made ahead, listed in every bundle, gone after 14 days."""

import shutil

import pytest

from issuer.api.background import one_round
from issuer.keys.tracing import export_days, export_key, tracing_hours, tracing_seeds
from issuer.publication.making import publish
from issuer.retention import overdue
from schemas.hour_keys import (
    AUTHORITY_LABEL,
    derive_export_key,
    derive_hour_key,
    public_half,
)
from schemas.hours import (
    date_at,
    day_at,
    days_between,
    hour_at,
    hours_between,
    tracing_ends,
)
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError
from tests.support.issuers import NOON, Service
from tests.support.statements import begin_with_sunset


def work(issuer: Service, *, hours: float = 0) -> None:
    """Let time pass; then the background does its round."""
    issuer.clock.now += int(hours * HOUR)
    one_round(issuer.authority, issuer.clock)


def test_a_bundle_lists_the_past_day_and_the_next_three(issuer: Service) -> None:
    tracing = issuer.authority.bundle().tracing
    assert list(tracing) == list(hours_between(NOON - DAY, NOON + 3 * DAY))
    assert len(set(tracing.values())) == len(tracing)
    exports = issuer.authority.bundle().tracing_exports
    assert list(exports) == list(days_between(NOON - DAY, NOON + 3 * DAY))
    assert len({*exports.values(), *tracing.values()}) == len(exports) + len(tracing)


def test_a_listed_key_is_that_of_the_dates_seed(issuer: Service) -> None:
    seed = (issuer.home.tracing_seeds / f"{date_at(NOON)}.seed").read_bytes()
    key = derive_hour_key(seed, hour_at(NOON), label=AUTHORITY_LABEL)
    assert issuer.authority.bundle().tracing[hour_at(NOON)] == public_half(key)
    own = derive_export_key(seed, day_at(NOON))
    assert issuer.authority.bundle().tracing_exports[day_at(NOON)] == public_half(own)
    assert export_key(tracing_seeds(issuer.home), day_at(NOON), NOON) == own


@pytest.mark.parametrize(
    ("life", "sunset", "ahead"),
    [(DAY, 90 * DAY, 72 * HOUR), (7 * DAY, 90 * DAY, 7 * DAY), (DAY, 2 * DAY, 2 * DAY)],
)
def test_the_hours_reach_as_far_as_the_bundle_and_never_past_the_sunset(
    life: int, sunset: int, ahead: int
) -> None:
    hours = tracing_hours(now=NOON, exp=NOON + life, sunset=NOON + sunset)
    assert hours == hours_between(NOON - DAY, NOON + ahead)
    days = export_days(now=NOON, exp=NOON + life, sunset=NOON + sunset)
    assert days == days_between(NOON - DAY, NOON + ahead)


def test_keys_of_an_hour_or_day_never_change_while_bundles_do(issuer: Service) -> None:
    known: dict[int, bytes] = {}
    known_days: dict[int, bytes] = {}
    for _ in range(20):
        work(issuer, hours=6)
        tracing = issuer.authority.bundle().tracing
        assert {hour: known.get(hour, key) for hour, key in tracing.items()} == tracing
        assert tracing.keys() >= set(hours_between(issuer.now, issuer.now + 72 * HOUR))
        known.update(tracing)
        exports = issuer.authority.bundle().tracing_exports
        assert {day: known_days.get(day, key) for day, key in exports.items()} == exports
        assert exports.keys() >= set(days_between(issuer.now, issuer.now + 72 * HOUR))
        known_days.update(exports)


def test_nothing_is_due_while_the_seeds_are_those_of_the_bundle(issuer: Service) -> None:
    assert publish(issuer.authority, NOON + 6 * HOUR - 1) is False


def test_lost_seeds_are_replaced_and_the_bundle_says_so_at_once(issuer: Service) -> None:
    before = issuer.authority.bundle()
    shutil.rmtree(issuer.home.tracing_seeds)
    work(issuer, hours=1)
    after = issuer.authority.bundle()
    assert after.version == before.version + 1
    assert not set(before.tracing.values()) & set(after.tracing.values())
    assert not set(before.tracing_exports.values()) & set(after.tracing_exports.values())


def test_lost_seeds_are_not_replaced_while_the_log_goes_on(issuer: Service) -> None:
    before = issuer.authority.bundle()
    shutil.rmtree(issuer.home.tracing_seeds)
    issuer.reopen()
    for hours in (0, 6, 48):
        issuer.clock.now = NOON + hours * HOUR
        work(issuer)
        after = issuer.authority.bundle()
        assert not after.tracing.keys() & before.tracing.keys()
        assert not after.tracing_exports.keys() & before.tracing_exports.keys()
    assert max(after.tracing) > max(before.tracing)


@pytest.mark.process
def test_a_seed_dies_with_its_date_and_one_that_outlives_it_is_found(issuer: Service) -> None:
    seeds, date = tracing_seeds(issuer.home), date_at(NOON - DAY)
    dead = tracing_ends(date)
    late = dead + HOUR
    assert "1 tracing seeds outlived their 14 days" in overdue(issuer.home, late)
    issuer.clock.now = dead - 1
    work(issuer)
    assert date in seeds.dates()
    issuer.clock.now = dead
    work(issuer)
    assert date not in seeds.dates()
    assert not [line for line in overdue(issuer.home, late) if "tracing" in line]


def test_no_seed_is_made_for_a_date_after_the_sunset(issuer: Service) -> None:
    sunset = NOON + 5 * DAY + HOUR
    begin_with_sunset(issuer, sunset)
    issuer.clock.now = sunset - HOUR
    work(issuer)
    assert max(tracing_seeds(issuer.home).dates()) == date_at(sunset - 1)
    assert max(issuer.authority.bundle().tracing) == hour_at(sunset - 1)
    assert max(issuer.authority.bundle().tracing_exports) == day_at(sunset - 1)
    issuer.clock.now = sunset
    work(issuer)
    assert tracing_seeds(issuer.home).dates() == []


def test_a_damaged_seed_is_one_line_and_no_bundle_is_made_from_it(issuer: Service) -> None:
    path = issuer.home.tracing_seeds / f"{date_at(NOON)}.seed"
    path.write_bytes(b"short")
    with pytest.raises(CommandError, match=r"\.seed is damaged; remove it, its hours are lost$"):
        publish(issuer.authority, NOON)


def test_seeds_are_private_and_in_no_backup(issuer: Service) -> None:
    folder = issuer.home.tracing_seeds
    assert (folder / "CACHEDIR.TAG").exists()
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
