"""Does each detector find what is there, and nothing where nothing is?

A leak is planted, and must be found: the interval lies above guessing. Then the same is done with
nothing planted and with clocks that are all right, and guessing must lie within the interval.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.privacy import traffic
from benchmarks.privacy.adversary import Guess, pass_to_person, sampled
from benchmarks.privacy.bayes import normal
from benchmarks.privacy.lives import Life, alone, live, trained
from benchmarks.privacy.logs import Logs, Requests, Scans, ahead_only, fetched_ahead, with_clocks
from benchmarks.privacy.measures import Finding, Outcome, summed_up
from benchmarks.privacy.parameters import DAY, Parameters
from benchmarks.privacy.town import Floats, stream

TARGETS = 16_000
SECONDS = 60
"""A clock could be set to any second this far off, before corrections came in half minutes only."""

BYTES = 2
"""As much longer was the request of one status than that of another."""


@dataclass(frozen=True)
class ByOrder:
    """Whoever asks first goes out first: people and scans are matched by their ranks."""

    def name(self, requests: Requests, scans: Scans) -> Guess:
        """Most probable is whose rank among requests is nearest to that of the scan."""
        day = int(scans.day[0])
        candidates = np.flatnonzero(requests.cell == scans.cell[0])
        candidates = candidates[~np.isnan(requests.fetched[candidates, day])]
        asked = requests.fetched[candidates, day] % DAY
        apart = np.abs(asked[None, :] - scans.at[:, None] % DAY)
        return Guess(candidates, normal(1 / (apart + 1)))

    def link(self, scans: Scans, others: Scans, *, same_day: bool) -> Guess:
        """It links nothing."""
        raise NotImplementedError


def control(parameters: Parameters, planted: str) -> dict[str, Any]:
    """One control as JSON members; ``without`` is what the detector finds where nothing is."""
    found = summed_up(_CONTROLS[planted](parameters, True))
    nothing = summed_up(_CONTROLS[planted](parameters, False))
    return {
        "planted": planted,
        "found": found.low > found.guessing,
        **found.members(),
        "without": _without(nothing),
    }


def _without(finding: Finding) -> dict[str, Any]:
    return {**finding.members(), "within": finding.is_chance}


def _clock(parameters: Parameters, planted: bool) -> Outcome:
    """Phones are moved by seconds of their own, as the issuer knows; or all clocks are right."""
    town = replace(parameters, change_seen=1.0, clock="mix" if planted else "well")
    life, rng = live(town), stream(parameters.seed, "planted clock")
    moved = rng.integers(-SECONDS, SECONDS + 1, life.town.people).astype(np.float64)
    if planted:
        life = life.shown_by(life.clock + moved)
        return _named(life, with_clocks(life.logs()[0], life.clock), trained(town), rng)
    life = life.shown_by(np.zeros(life.town.people))
    return _named(life, with_clocks(life.logs()[0], life.clock), trained(town), rng)


def _order(parameters: Parameters, planted: bool) -> Outcome:
    """Who goes out at some time of the day has asked at that time of the day before."""
    life, rng = live(parameters), stream(parameters.seed, "planted order")
    if planted:
        life = replace(life, fetched=_in_order(life, rng))
    return _named(life, life.logs()[0], ByOrder(), rng)


def _in_order(life: Life, rng: np.random.Generator) -> Floats:
    first = np.full(life.fetched.shape, np.inf)
    visits = life.visits
    np.minimum.at(first, (visits.person, visits.day), visits.at)
    ordered = first - DAY + rng.normal(0, 30, first.shape)
    ahead = life.fetched < np.arange(first.shape[1]) * DAY
    return np.where(np.isfinite(first) & ahead, ordered, life.fetched)


def _length(parameters: Parameters, planted: bool) -> Outcome:
    return traffic.status_by_length(live(parameters), planted=BYTES * planted)


def _beacon(parameters: Parameters, planted: bool) -> Outcome:
    return traffic.ill_by_rhythm(parameters, planted=planted)


_CONTROLS: dict[str, Callable[[Parameters, bool], Outcome]] = {
    "clock": _clock,
    "order": _order,
    "length": _length,
    "beacon": _beacon,
}
PLANTED = tuple(_CONTROLS)


def _named(life: Life, logs: Logs, adversary: Any, rng: np.random.Generator) -> Outcome:
    truth = life.logs()[1]
    rows = alone(truth)
    rows = sampled(logs.scans, rows[fetched_ahead(logs, truth)[rows]], TARGETS, rng)
    return pass_to_person(adversary, ahead_only(logs), truth, rows, rng)
