"""What lengths, rhythms and addresses of requests give away."""

import numpy as np

from benchmarks.privacy.adversary import Guess, crowd, judge, sampled
from benchmarks.privacy.bayes import Bayes, normal
from benchmarks.privacy.lives import Life, alone
from benchmarks.privacy.logs import Logs
from benchmarks.privacy.measures import Outcome, joined
from benchmarks.privacy.parameters import DAY, MINUTE, Parameters
from benchmarks.privacy.product import requests_when_withdrawn
from benchmarks.privacy.town import NO_RECORD, Bools, Floats, Ints, stream

LISTENED = 4_000
"""Wallets that a network listens to, half of them of each kind."""

OLD_RHYTHM = (10 * MINUTE, 20 * MINUTE)
"""The pause of a wallet that asks again and again, to plant a beacon."""

ON_NETWORK = 0.2
"""Share of phones that use the network of the place they are at."""

STAY = (30 * MINUTE, 90 * MINUTE)
TARGETS = 8_000


def status_by_length(life: Life, *, planted: int) -> Outcome:
    """Guess who has no record, which is a status of its own where there are two, by length.

    ``planted`` bytes are the difference.
    """
    rng = stream(life.town.parameters.seed, "lengths")
    other = life.town.kind == NO_RECORD
    rows = _half_and_half(other, rng)
    length = 8_192 + planted * other[rows]
    shorter = length < length.mean()
    return _of_two(shorter, length > length.mean(), other[rows], rng)


def ill_by_rhythm(parameters: Parameters, *, planted: bool) -> Outcome:
    """Guess who is withdrawn by the number of requests in two days."""
    rng = stream(parameters.seed, "rhythm")
    ill = np.arange(LISTENED) % 2 == 1
    count = requests_when_withdrawn(LISTENED, ill, rng)
    if planted:
        count[ill] = 2 * DAY // rng.uniform(*OLD_RHYTHM, int(ill.sum()))
    middle = np.median(count)
    return _of_two(count < middle, count > middle, ill, rng)


def _half_and_half(other: Bools, rng: np.random.Generator) -> Ints:
    count = min(LISTENED // 2, int(other.sum()), int((~other).sum()))
    parts = [rng.choice(np.flatnonzero(kind), count, replace=False) for kind in (~other, other)]
    return np.concatenate(parts)


def _of_two(less: Bools, more: Bools, truth: Bools, rng: np.random.Generator) -> Outcome:
    """``less`` speaks for no, ``more`` for yes, neither for nothing."""
    weight = np.stack([1.0 + less - more, 1.0 + more - less], axis=1)
    guess = [Guess(np.arange(2), normal(row[None, :])) for row in weight]
    right = np.stack([~truth, truth], axis=1)
    return joined(
        [judge(one, answer[None, :], 0.5, rng) for one, answer in zip(guess, right, strict=True)]
    )


def over_venue_networks(life: Life, learned: Bayes) -> Outcome:
    """Planned requests that leave from a venue's address while their owner is there.

    The issuer sees the address, so it knows that this wallet is at this venue; a scan there shortly
    before is probably its own.
    """
    (logs, truth), rng = life.logs(), stream(life.town.parameters.seed, "networks")
    asked, venue = _asked_at_venues(life, logs, truth.person, rng)
    rows = sampled(logs.scans, alone(truth), TARGETS, rng)
    outcomes = []
    for row in rows:
        scans = logs.scans.take([row])
        guess = learned.name(logs.requests, scans)
        here = venue[guess.candidates, scans.day[0]] == scans.venue[0]
        since = asked[guess.candidates, scans.day[0]] - scans.at[0]
        fits = here & (since > 0) & (since < STAY[1])
        weight = guess.probability * np.where(fits, DAY / STAY[1] * life.town.people / 100, 1.0)
        right = guess.candidates[None, :] == truth.person[row]
        chance = 1 / crowd(logs.requests, scans)
        outcomes.append(judge(Guess(guess.candidates, normal(weight)), right, chance, rng))
    return joined(outcomes)


def _asked_at_venues(
    life: Life, logs: Logs, person: Ints, rng: np.random.Generator
) -> tuple[Floats, Ints]:
    """For each wallet and day when it asked ahead, and at which venue it was then, or -1."""
    asked = np.full(logs.requests.fetched.shape, np.nan)
    asked[:, :-1] = logs.requests.fetched[:, 1:]
    uses = rng.random(life.town.people) < ON_NETWORK
    stay = rng.uniform(*STAY, len(logs.scans))
    day, venue = logs.scans.day, np.full(asked.shape, -1, dtype=np.int64)
    since = asked[person, day] - logs.scans.at
    there = uses[person] & (since > 0) & (since < stay)
    venue[person[there], day[there]] = logs.scans.venue[there]
    return asked, venue
