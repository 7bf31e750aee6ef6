"""A day ends while the service answers: how long its purge takes, and what callers notice."""

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.purge import FINISHED, LIVE, fill
from benchmarks.server import drive, found, peak_megabytes, prepare_calls, serving
from issuer.home import Home
from issuer.perishable.store import Store
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from shell.clock import system_clock

CALLS_AT_ONCE = 40
CONNECTIONS = 4
MOST_SECONDS = 60


def run() -> list[Figure]:
    """1,000,000 codes of yesterday, 100,000 of today, and a service that is started over them.

    It purges at its start, in the process that answers.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "issuer"
        found(home)
        perishable = Home(home).perishable
        now = system_clock()
        today = now - now % DAY
        store = Store.open(perishable)
        fill(store, FINISHED, today - HOUR, expires=today)
        fill(store, LIVE, now, expires=now + DAY)
        start = time.monotonic()
        with serving(home) as pid:
            times: list[float] = []
            while _day_is_there(store, today) and time.monotonic() - start < MOST_SECONDS:
                times += drive(prepare_calls(home, CALLS_AT_ONCE), CONNECTIONS)
            seconds = time.monotonic() - start
            times += drive(prepare_calls(home, CALLS_AT_ONCE), CONNECTIONS)
            peak = peak_megabytes(pid)
        store.close()
    return [
        Figure("purge of 1,000,000 records while serving", seconds, "s", 10.0),
        Figure("POST /v1/passes meanwhile, p99", _percentile(times, 99) * 1000, "ms", 250.0),
        Figure("POST /v1/passes meanwhile, longest", max(times) * 1000, "ms"),
        Figure("issuer process with 100,000 records, peak", peak, "MB", 120.0),
    ]


def _day_is_there(store: Store, today: int) -> bool:
    """Whether anything of a day that is over is still in the database."""
    with store.database.reading() as connection:
        query = "SELECT 1 FROM records WHERE day < ? LIMIT 1"
        return connection.execute(query, (format_time(today)[:10],)).fetchone() is not None


def _percentile(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1]
