"""Wallets whose passes a door can see, and the pass that is chosen for it."""

from collections.abc import Callable

from schemas.trust import accept_bundle
from tests.support.world import NOON, World
from wallet_sim.passes.account import new_private_key
from wallet_sim.passes.presentation import Showing, choose
from wallet_sim.passes.state import (
    Batch,
    Entitlement,
    Names,
    Pass,
    PinnedAuthority,
    Wallet,
)

WORLD = World()
ACCEPTED = accept_bundle(WORLD.bundle(NOON), state=WORLD.state(), now=NOON)
BUNDLE, TRUST = ACCEPTED.bundle, ACCEPTED.state
WINDOW = BUNDLE.windows[0]
KEY_ID = WORLD.key(WINDOW).id
KEYS = [new_private_key() for _ in range(4)]


def wallet(*shown: int | None) -> Wallet:
    """A wallet with one pass for each time of first display; None is a fresh one."""
    passes = tuple(Pass(KEYS[i], bytes([i]) * 256, at) for i, at in enumerate(shown))
    return Wallet(
        authority=PinnedAuthority(WORLD.iss, TRUST),
        entitlement=Entitlement("e", b"k", "green", Names("Ж", "З", "G"), None, WINDOW.exp),
        batches=(Batch(KEY_ID, WINDOW, passes),),
    )


def chosen(
    held: Wallet,
    *,
    now: int = NOON,
    again: bool = False,
    agreed: bool = False,
    below: Callable[[int], int] = lambda n: 0,
) -> Showing:
    return choose(held, now=now, again=again, agreed=agreed, below=below)
