"""What issuer, venues and the network can log of a town, and the truth behind it, kept apart."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from benchmarks.privacy.parameters import DAY
from benchmarks.privacy.town import Bools, Floats, Ints, Town
from benchmarks.privacy.visits import ALONE
from benchmarks.privacy.wallets import Showings


@dataclass(frozen=True)
class Requests:
    """The issuer's log, one row an entitlement, and what it knows or is told of its owner.

    ``fetched`` and ``activated`` have a column for each day (NaN: never). ``clock`` is by how much
    a phone is ahead, as far as its requests say so, ``mark`` by how much the issuer has moved it.
    ``runs`` the adversary is told, though it could only guess it from two weeks of requests.
    """

    cell: Ints
    address: Ints
    runs: Bools
    fetched: Floats
    activated: Floats
    clock: Floats
    mark: Floats


@dataclass(frozen=True)
class Scans:
    """The logs of all venues and their cameras, one row a scan, by time; see ``Showings``."""

    cell: Ints
    at: Floats
    venue: Ints
    phase: Floats
    change: Floats

    @cached_property
    def day(self) -> Ints:
        return np.asarray(self.at // DAY, dtype=np.int64)

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Any) -> "Scans":
        """Those rows only; ``which`` are numbers or a mask."""
        fields = (self.cell, self.at, self.venue, self.phase, self.change)
        return Scans(*(field[which] for field in fields))


@dataclass(frozen=True)
class Logs:
    """Everything that an adversary is given."""

    requests: Requests
    scans: Scans


@dataclass(frozen=True)
class Truth:
    """Whose each scan is, and whether it was of somebody who came alone, or by habit."""

    person: Ints
    alone: Bools
    habit: Bools


def keep_logs(town: Town, cell: Ints, fetched: Floats, showings: Showings) -> tuple[Logs, Truth]:
    """The logs of an honest program whose operators all keep everything; ``cell`` is by person."""
    unknown = np.full(town.people, np.nan)
    visits = showings.visits
    requests = Requests(
        cell, town.household, town.runs, fetched, town.activated, unknown, np.zeros(town.people)
    )
    scans = Scans(cell[visits.person], visits.at, visits.venue, showings.phase, showings.change)
    return Logs(requests, scans), Truth(visits.person, visits.group == ALONE, visits.habit == 1)


def with_clocks(logs: Logs, clock: Floats) -> Logs:
    """As if each request said what the phone's clock shows."""
    return replace(logs, requests=replace(logs.requests, clock=clock))


def with_marks(logs: Logs, mark: Floats) -> Logs:
    """As kept by an issuer that knows by how much it moved each clock."""
    return replace(logs, requests=replace(logs.requests, mark=mark))


def ahead_only(logs: Logs) -> Logs:
    """For an adversary that is told that the passes in question were fetched before their day."""
    fetched = logs.requests.fetched
    ahead = fetched < np.arange(fetched.shape[1]) * DAY
    return replace(logs, requests=replace(logs.requests, fetched=np.where(ahead, fetched, np.nan)))


def fetched_ahead(logs: Logs, truth: Truth) -> Bools:
    """Which scans are of passes that were fetched before their day."""
    day = logs.scans.day
    return np.asarray(logs.requests.fetched[truth.person, day] < day * DAY)
