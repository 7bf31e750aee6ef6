"""Wallets of one device leave a pause between their requests."""

from collections.abc import Callable
from dataclasses import replace
from itertools import accumulate
from random import Random
from threading import Event

import pytest

from benchmarks.privacy.real_figures import NOT_UNIFORM, distance_from_uniform
from schemas.kinds import DAY, MINUTE
from tests.support.issuer_in_memory import OTHER_CODE, Phone
from tests.support.visitor import Visitor
from wallet_sim.fetching.runner import POLL
from wallet_sim.web.app import make_house
from wallet_sim.web.background import Background
from wallet_sim.web.house import LONGEST_PAUSE, SHORTEST_PAUSE, House, Turns
from wallet_sim.web.people import Person

PARENT, CHILD = Person(1), Person(2, "Child")


@pytest.fixture
def turns(phone: Phone) -> Turns:
    return Turns(phone.tools())


def first_free(turns: Turns, phone: Phone) -> int:
    """Seconds until the child's wallet may ask; from then on it may."""
    begun = phone.clock.now
    free = []
    for seconds in range(LONGEST_PAUSE + 1):
        phone.clock.now = begun + seconds
        if turns.is_free(CHILD):
            free.append(seconds)
    phone.clock.now = begun
    assert free == list(range(free[0], LONGEST_PAUSE + 1))
    return free[0]


def test_before_anybody_has_asked_everybody_may(turns: Turns) -> None:
    assert turns.is_free(PARENT)
    assert turns.is_free(CHILD)


def test_whoever_asked_last_may_go_on(turns: Turns) -> None:
    turns.take(PARENT)
    assert turns.is_free(PARENT)


def test_between_requests_of_two_wallets_lies_a_pause_that_begins_with_each_request(
    turns: Turns, phone: Phone
) -> None:
    for _ in range(3):
        turns.take(PARENT)
        assert SHORTEST_PAUSE <= first_free(turns, phone) <= LONGEST_PAUSE
        phone.clock.now += MINUTE


def test_a_clock_that_is_set_back_does_not_silence_a_wallet(turns: Turns, phone: Phone) -> None:
    turns.take(PARENT)
    phone.clock.now -= DAY
    assert turns.is_free(CHILD)


@pytest.mark.parametrize("unreachable", [False, True])
def test_a_request_that_a_person_asked_for_keeps_the_other_wallets_waiting(
    visitor: Visitor,
    house: House,
    phone: Phone,
    activate: Callable[..., None],
    unreachable: bool,
) -> None:
    activate()
    house.people.add("Child")
    activate(2, OTHER_CODE)
    phone.clock.now += DAY
    assert house.turns.is_free(PARENT)
    phone.issuer.unreachable = unreachable
    form = visitor.get("/p/1").form("/p/1/sync")
    assert visitor.post("/p/1/sync", form).status == 303
    assert not house.turns.is_free(CHILD)
    assert house.turns.is_free(PARENT)


class Awake(Event):
    """Passes all pauses at once, and says when there were ``enough``."""

    def __init__(self, enough: int) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self.done = Event()
        self._enough = enough

    def wait(self, timeout: float | None = None) -> bool:
        self.pauses.append(timeout or 0)
        if len(self.pauses) >= self._enough:
            self.done.set()
        return False


def test_requests_of_two_wallets_do_not_lie_whole_steps_apart(phone: Phone) -> None:
    house = make_house(phone.home, replace(phone.tools(), below=Random(7).randrange))
    awake = house.awake = Awake(enough=200)
    background = Background(house)
    background.start()
    assert awake.done.wait(600)
    background.stop()
    steps = [moment % POLL / POLL for moment in accumulate(awake.pauses[:200])]
    assert distance_from_uniform(steps) < NOT_UNIFORM
