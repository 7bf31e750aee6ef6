"""What shows who lives together: families at a door, and wallets of one device."""

from dataclasses import dataclass

import numpy as np

from benchmarks.privacy.adversary import Guess, crowd, judge
from benchmarks.privacy.bayes import normal
from benchmarks.privacy.lives import Life
from benchmarks.privacy.logs import Logs
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.parameters import MINUTE
from benchmarks.privacy.town import Floats, Ints, stream

TOGETHER = 15
"""Seconds between two scans at one door that may be of one family."""

NOBODY = -1

HIDDEN_AMONG = 100
"""Wallets behind one address, as in a hostel, or where a network gives many the same one."""

ADDRESSES = 80
"""Of which that many are looked at."""

GAPS = np.array([0.5, 1, 2, 5, 10, 20, 31, 60, 120]) * MINUTE
"""Edges of classes of the time between two planned requests of a day."""


@dataclass(frozen=True)
class Neighbours:
    """Scans before and after at the same door, within a few seconds; rows of the scans."""

    first: Ints
    second: Ints
    likeness: Ints


def neighbours(logs: Logs, count: Ints) -> Neighbours:
    """Both ways; ``likeness`` is the class of gap and size of the door."""
    order = np.lexsort((logs.scans.at, logs.scans.venue))
    pairs = []
    for step in range(1, 6):
        first, second = order[:-step], order[step:]
        gap = logs.scans.at[second] - logs.scans.at[first]
        near = (logs.scans.venue[first] == logs.scans.venue[second]) & (gap <= 4 * TOGETHER)
        pairs += [(first[near], second[near]), (second[near], first[near])]
    first = np.concatenate([pair[0] for pair in pairs])
    second = np.concatenate([pair[1] for pair in pairs])
    gap = np.abs(logs.scans.at[first] - logs.scans.at[second]).astype(np.int64)
    size = np.minimum(np.log2(count[logs.scans.venue[first]]), 15).astype(np.int64)
    return Neighbours(first, second, size * (4 * TOGETHER + 1) + gap)


def families(life: Life, learned: Life, targets: int) -> Outcome:
    """Name people who came with their family, by the cells of those scanned around them.

    The adversary knows the households: by their addresses, or as an authority does.
    """
    (logs, truth), together = life.logs(), _together(learned)
    found = neighbours(logs, np.bincount(logs.scans.venue))
    rng = stream(life.town.parameters.seed, "families")
    came = np.flatnonzero(~truth.alone & np.isin(np.arange(len(truth.person)), found.first))
    rows = rng.choice(came, min(targets, len(came)), replace=False)
    order = np.argsort(found.first, kind="stable")
    begin = np.searchsorted(found.first[order], rows)
    end = np.searchsorted(found.first[order], rows, side="right")
    share = np.bincount(logs.scans.cell) / len(logs.scans)
    members = _cells_by_household(logs)
    outcomes = []
    for row, low, high in zip(rows, begin, end, strict=True):
        near = order[low:high]
        seen = logs.scans.cell[found.second[near]]
        guess = _of_family(logs, row, seen, together[found.likeness[near]], share[seen], members)
        right = guess.candidates[None, :] == truth.person[row]
        outcomes.append(judge(guess, right, 1 / crowd(logs.requests, logs.scans.take([row])), rng))
    return joined(outcomes)


def _together(life: Life) -> Floats:
    """For each class of neighbours the share that is of one household, in a town that is known."""
    logs, truth = life.logs()
    found = neighbours(logs, np.bincount(logs.scans.venue))
    home = life.town.household
    same = home[truth.person[found.first]] == home[truth.person[found.second]]
    length = 16 * (4 * TOGETHER + 1)
    counts = np.bincount(found.likeness, minlength=length)
    return np.asarray((np.bincount(found.likeness, same, length) + 0.01) / (counts + 0.1))


def _cells_by_household(logs: Logs) -> Ints:
    """A row for each household: the cells of its members."""
    home, cell = logs.requests.address, logs.requests.cell
    place = np.arange(len(home)) - np.searchsorted(home, home)
    table = np.full((int(home.max()) + 1, int(place.max()) + 1), NOBODY, dtype=np.int64)
    table[home, place] = cell
    return table


