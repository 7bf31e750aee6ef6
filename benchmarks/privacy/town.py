"""A town: homes and work, households and devices, evidence, clocks, and places to go to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.privacy.parameters import HOUR, Parameters
from schemas.hints import HintForm, all_hints, hint_of_birthday

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SIDE = 10
"""The town is a square of this many zones a side; a zone is about half a kilometre."""

REACH = 1.5
"""Zones after which a place draws 1/e of the people that it draws next door."""

HOUSEHOLDS = (0.25, 0.30, 0.20, 0.15, 0.10)
"""Shares of households of one to five people."""

ONE_DEVICE = 0.2
"""Share of the households whose wallets are all on one device."""

KINDS = ("vaccinated", "recovered", "first", "pcr", "no_record")
KIND_SHARES = (0.78, 0.08, 0.02, 0.04, 0.08)
RECOVERED = KINDS.index("recovered")
TESTED, NO_RECORD = KINDS.index("pcr"), KINDS.index("no_record")
SHORT_LIVED = (TESTED, NO_RECORD)
WINDOWS = {"pcr": 4, "no_record": 8}
"""Windows that begin while evidence counts; all other evidence outlives the experiment."""

GAPS = {"pcr": 5, "no_record": 3}
"""Days without a status before the next test or certificate: uniform below this."""

NEWLY_ACTIVATED = 0.03
"""Share of the long-lived evidence that is activated during the experiment."""

OFF = 0.03
"""Share of days on which a device is off, so that a plan is missed."""

CLOCK_MODELS = {
    "well": ((1.0, 1.5),),
    "mix": ((0.85, 1.5), (0.10, 15.0), (0.05, 90.0)),
    "bad": ((0.40, 1.5), (0.30, 15.0), (0.30, 90.0)),
}
"""Shares of phones and the standard deviation of their clocks, in seconds."""


@dataclass(frozen=True)
class Venues:
    """Places by zone coordinates, and how much each draws (Zipf)."""

    place: Floats
    draw: Floats


@dataclass(frozen=True)
class Town:
    """One row a person. ``valid`` and ``activated`` have a column for each day.

    ``birthday`` counts from 1 January of a leap year. ``clock`` is how far a phone is ahead before
    any correction. ``activated`` is the second of the day at which a slip was used, else NaN.
    """

    parameters: Parameters
    venues: Venues
    household: Ints
    device: Ints
    home: Ints
    work: Ints
    birthday: Ints
    kind: Ints
    initials: Ints
    clock: Floats
    runs: Bools
    asks_now: Bools
    valid: Bools
    activated: Floats
    off: Bools

    @property
    def people(self) -> int:
        return len(self.household)


def stream(seed: int, *what: str) -> np.random.Generator:
    """Random numbers that depend on the seed and on what they are for."""
    return np.random.default_rng([seed, *(ord(letter) for letter in "/".join(what))])


def make_town(parameters: Parameters) -> Town:
    """The town of ``parameters.seed``; the same parameters give the same town."""
    rng = stream(parameters.seed, "town")
    people, days = parameters.people, parameters.days
    household = _households(people, rng)
    homes = _zones(household.max() + 1, rng)
    kind = rng.choice(len(KINDS), people, p=KIND_SHARES)
    valid, activated = _evidence(kind, days, rng)
    shared = rng.random(len(homes)) < ONE_DEVICE
    device = np.where(shared[household], household, len(homes) + np.arange(people))
    off = rng.random((len(homes) + people, days)) < OFF
    return Town(
        parameters,
        _make_venues(parameters.venues, rng),
        household,
        device,
        homes[household],
        _zones(people, rng),
        _birthdays(people, rng),
        kind,
        _initials(people, rng),
        _clocks(people, CLOCK_MODELS[parameters.clock], rng),
        rng.random(people) >= parameters.open_share,
        rng.random(people) < parameters.now_share,
        valid,
        activated,
        off[device],
    )


def cells(town: Town, hint: str) -> Ints:
    """For each person a number for (status, hint): the crowd that a pass is of."""
    form = HintForm(hint)
    return statuses(town) * len(all_hints(form)) + _hints(form)[town.birthday]


def months(town: Town) -> Ints:
    """The month of each birthday, from 0."""
    return _hints(HintForm.MONTH)[town.birthday]


def statuses(town: Town) -> Ints:
    """Green for all; blue for those without a record, then recovered and tested by themselves."""
    own = ((NO_RECORD,), (NO_RECORD, RECOVERED), (NO_RECORD, RECOVERED, TESTED))
    count = town.parameters.statuses
    if count == 1:
        return np.zeros(town.people, dtype=np.int64)
    status = np.zeros(town.people, dtype=np.int64)
    for number, kind in enumerate(own[count - 2], start=1):
        status[town.kind == kind] = number
    return status


def pull(town: Town) -> Floats:
    """For each zone the share of its people's ways that lead to each venue."""
    zones = np.stack(np.divmod(np.arange(SIDE * SIDE), SIDE), axis=1) + 0.5
    apart = np.linalg.norm(zones[:, None] - town.venues.place[None], axis=2)
    weight = town.venues.draw * np.exp(-apart / REACH)
    return np.asarray(weight / weight.sum(axis=1, keepdims=True))


