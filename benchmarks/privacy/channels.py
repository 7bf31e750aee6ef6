"""What each kind of behaviour gives away by itself, and how far that is closed.

A channel is *closed* where nothing is left to be seen, *bounded* where the program limits what is,
and *inherent* where it lies in what people do and no program can change it. Bits are beside the
crowd of a status, hint and day: what the pass itself says is not counted again.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks.privacy import bayes, groups, regular, retiring, traffic
from benchmarks.privacy.adversary import pass_to_person, sampled, two_passes
from benchmarks.privacy.lives import TRAINING, Life, alone, live, trained
from benchmarks.privacy.logs import Logs, Truth, ahead_only, fetched_ahead, with_marks
from benchmarks.privacy.marking import MARKS, bits_of_marks, one_marked, told_for
from benchmarks.privacy.measures import Outcome, as_members, summed_up
from benchmarks.privacy.parameters import CLOCKS, HINTS, Parameters
from benchmarks.privacy.rates import ACTIVATED, how_asked
from benchmarks.privacy.town import Floats, Ints, cells, stream
from benchmarks.privacy.wallets import corrected, kept_quiet, plans_of

TARGETS = 16_000
FAMILIES = 3_000
NOW_SHARES = (0.0, 0.1, 0.25, 0.5, 1.0)
CLOSED, BOUNDED, INHERENT = "closed", "bounded", "inherent"

Rows = Iterator[tuple[str, str, Outcome]]
"""Scenario, state, and what came of it."""


def channel(parameters: Parameters, name: str) -> list[dict[str, Any]]:
    """All scenarios of one channel, as JSON members; without those of which a town has no case."""
    return [
        as_members(channel=name, scenario=scenario, finding=summed_up(outcome), state=state)
        for scenario, state, outcome in _CHANNELS[name](parameters)
        if len(outcome.right)
    ]


def _clock_mark(parameters: Parameters) -> Rows:
    """An issuer sets the clocks of all phones, or of one, in the ways that doors admit.

    Here bits are of the mark: what a scan tells of which of the five it is.
    """
    for seen, words in ((0.0, "single scans"), (1.0, "every change seen")):
        town = replace(parameters, change_seen=seen)
        life, rng = live(town), stream(town.seed, "marks")
        mark = rng.choice(MARKS, life.town.people).astype(np.float64)
        marked = life.shown_by(corrected(life.clock, told_for(mark)))
        logs, truth = marked.logs()
        outcome = _named(trained(town), with_marks(logs, mark), truth, rng)
        told = bits_of_marks(trained(town), logs.scans, mark[truth.person])
        yield f"all phones marked, {words}", BOUNDED, replace(outcome, bits=told)
        outcome = one_marked(life, trained(town), rng)
        yield f"one phone of a cell marked, {words}", BOUNDED, replace(outcome, bits=told)


def _iat(parameters: Parameters) -> Rows:
    """Proofs of requests have the issuer's time, so it knows no phone's clock."""
    town = replace(parameters, change_seen=1.0)
    logs, truth = live(town).logs()
    outcome = _named(trained(town), logs, truth, stream(town.seed, "iat"))
    yield "the issuer's time in each request, every change seen", CLOSED, outcome


def _change(parameters: Parameters) -> Rows:
    """What proofs say of a clock, alone, for each model of clocks, with and without a camera."""
    for clock in CLOCKS:
        for seen, words in ((0.0, "single scans"), (1.0, "every change seen")):
            town = replace(parameters, clock=clock, change_seen=seen)
            (logs, truth), adversary = live(town).logs(), trained(town)
            rng = stream(town.seed, "change", clock)
            if seen:
                outcome = _named(adversary, logs, truth, rng)
                yield f"pass to person, {clock} clocks, {words}", BOUNDED, outcome
            rows = sampled(logs.scans, alone(truth), TARGETS, rng)
            blind = replace(adversary, places=False)
            outcome = two_passes(blind, logs, truth, rows, rng, days=1)
            yield f"two days, {clock} clocks, {words}", BOUNDED, outcome


def _open_fetch(parameters: Parameters) -> Rows:
    """Wallets that run only while they are open, over how many of their owners ask at the door."""
    yield "all single scans of this town", BOUNDED, _all_named(parameters)
    for open_share, shares in ((1.0, NOW_SHARES), (0.1, (0.0, 1.0))):
        for now_share in shares:
            town = replace(parameters, open_share=open_share, now_share=now_share)
            scenario = f"open share {open_share:g}, now share {now_share:g}"
            yield scenario, BOUNDED, _all_named(town)
    yield "on the day of activation", BOUNDED, _named_on_activation(parameters)
    yield (
        "planned, over the venue's own network (a fifth of phones)",
        INHERENT,
        (traffic.over_venue_networks(live(parameters), trained(parameters))),
    )


def _lengths(parameters: Parameters) -> Rows:
    """A listener sees lengths only, and guesses the status."""
    yield "one length for everybody", CLOSED, traffic.status_by_length(live(parameters), planted=0)


def _beacon(parameters: Parameters) -> Rows:
    """A listener sees how often a wallet asks, and guesses who is withdrawn."""
    yield "two days after a withdrawal", CLOSED, traffic.ill_by_rhythm(parameters, planted=False)


def _retire(parameters: Parameters) -> Rows:
    """Passes under a new key, in the first two hours after the switch."""
    life = live(parameters)
    for hours in (0, 6, 12):
        yield f"retired in {hours} h", BOUNDED, retiring.after_switch(life, hours)


def _family(parameters: Parameters) -> Rows:
    learned = live(replace(parameters, seed=parameters.seed + TRAINING))
    yield "shown together", INHERENT, groups.families(live(parameters), learned, FAMILIES)


def _regulars(parameters: Parameters) -> Rows:
    """Habits alone, without any clock: two days of one habit, by hint."""
    life = live(parameters)
    for hint in HINTS:
        logs, truth = life.logs(cells(life.town, hint))
        rng = stream(parameters.seed, "regulars", hint)
        most = TARGETS // 8 if hint == "none" else TARGETS
        rows = sampled(logs.scans, np.flatnonzero(truth.habit), most, rng)
        adversary = replace(trained(parameters), clocks=False)
        outcome = two_passes(adversary, logs, truth, rows, rng, days=1)
        yield f"same place and time, hint {hint}", INHERENT, outcome
    yield "days of fetching, running wallets", INHERENT, regular.by_days(life)
    opened = live(replace(parameters, open_share=1.0))
    yield "days of fetching, wallets open while used", INHERENT, regular.by_days(opened)
    marked = regular.by_marks(life, trained(parameters))
    yield "five days, all clocks marked anew each day", BOUNDED, marked
    yield "home and work known", INHERENT, regular.by_homes(life, TARGETS // 4)


def _household(parameters: Parameters) -> Rows:
    """Wallets of one device among a hundred behind one address, by when they ask."""
    lives = live(parameters), live(replace(parameters, seed=parameters.seed + TRAINING))
    for off, words in ((True, "devices off on some days"), (False, "no device ever off")):
        asked = [groups.asked_in_turn(life, _plans(life), off=off) for life in lives]
        yield f"one address of a hundred, {words}", BOUNDED, groups.housemates(*lives, *asked)


_CHANNELS: dict[str, Callable[[Parameters], Rows]] = {
    "clock_mark": _clock_mark,
    "beacon": _beacon,
    "open_fetch": _open_fetch,
    "lengths": _lengths,
    "iat": _iat,
    "change": _change,
    "retire": _retire,
    "family": _family,
    "regulars": _regulars,
    "household": _household,
}
CHANNELS = tuple(_CHANNELS)


def _named(adversary: bayes.Bayes, logs: Logs, truth: Truth, rng: np.random.Generator) -> Outcome:
    """Single scans of passes that were fetched ahead, and the adversary is told so."""
    rows = sampled(logs.scans, _ahead_and_alone(logs, truth), TARGETS, rng)
    return pass_to_person(adversary, ahead_only(logs), truth, rows, rng)


def _ahead_and_alone(logs: Logs, truth: Truth) -> Ints:
    return np.flatnonzero(fetched_ahead(logs, truth) & truth.alone)


def _all_named(parameters: Parameters) -> Outcome:
    """Single scans, however their passes came."""
    (logs, truth), rng = live(parameters).logs(), stream(parameters.seed, "open")
    rows = sampled(logs.scans, alone(truth), TARGETS, rng)
    return pass_to_person(trained(parameters), logs, truth, rows, rng)


def _named_on_activation(parameters: Parameters) -> Outcome:
    """Passes that came with the entitlement, on the same day."""
    (logs, truth), rng = live(parameters).logs(), stream(parameters.seed, "activation")
    days = range(parameters.days)
    how = np.array([how_asked(logs.requests, day) for day in days])
    rows = np.flatnonzero((how[logs.scans.day, truth.person] == ACTIVATED) & truth.alone)
    return pass_to_person(trained(parameters), logs, truth, rows, rng)


def _plans(life: Life) -> Floats:
    return kept_quiet(life.town, life.visits, plans_of(life.town))
