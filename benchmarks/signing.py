"""Blind signatures a second: the raw operation, and a whole ``POST /v1/passes`` of a real server.

The limit of both is what ``openssl speed`` reaches on one core. Machines change their speed while
they are measured, so each is paired with a measurement of the limit right before and after it.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.figures import Figure, openssl_rates
from benchmarks.server import (
    cpu_seconds,
    drive,
    found,
    peak_megabytes,
    prepare_calls,
    serving,
)
from issuer.rawrsa import LibcryptoKey, PortableKey, RawKey

ROUNDS = 5
CALLS = 240
CONNECTIONS = 4
SIGNATURES = 16
RAW_SECONDS = 1.0


def run() -> list[Figure]:
    """The rates, and the medians of their ratios to the limit."""
    key = rsa.generate_private_key(65537, 2048)
    fast, portable = LibcryptoKey(key), PortableKey(key)
    raw = [_beside_limit(lambda: _raw_rate(fast)) for _ in range(ROUNDS)]
    service, peak = _service()
    return [
        Figure("openssl speed rsa2048", _median(limit for _, limit in raw), "signatures/s"),
        Figure("raw blind signature", _median(rate for rate, _ in raw), "signatures/s"),
        Figure("raw / openssl", _ratio(raw), "", 0.90, at_least=True),
        Figure("raw, portable fallback", _raw_rate(portable), "signatures/s"),
        Figure("POST /v1/passes", _median(rate for rate, _ in service), "signatures/CPU s"),
        Figure("POST /v1/passes / openssl", _ratio(service), "", 0.70, at_least=True),
        Figure("issuer process after that, peak", peak, "MB", 120.0),
    ]


def _beside_limit(measure: Callable[[], float]) -> tuple[float, float]:
    before, _ = openssl_rates("rsa2048")
    rate = measure()
    after, _ = openssl_rates("rsa2048")
    return rate, (before + after) / 2


def _raw_rate(key: RawKey) -> float:
    message = b"\x01" + os.urandom(255)
    key.sign_raw(message)
    done, start = 0, time.process_time()
    while (spent := time.process_time() - start) < RAW_SECONDS:
        for _ in range(20):
            key.sign_raw(message)
        done += 20
    return done / spent


def _service() -> tuple[list[tuple[float, float]], float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "issuer"
        found(home)
        with serving(home) as pid:

            def measure() -> float:
                calls = prepare_calls(home, CALLS)
                drive(calls[: CALLS // 6], CONNECTIONS)
                before = cpu_seconds(pid)
                times = drive(calls[CALLS // 6 :], CONNECTIONS)
                return len(times) * SIGNATURES / (cpu_seconds(pid) - before)

            rates = [_beside_limit(measure) for _ in range(ROUNDS)]
            return rates, peak_megabytes(pid)


def _ratio(pairs: list[tuple[float, float]]) -> float:
    return _median(rate / limit for rate, limit in pairs)


def _median(values: Iterable[float]) -> float:
    return statistics.median(values)
