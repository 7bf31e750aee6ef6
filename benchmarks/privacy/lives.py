"""A town that has lived its days, and an adversary that was trained on another one like it."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from benchmarks.privacy import bayes
from benchmarks.privacy.bayes import Bayes
from benchmarks.privacy.logs import Logs, Truth, keep_logs
from benchmarks.privacy.parameters import Parameters
from benchmarks.privacy.town import Floats, Ints, Town, cells, make_town
from benchmarks.privacy.visits import Visits, make_visits
from benchmarks.privacy.wallets import Showings, corrected, fetch, kept_quiet, plans_of, show

TRAINING = 1_000_003
"""Added to a seed for the town on which an adversary is trained."""


@dataclass(frozen=True)
class Life:
    """``clock``: by how much each phone is ahead after its correction by an honest issuer."""

    town: Town
    visits: Visits
    fetched: Floats
    clock: Floats
    showings: Showings

    def logs(self, cell: Ints | None = None) -> tuple[Logs, Truth]:
        """What is logged where a pass says ``cell``, by default status and hint."""
        said = cells(self.town, self.town.parameters.hint) if cell is None else cell
        return keep_logs(self.town, said, self.fetched, self.showings)

    def shown_by(self, clock: Floats) -> "Life":
        """The same days with other clocks."""
        shown = show(self.town, self.visits, self.fetched, clock)
        return replace(self, clock=clock, showings=shown)


@lru_cache(maxsize=4)
def live(parameters: Parameters) -> Life:
    """All days of the town of ``parameters``."""
    town = make_town(parameters)
    visits = make_visits(town)
    plans = kept_quiet(town, visits, plans_of(town))
    fetched, clock = fetch(town, visits, plans), corrected(town.clock)
    return Life(town, visits, fetched, clock, show(town, visits, fetched, clock))


@lru_cache(maxsize=4)
def trained(parameters: Parameters) -> Bayes:
    """The adversary for the town of ``parameters``, which has never seen it."""
    life = live(replace(parameters, seed=parameters.seed + TRAINING))
    return bayes.train(*life.logs(), life.clock, parameters.seed)


def alone(truth: Truth) -> Ints:
    """The rows of people who came alone: single scans."""
    return np.flatnonzero(truth.alone)
