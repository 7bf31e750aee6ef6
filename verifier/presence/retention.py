"""What a venue's device keeps for a time only: which seeds there are, and whether one is late."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from schemas.hours import begin_of, first_hour_of
from schemas.kinds import DAY, MINUTE, TRACING_PERIOD
from shell.clock import Clock
from shell.command_line import warn
from shell.errors import CommandError, place_of
from verifier.presence.seeds import is_past_sunset, sweep, venue_seeds
from verifier.trust.store import TrustStore

KIND = "venue_seeds"
GRACE = 120
"""Seconds after which a seed that is still there is a finding: a sweep comes once a minute."""


def census(store: TrustStore, now: int) -> dict[str, Any]:
    """How many seeds are here and how old the oldest is, counted from the start of its date."""
    dates = venue_seeds(store).dates()
    return {
        "kind": KIND,
        "period_seconds": TRACING_PERIOD,
        "held": len(dates),
        "oldest_seconds": max(0, now - begin_of(first_hour_of(dates[0]))) if dates else None,
    }


def late_seeds(store: TrustStore, now: int) -> int:
    """How many seeds outlived their time, told from the names of the files alone."""
    seeds, due = venue_seeds(store), now - GRACE
    return len(seeds.dates() if is_past_sunset(store, due) else seeds.ended(due))


def early_seeds(store: TrustStore, now: int) -> int:
    """How many are of dates that no code of now needs.

    They were made by a clock that was ahead, and would live for longer than 14 days.
    """
    dates = venue_seeds(store).dates()
    return sum(begin_of(first_hour_of(date)) > now + DAY for date in dates)


@contextmanager
def swept(store: TrustStore, clock: Clock) -> Iterator[None]:
    """Sweep once a minute meanwhile: a scanner may be left on for weeks."""
    stop = Event()
    thread = Thread(target=_sweep_until, args=(stop, store, clock), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def _sweep_until(stop: Event, store: TrustStore, clock: Clock) -> None:
    while not stop.wait(MINUTE):
        try:
            sweep(store, clock())
        except CommandError as error:
            warn(error.message)
        except Exception as error:  # noqa: BLE001 - the door goes on, and the next minute tries again.
            warn(f"seeds whose time is over could not be destroyed: {place_of(error)}")
