"""What the wallets of a town do: when they ask for passes, and which half minute a door sees.

Plans, corrections of the clock and delays of proofs are the wallet's own functions, called for
every wallet, day and showing. What people do with their wallets is the town's.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.privacy.parameters import DAY, HOUR
from benchmarks.privacy.product import (
    correction,
    draw_delays,
    held_back,
    later_times,
    plan_times,
)
from benchmarks.privacy.town import Bools, Floats, Town, stream
from benchmarks.privacy.visits import Visits
from schemas.presentation import SLOT_SECONDS, SLOT_TOLERANCE
from wallet_sim.passes.schedule import QUIET

AT_THE_DOOR = (5.0, 60.0)
"""Seconds from asking *now* to the scan."""

EVENING = (18 * HOUR, 23 * HOUR)
"""When people ask at home for the passes of tomorrow."""

MORNING = (7 * HOUR, 10 * HOUR)
"""When the owner of a running wallet hears that yesterday's plan was missed."""


@dataclass(frozen=True)
class Showings:
    """What doors see, one row for each visit that was admitted.

    ``phase`` is 30 × the slot of the proof, less the moment of the scan. ``change`` is 30 × the
    slot of a new proof, less the moment at which a camera saw it appear; NaN where none did.
    """

    visits: Visits
    phase: Floats
    change: Floats

    def take(self, which: Any) -> "Showings":
        """Those rows only."""
        return Showings(self.visits.take(which), self.phase[which], self.change[which])


def fetch(town: Town, visits: Visits, plans: Floats) -> Floats:
    """For each person and day when the passes of that day came; NaN where none did.

    ``plans`` are the planned moments of each day, at which a running wallet asks for the next one.
    """
    rng = stream(town.parameters.seed, "asking")
    got = np.full((town.people, town.parameters.days + 1), np.nan)
    first = _first_visits(town, visits)
    _begin(town, got, first, plans, rng)
    for day in range(town.parameters.days):
        _activate(town, got, day)
        _ask_now(town, got, day, first, rng)
        _ask_later(town, got, day, rng)
        _follow_plans(town, got, day, plans)
        if day + 1 < town.parameters.days:
            _ask_at_home(town, got, day, first, rng)
    return got[:, :-1]


def plans_of(town: Town) -> Floats:
    """A planned moment in each day, and in the day before the first (column 0)."""
    days = town.parameters.days + 1
    within = plan_times(town.people * days, town.parameters.seed).reshape(town.people, days)
    return within + (np.arange(days) - 1) * DAY


def kept_quiet(town: Town, visits: Visits, plans: Floats) -> Floats:
    """``plans`` without those that fall into the quiet minutes after a showing; NaN: missed."""
    rng = stream(town.parameters.seed, "quiet")
    key = visits.person * (2.0 * town.parameters.days * DAY) + visits.at
    order = np.argsort(key)
    plans, key = plans.copy(), key[order]
    for _ in range(3):
        person, column = np.nonzero(~np.isnan(plans))
        at = plans[person, column]
        last = np.searchsorted(key, person * (2.0 * town.parameters.days * DAY) + at, "right") - 1
        seen = visits.at[order[last]]
        late = (visits.person[order[last]] == person) & (at - seen < QUIET) & (at >= seen)
        midnight = at[late] // DAY * DAY
        drawn = held_back(at[late] - midnight, seen[late] - midnight, rng) + midnight
        plans[person[late], column[late]] = drawn
    return plans