def _hints(form: HintForm) -> Ints:
    """The number of the hint of each day of a leap year."""
    number = {hint: place for place, hint in enumerate(all_hints(form))}
    days = all_hints(HintForm.DAY)
    return np.array([number[hint_of_birthday(day, form)] for day in days])


def _make_venues(count: int, rng: np.random.Generator) -> Venues:
    place = np.clip(rng.normal(SIDE / 2, SIDE / 4, (count, 2)), 0, SIDE)
    return Venues(place, 1 / np.arange(1, count + 1))


def _households(people: int, rng: np.random.Generator) -> Ints:
    sizes = rng.choice(np.arange(1, len(HOUSEHOLDS) + 1), people, p=HOUSEHOLDS)
    return np.repeat(np.arange(people), sizes)[:people]


def _zones(count: int, rng: np.random.Generator) -> Ints:
    place = np.clip(rng.normal(SIDE / 2, SIDE / 3, (count, 2)), 0, SIDE - 0.01).astype(np.int64)
    return np.asarray(place[:, 0] * SIDE + place[:, 1])


def _birthdays(people: int, rng: np.random.Generator) -> Ints:
    """29 February comes once in four years."""
    share = np.full(366, 4.0)
    share[59] = 1.0
    return rng.choice(366, people, p=share / share.sum())


def _initials(people: int, rng: np.random.Generator) -> Ints:
    """Two letters of 26, drawn as unequally as initials are: a Zipf law with a flat beginning."""
    share = 1 / (np.arange(26) + 4.0)
    letters = rng.choice(26, (people, 2), p=share / share.sum())
    return np.asarray(letters[:, 0] * 26 + letters[:, 1])


def _clocks(
    people: int, model: tuple[tuple[float, float], ...], rng: np.random.Generator
) -> Floats:
    shares, spreads = zip(*model, strict=True)
    return np.asarray(rng.normal(0, np.array(spreads)[rng.choice(len(shares), people, p=shares)]))


def _evidence(kind: Ints, days: int, rng: np.random.Generator) -> tuple[Bools, Floats]:
    valid = np.ones((len(kind), days), dtype=np.bool_)
    activated = np.full((len(kind), days), np.nan)
    for person in np.flatnonzero(np.isin(kind, SHORT_LIVED)):
        _renewals(KINDS[kind[person]], valid[person], activated[person], rng)
    long_lived = np.flatnonzero(~np.isin(kind, SHORT_LIVED))
    for person in long_lived[rng.random(len(long_lived)) < NEWLY_ACTIVATED]:
        first = rng.integers(days)
        valid[person, :first] = False
        activated[person, first] = rng.uniform(9 * HOUR, 20 * HOUR)
    return valid, activated


def _renewals(kind: str, valid: Bools, activated: Floats, rng: np.random.Generator) -> None:
    """Tests or certificates one after the other, begun before the first day."""
    valid[:] = False
    first = int(-rng.integers(WINDOWS[kind] + GAPS[kind]))
    while first < len(valid):
        end = first + WINDOWS[kind]
        valid[max(first, 0) : max(end, 0)] = True
        if first >= 0:
            activated[first] = rng.uniform(9 * HOUR, 20 * HOUR)
        first = end + int(rng.integers(GAPS[kind]))
