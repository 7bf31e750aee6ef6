"""How long a finished day takes to go, what writers notice of it, and what lookups cost."""

import multiprocessing
import os
import statistics
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import peak_megabytes
from issuer.perishable.purge import purge
from issuer.perishable.sealing import (
    LENGTH_BYTES,
    NONCE_BYTES,
    SECOND_BYTES,
    day_of_death,
    visible_expiry,
)
from issuer.perishable.store import Store
from schemas.kinds import DAY, HOUR, STORED_KINDS, Kind

MIDNIGHT = 20_000 * DAY
FINISHED = 1_000_000
LIVE = 100_000
LOOKUPS = 500
GCM_TAG = 16
WRITER_PAUSE = 0.004
"""Between two writes: about the time that signing one batch takes."""


def run() -> list[Figure]:
    """Purge a finished day of 1,000,000 codes beside 100,000 live ones and a process that writes.

    Codes have the largest payload of the kinds of which there are many.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        fill(store, FINISHED, MIDNIGHT - HOUR, expires=MIDNIGHT)
        for days in (1, 2):
            fill(store, LIVE // 2, MIDNIGHT, expires=MIDNIGHT + days * DAY)
        before = peak_megabytes(os.getpid())
        with _writer(Path(folder)) as stalls:
            start = time.perf_counter()
            totals = purge(store, MIDNIGHT)
            seconds = time.perf_counter() - start
        store.close()
    if totals.deleted[Kind.CODE] != FINISHED or not totals.complete:
        raise RuntimeError("the purge did not delete what it should have")
    return [
        Figure("purge of 1,000,000 records", seconds, "s", 10.0),
        Figure("write beside it, p99", statistics.quantiles(stalls, n=100)[98] * 1000, "ms", 250.0),
        Figure("write beside it, longest", max(stalls) * 1000, "ms", 1000.0),
        Figure("memory that the purge adds", peak_megabytes(os.getpid()) - before, "MB", 20.0),
        Figure("lookup over 25 day keys", _lookup_microseconds(), "µs", 150.0),
    ]


def fill(store: Store, number: int, now: int, *, expires: int) -> None:
    """Rows as the store makes them, with random bytes where tags and seals would be."""
    at = visible_expiry(Kind.CODE, expires)
    day = store.keys.find_or_make(day_of_death(at), now).day
    size = NONCE_BYTES + SECOND_BYTES + LENGTH_BYTES + STORED_KINDS[Kind.CODE].payload + GCM_TAG
    for start in range(0, number, 10_000):
        count = min(10_000, number - start)
        rows = ((day, "code", os.urandom(32), os.urandom(size), at) for _ in range(count))
        with store.database.writing() as connection:
            connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?)", rows)


@contextmanager
def _writer(home: Path) -> Iterator[list[float]]:
    """Another process writes meanwhile; gives the seconds that each of its writes took."""
    context = multiprocessing.get_context("spawn")
    ready, stop, results = context.Event(), context.Event(), context.SimpleQueue()
    process = context.Process(target=_write, args=(home, ready, stop, results.put))
    process.start()
    ready.wait()
    stalls: list[float] = []
    yield stalls
    stop.set()
    stalls += results.get()
    process.join()


def _write(home: Path, ready: Event, stop: Event, report: Callable[[list[float]], None]) -> None:
    """What POST /v1/passes does with the store, again and again."""
    store, stalls = Store.open(home), []
    ready.set()
    while not stop.is_set():
        start = time.perf_counter()
        with store.transaction(MIDNIGHT) as tx:
            tx.get(Kind.WITHDRAWAL, b"rid")
            tx.get(Kind.ENDED, b"jti")
            for _ in range(2):
                tx.put(Kind.BATCH, os.urandom(16), bytes(32), expires=MIDNIGHT + DAY)
            tx.put(Kind.COUNT, b"day", bytes(8), expires=MIDNIGHT + 14 * DAY)
        stalls.append(time.perf_counter() - start)
        time.sleep(WRITER_PAUSE)
    store.close()
    report(stalls)


def _lookup_microseconds() -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder))
        with store.transaction(MIDNIGHT) as tx:
            for day in range(1, 26):
                tx.put(Kind.ENDED, b"%d" % day, b"", expires=MIDNIGHT + day * DAY)
        lookup = partial(store.get, Kind.ENDED, b"somebody else", MIDNIGHT)
        # The least of several, because only other work on the machine makes one slower.
        seconds = min(timeit.repeat(lookup, number=LOOKUPS, repeat=5))
        store.close()
    return seconds / LOOKUPS * 1e6
