"""Planned times tell nothing: they are uniform, by the test of Kolmogorov and Smirnov."""

from collections.abc import Sequence
from dataclasses import replace
from math import sqrt
from random import Random

from tests.support.wallets import NEXT, WINDOW, wallet
from tests.support.world import NOON
from wallet_sim.passes.schedule import LATER, QUIET, hold_back, plan_next, plan_soon
from wallet_sim.passes.state import Plan, Wallet

MANY = 1000
BOUND = 1.95
"""Of the distance times the square root of the number; one in a thousand lies beyond it."""

EMPTY = replace(wallet(), batches=(), plan=None)


def distance(values: Sequence[float]) -> float:
    """The largest distance from the uniform distribution on 0 to 1, times the number's root."""
    count = len(values)
    steps = enumerate(sorted(values))
    return sqrt(count) * max(max((i + 1) / count - v, v - i / count) for i, v in steps)


def shares(plans: Sequence[Plan | None], begins: Sequence[int]) -> list[float]:
    """Where each plan lies between the time in ``begins`` and the end of its window."""
    pairs = zip(plans, begins, strict=True)
    return [(plan.at - begin) / (plan.window.exp - begin) for plan, begin in pairs if plan]


def test_what_is_not_uniform_is_found() -> None:
    assert distance([(number / MANY) ** 1.2 for number in range(MANY)]) > BOUND


def test_the_time_for_the_next_window_is_uniform_over_the_window_before() -> None:
    random = Random(1)
    plans = [_planned(WINDOW.nbf, random) for _ in range(MANY)]
    assert distance(shares(plans, [WINDOW.nbf] * MANY)) < BOUND


def test_a_time_that_is_drawn_anew_is_uniform_over_what_is_left() -> None:
    random = Random(2)
    missed = replace(EMPTY, plan=Plan(WINDOW, WINDOW.nbf))
    begins = [random.randrange(WINDOW.nbf + 1, WINDOW.exp - QUIET) for _ in range(MANY)]
    plans = [hold_back(missed, free_from=at, below=random.randrange).plan for at in begins]
    assert distance(shares(plans, begins)) < BOUND


def test_later_is_uniform_over_two_hours() -> None:
    random = Random(3)
    plans = [plan_soon(EMPTY, now=NOON, below=random.randrange).soon for _ in range(MANY)]
    assert {plan.window.exp - NOON for plan in plans if plan} == {LATER}
    assert distance(shares(plans, [NOON] * MANY)) < BOUND


def _planned(now: int, random: Random) -> Plan | None:
    held: Wallet = plan_next(EMPTY, (WINDOW, NEXT), now=now, below=random.randrange)
    return held.plan
