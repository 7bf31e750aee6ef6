"""The device's clock, corrected by the ``Date`` of the issuer's API.

The rules are docs/formats.md, "Showing a pass".

Clocks of phones are wrong more often than people think, and a proof is good for a minute or two
only. Answers that a cache may have kept say nothing about the time, nor does the trust bundle.
"""

from collections.abc import Callable

from shell.clock import Clock
from shell.fetching import Answer

TOLERANCE = 45
"""Seconds; a smaller difference is not corrected, so that clocks do not tell wallets apart."""

LATEST = 4_102_444_800
"""The year 2100; no answer moves a clock beyond it."""


class CorrectedClock:
    """``offset`` is what the device's clock lacks, in seconds; ``remember`` stores a new one."""

    def __init__(self, clock: Clock, offset: int, remember: Callable[[int], object]) -> None:
        self.raw = clock
        self.offset = offset
        self.was_corrected = False
        self._remember = remember

    def now(self) -> int:
        """The corrected time."""
        return self.raw() + self.offset

    def learn(self, answer: Answer, *, sent: int) -> bool:
        """Correct the clock by an answer of the API; whether that was necessary.

        ``sent`` is when the request went out, by the uncorrected clock.
        """
        date = answer.made_at
        if date is None or not 0 <= date < LATEST:
            return False
        offset = corrected_offset(self.offset, date=date, sent=sent, received=self.raw())
        if offset == self.offset:
            return False
        self.offset = offset
        self.was_corrected = True
        self._remember(offset)
        return True


def corrected_offset(offset: int, *, date: int, sent: int, received: int) -> int:
    """The offset after an answer of ``date``; the same unless it is more than 45 s wrong.

    The answer was made at some moment between ``sent`` and ``received``, so a slow network does
    not look like a wrong clock.
    """
    if sent + offset - TOLERANCE <= date <= received + offset + TOLERANCE:
        return offset
    return date - received
