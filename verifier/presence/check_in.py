"""The check-in code that a venue shows, made from its seeds.

The bytes are docs/formats.md, "The check-in code".
"""

from schemas.bundle import CLOCK_TOLERANCE, TrustBundle
from schemas.check_in import CheckInCode, grid_at
from schemas.errors import QupiaError
from schemas.hour_keys import public_half
from schemas.hours import hour_at
from shell.errors import CommandError
from verifier.presence.seeds import make_seeds, venue_seeds
from verifier.trust.store import TrustStore


class NoWindow(QupiaError):
    """The bundle has no pass key for now, so there is nothing that visitors could compare."""


def shown_hours(now: int, count: int) -> range:
    """The hours of a code that is made at ``now``.

    A visitor's clock may be two minutes slow, so the hour before counts for that long.
    """
    first = hour_at(now - CLOCK_TOLERANCE)
    return range(first, first + count)


def make_check_in(
    store: TrustStore, bundle: TrustBundle, *, name: str, hours: int, now: int
) -> CheckInCode:
    """The code of this device for the next ``hours``; seeds are made where there are none.

    Raises NoWindow, and CommandError for a damaged seed.
    """
    grid = grid_at(bundle, now)
    if grid is None:
        raise NoWindow
    shown = shown_hours(now, hours)
    make_seeds(store, shown, now)
    keys = [venue_seeds(store).hour_key(hour, now) for hour in shown]
    whole = tuple(public_half(key) for key in keys if key is not None)
    if len(whole) != len(shown):
        raise CommandError(f"seeds in {store.seeds} disappeared meanwhile; run the command again")
    return CheckInCode(shown.start, whole, grid, name)
