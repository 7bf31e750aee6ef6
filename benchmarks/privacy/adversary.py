"""The interface of an adversary, and how its guesses are judged.

Logs in, a guess with its probability out: whoever has a better idea puts it in the place of
:class:`benchmarks.privacy.bayes.Bayes`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.privacy.logs import Logs, Requests, Scans, Truth
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.town import Bools, Floats, Ints

MOST_AT_ONCE = 4_000_000
"""Probabilities that are in memory at once."""

MOST_GROUPS = 400
"""Cells and days that a measure looks at."""

ALIKE = 1e-6
"""Probabilities that differ by less, as a share, count as alike."""

LEAST = 2.0**-10
"""A truth that was held for less probable than this, beside chance, counts as ten bits lost."""


@dataclass(frozen=True)
class Guess:
    """A row for each scan, a column for each candidate; each row adds up to one, or is all zero."""

    candidates: Ints
    probability: Floats


class Adversary(Protocol):
    """Both are asked about scans of one cell and one day."""

    def name(self, requests: Requests, scans: Scans) -> Guess:
        """Whose these passes are; candidates are rows of ``requests``."""

    def link(self, scans: Scans, others: Scans, *, same_day: bool) -> Guess:
        """Which of ``others`` is by the same person; candidates are rows of ``others``."""


def pass_to_person(
    adversary: Adversary, logs: Logs, truth: Truth, targets: Ints, rng: np.random.Generator
) -> Outcome:
    """Guess the person behind each of ``targets``, rows of the scans.

    By chance means: any of those who had got passes of that status, hint and day by its end.
    """
    outcomes, columns = [], np.bincount(logs.requests.cell)
    for rows in _batches(logs.scans, targets, columns):
        scans = logs.scans.take(rows)
        guess = adversary.name(logs.requests, scans)
        right = guess.candidates[None, :] == truth.person[rows][:, None]
        outcomes.append(judge(guess, right, 1 / crowd(logs.requests, scans), rng))
    return joined(outcomes)


def two_passes(
    adversary: Adversary, logs: Logs, truth: Truth, targets: Ints, rng: np.random.Generator,
    *, days: int,
) -> Outcome:  # fmt: skip
    """Find another pass of the person behind each of ``targets``, ``days`` later.

    Only where there is one. By chance means: any other pass of that cell and day.
    """
    groups = rows_by_group(logs.scans)
    outcomes, columns = [], np.bincount(logs.requests.cell)
    for rows in _batches(logs.scans, targets, columns):
        key = (int(logs.scans.cell[rows[0]]), int(logs.scans.day[rows[0]]) + days)
        others = groups.get(key, np.empty(0, dtype=np.int64))
        right = truth.person[others][None, :] == truth.person[rows][:, None]
        right &= others[None, :] != rows[:, None]
        linked = right.any(axis=1)
        if linked.any():
            scans, right = logs.scans.take(rows[linked]), right[linked]
            guess = adversary.link(scans, logs.scans.take(others), same_day=days == 0)
            chance = right.sum(axis=1) / (len(others) - (days == 0))
            outcomes.append(judge(guess, right, chance, rng))
    return joined(outcomes)


def judge(guess: Guess, right: Bools, chance: Floats | float, rng: np.random.Generator) -> Outcome:
    """The most probable candidate counts, any one of them where several are alike.

    The bits are the logarithm of how much more probable the truth became than by chance.
    """
    rows = np.arange(len(right))
    nudge = rng.random(right.shape, dtype=np.float32) * ALIKE
    chosen = (guess.probability * (1 + nudge)).argmax(axis=1)
    believed = (guess.probability * right).sum(axis=1)
    guessing = np.broadcast_to(np.asarray(chance, dtype=np.float64), believed.shape)
    bits = np.log2(np.maximum(believed, guessing * LEAST) / guessing)
    return Outcome(right[rows, chosen] & (guess.probability[rows, chosen] > 0), guessing, bits)


def crowd(requests: Requests, scans: Scans) -> int:
    """How many had got passes of the cell and day of ``scans``."""
    held = ~np.isnan(requests.fetched[:, scans.day[0]])
    return int((held & (requests.cell == scans.cell[0])).sum())


def sampled(scans: Scans, rows: Ints, most: int, rng: np.random.Generator) -> Ints:
    """At most so many of ``rows``, of :data:`MOST_GROUPS` cells and days, to save work."""
    group = group_of(scans)[rows]
    groups = np.unique(group)
    chosen = rng.choice(groups, min(MOST_GROUPS, len(groups)), replace=False)
    rows = rows[np.isin(group, chosen)]
    return np.sort(rng.choice(rows, min(most, len(rows)), replace=False))


def group_of(scans: Scans) -> Ints:
    """A number for each cell and day."""
    return np.asarray(scans.cell * (int(scans.day.max(initial=0)) + 1) + scans.day)


def rows_by_group(scans: Scans) -> dict[tuple[int, int], Ints]:
    """The rows of each cell and day."""
    parts = split_by(group_of(scans), np.arange(len(scans)))
    return {(int(scans.cell[part[0]]), int(scans.day[part[0]])): part for part in parts}


def split_by(key: Ints, rows: Ints) -> list[Ints]:
    """``rows`` in parts of one key each; ``key`` is of all rows."""
    ordered = rows[np.argsort(key[rows], kind="stable")]
    parts = np.split(ordered, np.flatnonzero(np.diff(key[ordered])) + 1)
    return [part for part in parts if len(part)]


def _batches(scans: Scans, targets: Ints, columns: Ints) -> Iterator[Ints]:
    """Targets of one cell and day together, few enough to fit into memory."""
    for part in split_by(group_of(scans), targets):
        most = max(1, MOST_AT_ONCE // max(1, int(columns[scans.cell[part[0]]])))
        yield from np.split(part, range(most, len(part), most))
