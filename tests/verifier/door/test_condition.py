from dataclasses import replace

import pytest

from schemas.bundle import TrustBundle
from schemas.kinds import DAY, HOUR
from tests.support.world import NOON, World
from verifier.door.condition import NextStep, condition_at, next_step
from verifier.trust.settings import ClockCheck, Settings

WORLD = World()
BUNDLE = WORLD.accepted(NOON)
ONLINE, OFFLINE = Settings("https://qupia.example"), Settings()


@pytest.mark.parametrize(
    ("now", "name"),
    [
        (NOON - 121, "clock_behind"),
        (NOON - 120, "fresh"),
        (NOON + 24 * HOUR - 1, "fresh"),
        (NOON + 24 * HOUR, "old"),
        (NOON + 72 * HOUR - 1, "old"),
        (NOON + 72 * HOUR, "bundle_expired"),
        (BUNDLE.sunset, "sunset"),
    ],
)
def test_keys_are_fresh_for_a_day_and_then_old_until_they_run_out(now: int, name: str) -> None:
    condition = condition_at(BUNDLE, now)
    assert (condition.name, condition.age) == (name, now - NOON)


def test_a_device_without_keys_has_no_age() -> None:
    condition = condition_at(None, NOON)
    assert (condition.name, condition.age, condition.is_fresh) == ("no_bundle", None, False)


def step(
    now: int,
    *,
    settings: Settings = ONLINE,
    bundle: TrustBundle | None = BUNDLE,
    clock_check: ClockCheck | None = None,
) -> NextStep:
    return next_step(
        condition_at(bundle, now), settings=settings, bundle=bundle, clock_check=clock_check
    )


@pytest.mark.parametrize(
    ("now", "settings", "expected"),
    [
        (NOON, ONLINE, NextStep.NOTHING),
        (NOON + DAY, ONLINE, NextStep.SYNC),
        (NOON + DAY, OFFLINE, NextStep.IMPORT),
        (NOON + 4 * DAY, ONLINE, NextStep.SYNC),
        (NOON + 4 * DAY, OFFLINE, NextStep.IMPORT),
        (NOON - HOUR, ONLINE, NextStep.CLOCK),
        (BUNDLE.sunset, ONLINE, NextStep.END),
        (NOON, replace(ONLINE, policy="cinema"), NextStep.POLICY),
    ],
)
def test_the_next_step_is_what_helps_first(
    now: int, settings: Settings, expected: NextStep
) -> None:
    assert step(now, settings=settings) is expected


def test_a_device_without_keys_is_set_up_first() -> None:
    assert step(NOON, bundle=None) is NextStep.SETUP


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (0, NextStep.NOTHING),
        (30, NextStep.NOTHING),
        (31, NextStep.CLOCK),
        (-30, NextStep.NOTHING),
        (-31, NextStep.CLOCK),
    ],
)
def test_a_clock_that_is_half_a_minute_off_is_to_be_set(ahead: int, expected: NextStep) -> None:
    assert step(NOON, clock_check=ClockCheck(ahead, NOON)) is expected
