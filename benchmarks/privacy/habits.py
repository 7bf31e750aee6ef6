"""How much likelier a place and a time of the day are for two passes of one person than of two."""

from dataclasses import dataclass

import numpy as np

from benchmarks.privacy.logs import Scans, Truth
from benchmarks.privacy.parameters import DAY, MINUTE
from benchmarks.privacy.town import Bools, Floats, Ints, stream

APART = np.array([5, 10, 20, 30, 60, 120, 240]) * MINUTE
"""Edges of classes of the difference between times of the day."""

SIZES = 10
"""Classes of places by how many scans they have."""

LEARNED = 15
"""Pairs of different people that are looked at, for each scan."""


@dataclass(frozen=True)
class Habits:
    """Logarithms by (same place, size of its crowd, difference of times); for one day and two.

    ``size`` is the class of each venue: two people at a busy place are no surprise.
    """

    size: Ints
    two_days: Floats
    same_day: Floats

    def score(self, scans: Scans, others: Scans, *, same_day: bool) -> Floats:
        """A row for each of ``scans``, a column for each of ``others``."""
        table = self.same_day if same_day else self.two_days
        return np.asarray(table[likeness(self.size, scans, others)])


def likeness(size: Ints, scans: Scans, others: Scans) -> Ints:
    """The class of each pair, as one number."""
    same = scans.venue[:, None] == others.venue[None, :]
    time, other = scans.at % DAY, others.at % DAY
    apart = np.searchsorted(APART, np.abs(time[:, None] - other[None, :]))
    return _number(same, size[others.venue][None, :], apart)


def habits_of(scans: Scans, truth: Truth, seed: int) -> Habits:
    """Pairs of the same person beside pairs of any two, on two days in turn and on one."""
    rng = stream(seed, "pairs")
    count = np.bincount(scans.venue)
    edges = np.quantile(count, np.linspace(0, 1, SIZES + 1)[1:-1])
    size = np.searchsorted(edges, count)
    return Habits(size, _table(scans, truth, size, 1, rng), _table(scans, truth, size, 0, rng))


def _table(scans: Scans, truth: Truth, size: Ints, days: int, rng: np.random.Generator) -> Floats:
    one = _same_person(scans, truth, days)
    first = rng.integers(len(scans), size=LEARNED * len(scans))
    second = rng.integers(len(scans), size=LEARNED * len(scans))
    other = truth.person[first] != truth.person[second]
    shares = [_counted(scans, size, *pairs) for pairs in (one, (first[other], second[other]))]
    return np.log(shares[0]) - np.log(shares[1])


def _counted(scans: Scans, size: Ints, first: Ints, second: Ints) -> Floats:
    same = scans.venue[first] == scans.venue[second]
    apart = np.searchsorted(APART, np.abs(scans.at[first] % DAY - scans.at[second] % DAY))
    place = _number(same, size[scans.venue[second]], apart)
    counts = np.bincount(place, minlength=2 * SIZES * (len(APART) + 1)) + 0.5
    return np.asarray(counts / counts.sum())


def _number(same: Bools, size: Ints, apart: Ints) -> Ints:
    return np.asarray((same * SIZES + size) * (len(APART) + 1) + apart)


def _same_person(scans: Scans, truth: Truth, days: int) -> tuple[Ints, Ints]:
    """All pairs of rows by one person, the second ``days`` later."""
    order = np.lexsort((scans.at, truth.person))
    firsts, seconds = [], []
    for step in range(1, 9):
        first, second = order[:-step], order[step:]
        same = truth.person[first] == truth.person[second]
        fits = same & (scans.day[second] - scans.day[first] == days)
        firsts.append(first[fits])
        seconds.append(second[fits])
    first, second = np.concatenate(firsts), np.concatenate(seconds)
    return np.concatenate([first, second]), np.concatenate([second, first])
