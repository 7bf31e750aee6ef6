"""The pass that is on a person's page right now, and for how long. Pure.

It was stored as used before it came here, and stays for its five minutes at one door.
"""

from dataclasses import dataclass

from schemas.presentation import SLOT_SECONDS
from wallet_sim.showing import Showing
from wallet_sim.state import Wallet
from wallet_sim.watching import last_moment


@dataclass(frozen=True, repr=False)
class Stage:
    """``began`` and ``ends`` are corrected Unix seconds."""

    showing: Showing
    began: int
    ends: int


def begin(showing: Showing, *, now: int) -> Stage:
    return Stage(showing, now, last_moment(showing, now=now))


def may_stay(stage: Stage, wallet: Wallet, *, now: int) -> bool:
    """Whether it may be shown on, after whatever happened to the wallet meanwhile."""
    held, chosen = wallet.entitlement, stage.showing.chosen
    if now >= stage.ends or held is None:
        return False
    if held.account_key != stage.showing.entitlement.account_key:
        return False
    batch = wallet.batch_at(now)
    return batch is not None and any(one.device_key == chosen.device_key for one in batch.passes)


def seconds_left(now: int) -> int:
    """Until the next proof: 1 to 30."""
    return SLOT_SECONDS - now % SLOT_SECONDS
