"""The store's database file: how it is made, opened, shared and written to.

Several processes and threads use it at once. Readers never wait (write-ahead log); writers take
turns, within this process by a lock and between processes by SQLite's.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlite_utils import Database as Tables

from issuer.perishable.errors import BUSY, FOREIGN, NEWER, StoreError, from_os, from_sqlite
from shell.files import PRIVATE_FILE, locked, make_private_directory

FOLDER = "store"
FILE = "store.db"
OPENING_LOCK = "opening.lock"
SCHEMA_VERSION = 1

TABLE = """CREATE TABLE records (
  day TEXT NOT NULL CHECK (day = date(expires_at - 1, 'unixepoch')),
  kind TEXT NOT NULL,
  tag BLOB NOT NULL,
  sealed BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (day, kind, tag)
) STRICT, WITHOUT ROWID"""
"""The table of docs/formats.md, "Records".

Without a rowid nothing keeps the order in which a laboratory's file came.
"""

BUSY_SECONDS = 10.0
"""How long a writer waits for the others; compaction, the longest of them, takes under a second."""

IDLE_CONNECTIONS = 4
"""More than this many are closed after use; each keeps up to 2 MB of pages."""

PRAGMAS = (
    # A record that was promised (a used code, a batch marker) must outlive a power cut.
    "synchronous = FULL",
    # What is deleted is overwritten with zeros instead of left in free pages.
    "secure_delete = ON",
    # Sorting and compaction leave no copy in the system's folder for temporary files.
    "temp_store = MEMORY",
    # A damaged page is reported instead of misread.
    "cell_size_check = ON",
    # A database that someone swapped cannot run functions from its schema.
    "trusted_schema = OFF",
)


class Database:
    """A small pool of connections to one database file. May be used from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: list[sqlite3.Connection] = []
        self._writer = threading.Lock()
        self._closed = False

    @classmethod
    def open(cls, home: Path) -> "Database":
        """The store's database in ``home``, made when it is not there. Raises StoreError."""
        path = home / FOLDER / FILE
        try:
            # The store is never restored from a backup: that would revive codes that were used.
            make_private_directory(path.parent, in_backups=False)
            with locked(path.parent / OPENING_LOCK):
                _make_private_file(path)
                _prepare(path)
        except OSError as error:
            raise from_os(error) from error
        except sqlite3.Error as error:
            raise from_sqlite(error) from error
        return cls(path)

    @staticmethod
    def is_in(home: Path) -> bool:
        """Whether ``home`` has a database. Raises StoreError when that cannot be seen."""
        try:
            return (home / FOLDER / FILE).stat().st_size > 0
        except FileNotFoundError:
            return False
        except OSError as error:
            raise from_os(error) from error

    def close(self) -> None:
        """Close the connections that are not in use; those in use close when they are done."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection. Raises StoreError for whatever SQLite reports."""
        connection = None
        try:
            connection = self._take()
            yield connection
        except sqlite3.Error as error:
            if connection:
                connection.close()
                connection = None
            raise from_sqlite(error) from error
        finally:
            if connection:
                self._give_back(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a write transaction: all of the block is kept, or nothing.

        Raises StoreError for whatever SQLite reports, and when others write for too long.
        """
        # A queue of our own: SQLite's waiting is a series of sleeps of up to 100 ms.
        if not self._writer.acquire(timeout=BUSY_SECONDS):
            raise StoreError(BUSY)
        try:
            with self.reading() as connection, _transaction(connection):
                yield connection
        finally:
            self._writer.release()

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect(self.path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed or len(self._idle) >= IDLE_CONNECTIONS:
            connection.close()
        else:
            self._idle.append(connection)


def connect(path: Path) -> sqlite3.Connection:
    """Open the database file with our settings, in autocommit mode. Raises sqlite3.Error."""
    connection = sqlite3.connect(
        # It never makes the file, which would then be readable by others.
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,  # The pool lends a connection to one thread at a time.
    )
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite ends the transaction by itself when the disk is full.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _make_private_file(path: Path) -> None:
    """Make an empty file: a new database to SQLite, whose -wal and -shm take over its mode.

    A database that is there is not opened here: closing it again would take away the locks that
    other connections of this process have on it (sqlite.org/howtocorrupt.html section 2.2).
    """
    if not path.exists():
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        os.close(os.open(path, flags, PRIVATE_FILE))


def _prepare(path: Path) -> None:
    connection = connect(path)
    try:
        tables = Tables(connection, execute_plugins=False)
        if not tables.table_names() and _version(tables) == 0:
            _make_table(tables)
        if reason := wrong_form(tables):
            raise StoreError(reason)
    finally:
        connection.close()


def _make_table(tables: Tables) -> None:
    tables.enable_wal()
    with _transaction(tables.conn):
        tables.execute(TABLE)
        tables.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def wrong_form(tables: Tables) -> str | None:
    """Why the database cannot be our store, as a line that says what to do; None when it is."""
    if _version(tables) > SCHEMA_VERSION:
        return NEWER
    ours = tables.table_names() == ["records"] and tables["records"].schema == TABLE
    return None if ours and _version(tables) == SCHEMA_VERSION else FOREIGN


def _version(tables: Tables) -> int:
    version: int = tables.execute("PRAGMA user_version").fetchone()[0]
    return version
