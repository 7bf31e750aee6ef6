"""How often passes are shown, by the hour and by when and how their batch was asked for."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.privacy.logs import Logs, Requests, Scans, Truth
from benchmarks.privacy.parameters import DAY, HOUR
from benchmarks.privacy.town import Bools, Floats, Ints
from wallet_sim.passes.schedule import QUIET

AGES = np.array([0, 15, 30, 60, 120, 300, 600, 1200, 3600, 2 * HOUR, 4 * HOUR, DAY], dtype=float)
"""Seconds since passes of the current day were asked for: the edges of classes."""

AHEAD, BY_HAND, ACTIVATED, TODAY = range(4)
HOURS = 24
AGE_CLASSES = len(AGES) - 1
PRIOR = 0.5
"""Showings that are added to each class, at the average rate, so that none is impossible."""


@dataclass(frozen=True)
class Rates:
    """Showings a second of one holder: how asked for × age × hour."""

    shown: Floats

    def weigh(self, requests: Requests, candidates: Ints, scans: Scans) -> Floats:
        """A row a scan, a column a candidate; zero for passes that were not there yet."""
        day, at = int(scans.day[0]), scans.at
        how = how_asked(requests, day, candidates)
        fetched = requests.fetched[candidates, day]
        hour = (at % DAY // HOUR).astype(np.int64)
        weight = self.shown[how[None, :], 0, hour[:, None]]
        today = np.flatnonzero(how >= ACTIVATED)
        age = at[:, None] - fetched[None, today]
        place = np.clip(np.searchsorted(AGES, age, side="right") - 1, 0, AGE_CLASSES - 1)
        rate = self.shown[how[None, today], place, hour[:, None]]
        weight[:, today] = np.where(age > 0, rate, 0.0)
        weight[_asked_soon_after(requests, candidates, scans)] = 0.0
        return np.asarray(weight)


def _asked_soon_after(requests: Requests, candidates: Ints, scans: Scans) -> Bools:
    """Who asked for the next day's passes in the minutes in which wallets ask for nothing."""
    following = int(scans.day[0]) + 1
    if following >= requests.fetched.shape[1]:
        return np.zeros((len(scans), len(candidates)), dtype=np.bool_)
    asked = np.where(requests.runs[candidates], requests.fetched[candidates, following], np.nan)
    since = asked[None, :] - scans.at[:, None]
    return np.asarray((since >= 0) & (since < QUIET))


def how_asked(requests: Requests, day: int, rows: Ints | slice = slice(None)) -> Ints:
    """The class of each entitlement on ``day``, as an issuer can tell it."""
    today = requests.fetched[rows, day] >= day * DAY
    activated = today & ~np.isnan(requests.activated[rows, day])
    ahead = np.where(requests.runs[rows], AHEAD, BY_HAND)
    return np.asarray(np.where(activated, ACTIVATED, np.where(today, TODAY, ahead)))


def rates_of(logs: Logs, truth: Truth) -> Rates:
    """Counted showings by the time in which they could have been."""
    shape = (4, AGE_CLASSES, HOURS)
    shown, time = np.zeros(shape), np.zeros(shape)
    for day in range(logs.requests.fetched.shape[1]):
        how = how_asked(logs.requests, day)
        held = ~np.isnan(logs.requests.fetched[:, day])
        rows = np.flatnonzero(logs.scans.day == day)
        _count_shown(shown, logs, truth.person[rows], rows, how)
        _count_time(time, logs.requests.fetched[:, day] - day * DAY, held, how)
    average = shown.sum(axis=(1, 2), keepdims=True) / np.maximum(time.sum((1, 2), keepdims=True), 1)
    average = np.maximum(average, 1e-9)
    return Rates((shown + PRIOR) / (time + PRIOR / average))


def _count_shown(shown: Floats, logs: Logs, person: Ints, rows: Ints, how: Ints) -> None:
    at = logs.scans.at[rows]
    hour = (at % DAY // HOUR).astype(np.int64)
    age = at - logs.requests.fetched[person, logs.scans.day[rows]]
    place = np.clip(np.searchsorted(AGES, age, side="right") - 1, 0, AGE_CLASSES - 1)
    place[how[person] < ACTIVATED] = 0
    np.add.at(shown, (how[person], place, hour), 1)


def _count_time(time: Floats, fetched: Floats, held: Bools, how: Ints) -> None:
    """Seconds that holders spent in each class; ``fetched`` is the second of the day."""
    for kind in (AHEAD, BY_HAND):
        time[kind, 0, :] += HOUR * (held & (how == kind)).sum()
    hours = np.arange(HOURS) * HOUR
    for kind in (ACTIVATED, TODAY):
        begun = fetched[held & (how == kind)]
        for place, (young, old) in enumerate(pairwise(AGES)):
            first = np.maximum((begun + young)[:, None], hours)
            last = np.minimum((begun + old)[:, None], hours + HOUR)
            time[kind, place] += np.maximum(last - first, 0).sum(axis=0)
