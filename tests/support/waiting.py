"""Waiting for what must happen: no longer than it takes, and with one patience everywhere.

A machine may be busy with other work, and no test says how fast it is. Bounds of time are measured
by ``make bench``.
"""

import time
from collections.abc import Callable

PATIENCE = 300.0
"""Seconds until what must happen counts as not happening: for tests that would hang otherwise."""


def wait_until(
    is_so: Callable[[], object],
    what: str = "what was waited for",
    *,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Ask again and again; raises AssertionError when it is not so in time.

    ``pause`` lets so many seconds pass, for those who must do more than sleep meanwhile.
    """
    until = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < until, f"{what} did not happen"
        pause(0.02)
