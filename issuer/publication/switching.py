"""What it costs people that a key is retired, told to whoever does it."""

from dataclasses import dataclass

from issuer.rules.cells import cell_size
from issuer.rules.values import Policy
from schemas.bundle import PassKey

WALLETS_LOOK = (6, 7)
"""A wallet that runs looks for a new bundle every 6 to 7 hours."""


@dataclass(frozen=True)
class SwitchCost:
    """``alike`` people have passes under the key; None where the policy does not say how many.

    ``soon`` of them, at most, have others an hour after it was retired, and only those look alike
    then; None where that does not matter, because doors admit the old ones until all could fetch.
    """

    is_quick: bool
    alike: int | None
    soon: int | None


def switch_cost(policy: Policy, key: PassKey, *, hours: int) -> SwitchCost:
    """The cost of retiring ``key`` in so many hours."""
    soonest, latest = WALLETS_LOOK
    alike, is_quick = cell_size(policy, key.holder), hours < latest
    soon = None if alike is None or not is_quick else alike // soonest
    return SwitchCost(is_quick, alike, soon)
