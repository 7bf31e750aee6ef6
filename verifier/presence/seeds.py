"""The venue's seeds, one for each UTC date on which a check-in code was needed.

Their life is docs/formats.md, "Seeds and hour keys".

They die 14 days after their date began, and all of them at the sunset: the authority has none
either then, and nobody can open an hour alone.
"""

from collections.abc import Iterable

from schemas.hour_keys import VENUE_LABEL
from schemas.hours import date_of
from shell.daily_seeds import DailySeeds
from shell.files import locked, make_private_directory, remove_drafts
from verifier.trust.store import TrustStore


def venue_seeds(store: TrustStore) -> DailySeeds:
    """Those of a device."""
    return DailySeeds(store.seeds, label=VENUE_LABEL)


def make_seeds(store: TrustStore, hours: Iterable[int], now: int) -> None:
    """Make what the keys of ``hours`` are derived from, where it is not there yet."""
    seeds = venue_seeds(store)
    make_private_directory(store.seeds.parent)
    with locked(store.lock):
        for date in sorted({date_of(hour) for hour in hours}):
            seeds.make(date, now)


def sweep(store: TrustStore, now: int) -> int:
    """Destroy the seeds whose time is over; how many.

    Raises CommandError for a damaged ``trust.json``, which says when the sunset is, only after
    what is over by its date.
    """
    if not store.seeds.exists():
        return 0
    seeds = venue_seeds(store)
    destroyed = seeds.destroy_ended(now)
    if is_past_sunset(store, now):
        destroyed += seeds.destroy_ended(now, everyone=True)
    if any(store.seeds.glob(".*.draft")):
        with locked(store.lock):  # Whoever makes a seed just now is not disturbed.
            remove_drafts(store.seeds)
    return destroyed


def is_past_sunset(store: TrustStore, now: int) -> bool:
    """Whether the authority's system has ended; False on a device that knows of none."""
    sunset = store.state().sunset if store.is_set_up() else None
    return sunset is not None and now >= sunset
