"""A key is retired: who fetches anew, when, and how many look alike right after the switch."""

import numpy as np

from benchmarks.privacy.adversary import Guess, crowd, judge
from benchmarks.privacy.bayes import normal
from benchmarks.privacy.lives import Life
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.parameters import DAY, HOUR
from benchmarks.privacy.product import later_times, replacement_times
from benchmarks.privacy.town import Floats, stream

SWITCH = 16 * HOUR
"""When the old key ends, on the day in the middle of the experiment."""

FIRST = 2 * HOUR
LOOKS = (6 * HOUR, 7 * HOUR)
"""Between two looks of a running wallet at the bundle."""

TARGETS = 2_000


def after_switch(life: Life, hours: int) -> Outcome:
    """Name those who show passes of the new key in the first hours.

    The adversary knows who has fetched anew before a scan; the crowd is all who had passes.
    """
    (logs, truth), rng = life.logs(), stream(life.town.parameters.seed, "retire", str(hours))
    day = life.town.parameters.days // 2
    switch = day * DAY + SWITCH
    renewed = switch + renewed_at(life, hours, rng)
    shown = (logs.scans.at >= switch) & (logs.scans.at < switch + FIRST) & truth.alone
    rows = np.flatnonzero(shown & (renewed[truth.person] < logs.scans.at))
    rows = rng.choice(rows, min(TARGETS, len(rows)), replace=False)
    outcomes = []
    for row in rows:
        scans = logs.scans.take([row])
        held = ~np.isnan(logs.requests.fetched[:, day]) & (renewed < scans.at[0])
        candidates = np.flatnonzero(held & (logs.requests.cell == scans.cell[0]))
        guess = Guess(candidates, normal(np.ones((1, len(candidates)))))
        right = candidates[None, :] == truth.person[row]
        outcomes.append(judge(guess, right, 1 / crowd(logs.requests, scans), rng))
    return joined(outcomes)


def renewed_at(life: Life, hours: int, rng: np.random.Generator) -> Floats:
    """Seconds after the switch, or before it, at which each wallet has passes of the new key.

    A wallet that learns of it too late asks its owner, who says *later*.
    """
    people = life.town.people
    told = rng.uniform(0, rng.uniform(*LOOKS, people))
    renewed = replacement_times(told, hours * HOUR, rng)
    late = np.isnan(renewed)
    renewed[late] = told[late] + later_times(int(late.sum()), rng)
    return renewed - hours * HOUR