def show(town: Town, visits: Visits, fetched: Floats, clock: Floats) -> Showings:
    """The showings for which there is a pass, and which a door admits.

    ``clock`` is by how many seconds each phone is ahead when it shows a pass.
    """
    rng = stream(town.parameters.seed, "showing")
    delay = draw_delays(len(visits.at), town.parameters.seed)
    seen = rng.random(len(visits.at)) < town.parameters.change_seen
    phone = visits.at + clock[visits.person]
    slot = shown_slots(phone, delay)
    change = np.floor(delay - clock[visits.person])
    made = Showings(visits, slot * SLOT_SECONDS - visits.at, np.where(seen, -change, np.nan))
    in_time = np.abs(slot - visits.at // SLOT_SECONDS) <= SLOT_TOLERANCE
    return made.take(in_time & (fetched[visits.person, visits.day] < visits.at))


def shown_slots(phone: Floats, delay: Floats) -> Floats:
    """``wallet_sim.passes.presentation.shown_slot`` of many showings at once; a test compares."""
    return np.asarray((phone - delay) // SLOT_SECONDS)


def corrected(clock: Floats, told: Floats | float = 0.0) -> Floats:
    """By how much phones are ahead once the issuer told them a time ``told`` seconds too late."""
    late = np.broadcast_to(np.asarray(told, dtype=np.float64), clock.shape)
    added = [correction(ahead, wrong) for ahead, wrong in zip(clock, late, strict=True)]
    return np.asarray(clock + np.array(added, dtype=np.float64))


def _first_visits(town: Town, visits: Visits) -> Floats:
    first = np.full((town.people, town.parameters.days), np.inf)
    np.minimum.at(first, (visits.person, visits.day), visits.at)
    return first


def _begin(town: Town, got: Floats, first: Floats, plans: Floats, rng: Any) -> None:
    """The day before the first one."""
    old = town.valid[:, 0] & np.isnan(town.activated[:, 0])
    planned = old & town.runs & (rng.random(town.people) >= 0.03)
    got[planned, 0] = plans[planned, 0]
    careful = old & ~town.runs & ~town.asks_now & np.isfinite(first[:, 0])
    got[careful, 0] = rng.uniform(*EVENING, careful.sum()) - DAY


def _activate(town: Town, got: Floats, day: int) -> None:
    """Both windows come together at activation."""
    new = ~np.isnan(town.activated[:, day])
    at = day * DAY + town.activated[new, day]
    got[new, day] = at
    got[new, day + 1] = np.where(_valid(town, day + 1)[new], at, np.nan)


def _ask_now(town: Town, got: Floats, day: int, first: Floats, rng: Any) -> None:
    """People who open the wallet at a door and have nothing; they get tomorrow's passes, too."""
    missing = town.valid[:, day] & np.isnan(got[:, day]) & town.asks_now
    now = missing & np.isfinite(first[:, day])
    at = first[now, day] - rng.uniform(*AT_THE_DOOR, now.sum())
    got[now, day] = at
    tomorrow = _valid(town, day + 1)[now] & ~town.runs[now]
    got[now, day + 1] = np.where(tomorrow, at, got[now, day + 1])


def _ask_later(town: Town, got: Floats, day: int, rng: Any) -> None:
    """Running wallets after a missed plan: within two hours after the owner was asked."""
    late = town.valid[:, day] & np.isnan(got[:, day]) & town.runs & ~town.asks_now
    asked = rng.uniform(*MORNING, late.sum())
    got[late, day] = day * DAY + asked + later_times(late.sum(), rng)


def _follow_plans(town: Town, got: Floats, day: int, plans: Floats) -> None:
    can = town.runs & town.valid[:, day] & _valid(town, day + 1) & ~town.off[:, day]
    can &= np.isnan(got[:, day + 1]) & ~np.isnan(plans[:, day + 1])
    got[can, day + 1] = np.maximum(plans[can, day + 1], np.nan_to_num(got[can, day], nan=-np.inf))


def _ask_at_home(town: Town, got: Floats, day: int, first: Floats, rng: Any) -> None:
    """The evening before somebody goes out; what is missing of today comes along."""
    careful = ~town.runs & ~town.asks_now & np.isfinite(first[:, day + 1])
    careful &= town.valid[:, day] & np.isnan(got[:, day + 1])
    at = day * DAY + rng.uniform(*EVENING, careful.sum())
    got[careful, day] = np.where(np.isnan(got[careful, day]), at, got[careful, day])
    got[careful, day + 1] = at


def _valid(town: Town, day: int) -> Bools:
    last = town.parameters.days - 1
    return town.valid[:, min(day, last)]
