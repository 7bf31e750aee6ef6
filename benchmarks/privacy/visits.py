"""Where people go: habits, other ways by the rhythm of a day, and families that go together."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.privacy.parameters import DAY, HOUR, MINUTE
from benchmarks.privacy.town import TESTED, Bools, Floats, Ints, Town, pull, stream

REGULARS = 0.15
"""Share of people who go to one place at one time of the day, on :data:`HABIT_DAYS` of the days."""

HABIT_DAYS = 0.7
HABIT_SPREAD = 10 * MINUTE
OTHER_WAYS = 0.6
"""Visits a day beside habits, on average; people differ by a gamma distribution of shape two."""

FAVOURITES = (0.30, 0.18, 0.12)
"""Shares of other ways that lead to each of a person's three favourite places."""

FAMILY_DAYS = 0.12
"""Share of days on which a household of two or more goes somewhere together."""

AFTER_TEST = 0.3
"""Share of tests after which people go somewhere within the hour."""

STAY = 45 * MINUTE
"""Nobody enters two places within this time."""

RHYTHM = ((0.30, 13 * HOUR, HOUR), (0.45, 19 * HOUR, 1.5 * HOUR), (0.25, 14 * HOUR, 4 * HOUR))
"""Of the ways of a day: share, middle and spread of lunch, evening and the rest."""

ALONE = -1


@dataclass(frozen=True)
class Visits:
    """One row a visit, by time. ``at`` is when the code is scanned, ``group`` a family or ALONE."""

    person: Ints
    at: Floats
    venue: Ints
    group: Ints
    habit: Ints

    @cached_property
    def day(self) -> Ints:
        return np.asarray(self.at // DAY, dtype=np.int64)

    def take(self, which: Ints | Bools) -> "Visits":
        """Those rows only; ``which`` are numbers or a mask."""
        fields = (self.person, self.at, self.venue, self.group, self.habit)
        return Visits(*(field[which] for field in fields))


def make_visits(town: Town) -> Visits:
    """All visits of people who have a status, and after they got it."""
    rng = stream(town.parameters.seed, "visits")
    favourite = _favourites(town, rng)
    parts = (
        _habits(town, favourite, rng),
        _others(town, favourite, rng),
        _families(town, favourite, rng),
        _after_tests(town, rng),
    )
    return _possible(town, _join(parts))


def draw_venues(town: Town, zone: Ints, rng: np.random.Generator) -> Ints:
    """For each zone in ``zone`` a venue, by how much it draws from there."""
    upto = np.cumsum(pull(town), axis=1)
    chosen = np.empty(len(zone), dtype=np.int64)
    for number in np.unique(zone):
        of_zone = zone == number
        chosen[of_zone] = np.searchsorted(upto[number], rng.random(of_zone.sum()))
    return np.minimum(chosen, upto.shape[1] - 1)


def _favourites(town: Town, rng: np.random.Generator) -> Ints:
    near = rng.random((town.people, len(FAVOURITES))) < 0.5
    zone = np.where(near, town.home[:, None], town.work[:, None])
    return draw_venues(town, zone.ravel(), rng).reshape(zone.shape)


def _day_times(count: int, rng: np.random.Generator) -> Floats:
    shares, middles, spreads = (np.array(column) for column in zip(*RHYTHM, strict=True))
    which = rng.choice(len(shares), count, p=shares)
    return np.clip(rng.normal(middles[which], spreads[which]), 7 * HOUR, 23.5 * HOUR)


def _habits(town: Town, favourite: Ints, rng: np.random.Generator) -> Visits:
    regular = np.flatnonzero(rng.random(town.people) < REGULARS)
    usual = _day_times(len(regular), rng)
    row, day = np.nonzero(rng.random((len(regular), town.parameters.days)) < HABIT_DAYS)
    at = day * DAY + np.clip(rng.normal(usual[row], HABIT_SPREAD), 6 * HOUR, 23.9 * HOUR)
    person = regular[row]
    return _visits(person, at, favourite[person, 0], habit=1)


def _others(town: Town, favourite: Ints, rng: np.random.Generator) -> Visits:
    rate = rng.gamma(2, OTHER_WAYS / 2, town.people)
    person, day = _repeated(rng.poisson(rate[:, None], (town.people, town.parameters.days)))
    near = rng.random(len(person)) < 0.5
    venue = draw_venues(town, np.where(near, town.home[person], town.work[person]), rng)
    upto = np.cumsum(FAVOURITES)
    place = np.searchsorted(upto, rng.random(len(person)))
    known = place < len(FAVOURITES)
    venue[known] = favourite[person[known], place[known]]
    return _visits(person, day * DAY + _day_times(len(person), rng), venue)


def _families(town: Town, favourite: Ints, rng: np.random.Generator) -> Visits:
    """All members of a household, a few seconds one after the other."""
    size = np.bincount(town.household)
    trips = np.nonzero((rng.random((len(size), town.parameters.days)) < FAMILY_DAYS).T)
    day, household = (part[size[trips[1]] > 1] for part in trips)
    first = np.searchsorted(town.household, household)
    start = day * DAY + _day_times(len(household), rng)
    group = np.repeat(np.arange(len(household)), size[household])
    place = np.arange(len(group)) - np.repeat(
        np.cumsum(size[household]) - size[household], size[household]
    )
    at = start[group] + place * rng.uniform(3, 12, len(group))
    made = _visits(first[group] + place, at, favourite[first[group], 0])
    return Visits(made.person, made.at, made.venue, group, made.habit)


def _after_tests(town: Town, rng: np.random.Generator) -> Visits:
    person, day = np.nonzero(~np.isnan(town.activated) & (town.kind == TESTED)[:, None])
    go = rng.random(len(person)) < AFTER_TEST
    person, day = person[go], day[go]
    at = day * DAY + town.activated[person, day] + rng.uniform(5 * MINUTE, HOUR, len(person))
    return _visits(person, at, draw_venues(town, town.work[person], rng))


def _repeated(counts: Ints) -> tuple[Ints, Ints]:
    person, day = np.nonzero(counts)
    times = counts[person, day]
    return np.repeat(person, times), np.repeat(day, times)


def _visits(person: Ints, at: Floats, venue: Ints, *, habit: int = 0) -> Visits:
    alone = np.full(len(person), ALONE, dtype=np.int64)
    return Visits(person, np.floor(at), venue, alone, np.full_like(alone, habit))


def _join(parts: tuple[Visits, ...]) -> Visits:
    fields = ("person", "at", "venue", "group", "habit")
    return Visits(*(np.concatenate([getattr(part, field) for part in parts]) for field in fields))


def _possible(town: Town, visits: Visits) -> Visits:
    """Without visits of people who have no status then, and of people who are elsewhere."""
    visits = visits.take(visits.day < town.parameters.days)
    begun = np.nan_to_num(town.activated[visits.person, visits.day], nan=0.0)
    entitled = town.valid[visits.person, visits.day] & (visits.at % DAY >= begun)
    visits = visits.take(entitled)
    visits = visits.take(np.lexsort((visits.at, visits.person)))
    same = np.diff(visits.person, prepend=-1) == 0
    hasty = same & (np.diff(visits.at, prepend=-np.inf) < STAY)
    visits = visits.take(~hasty)
    return visits.take(np.argsort(visits.at, kind="stable"))
