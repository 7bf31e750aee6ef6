"""The wallet's own functions, called as often as a town needs them.

Nothing here decides anything: what is drawn, corrected or delayed comes from ``wallet_sim``.
"""

from dataclasses import replace
from functools import lru_cache
from random import Random
from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks.privacy.parameters import DAY
from benchmarks.privacy.town import Bools, Floats
from schemas.trust import TrustState
from schemas.windows import Window
from wallet_sim.fetching.clock import corrected_offset
from wallet_sim.passes.presentation import choose
from wallet_sim.passes.schedule import (
    hold_back,
    keep_quiet,
    plan_next,
    plan_replacement,
    plan_soon,
    settle,
    wanted_windows,
)
from wallet_sim.passes.state import (
    Batch,
    Entitlement,
    Names,
    Pass,
    PinnedAuthority,
    Plan,
    Wallet,
    close,
)

START = 20_000 * DAY
"""Unix seconds of a midnight: the wallet's functions know no others."""

TODAY, TOMORROW = Window(START, START + DAY), Window(START + DAY, START + 2 * DAY)
_BUNDLE: Any = SimpleNamespace(windows=(TODAY, TOMORROW), sunset=START + 100 * DAY)
HELD = Wallet(
    authority=PinnedAuthority("", TrustState(anchor="")),
    entitlement=Entitlement("", b"", "green", Names("", "", ""), None, START + 50 * DAY),
    batches=(Batch(b"", TODAY, (Pass(b"", b""),)),),
)
"""Activated, with today's passes: what is left to plan is the request for tomorrow's."""


@lru_cache(maxsize=4)
def plan_times(count: int, seed: int) -> Floats:
    """Seconds of the day at which wallets plan to ask for the next window."""
    below = Random(seed).randrange
    windows = wanted_windows(HELD, _BUNDLE, now=START)
    plans = (plan_next(HELD, windows, now=START, below=below).plan for _ in range(count))
    return np.array([_at(plan) for plan in plans])


def held_back(planned: Floats, shown: Floats, rng: np.random.Generator) -> Floats:
    """Planned seconds of the day, drawn anew after showings that they fall behind too soon.

    NaN where nothing is left of the day.
    """
    below = _below(rng)
    return np.array(
        [_held_back(at, seen, below) for at, seen in zip(planned, shown, strict=True)],
        dtype=np.float64,
    )


def _held_back(planned: float, shown: float, below: Any) -> float:
    wallet = replace(HELD, plan=Plan(TODAY, START + int(planned)))
    free_from = keep_quiet(wallet, START + int(shown)).quiet_until or 0
    plan = hold_back(wallet, free_from=free_from, below=below).plan
    return np.nan if plan is None else _at(plan)


def later_times(count: int, rng: np.random.Generator) -> Floats:
    """Seconds after people chose *later* at which their wallets ask."""
    below, empty = _below(rng), replace(HELD, batches=())
    soon = (plan_soon(empty, now=START, below=below).soon for _ in range(count))
    return np.array([_at(plan) for plan in soon], dtype=np.float64)


def replacement_times(told: Floats, retires: float, rng: np.random.Generator) -> Floats:
    """When wallets fetch anew that hear at ``told`` that a key is retired; NaN: they ask people.

    All in seconds after one moment.
    """
    below, ends = _below(rng), START + round(retires)
    wallet = replace(HELD, batches=(replace(HELD.batches[0], retires=ends),))
    soon = (plan_replacement(wallet, now=START + int(at), below=below).soon for at in told)
    return np.array([np.nan if plan is None else _at(plan) for plan in soon], dtype=np.float64)


def requests_when_withdrawn(
    count: int, ill: Bools, rng: np.random.Generator, *, days: int = 2
) -> Floats:
    """How often wallets ask in their own name in ``days``, of which ``ill`` are refused."""
    below = _below(rng)
    return np.array([_requests(refused, days, below) for refused in ill[:count]], dtype=np.float64)


def _requests(refused: bool, days: int, below: Any) -> int:
    """One wallet's: after each answer it settles, and what it plans for the same day it asks."""
    asked, wallet = 0, HELD
    for day in range(days):
        today, tomorrow = (
            Window(START + (day + step) * DAY, START + (day + step + 1) * DAY) for step in range(2)
        )
        wallet = replace(wallet, plan=None, batches=() if refused else (Batch(b"", today, ()),))
        now = today.nbf
        while True:
            wallet = settle(wallet, (today, tomorrow), now=now, below=below)
            if wallet.plan is None or wallet.plan.window != today or asked > days * DAY:
                break
            asked, now = asked + 1, max(now, wallet.plan.at)
            wallet = _answered(wallet, tomorrow, refused)
    return asked


def _answered(wallet: Wallet, tomorrow: Window, refused: bool) -> Wallet:
    if refused:
        return close(wallet, (tomorrow,))
    return wallet.with_batch(Batch(b"", tomorrow, ()))


@lru_cache(maxsize=4)
def draw_delays(count: int, seed: int) -> Floats:
    """Seconds after the beginning of a half minute at which new proofs of a pass appear."""
    below = Random(seed).randrange
    chosen = (
        choose(HELD, now=START, again=False, agreed=False, below=below).chosen for _ in range(count)
    )
    return np.array([item.delay for item in chosen], dtype=np.float64)


def correction(ahead: float, late: float) -> int:
    """What a phone adds to a clock that is ``ahead`` seconds ahead of the time.

    The issuer says a time that is ``late`` seconds too late.
    """
    shown = round(START + ahead)
    return corrected_offset(0, date=round(START + late), sent=shown, received=shown)


def _at(plan: Plan | None) -> float:
    """Seconds after the midnight before."""
    if plan is None:
        raise AssertionError("a wallet that has something to ask for plans it")
    return float(plan.at - START)


def _below(rng: np.random.Generator) -> Any:
    return Random(int(rng.integers(2**62))).randrange
