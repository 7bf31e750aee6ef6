"""What is remembered of a venue's code that was scanned: in memory, until it ends. Pure.

It knows neither passes nor records. Nothing of it is ever written: whoever starts the program anew
scans again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from schemas.hours import hour_at


@dataclass(frozen=True, repr=False)
class Arrival:
    """``bindings`` are what a proof is bound to, 16 bytes for each hour of the code.

    ``venue`` is the name in the code, which nobody has checked; ``split_view`` tells that the
    venue sees other pass keys than this wallet. At ``ends`` (corrected Unix seconds) all of it is
    forgotten.
    """

    bindings: Mapping[int, bytes]
    venue: str
    split_view: bool
    ends: int

    def is_over(self, now: int) -> bool:
        return now >= self.ends or hour_at(now) not in self.bindings

    def is_same(self, bindings: Mapping[int, bytes], now: int) -> bool:
        """Whether a code with these bindings is of the same venue, as far as this hour tells."""
        hour = hour_at(now)
        return not self.is_over(now) and self.bindings[hour] == bindings.get(hour)

    def until(self, ends: int) -> "Arrival":
        """The same, forgotten at ``ends`` at the latest."""
        return replace(self, ends=min(self.ends, ends))
