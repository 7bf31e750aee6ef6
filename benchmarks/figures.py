"""One measured figure, and what it must reach."""

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``limit`` is a floor where ``at_least``, else a ceiling; None where nothing is demanded."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def openssl_rates(algorithm: str) -> tuple[float, float]:
    """Signatures and verifications a second on one core, as ``openssl speed`` measures them."""
    speed = subprocess.run(
        ["openssl", "speed", "-mr", "-seconds", "2", algorithm],
        capture_output=True,
        text=True,
        check=True,
    )
    # +F2:<index>:<bits>:<signatures/s>:<verifications/s>, F4 for curves.
    line = next(row for row in speed.stdout.splitlines() if row.startswith(("+F2:", "+F4:")))
    sign, verify = line.split(":")[3:5]
    return float(sign), float(verify)
