"""The same town with Qupia and with what came before it.

What is logged is modelled, not their code: Ashyq's server has person, place and time of each visit;
an EU certificate and a SMART Health Card are the same bytes at each door; a CoronaCheck credential
can be shown without being recognised, but says a class of people, and when its strip began.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.privacy.adversary import pass_to_person, sampled, two_passes
from benchmarks.privacy.lives import alone, live, trained
from benchmarks.privacy.logs import Logs, Truth, ahead_only, fetched_ahead
from benchmarks.privacy.measures import Outcome, as_members, summed_up
from benchmarks.privacy.parameters import HINTS, Parameters
from benchmarks.privacy.town import Ints, Town, cells, months, stream

NAMED = ("ashyq", "dcc", "shc")
"""Who sees two passes knows that they are one person's, and whose."""

COUNTRY = 17_500_000
LEAST_CLASS = 100
"""CoronaCheck leaves details out where initials are rare. Its own rule is not modelled: here the
day goes, then the month, until as many of the country's people share the rest."""

STRIPS = 24
"""A strip of CoronaCheck begins at a full hour that stays the same for its holder."""

TARGETS = 40_000
PAIRS = 16_000
"""Scans that are looked at; a quarter of these pairs where a crowd is a whole town."""

MEASURES = ("pass_to_person", "same_day", "two_days")


NAMES = (*NAMED, "coronacheck", "coronacheck_strip", *(f"qupia_{hint}" for hint in HINTS))


def system(parameters: Parameters, name: str) -> list[dict[str, Any]]:
    """The three measures of one of the systems, as JSON members."""
    life = live(parameters)
    logs, truth = life.logs(crowds(life.town, name))
    rng = stream(parameters.seed, "system", name)
    outcomes = (
        _known(truth, logs) if name in NAMED else _guessed(parameters, name, logs, truth, rng)
    )
    passes = len(logs.scans) / parameters.days
    wholes = dict(zip(MEASURES, (life.town.people, passes, passes), strict=True))
    return [
        as_members(
            design=name, measure=measure, finding=summed_up(_of_town(outcome, wholes[measure]))
        )
        for measure, outcome in outcomes.items()
    ]


def crowds(town: Town, name: str) -> Ints:
    """For each person a number for all that a code says of its holder."""
    if name in NAMED:
        return np.arange(town.people)
    if name.startswith("qupia_"):
        return cells(town, name.removeprefix("qupia_"))
    said = _classes(town)
    if name == "coronacheck_strip":
        hour = stream(town.parameters.seed, "strips").integers(STRIPS, size=town.people)
        said = said * STRIPS + hour
    return np.asarray(np.unique(said, return_inverse=True)[1])


def _guessed(
    parameters: Parameters, name: str, logs: Logs, truth: Truth, rng: np.random.Generator
) -> dict[str, Outcome]:
    """Single scans. A pass is named where it was fetched ahead, and the adversary is told so."""
    adversary = trained(parameters)
    if name.startswith("coronacheck"):
        adversary = replace(adversary, clocks=False)
    ahead, single = fetched_ahead(logs, truth), alone(truth)
    many = PAIRS // 4 if name == "qupia_none" else PAIRS
    named = sampled(logs.scans, single[ahead[single]], TARGETS, rng)
    linked = sampled(logs.scans, single, many, rng)
    return {
        "pass_to_person": pass_to_person(adversary, ahead_only(logs), truth, named, rng),
        "same_day": two_passes(adversary, logs, truth, linked, rng, days=0),
        "two_days": two_passes(adversary, logs, truth, linked, rng, days=1),
    }


def _known(truth: Truth, logs: Logs) -> dict[str, Outcome]:
    """Each pass says whose it is; by chance would be anybody of the town, any pass of the day."""
    count, days = len(logs.scans), logs.requests.fetched.shape[1]
    people, passes = np.full(count, 1 / logs.requests.cell.size), np.full(count, days / count)
    by_chance = dict(zip(MEASURES, (people, passes, passes), strict=True))
    right = truth.person >= 0
    return {name: Outcome(right, chance, -np.log2(chance)) for name, chance in by_chance.items()}


def _of_town(outcome: Outcome, whole: float) -> Outcome:
    """Bits beside any person or pass of the town: what a code says by itself counts, too."""
    return replace(outcome, bits=outcome.bits + np.log2(outcome.guessing * whole))


def _classes(town: Town) -> Ints:
    """Initials, month and day, as many of them as enough people of the country share."""
    share = np.bincount(town.initials, minlength=26 * 26) / town.people
    alike = COUNTRY * share[town.initials]
    day = np.where(alike / 366 >= LEAST_CLASS, town.birthday, 1000 + months(town))
    day = np.where(alike / 12 >= LEAST_CLASS, day, 2000)
    return np.asarray(town.initials * 4000 + day)
