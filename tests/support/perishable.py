"""Perishable stores for tests: times around a midnight, and what stands in a home's files."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from issuer.perishable.inspection import inspect
from issuer.perishable.purge import MARK, purge
from issuer.perishable.store import Store
from schemas.kinds import DAY, HOUR, MINUTE, STORED_KINDS, Kind

MIDNIGHT = 20_000 * DAY
"""The beginning of 2024-10-04, UTC."""

TODAY = "2024-10-04"
YESTERDAY = "2024-10-03"
NOON = MIDNIGHT + 12 * HOUR
EVENING = MIDNIGHT - 6 * HOUR


@contextmanager
def open_store(home: Path) -> Iterator[Store]:
    store = Store.open(home)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def raw_database(home: Path) -> Iterator[sqlite3.Connection]:
    """The database as somebody finds it who does not use this program."""
    path = home / "store" / "store.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection


def files_of(home: Path) -> dict[str, bytes]:
    """Every file under ``home`` with its bytes, the write-ahead log included.

    Another process reads them: one that closes a file loses SQLite's locks on it.
    """
    return {
        str(path.relative_to(home)): subprocess.check_output(["cat", path])
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def files_with(home: Path, *secrets: bytes) -> list[str]:
    """The files in whose raw bytes any of the secrets stands."""
    files = files_of(home)
    return [name for name, data in files.items() if any(secret in data for secret in secrets)]


def fill(store: Store, number: int, *, expires: int = MIDNIGHT, kind: Kind = Kind.CODE) -> None:
    payload = b"payload"[: STORED_KINDS[kind].payload]
    with store.transaction(EVENING) as tx:
        for index in range(number):
            tx.put(kind, b"%d dies at %d" % (index, expires), payload, expires=expires)


def held(store: Store, number: int, *, expires: int, now: int) -> int:
    """How many of the records that ``fill`` made are found."""
    names = (b"%d dies at %d" % (index, expires) for index in range(number))
    return sum(store.get(Kind.CODE, name, now) == b"payload" for name in names)


def rows(home: Path) -> int:
    with raw_database(home) as connection:
        number: int = connection.execute("SELECT count(*) FROM records").fetchone()[0]
        return number


def check_that_the_next_purge_finishes(home: Path) -> None:
    """Of a day with 10 codes that die an hour after it, which must all be there still."""
    with open_store(home) as store:
        assert purge(store, MIDNIGHT + 60).complete
        assert store.keys.days() == [TODAY]
        assert held(store, 10, expires=MIDNIGHT + HOUR, now=MIDNIGHT) == 10
        assert rows(home) == 10
        assert files_with(home, YESTERDAY.encode()) == []
        assert inspect(home, MIDNIGHT + 10 * MINUTE) == []
    assert not (home / "store" / MARK).exists()
