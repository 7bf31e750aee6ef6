"""What habits give away, whatever a pass is like: days, and the way from home and work."""

import numpy as np

from benchmarks.privacy.adversary import Guess, crowd, group_of, judge, sampled, split_by
from benchmarks.privacy.bayes import Bayes, normal
from benchmarks.privacy.lives import Life, alone
from benchmarks.privacy.logs import ahead_only, fetched_ahead
from benchmarks.privacy.marking import MARKS, told_for
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.town import Bools, Floats, Ints, pull, stream
from benchmarks.privacy.visits import HABIT_DAYS
from benchmarks.privacy.wallets import corrected

LEAST_DAYS = 5
"""Days on which a venue knew somebody again, by the face."""

REGULARS = 500


def by_days(life: Life) -> Outcome:
    """A venue recognises a regular: who had passes on just those days?

    Beside all who had passes of that cell on any day. Days on which somebody fetched and did not
    come speak against them.
    """
    (logs, truth), rng = life.logs(), stream(life.town.parameters.seed, "days")
    came = np.zeros(logs.requests.fetched.shape, dtype=np.bool_)
    rows = truth.habit
    came[truth.person[rows], logs.scans.day[rows]] = True
    regulars = np.flatnonzero(came.sum(axis=1) >= LEAST_DAYS)
    held = ~np.isnan(logs.requests.fetched)
    outcomes = []
    for person in rng.choice(regulars, min(REGULARS, len(regulars)), replace=False):
        alike = np.flatnonzero(logs.requests.cell == logs.requests.cell[person])
        alike = alike[held[alike].any(axis=1)]
        weight = _fits(came[person], held[alike])
        right = (alike == person)[None, :]
        outcomes.append(judge(Guess(alike, normal(weight[None, :])), right, 1 / len(alike), rng))
    return joined(outcomes)


def _fits(came: Bools, held: Bools) -> Floats:
    """Nobody comes without passes; with them a regular comes on most days."""
    missing = (came & ~held).any(axis=1)
    stayed_away = (held & ~came).sum(axis=1)
    return np.where(missing, 0.0, (1 - HABIT_DAYS) ** stayed_away.astype(np.float64))


def by_marks(life: Life, learned: Bayes) -> Outcome:
    """A venue recognises a regular, and an issuer has set all clocks to one of five marks each day.

    Of each regular :data:`LEAST_DAYS` days count, beside all who had passes of that cell.
    """
    rng = stream(life.town.parameters.seed, "marks of days")
    people = _regulars(life, rng)
    weight, seen = np.zeros((len(people), life.town.people)), np.zeros(len(people), dtype=np.int64)
    for day in range(life.town.parameters.days):
        mark = rng.choice(MARKS, life.town.people).astype(np.float64)
        marked = life.shown_by(corrected(life.clock, told_for(mark)))
        _weigh_day(weight, seen, people, marked, mark, day, learned)
    cell = life.logs()[0].requests.cell
    outcomes = []
    for row in np.flatnonzero(seen == LEAST_DAYS):
        alike = np.flatnonzero(cell == cell[people[row]])
        score = weight[row, alike]
        guess = Guess(alike, normal(np.exp(score - score.max())[None, :]))
        outcomes.append(judge(guess, (alike == people[row])[None, :], 1 / len(alike), rng))
    return joined(outcomes)


def _regulars(life: Life, rng: np.random.Generator) -> Ints:
    """People who came by habit on enough days."""
    truth = life.logs()[1]
    often = np.flatnonzero(np.bincount(truth.person[truth.habit]) >= 2 * LEAST_DAYS - 2)
    return rng.choice(often, min(REGULARS, len(often)), replace=False)


def _weigh_day(
    weight: Floats, seen: Ints, people: Ints, life: Life, mark: Floats, day: int, learned: Bayes
) -> None:
    """Add to ``weight`` how well each mark of this day explains the scan of each regular."""
    logs, truth = life.logs()
    rows = np.flatnonzero(truth.habit & (logs.scans.day == day))
    row_of = dict(zip(truth.person[rows].tolist(), rows.tolist(), strict=True))
    likely = {one: learned.phases.marked(logs.scans, float(one)) for one in MARKS}
    for number, person in enumerate(people):
        row = row_of.get(int(person))
        if row is not None and seen[number] < LEAST_DAYS:
            by_mark = np.log([likely[one][row] for one in MARKS])
            weight[number] += by_mark[np.searchsorted(MARKS, mark)]
            seen[number] += 1


def by_homes(life: Life, targets: int) -> Outcome:
    """An authority knows where people live and work: single scans of passes fetched ahead."""
    (logs, truth), rng = life.logs(), stream(life.town.parameters.seed, "homes")
    requests, ways = ahead_only(logs).requests, pull(life.town)
    ahead = alone(truth)[fetched_ahead(logs, truth)[alone(truth)]]
    rows = sampled(logs.scans, ahead, targets, rng)
    outcomes = []
    for part in split_by(group_of(logs.scans), rows):
        scans = logs.scans.take(part)
        alike = np.flatnonzero(requests.cell == scans.cell[0])
        alike = alike[~np.isnan(requests.fetched[alike, scans.day[0]])]
        weight = (
            ways[life.town.home[alike]][:, scans.venue]
            + ways[life.town.work[alike]][:, scans.venue]
        )
        right = alike[None, :] == truth.person[part][:, None]
        guess = Guess(alike, normal(weight.T.copy()))
        outcomes.append(judge(guess, right, 1 / crowd(requests, scans), rng))
    return joined(outcomes)
