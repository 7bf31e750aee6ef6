"""The only place that reads the time."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Gives the time in whole Unix seconds."""


Monotonic = Callable[[], float]
"""Counts seconds from anywhere; setting the clock does not change it."""


def monotonic_clock() -> float:
    """Seconds since this machine started, without those in which it slept."""
    return time.monotonic()


def system_clock() -> int:
    """The machine's time in whole Unix seconds."""
    return int(time.time())  # noqa: TID251 - the one reading that all others are handed.


def fixed_clock(at: int) -> Clock:
    """A clock that stands still at ``at``, for commands with ``--at``."""
    return lambda: at