def _of_family(
    logs: Logs, row: int, seen: Ints, together: Floats, share: Floats, members: Ints
) -> Guess:
    scans = logs.scans.take([row])
    candidates = np.flatnonzero(logs.requests.cell == scans.cell[0])
    held = logs.requests.fetched[candidates, scans.day[0]] < scans.at[0]
    candidates = candidates[held]
    living = members[logs.requests.address[candidates]]
    others = np.maximum((living != NOBODY).sum(axis=1) - 1, 1)
    weight = np.ones(len(candidates))
    for cell, likely, chance in zip(seen, together, share, strict=True):
        fitting = (living == cell).sum(axis=1) - (cell == scans.cell[0])
        weight *= likely * fitting / others + (1 - likely) * chance
    return Guess(candidates, normal(weight[None, :]))


def housemates(life: Life, learned: Life, plans: Floats, learned_plans: Floats) -> Outcome:
    """Find a wallet of the same device among those behind one address, by when they ask."""
    weights = np.log(_likeness_of_mates(learned, learned_plans))
    rng = stream(life.town.parameters.seed, "housemates")
    outcomes = []
    for rows in _behind_addresses(life, rng):
        device, planned = life.town.device[rows], plans[rows]
        scores = np.array([_score(planned, one, weights) for one in range(len(rows))])
        right = device[:, None] == device[None, :]
        np.fill_diagonal(right, False)
        np.fill_diagonal(scores, -np.inf)
        scores -= scores.max(axis=1, keepdims=True)
        mates = right.any(axis=1)
        if not mates.any():
            continue
        guess = Guess(np.arange(len(rows)), normal(np.exp(scores[mates])))
        chance = right[mates].sum(axis=1) / (len(rows) - 1)
        outcomes.append(judge(guess, right[mates], chance, rng))
    return joined(outcomes)


def _behind_addresses(life: Life, rng: np.random.Generator) -> list[Ints]:
    """Wallets of whole households, at random, about as many as one address hides."""
    homes = rng.permutation(int(life.town.household.max()) + 1)
    place = np.empty_like(homes)
    place[homes] = np.arange(len(homes))
    order = np.argsort(place[life.town.household], kind="stable")
    order = order[life.town.runs[order] & life.town.valid[order].all(axis=1)]
    parts = np.split(order, range(HIDDEN_AMONG, len(order), HIDDEN_AMONG))
    return [part for part in parts[:ADDRESSES] if len(part) > 1]


def _likeness_of_mates(life: Life, plans: Floats) -> Floats:
    """For each class of two wallets' days: how much likelier it is of one device than of two."""
    town, rng = life.town, stream(life.town.parameters.seed, "mates")
    usable = np.flatnonzero(town.runs & town.valid.all(axis=1))
    first, second = usable[:-1], usable[1:]
    mates = town.device[first] == town.device[second]
    other = rng.permutation(usable)
    apart = town.device[usable] != town.device[other]
    pairs = ((first[mates], second[mates]), (usable[apart], other[apart]))
    shares = []
    for one, two in pairs:
        counts = (
            np.bincount(_classes(plans[one], plans[two]).ravel(), minlength=len(GAPS) + 4) + 0.5
        )
        shares.append(counts / counts.sum())
    return np.asarray(shares[0] / shares[1])


def _score(planned: Floats, one: int, weights: Floats) -> Floats:
    classes = _classes(np.broadcast_to(planned[one], planned.shape), planned)
    return np.asarray(weights[classes].sum(axis=1))


def _classes(one: Floats, two: Floats) -> Ints:
    """Of each day: both missed, one missed, or how far apart they asked."""
    missed, missed_too = np.isnan(one), np.isnan(two)
    gap = np.searchsorted(GAPS, np.nan_to_num(np.abs(one - two)))
    either = np.where(missed | missed_too, len(GAPS) + 2, gap)
    return np.asarray(np.where(missed & missed_too, len(GAPS) + 3, either))


def asked_in_turn(life: Life, plans: Floats, *, off: bool) -> Floats:
    """When wallets ask that leave a pause of 1 to 30 minutes between each other on one device.

    NaN where the device was off, if any ever is.
    """
    rng = stream(life.town.parameters.seed, "turns")
    asked = np.where(life.town.off & off, np.nan, plans[:, 1:])
    for column in asked.T:
        _take_turns(column, life.town.device, rng)
    return asked


def _take_turns(asked: Floats, device: Ints, rng: np.random.Generator) -> None:
    """In the order of their plans; who would ask during a pause waits for its end."""
    order = np.lexsort((asked, device))
    for _ in range(4):
        before, after = order[:-1], order[1:]
        pause = rng.integers(MINUTE, 30 * MINUTE + 1, len(after))
        near = (device[before] == device[after]) & (asked[after] - asked[before] < pause)
        asked[after[near]] = asked[before[near]] + pause[near]
        order = np.lexsort((asked, device))
