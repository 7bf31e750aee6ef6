"""An adversary that weighs every log by how often it was so in a town whose truth it knows.

It is trained on a town of the same kind with another seed, so it knows all that can be known about
how people and wallets behave in general, and nothing about anybody. Learned are: how often holders
show passes by the hour and by how their passes came; what a proof says about a clock; and how often
two passes of one person have such places and times, beside two of different people.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.privacy.adversary import Guess
from benchmarks.privacy.habits import Habits, habits_of
from benchmarks.privacy.logs import Logs, Requests, Scans, Truth
from benchmarks.privacy.phases import Phases, phases_of
from benchmarks.privacy.rates import Rates, rates_of
from benchmarks.privacy.town import Floats


@dataclass(frozen=True)
class Bayes:
    """See the module; ``clocks`` and ``places`` switch a kind of evidence off."""

    rates: Rates
    phases: Phases
    habits: Habits
    clocks: bool = True
    places: bool = True

    def name(self, requests: Requests, scans: Scans) -> Guess:
        """The posterior over all who had passes of this cell and day."""
        day = int(scans.day[0])
        candidates = np.flatnonzero(requests.cell == scans.cell[0])
        candidates = candidates[~np.isnan(requests.fetched[candidates, day])]
        weight = self.rates.weigh(requests, candidates, scans)
        if self.clocks:
            weight = weight * self.phases.weigh(requests, candidates, scans)
        return Guess(candidates, normal(weight))

    def link(self, scans: Scans, others: Scans, *, same_day: bool) -> Guess:
        """The posterior over ``others``: places, times of the day, and clocks."""
        score = np.zeros((len(scans), len(others)))
        if self.places:
            score += self.habits.score(scans, others, same_day=same_day)
        if self.clocks:
            score += self.phases.score(scans, others)
        if same_day:
            score[scans.at[:, None] == others.at[None, :]] = -np.inf
        score -= score.max(axis=1, keepdims=True, initial=-1e9)
        return Guess(np.arange(len(others)), normal(np.exp(score)))


def train(logs: Logs, truth: Truth, clock: Floats, seed: int) -> Bayes:
    """``clock``: by how much each phone of that town is ahead when it shows a pass."""
    return Bayes(
        rates_of(logs, truth),
        phases_of(logs.scans, clock[truth.person]),
        habits_of(logs.scans, truth, seed),
    )


def normal(weight: Floats) -> Floats:
    """Rows that add up to one, or stay zero."""
    total = weight.sum(axis=1, keepdims=True)
    return np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
