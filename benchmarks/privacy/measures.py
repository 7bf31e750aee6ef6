"""How often a guess is right, how often it would be by chance, and what was learned, in bits."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from benchmarks.privacy.town import Bools, Floats

Z = 1.96
"""Standard deviations of a 95 % interval."""


@dataclass(frozen=True)
class Outcome:
    """One row a target: was the guess right, would one by chance be (a share), bits learned."""

    right: Bools
    guessing: Floats
    bits: Floats


@dataclass(frozen=True)
class Finding:
    """``low`` and ``high`` are the 95 % interval of ``success`` (Wilson)."""

    success: float
    low: float
    high: float
    guessing: float
    bits: float

    def members(self) -> dict[str, float]:
        """As JSON members, with digits enough for a share of one in 20,000."""
        return {name: round(value, 6) for name, value in asdict(self).items()}

    @property
    def is_chance(self) -> bool:
        """Whether guessing lies within the interval."""
        return self.low <= self.guessing <= self.high


def summed_up(outcome: Outcome) -> Finding:
    """The finding of all targets of an experiment; raises ValueError when there are none."""
    count, hits = len(outcome.right), int(outcome.right.sum())
    if not count:
        raise ValueError("nothing was guessed; choose a larger town")
    low, high = wilson(hits, count)
    guessing, bits = float(outcome.guessing.mean()), float(outcome.bits.mean())
    return Finding(hits / count, low, high, guessing, bits)


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share (E. B. Wilson, 1927)."""
    share, spread = hits / count, Z * Z / count
    middle = share + spread / 2
    width = Z * np.sqrt(share * (1 - share) / count + spread / (4 * count))
    return float((middle - width) / (1 + spread)), float((middle + width) / (1 + spread))


def joined(outcomes: list[Outcome]) -> Outcome:
    """Several experiments as one."""
    return Outcome(
        *(
            np.concatenate([getattr(outcome, field) for outcome in outcomes] or [np.empty(0)])
            for field in ("right", "guessing", "bits")
        )
    )


def as_members(**known: Any) -> dict[str, Any]:
    """Named members, a finding among them spread out."""
    found = known.pop("finding")
    return {**known, **found.members()}
