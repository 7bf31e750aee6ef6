"""Delete what has expired, and end the days that are over.

The promises are docs/formats.md, "The end of a day".

A day ends in this order, so that a process killed at any point leaves a state from which the next
purge goes on:

1. a mark is left in the store's folder: from here on there is something to finish
2. the day's key is destroyed, which ends every record of it in every copy
3. its rows are dropped, a portion at a time, so that writers wait milliseconds
4. the database file is written anew, and the write-ahead log emptied into it
5. the mark is removed

Only the holder of the home's lock purges; the caller takes that lock.
"""

import sqlite3
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from issuer.perishable.compaction import compact
from issuer.perishable.database import BUSY_SECONDS, Database
from issuer.perishable.errors import from_os, from_sqlite_code
from issuer.perishable.sealing import day_of
from issuer.perishable.store import Store
from schemas.kinds import DAY, STORED_KINDS, Kind
from shell.files import create_private, sync_directory

MARK = "unfinished"
PORTION = 5000
"""Rows dropped in one transaction: some 15 ms of work."""

PAUSE = 0.005
"""Seconds between two portions, in which a waiting writer finds the database free."""

CHECKPOINT_TRIES = 200
CHECKPOINT_PAUSE = 0.025
"""Readers are done within milliseconds; after five seconds of trying the next purge goes on."""


@dataclass(frozen=True)
class PurgeTotals:
    """What one purge did: records deleted of each kind, and the days that were ended.

    ``complete`` is false when readers kept the write-ahead log from being emptied; the next purge
    tries again.
    """

    deleted: Mapping[str, int]
    days: tuple[str, ...]
    complete: bool


def purge(store: Store, now: int, *, portion: int = PORTION) -> PurgeTotals:
    """Delete every record whose time is over at ``now`` and end the days that are over.

    ``portion`` is how many rows are deleted in one go. Raises StoreError when the database cannot
    be written; what was done until then stays done, and the next purge goes on from there.
    """
    mark = store.database.path.with_name(MARK)
    deleted: Counter[str] = Counter()
    days = _days_to_end(store, now)
    if days:
        _leave_mark(mark, now)
    _destroy_keys(store, days, now)
    for day in days:
        deleted += _drop_day(store.database, day, portion)
    deleted += _delete_expired(store.database, now, portion)
    complete = not mark.exists() or _clean(store.database, mark)
    return PurgeTotals(dict(deleted), tuple(days), complete)


def _days_to_end(store: Store, now: int) -> list[str]:
    """Days that are over and still have a key or rows."""
    today = day_of(now)
    with store.database.reading() as connection:
        with_rows = set(_days_with_rows(connection, today))
    return sorted(with_rows.union(store.keys.finished(now)))


def _days_with_rows(connection: sqlite3.Connection, today: str) -> Iterator[str]:
    # One step into the primary key for each day; DISTINCT would read every row.
    query = "SELECT min(day) FROM records WHERE day > ? AND day < ?"
    (day,) = connection.execute(query, ("", today)).fetchone()
    while day is not None:
        yield day
        (day,) = connection.execute(query, (day, today)).fetchone()


def _destroy_keys(store: Store, days: list[str], now: int) -> None:
    # Under the write lock, so that no writer seals with a key while it is being destroyed, and
    # no key is being made while drafts are removed.
    with store.database.writing():
        for day in days:
            store.keys.destroy_day(day)
        store.keys.remove_drafts()
    store.keys.forget_finished(now)


def _drop_day(database: Database, day: str, portion: int) -> Counter[str]:
    """Drop the day's rows kind by kind, also those of kinds that this version does not know."""
    dropped: Counter[str] = Counter()
    while kind := _first_kind(database, day):
        dropped[kind] += _drop_portion(database, day, kind, portion)
        time.sleep(PAUSE)
    return dropped


def _first_kind(database: Database, day: str) -> str | None:
    with database.reading() as connection:
        query = "SELECT min(kind) FROM records WHERE day = ?"
        kind: str | None = connection.execute(query, (day,)).fetchone()[0]
        return kind


def _drop_portion(database: Database, day: str, kind: str, portion: int) -> int:
    with database.writing() as connection:
        last = connection.execute(
            "SELECT max(tag) FROM "
            "(SELECT tag FROM records WHERE day = ? AND kind = ? ORDER BY tag LIMIT ?)",
            (day, kind, portion),
        ).fetchone()
        drop = "DELETE FROM records WHERE day = ? AND kind = ? AND tag <= ?"
        return connection.execute(drop, (day, kind, *last)).rowcount


def _delete_expired(database: Database, now: int, portion: int) -> Counter[str]:
    """Delete what expired today. Kinds that are rounded to midnight only die with their day."""
    deleted: Counter[str] = Counter()
    for kind in Kind:
        if STORED_KINDS[kind].rounding < DAY:
            deleted[kind] = _delete_expired_of(database, kind, now, portion)
    return +deleted


def _delete_expired_of(database: Database, kind: Kind, now: int, portion: int) -> int:
    """Walk through the kind's rows of today by tag; lock the database only where one is due."""
    place = (day_of(now), kind.value)
    stretch = (
        "SELECT max(tag), sum(expires_at <= ?) FROM (SELECT tag, expires_at FROM records "
        "WHERE day = ? AND kind = ? AND tag > ? ORDER BY tag LIMIT ?)"
    )
    delete = (
        "DELETE FROM records WHERE day = ? AND kind = ? AND tag > ? AND tag <= ? "
        "AND expires_at <= ?"
    )
    number, after = 0, b""
    while True:
        with database.reading() as connection:
            last, due = connection.execute(stretch, (now, *place, after, portion)).fetchone()
        if last is None:
            return number
        if due:
            with database.writing() as connection:
                number += connection.execute(delete, (*place, after, last, now)).rowcount
            time.sleep(PAUSE)
        after = last


def _leave_mark(mark: Path, now: int) -> None:
    """Say since when there is something to finish; a mark that is there already says it."""
    try:
        with suppress(FileExistsError):
            create_private(mark, b"%d" % now)
    except OSError as error:
        raise from_os(error) from error


def _clean(database: Database, mark: Path) -> bool:
    """Steps 4 and 5; false when the write-ahead log could not be emptied yet."""
    code = compact(database.path)
    if code != sqlite3.SQLITE_OK:
        raise from_sqlite_code(code)
    if not _empty_log(database):
        return False
    mark.unlink(missing_ok=True)
    sync_directory(mark.parent)
    return True


def _empty_log(database: Database) -> bool:
    for _ in range(CHECKPOINT_TRIES):
        if _checkpointed(database):
            return True
        time.sleep(CHECKPOINT_PAUSE)
    return False


def _checkpointed(database: Database) -> bool:
    with database.reading() as connection:
        # Most of it is copied while others write; the second step then holds them back briefly.
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        # It would wait for readers while it holds back writers: better to come again.
        connection.execute("PRAGMA busy_timeout = 0")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    return not busy
