"""In how many ways a dishonest issuer can mark a phone by its clock, and a door still admits it.

It answers one sync after the other with whatever ``Date`` it likes. Every correction that the real
clock of a wallet then has is tried at the real decision of a door.
"""

from collections.abc import Callable, Iterable
from email.utils import formatdate
from functools import cache

from schemas.presentation import SLOT_SECONDS, slot_at
from schemas.refusals import Refused
from shell.fetching import Answer
from tests.support.world import NOON, World
from verifier.door.verification import verify
from wallet_sim.fetching.clock import CorrectedClock

Learn = Callable[[int, int], int]
"""The correction after an answer: the one before it, and by how many seconds its Date is wrong."""

REACH = 240
"""Seconds to both sides that are tried; a door admits no clock that is off by half of it."""


def corrections(learn: Learn) -> set[int]:
    """All corrections that any number of answers can lead to, beginning with none."""
    found: set[int] = set()
    new = {0}
    while new:
        found |= new
        led_to = {learn(held, wrong) for held in new for wrong in range(-REACH, REACH + 1)}
        new = {correction for correction in led_to - found if abs(correction) <= REACH}
    return found


def clock_of_wallet(error: int) -> Learn:
    """How a wallet's clock learns, on a phone that is ``error`` seconds fast."""

    def learn(correction: int, wrong_by: int) -> int:
        clock = CorrectedClock(lambda: NOON + error, lambda: 0.0, correction, lambda _: None)
        date = formatdate(NOON + wrong_by, usegmt=True)
        clock.learn(Answer(200, b"", date, ""), sent=NOON + error)
        return clock.offset

    return learn


def admitted(offsets: Iterable[int], world: World, now: int) -> set[int]:
    """The offsets from the true time with which a pass is admitted at ``now``."""
    bundle, shown = world.accepted(now), world.issue(now)

    @cache
    def is_admitted(slot: int) -> bool:
        try:
            verify(world.show(shown, slot), bundle=bundle, policy=bundle.policies[0], now=now)
        except Refused:
            return False
        return True

    return {offset for offset in offsets if is_admitted(slot_at(now + offset))}


def marks(learn: Learn, error: int, world: World) -> int:
    """How many of them a door cannot but admit, at the worst moment of its half minute."""
    offsets = {error + correction for correction in corrections(learn)}
    moments = (NOON, NOON + SLOT_SECONDS // 2, NOON + SLOT_SECONDS - 1)
    return max(len(admitted(offsets, world, now)) for now in moments)
