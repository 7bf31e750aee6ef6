"""A wallet over days at random: started, shown, checked in, asleep, and never asking while seen."""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from schemas.kinds import DAY, HOUR, MINUTE
from schemas.problems import Problem
from tests.support.issuer_in_memory import Phone
from wallet_sim.both import NoticesOfWallet
from wallet_sim.fetching.runner import Fetching
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import sync
from wallet_sim.passes.presentation import NotShown
from wallet_sim.passes.schedule import QUIET, keep_quiet
from wallet_sim.passes.state import NotActivated
from wallet_sim.showing import take_pass

LOOK = 5 * MINUTE
"""Seconds between two looks, which are often enough to count as running."""


@dataclass
class History:
    """What happened to one phone. ``seen`` is when others could last see its wallet."""

    phone: Phone
    random: Random
    seen: int = 0
    since_seen: list[int] = field(default_factory=list)
    authenticated: list[int] = field(default_factory=list)
    fetching: Fetching | None = None

    def start(self) -> None:
        self.seen = self.phone.clock.now
        listening = NoticesOfWallet(self.phone.file, lambda _: None, lambda _: None)
        self.fetching = Fetching(
            self.phone.file,
            self._connect,
            self.random.randrange,
            lambda _synced: None,
            lambda _: None,
            listening,
        )

    def show(self) -> None:
        """As another process does, which knows nothing of the one that runs."""
        try:
            take_pass(self.phone.file, self.phone.tools(), again=True, agreed=True)
        except (NotShown, NotActivated):
            return
        self.seen = self.phone.clock.now

    def check_in(self) -> None:
        self.seen = now = self.phone.clock.now
        self.phone.file.update(lambda held: keep_quiet(held, now))

    def stop(self) -> None:
        self.fetching = None
        self.phone.clock.now += self.random.randrange(DAY)

    def live(self, seconds: int) -> None:
        end = self.phone.clock.now + seconds
        while self.phone.clock.now < end:
            if self.fetching is not None:
                self.fetching.look()
            self.phone.clock.now += self.random.randrange(1, LOOK + 1)

    def _connect(self) -> Session:
        session = self.phone.session()

        def send(method: str, url: str, **members: Any) -> Any:
            now = self.phone.clock.now
            self.since_seen.append(now - self.seen)
            if method == "POST":
                self.authenticated.append(now)
            return self.phone.issuer.send(method, url, **members)

        return replace(session, client=replace(session.client, send=send))


@pytest.fixture
def holder(phone: Phone) -> Phone:
    """With the passes of an activation."""
    phone.activate()
    sync(phone.session())
    return phone


@pytest.mark.parametrize("seed", range(6))
def test_over_any_history_nothing_is_asked_for_within_ten_minutes_of_being_seen(
    holder: Phone, seed: int
) -> None:
    history = History(holder, Random(seed))
    history.start()
    for _ in range(10):
        happening = history.random.choice(("start", "show", "check_in", "stop"))
        getattr(history, happening)()
        history.live(history.random.randrange(4 * HOUR))
    history.start()
    history.live(2 * HOUR)
    assert history.since_seen
    assert min(history.since_seen) >= QUIET


@pytest.mark.parametrize("problem", [Problem.WITHDRAWN, Problem.FAILED])
def test_whoever_is_refused_asks_a_few_times_a_day_and_whoever_is_ill_as_often_as_anybody(
    holder: Phone, problem: Problem
) -> None:
    holder.issuer.refuse["/v1/passes"] = problem
    history, begun = History(holder, Random(1)), holder.clock.now
    history.start()
    history.live(2 * DAY)
    days = [(at - begun) // DAY for at in history.authenticated]
    most = max(days.count(day) for day in range(3))
    assert 1 <= most <= (2 if problem is Problem.WITHDRAWN else 12)
