"""An issuer that sets clocks, and looks for a phone by what it set."""

import numpy as np

from benchmarks.privacy.adversary import LEAST, Guess, judge, rows_by_group
from benchmarks.privacy.bayes import Bayes, normal
from benchmarks.privacy.lives import Life
from benchmarks.privacy.logs import Scans
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.town import Floats, Ints
from benchmarks.privacy.wallets import corrected

MARKS = (-60, -30, 0, 30, 60)
"""Seconds by which a phone can be moved so that doors still admit it."""

ROUNDS = 8


def told_for(mark: Floats) -> Floats:
    """How many seconds too late the issuer says it is, to move a clock by ``mark``.

    A difference of over 30 s is corrected, to the nearest half minute. 37 s is in the middle of
    what becomes 30, so that it works on most clocks.
    """
    return np.where(np.abs(mark) == 30, np.sign(mark) * 37, mark)


def one_marked(life: Life, learned: Bayes, rng: np.random.Generator) -> Outcome:
    """Mark one phone of each cell by a minute, and find its passes among those of the cell."""
    cell = life.logs()[0].requests.cell
    outcomes = []
    for _ in range(ROUNDS):
        chosen = _one_of_each(cell, rng)
        mark = np.zeros(life.town.people)
        mark[chosen] = rng.choice((MARKS[0], MARKS[-1]), len(chosen))
        outcomes += _found(life.shown_by(corrected(life.clock, mark)), mark, learned, rng)
    return joined(outcomes)


def _one_of_each(cell: Ints, rng: np.random.Generator) -> Ints:
    order = rng.permutation(len(cell))
    return np.asarray(order[np.unique(cell[order], return_index=True)[1]])


def _found(life: Life, mark: Floats, learned: Bayes, rng: np.random.Generator) -> list[Outcome]:
    logs, truth = life.logs()
    of_cell = {int(logs.requests.cell[one]): one for one in np.flatnonzero(mark)}
    outcomes = []
    for (cell, _), rows in rows_by_group(logs.scans).items():
        person = of_cell.get(cell)
        right = (truth.person[rows] == person)[None, :]
        if person is None or not right.any():
            continue
        scans = logs.scans.take(rows)
        weight = learned.phases.marked(scans, float(mark[person]))
        guess = Guess(rows, normal(weight[None, :]))
        outcomes.append(judge(guess, right, right.mean(), rng))
    return outcomes


def bits_of_marks(learned: Bayes, scans: Scans, mark: Floats) -> Floats:
    """For each scan what it tells of which mark its phone has; ``mark`` is the true one."""
    likely = np.array([learned.phases.marked(scans, float(one)) for one in MARKS])
    true = np.take_along_axis(likely, np.searchsorted(MARKS, mark)[None, :], axis=0)[0]
    return np.asarray(np.log2(np.maximum(true / likely.mean(axis=0), LEAST)))
