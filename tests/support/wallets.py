"""Wallets made of nothing but values, to decide on without a file."""

from schemas.kinds import DAY, HOUR
from schemas.trust import TrustState
from schemas.windows import Window
from tests.support.world import NOON
from wallet_sim.passes.state import (
    Batch,
    Entitlement,
    Names,
    Pass,
    PendingBatch,
    PinnedAuthority,
    Plan,
    Wallet,
)

WINDOW = Window(NOON - 12 * HOUR, NOON + 12 * HOUR)
NEXT = Window(WINDOW.exp, WINDOW.exp + DAY)
FRESH = Pass(b"f", b"s")
ENTITLEMENT = Entitlement("e", b"k", "green", Names("Ж", "З", "G"), None, NEXT.exp)


def used(ago: int, key: bytes = b"u") -> Pass:
    return Pass(key, b"s", shown=NOON - ago)


def batch(*passes: Pass, window: Window = WINDOW) -> Batch:
    return Batch(b"id", window, passes)


def wallet(*passes: Pass) -> Wallet:
    return Wallet(
        authority=PinnedAuthority("https://qupia.example", TrustState("r", sunset=NOON + 90 * DAY)),
        entitlement=ENTITLEMENT,
        batches=(batch(*passes), batch(FRESH, window=NEXT)),
        pending=(PendingBatch(b"id", b"n", NEXT, ()),),
        plan=Plan(WINDOW, NOON),
    )
