"""What proofs are bound to at this venue: 16 bytes for each hour, derived from its seeds.

The decision at the door is handed these bytes and never sees a seed or a check-in code.
"""

from collections.abc import Mapping

from schemas.hour_keys import binding_of, public_half
from schemas.hours import hour_at
from shell.daily_seeds import DailySeeds
from verifier.presence.seeds import venue_seeds
from verifier.trust.store import TrustStore

HOURS_BACK = 12
"""A code made here is called old rather than wrong for so long."""


def bindings_at(seeds: DailySeeds, now: int) -> dict[int, bytes]:
    """By hour, for those that have a seed: the last 12, the current one and the next."""
    current = hour_at(now)
    hours = range(max(0, current - HOURS_BACK), current + 2)
    keys = {hour: seeds.hour_key(hour, now) for hour in hours}
    return {hour: binding_of(public_half(key)) for hour, key in keys.items() if key is not None}


class BindingsOfDevice:
    """The bindings of a device, derived anew when the hour or the seeds are others."""

    def __init__(self, store: TrustStore) -> None:
        self._seeds = venue_seeds(store)
        self._derived: tuple[tuple[int, int], Mapping[int, bytes]] | None = None

    def at(self, now: int) -> Mapping[int, bytes]:
        """The bindings at ``now``; raises CommandError for a damaged seed."""
        known_by = (hour_at(now), self._version())
        if self._derived is None or self._derived[0] != known_by:
            self._derived = (known_by, bindings_at(self._seeds, now))
        return self._derived[1]

    def _version(self) -> int:
        """Seeds are made and destroyed, never changed, so the time of their folder tells."""
        try:
            return self._seeds.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
