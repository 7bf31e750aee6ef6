"""The pass that a person's page shows now, and until when. Pure.

It was stored as used before it came here, and stays for its five minutes at one door. Of a venue
that asks to scan its code first it gets 16 bytes for each hour, and nothing else.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.hours import begin_of
from wallet_sim.passes.presentation import Showing, last_moment, present
from wallet_sim.passes.state import Wallet


@dataclass(frozen=True, repr=False)
class ShownPass:
    """``began`` and ``ends`` are corrected Unix seconds.

    ``bindings`` are those of a venue's code by hour; without them the pass works everywhere.
    """

    showing: Showing
    began: int
    ends: int
    bindings: Mapping[int, bytes] | None = None

    @property
    def is_bound(self) -> bool:
        return self.bindings is not None

    @property
    def ends_with_code(self) -> bool:
        """Whether it goes because the hours of the venue's code are over."""
        return self.bindings is not None and self.ends == _end_of(self.bindings)

    def present(self, now: int) -> str:
        """The QR text with a proof of this half minute, bound to the hour in which that lies.

        Only before ``ends``: afterwards there is no binding.
        """
        return present(self.showing, now=now, bindings=self.bindings)


def begin(showing: Showing, *, now: int, bindings: Mapping[int, bytes] | None = None) -> ShownPass:
    """``bindings`` has one for the hour of ``now`` and is without gaps, or is None."""
    ends = last_moment(showing, now=now)
    if bindings is not None:
        ends = min(ends, _end_of(bindings))
    return ShownPass(showing, now, ends, bindings)


def may_stay(stage: ShownPass, wallet: Wallet, *, now: int) -> bool:
    """Whether it may be shown on, after whatever happened to the wallet meanwhile."""
    held, chosen = wallet.entitlement, stage.showing.chosen
    if now >= stage.ends or held is None:
        return False
    if held.account_key != stage.showing.entitlement.account_key:
        return False
    batch = wallet.batch_at(now)
    return batch is not None and any(one.device_key == chosen.device_key for one in batch.passes)


def _end_of(bindings: Mapping[int, bytes]) -> int:
    return begin_of(max(bindings) + 1)
