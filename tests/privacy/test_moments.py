"""The moments at which wallets ask tell nothing: they are spread evenly over all that is left."""

from dataclasses import replace
from pathlib import Path
from random import Random
from unittest.mock import patch

import pytest

from benchmarks.privacy.real_figures import (
    NOT_UNIFORM,
    distance_from_uniform,
    pauses,
    places_of_fetches,
)
from benchmarks.privacy.real_phones import Kind
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.windows import Window
from tests.support.street import street
from tests.support.wallets import ENTITLEMENT, NEXT, WINDOW, wallet
from tests.support.world import NOON
from wallet_sim.passes import schedule
from wallet_sim.passes.schedule import LATER, QUIET, Below, hold_back, plan_next, plan_soon
from wallet_sim.passes.state import Plan

MANY = 2000
"""Wallets whose plans are drawn; of those that run for real there are fewer."""

RUNNING = 16

READY = replace(wallet(), entitlement=replace(ENTITLEMENT, until=NEXT.exp + DAY), plan=None)
"""It has passes of this window and the next."""


def below() -> Below:
    return Random(7).randrange


def distance(plans: list[Plan | None], begin: int, end: int) -> float:
    """How far they are from being spread evenly between two moments."""
    times = [plan.at for plan in plans if plan is not None]
    assert len(times) == len(plans)
    assert begin <= min(times) <= max(times) < end
    return distance_from_uniform([(at - begin) / (end - begin) for at in times])


def planned(draw: Below) -> list[Plan | None]:
    """What as many wallets plan that have asked for the next window."""
    windows = (WINDOW, NEXT)
    return [plan_next(READY, windows, now=NOON, below=draw).plan for _ in range(MANY)]


def test_a_plan_may_lie_anywhere_in_its_window() -> None:
    assert distance(planned(below()), NEXT.nbf, NEXT.exp) < NOT_UNIFORM


@pytest.mark.parametrize("at", [NOON - 6 * HOUR, NOON + 3 * MINUTE])
def test_a_plan_that_was_missed_or_would_be_seen_may_lie_anywhere_in_what_is_left(at: int) -> None:
    held, draw = replace(READY, plan=Plan(WINDOW, at)), below()
    free = NOON + 10 * MINUTE
    plans = [hold_back(held, free_from=free, below=draw).plan for _ in range(MANY)]
    assert distance(plans, free, WINDOW.exp) < NOT_UNIFORM


def test_whoever_asks_later_is_served_at_any_time_of_two_hours() -> None:
    draw, empty = below(), replace(READY, batches=())
    plans = [plan_soon(empty, now=NOON, below=draw).soon for _ in range(MANY)]
    assert distance(plans, NOON, NOON + LATER) < NOT_UNIFORM


@pytest.mark.parametrize(
    "crooked",
    [
        lambda draw: lambda n: max(draw(n), draw(n)),
        lambda draw: lambda n: draw(n) // HOUR * HOUR // 2,
        lambda draw: lambda n: draw(n - 2 * HOUR),
    ],
)
def test_plans_that_are_not_spread_evenly_are_found(crooked: object) -> None:
    assert callable(crooked)
    assert distance(planned(crooked(below())), NEXT.nbf, NEXT.exp) > NOT_UNIFORM


def fetches(folder: Path, wallets: int) -> list[float]:
    """Where in their first whole day so many running wallets fetched passes, from 0 to 1."""
    with street(folder) as place:
        midnight = place.office.window().exp
        for _ in range(wallets):
            place.agenda.at(midnight - HOUR, place.activated().start)
        for hour in range(DAY // HOUR):
            place.agenda.at(midnight + hour * HOUR, place.office.work)
        place.agenda.run(midnight + DAY)
    return places_of_fetches(place.wire.requests, range(wallets), (midnight, midnight + DAY))


@pytest.mark.process  # The store compacts its files in a process of its own.
def test_wallets_that_run_fetch_once_a_day_at_any_time(tmp_path: Path) -> None:
    places = fetches(tmp_path, RUNNING)
    assert len(places) == RUNNING
    assert distance_from_uniform(places) < NOT_UNIFORM


def waits_after_showings(folder: Path, wallets: int) -> list[float]:
    """How long after the quiet minutes of a showing the list of warnings is fetched, in hours.

    The list was due while these minutes lasted.
    """
    with street(folder) as place:
        for _ in range(wallets):
            phone = place.activated()
            phone.start()
            assert phone.running is not None and phone.running.notices_from is not None
            place.agenda.at(phone.running.notices_from - 5 * MINUTE, phone.show)
        place.agenda.run(NOON + 4 * HOUR)
    shown = [act for act in place.acts if act.kind is Kind.SHOWING]
    return [(pause - QUIET) / HOUR for _, pause in pauses(shown, place.wire.requests)]


def test_the_end_of_the_quiet_minutes_does_not_tell_when_they_began(tmp_path: Path) -> None:
    waits = waits_after_showings(tmp_path, RUNNING)
    assert len(waits) == RUNNING
    assert distance_from_uniform(waits) < NOT_UNIFORM


def at_once(window: Window, free_from: int, _: Below) -> Plan:
    return Plan(window, max(window.nbf, free_from))


@pytest.mark.process
def test_wallets_that_fetch_when_a_day_begins_are_found(tmp_path: Path) -> None:
    with patch.object(schedule, "_draw", at_once):
        places = fetches(tmp_path, RUNNING)
    assert distance_from_uniform(places) > NOT_UNIFORM
