"""One measured figure, and what it must reach."""

import subprocess
import time
from collections.abc import Callable
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


@dataclass(frozen=True)
class Paired:
    """The best of several measurements in turns: of a rate, and of its limit.

    Whatever else a machine does can only slow a measurement down, so the best of each comes
    closest to what the code itself takes (as the documentation of ``timeit`` says of minima).
    """

    rate: float
    limit: float

    @property
    def ratio(self) -> float:
        return self.rate / self.limit


def paired(measure: Callable[[], float], limit: Callable[[], float], rounds: int) -> Paired:
    """Measure in turns, so that both get their share of good and bad moments."""
    turns = [(measure(), limit()) for _ in range(rounds)]
    return Paired(max(rate for rate, _ in turns), max(rate for _, rate in turns))


def cpu_rate(call: Callable[[], object], seconds: float) -> float:
    """Calls a second of this process's CPU time, as openssl counts."""
    call()
    calls, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for _ in range(20):
            call()
        calls += 20
    return calls / spent


def openssl_rates(algorithm: str) -> tuple[float, float]:
    """Signatures and verifications a second on one core, as ``openssl speed`` measures them."""
    # +F2:<index>:<bits>:<signatures/s>:<verifications/s>, F4 for curves.
    sign, verify = _openssl_speed(algorithm, "+F2:", "+F4:")[3:5]
    return float(sign), float(verify)


def openssl_agreements() -> float:
    """X25519 shared secrets a second on one core, as ``openssl speed`` measures them."""
    return float(_openssl_speed("ecdhx25519", "+F5:")[3])  # +F5:<index>:<bits>:<agreements/s>:…


def _openssl_speed(algorithm: str, *rows: str) -> list[str]:
    speed = subprocess.run(
        ["openssl", "speed", "-mr", "-seconds", "1", algorithm],
        capture_output=True,
        text=True,
        check=True,
    )
    return next(row for row in speed.stdout.splitlines() if row.startswith(rows)).split(":")
