"""``retention verify``: whether anything outlives its time, judged from the files alone.

It changes nothing, needs no key and works beside a running service: it reads under a read
transaction, or, when no process has the database open, as a file that stands still.
"""

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlite_utils import Database as Tables

from issuer.perishable import database, day_keys
from issuer.perishable.database import wrong_form
from issuer.perishable.day_keys import KEY_FILE
from issuer.perishable.errors import DAMAGED, from_os, from_sqlite
from issuer.perishable.pages import Survey, survey
from issuer.perishable.purge import MARK
from issuer.perishable.sealing import day_of
from schemas.kinds import Kind

PURGE_INTERVAL = 60
GRACE = 2 * PURGE_INTERVAL
"""A service purges once a minute, so what is over by less than two rounds may still be there."""

TAG_FILE = "CACHEDIR.TAG"
DRAFT = re.compile(r"\..+\.draft")
OUR_FILES = {
    database.FOLDER: re.compile(
        rf"{re.escape(database.FILE)}(-wal|-shm)?|{re.escape(database.OPENING_LOCK)}|{MARK}"
    ),
    day_keys.FOLDER: KEY_FILE,
}


class StoreFault(StrEnum):
    """What can be wrong."""

    OVERDUE_RECORD = "overdue_record"
    OLD_KEY = "old_key"
    DIRTY_PAGE = "dirty_page"
    REMAINS_IN_FILE = "remains_in_file"
    REMAINS_IN_LOG = "remains_in_log"
    UNFINISHED = "unfinished"
    NO_KEY = "no_key"
    MISSING = "missing"
    FOREIGN = "foreign"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class Finding:
    """One fault in one line, without anything of a record's content."""

    fault: StoreFault
    message: str

    def __str__(self) -> str:
        return self.message


def inspect(home: Path, now: int) -> list[Finding]:
    """Everything in the store of ``home`` that is not as it should be at ``now``.

    What has been over for less than ``GRACE`` seconds is not a finding yet. Raises StoreError when
    a file cannot be read.
    """
    try:
        missing = list(_missing(home))
        return missing or [
            *_foreign_files(home),
            *_unfinished(home, now),
            *_old_keys(home, now),
            *_database(home, now),
        ]
    except OSError as error:
        raise from_os(error) from error


def _missing(home: Path) -> Iterator[Finding]:
    needed = [Path(folder, TAG_FILE) for folder in OUR_FILES]
    for name in [*needed, Path(database.FOLDER, database.FILE)]:
        if not (home / name).exists():
            yield Finding(
                StoreFault.MISSING, f"{home / name} is missing; run: qupia-issuer retention run"
            )


def _foreign_files(home: Path) -> Iterator[Finding]:
    for folder, ours in OUR_FILES.items():
        names = {path.name for path in (home / folder).iterdir()} - {TAG_FILE}
        foreign = [name for name in names if not ours.fullmatch(name) and not DRAFT.fullmatch(name)]
        if foreign:  # Their names are not repeated: anything could stand in them.
            yield Finding(
                StoreFault.FOREIGN,
                f"{home / folder} holds {len(foreign)} files that are not the store's",
            )


def _unfinished(home: Path, now: int) -> Iterator[Finding]:
    try:
        since = (home / database.FOLDER / MARK).read_bytes()
    except FileNotFoundError:
        return
    if not since.isdigit() or int(since) <= now - GRACE:
        yield Finding(
            StoreFault.UNFINISHED, "a purge was not finished; run: qupia-issuer retention run"
        )


def _old_keys(home: Path, now: int) -> Iterator[Finding]:
    for day in _days_with_key(home):
        if day < day_of(now - GRACE):
            yield Finding(StoreFault.OLD_KEY, f"the key of {day} outlived its day")


def _days_with_key(home: Path) -> list[str]:
    matches = map(KEY_FILE.fullmatch, os.listdir(home / day_keys.FOLDER))  # noqa: PTH208 - names.
    return sorted(match[1] for match in matches if match)


def _database(home: Path, now: int) -> Iterator[Finding]:
    path = home / database.FOLDER / database.FILE
    try:
        with closing(_open(path)) as connection:
            connection.execute("BEGIN")
            wrong = list(_wrong_form(Tables(connection, execute_plugins=False)))
            yield from wrong or _rows(connection, home, now)
            # While the transaction lasts, nothing that it can see moves from the log to the file.
            yield from _raw(survey(path, before=day_of(now - GRACE)))
    except sqlite3.Error as error:
        yield Finding(StoreFault.DAMAGED, from_sqlite(error).message)


def _open(path: Path) -> sqlite3.Connection:
    # While a process has the database open its log exists. Where there is none, a plain read-only
    # connection would make one; "immutable" leaves the folder as it is.
    mode = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    uri = f"{path.absolute().as_uri()}?{mode}"
    return sqlite3.connect(uri, uri=True, isolation_level=None)


def _wrong_form(tables: Tables) -> Iterator[Finding]:
    if reason := wrong_form(tables):
        yield Finding(StoreFault.FOREIGN, reason)
    elif tables.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        yield Finding(StoreFault.DAMAGED, DAMAGED)


def _rows(connection: sqlite3.Connection, home: Path, now: int) -> Iterator[Finding]:
    overdue = "SELECT day, kind, sum(expires_at <= ?) FROM records GROUP BY day, kind"
    rows = connection.execute(overdue, (now - GRACE,)).fetchall()
    for day, kind, number in rows:
        if number and kind in set(Kind):
            yield Finding(
                StoreFault.OVERDUE_RECORD,
                f"{number} records of kind {kind} of {day} are past their time",
            )
    if any(kind not in set(Kind) for _, kind, _ in rows):
        yield Finding(
            StoreFault.FOREIGN, "the store holds records of a kind that is not in the table"
        )
    for day in {day for day, _, _ in rows if day >= day_of(now)}.difference(_days_with_key(home)):
        yield Finding(
            StoreFault.NO_KEY, f"the records of {day} cannot be read: their day has no key"
        )


def _raw(found: Survey) -> Iterator[Finding]:
    if found.damage:
        yield Finding(StoreFault.DAMAGED, f"{DAMAGED} ({found.damage})")
    if found.dirty:
        yield Finding(StoreFault.DIRTY_PAGE, f"{found.dirty} freed pages are not all zeros")
    for day in found.in_file:
        yield Finding(StoreFault.REMAINS_IN_FILE, f"remains of {day} are in the database file")
    for day in found.in_log:
        yield Finding(StoreFault.REMAINS_IN_LOG, f"remains of {day} are in the write-ahead log")
