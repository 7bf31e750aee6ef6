"""The device's clock, corrected by the ``Date`` of the issuer's API, and the issuer's own time.

The rules are docs/formats.md, "Showing a pass" and "Proving that a request is the wallet's".

Clocks of phones are wrong more often than people think, and a proof is good for a minute or two
only. But whoever sets a clock to the second can find its codes by it, and whoever is told what it
shows can tell phones apart. So it is corrected in steps of half a minute only, and no request shows
it: proofs of a call carry the issuer's time. Answers that a cache may have kept say nothing.
"""

from collections.abc import Callable

from shell.clock import Clock, Monotonic
from shell.fetching import Answer

STEP = 30
"""Seconds. A smaller difference is not corrected, and a larger one in whole steps."""

LATEST = 4_102_444_800
"""The year 2100; no answer moves a clock beyond it."""


class CorrectedClock:
    """``offset`` is what the device's clock lacks, in seconds; ``remember`` stores a new one.

    ``monotonic`` counts seconds from anywhere, whatever the clock is set to.
    """

    def __init__(
        self, clock: Clock, monotonic: Monotonic, offset: int, remember: Callable[[int], object]
    ) -> None:
        self.raw = clock
        self.offset = offset
        self.was_corrected = False
        self._monotonic = monotonic
        self._remember = remember
        self._learnt: tuple[int, float, int] | None = None

    def now(self) -> int:
        """The corrected time."""
        return self.raw() + self.offset

    def issuer_now(self) -> int | None:
        """The issuer's time, carried on since its last answer; None where it must be asked.

        A counter stands still while a device sleeps, which shows beside its clock.
        """
        if self._learnt is None:
            return None
        date, counted, read = self._learnt
        passed = int(self._monotonic() - counted)
        slept = abs(self.raw() - read - passed) > STEP
        return None if slept else date + passed

    def learn(self, answer: Answer, *, sent: int) -> bool:
        """Learn the time from an answer of the API; whether the clock was corrected.

        ``sent`` is when the request went out, by the uncorrected clock. One clock is corrected once
        at most: an issuer that said another time with each answer could set it to any second.
        """
        date, received = answer.made_at, self.raw()
        if date is None or not 0 <= date < LATEST:
            return False
        self._learnt = date, self._monotonic(), received
        offset = corrected_offset(self.offset, date=date, sent=sent, received=received)
        if self.was_corrected or offset == self.offset:
            return False
        self.offset = offset
        self.was_corrected = True
        self._remember(offset)
        return True


def corrected_offset(offset: int, *, date: int, sent: int, received: int) -> int:
    """The offset after an answer of ``date``; the same unless it is more than 30 s wrong.

    It moves by the nearest number of half minutes. The answer was made at some moment between
    ``sent`` and ``received``, so a slow network does not look like a wrong clock.
    """
    off = date - received - offset if date > received + offset else min(0, date - sent - offset)
    return offset if abs(off) <= STEP else offset + (off + STEP // 2) // STEP * STEP
