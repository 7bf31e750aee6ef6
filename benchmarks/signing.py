"""Blind signatures a second: the raw operation, and a whole ``POST /v1/passes`` of a real server.

The limit of both is what ``openssl speed`` reaches on one core.
"""

import os
import statistics
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.figures import Figure, Paired, cpu_rate, openssl_rates, paired
from benchmarks.server import (
    cpu_seconds,
    drive,
    found,
    peak_megabytes,
    prepare_calls,
    serving,
)
from issuer.keys.rawrsa import LibcryptoKey, PortableKey

ROUNDS = 12
CALLS = 120
CONNECTIONS = 1
"""Calls follow each other on one kept-alive connection: a client that works at the same time would
share a core's caches and units with the server, and openssl had the core for itself."""
SIGNATURES = 16
RAW_SECONDS = 1.0


def run() -> list[Figure]:
    """The rates, and their ratios to the limit."""
    key = rsa.generate_private_key(65537, 2048)
    fast, portable, message = LibcryptoKey(key), PortableKey(key), b"\x01" + os.urandom(255)
    raw = paired(lambda: cpu_rate(lambda: fast.sign_raw(message), RAW_SECONDS), _limit, ROUNDS)
    service, peak = _service()
    latency = _latency()
    return [
        Figure("openssl speed rsa2048", raw.limit, "signatures/s"),
        Figure("raw blind signature", raw.rate, "signatures/s"),
        Figure("raw / openssl", raw.ratio, "", 0.90, at_least=True),
        Figure(
            "raw, portable fallback",
            cpu_rate(lambda: portable.sign_raw(message), RAW_SECONDS),
            "signatures/s",
        ),
        Figure("POST /v1/passes", service.rate, "signatures/CPU s"),
        Figure("POST /v1/passes / openssl", service.ratio, "", 0.70, at_least=True),
        Figure("POST /v1/passes as served, median", latency * 1000, "ms"),
        Figure("issuer process after that, peak", peak, "MB", 120.0),
    ]


def _limit() -> float:
    return openssl_rates("rsa2048")[0]


def _service() -> tuple[Paired, float]:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "issuer"
        found(home)
        with serving(home, at_once=True) as pid:

            def measure() -> float:
                calls = prepare_calls(home, CALLS)
                drive(calls[: CALLS // 6], CONNECTIONS)
                before = cpu_seconds(pid)
                times = drive(calls[CALLS // 6 :], CONNECTIONS)
                return len(times) * SIGNATURES / (cpu_seconds(pid) - before)

            return paired(measure, _limit, ROUNDS), peak_megabytes(pid)


def _latency() -> float:
    """Seconds from request to answer, one call after the other."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "issuer"
        found(home)
        with serving(home):
            return statistics.median(drive(prepare_calls(home, CALLS), CONNECTIONS))
