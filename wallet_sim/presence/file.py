"""The file of visits and warnings, beside the wallet's; every wallet gets one with its first list.

So that it is there says nothing about whether its owner was anywhere.
"""

from wallet_sim.presence.state import Visits, prune
from wallet_sim.storage import ValueFile


class VisitsFile(ValueFile[Visits]):
    """``visits.json`` in the folder of a wallet."""

    name = "visits"
    format = 2
    remedy = "remove it: what it could have warned of is lost"

    @property
    def kind(self) -> type[Visits]:
        return Visits

    def prune(self, value: Visits, now: int) -> Visits:
        return prune(value, now)
