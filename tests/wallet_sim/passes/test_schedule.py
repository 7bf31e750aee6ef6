"""When a wallet asks, and for which windows."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kinds import HOUR
from schemas.windows import Window
from tests.support.world import NOON, World
from wallet_sim.passes.schedule import (
    QUIET,
    due_windows,
    has_work,
    hold_back,
    is_due,
    keep_quiet,
    plan_next,
    plan_replacement,
    plan_soon,
    wanted_windows,
)
from wallet_sim.passes.state import Batch, Entitlement, Names, Plan, Wallet, close, is_quiet

BUNDLE = World().accepted(NOON)
CURRENT, NEXT, THIRD = BUNDLE.windows[:3]
ENTITLEMENT = Entitlement("e", b"k", "green", Names("Ж", "З", "G"), None, BUNDLE.windows[-1].exp)


def holding(*windows: Window, until: int = ENTITLEMENT.until) -> Wallet:
    return Wallet(
        entitlement=replace(ENTITLEMENT, until=until),
        batches=tuple(Batch(b"id", window, ()) for window in windows),
    )


def planned(wallet: Wallet, *, now: int = NOON, draw: float = 0.5) -> Plan | None:
    windows = wanted_windows(wallet, BUNDLE, now=now)
    return plan_next(wallet, windows, now=now, below=lambda n: int(n * draw)).plan


def test_the_current_and_the_next_window_are_wanted() -> None:
    assert wanted_windows(holding(), BUNDLE, now=NOON) == (CURRENT, NEXT)
    assert wanted_windows(holding(), BUNDLE, now=CURRENT.exp) == (NEXT, THIRD)


def test_a_next_window_that_begins_at_the_end_of_the_entitlement_is_not_wanted() -> None:
    assert wanted_windows(holding(until=CURRENT.exp), BUNDLE, now=NOON) == (CURRENT,)
    assert wanted_windows(holding(until=CURRENT.exp + 1), BUNDLE, now=NOON) == (CURRENT, NEXT)


def test_a_window_that_begins_after_the_sunset_is_not_wanted() -> None:
    ending = replace(BUNDLE, sunset=CURRENT.exp)
    assert wanted_windows(holding(), ending, now=NOON) == (CURRENT,)


def test_nothing_is_wanted_without_entitlement_or_outside_the_grid() -> None:
    assert wanted_windows(Wallet(), BUNDLE, now=NOON) == ()
    assert wanted_windows(holding(), BUNDLE, now=CURRENT.nbf - 1) == ()
    assert wanted_windows(holding(), BUNDLE, now=BUNDLE.windows[-1].exp) == ()


def test_at_the_end_of_the_grid_only_the_current_window_is_wanted() -> None:
    last = BUNDLE.windows[-1]
    assert wanted_windows(holding(until=last.exp + 1), BUNDLE, now=last.nbf) == (last,)


def test_the_next_window_is_asked_for_within_the_rest_of_the_current_one() -> None:
    assert planned(holding(CURRENT), draw=0) == Plan(CURRENT, NOON)
    half = NOON + (CURRENT.exp - NOON) // 2
    assert planned(holding(CURRENT)) == Plan(CURRENT, half)


def test_the_window_after_next_is_asked_for_at_any_time_of_the_next_one() -> None:
    assert planned(holding(CURRENT, NEXT), draw=0) == Plan(NEXT, NEXT.nbf)
    assert planned(holding(CURRENT, NEXT)) == Plan(NEXT, (NEXT.nbf + NEXT.exp) // 2)


def test_a_time_once_drawn_stays_until_its_request_is_done() -> None:
    plan = Plan(CURRENT, NOON + 5)
    assert planned(replace(holding(CURRENT), plan=plan)) == plan
    assert planned(replace(holding(CURRENT, NEXT), plan=plan)) != plan


@pytest.mark.parametrize(
    "wallet",
    [
        holding(CURRENT, until=CURRENT.exp),
        holding(CURRENT, NEXT, until=NEXT.exp),
        Wallet(),
    ],
    ids=["last window", "last window is held", "not activated"],
)
def test_where_nothing_follows_nothing_is_planned(wallet: Wallet) -> None:
    assert planned(replace(wallet, plan=Plan(CURRENT, NOON))) is None


@given(draw=st.floats(0, 1, exclude_max=True), now=st.integers(CURRENT.nbf, CURRENT.exp - 1))
def test_a_planned_time_lies_in_its_window_and_not_in_the_past(draw: float, now: int) -> None:
    for wallet in (holding(CURRENT), holding(CURRENT, NEXT)):
        plan = planned(wallet, now=now, draw=draw)
        assert plan is not None
        assert plan.window.contains(plan.at)
        assert plan.at >= now


def test_planned_times_fill_the_whole_window_evenly() -> None:
    random = Random(1)
    wallet = holding(CURRENT, NEXT)
    windows = wanted_windows(wallet, BUNDLE, now=NOON)
    times = []
    for _ in range(600):
        plan = plan_next(wallet, windows, now=NOON, below=random.randrange).plan
        assert plan is not None
        times.append((plan.at - NEXT.nbf) // (6 * HOUR))
    assert set(times) == {0, 1, 2, 3}
    assert all(90 < times.count(quarter) < 220 for quarter in range(4))


def test_a_plan_is_due_from_its_time_to_the_end_of_its_window() -> None:
    plan = Plan(CURRENT, NOON)
    assert [is_due(plan, now) for now in (NOON - 1, NOON, CURRENT.exp - 1, CURRENT.exp)] == [
        False,
        True,
        True,
        False,
    ]
    assert not is_due(None, NOON)


def test_a_running_wallet_asks_for_the_next_window_only_when_it_is_due() -> None:
    def due(plan: Plan | None) -> tuple[Window, ...]:
        return due_windows(replace(holding(CURRENT), plan=plan), BUNDLE, now=NOON)

    assert due(None) == ()
    assert due(Plan(CURRENT, NOON + 1)) == ()
    assert due(Plan(CURRENT, NOON)) == (NEXT,)


def test_passes_of_now_are_asked_for_only_when_their_holder_has_said_later() -> None:
    def due(soon: Plan | None) -> tuple[Window, ...]:
        return due_windows(replace(holding(), soon=soon), BUNDLE, now=NOON)

    assert due(None) == ()
    assert due(Plan(Window(NOON - 5, NOON + 5), NOON + 1)) == ()
    assert due(Plan(Window(NOON - 5, NOON + 5), NOON)) == (CURRENT, NEXT)


def test_after_a_missed_day_nothing_is_due() -> None:
    missed = replace(holding(CURRENT), plan=Plan(CURRENT, NOON))
    assert not has_work(missed, NEXT.nbf + 5)
    assert due_windows(missed, BUNDLE, now=NEXT.nbf + 5) == ()


@pytest.mark.parametrize(
    ("plan", "soon", "expected"),
    [
        (None, None, False),
        (Plan(CURRENT, NOON), None, True),
        (Plan(CURRENT, NOON + 1), None, False),
        (Plan(Window(0, NOON), 5), None, False),
        (Plan(NEXT, NEXT.nbf), Plan(Window(NOON, NOON + 9), NOON), True),
    ],
    ids=["no plan yet", "plan is due", "plan is later", "plan is of the past", "soon is due"],
)
def test_a_running_wallet_knows_whether_it_has_something_to_do(
    plan: Plan | None, soon: Plan | None, expected: bool
) -> None:
    assert has_work(replace(holding(CURRENT), plan=plan, soon=soon), NOON) is expected


def test_later_is_at_any_time_within_two_hours() -> None:
    draws = [plan_soon(holding(), now=NOON, below=lambda n, d=d: int(n * d)).soon for d in (0, 0.5)]
    window = Window(NOON, NOON + 2 * HOUR)
    assert draws == [Plan(window, NOON), Plan(window, NOON + HOUR)]


def test_later_asks_for_nothing_where_the_passes_of_now_are_here() -> None:
    assert plan_soon(holding(CURRENT), now=NOON, below=lambda n: 0).soon is None


def test_later_asks_for_passes_whose_key_is_being_replaced() -> None:
    wallet = holding(CURRENT)
    batches = tuple(replace(batch, retires=NOON + HOUR) for batch in wallet.batches)
    wallet = replace(wallet, batches=batches)
    assert plan_soon(wallet, now=NOON, below=lambda n: 0).soon is not None


def test_a_plan_before_the_end_of_the_quiet_minutes_is_drawn_anew_and_a_later_one_stays() -> None:
    wallet = replace(holding(CURRENT), plan=Plan(CURRENT, NOON + 9), soon=Plan(CURRENT, NOON + 11))
    held = hold_back(wallet, free_from=NOON + 10, below=lambda n: n - 1)
    assert held.plan == Plan(CURRENT, CURRENT.exp - 1)
    assert held.soon == wallet.soon


def test_where_nothing_is_left_after_the_quiet_minutes_nothing_is_planned() -> None:
    wallet = replace(holding(CURRENT), plan=Plan(CURRENT, NOON))
    assert hold_back(wallet, free_from=CURRENT.exp, below=lambda n: 0).plan is None


def test_a_window_that_was_refused_counts_as_asked_for() -> None:
    refused = close(holding(CURRENT), [NEXT])
    assert planned(refused, draw=0) == Plan(NEXT, NEXT.nbf)


def test_a_key_that_is_replaced_is_asked_anew_before_it_goes_and_once_a_window() -> None:
    batch = Batch(b"id", CURRENT, (), retires=NOON + HOUR)
    wallet = replace(holding(), batches=(batch,))
    soon = plan_replacement(wallet, now=NOON, below=lambda n: n // 2).soon
    assert soon == Plan(Window(NOON, NOON + HOUR), NOON + HOUR // 2)
    again = plan_replacement(close(wallet, [CURRENT]), now=NOON, below=lambda n: 0)
    assert again.soon is None
    assert plan_replacement(wallet, now=NOON + HOUR, below=lambda n: 0).soon is None


@given(now=st.integers(0, 1 << 32))
def test_quiet_minutes_are_ten_to_the_end_of_a_whole_one(now: int) -> None:
    until = keep_quiet(Wallet(), now).quiet_until
    assert until is not None
    assert until % 60 == 0
    assert QUIET <= until - now < QUIET + 60
    assert is_quiet(Wallet(quiet_until=until), until - 1)
    assert not is_quiet(Wallet(quiet_until=until), until)


def test_a_short_bundle_without_a_next_window_plans_for_the_current_one() -> None:
    plan = plan_next(holding(CURRENT), (CURRENT,), now=NOON, below=lambda n: 0).plan
    assert plan == Plan(CURRENT, NOON)
