"""Windows: the stretches of time in which a pass works, the same for everyone.

A window begins at local midnight, or at a fixed local hour where the authority's windows are
shorter than a day. A day on which the clocks change therefore has windows of another length.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

WINDOW_HOURS = (24, 12, 8, 6)
"""The lengths that an authority may choose, in hours."""


@dataclass(frozen=True, order=True)
class Window:
    """``nbf`` inclusive, ``exp`` exclusive, both Unix seconds."""

    nbf: int
    exp: int

    def contains(self, now: int) -> bool:
        return self.nbf <= now < self.exp


@dataclass(frozen=True)
class Calendar:
    """How an authority cuts time into windows."""

    zone: ZoneInfo
    hours: int = 24

    def __post_init__(self) -> None:
        if self.hours not in WINDOW_HOURS:
            raise ValueError(f"window_hours is one of {WINDOW_HOURS}")

    def window_at(self, now: int) -> Window:
        """The window that contains ``now``."""
        length = timedelta(hours=self.hours)
        local = datetime.fromtimestamp(now, self.zone)
        start = local.replace(hour=local.hour // self.hours * self.hours)
        start = start.replace(minute=0, second=0, microsecond=0, fold=0)
        # A clock change that skips or repeats the cut can put it on the far side of now.
        while now < _seconds(start):
            start -= length
        while now >= _seconds(start + length):
            start += length
        return Window(_seconds(start), _seconds(start + length))

    def next_window(self, window: Window) -> Window:
        return self.window_at(window.exp)

    def windows_between(self, start: int, end: int) -> list[Window]:
        """The window at ``start`` and all that begin before ``end``."""
        windows = [self.window_at(start)]
        while windows[-1].exp < end:
            windows.append(self.next_window(windows[-1]))
        return windows


def _seconds(local: datetime) -> int:
    return int(local.timestamp())
