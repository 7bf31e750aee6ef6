"""The file of accounts and sessions: how it is laid out, opened and brought up to date.

Each ``with file.open() as db`` is one transaction, alone among all processes.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shell.errors import CommandError
from shell.files import PRIVATE_FILE

BUSY_SECONDS = 10
LAYOUT = 3
"""``pragma user_version`` of this layout. The one before it had no number, so its is 0."""

_ACCOUNTS = """
    create table accounts (
        number integer primary key, name text, role text, key_hash blob, last_used_day integer,
        cap_day integer, codes integer, withdrawals integer, password_hash text,
        epoch integer not null default 0, uploaded integer not null default 0, profile text
    )
"""
_UNIQUE_NAMES = "create unique index idx_accounts_name on accounts (name)"

_SINCE_PASSWORDS = (
    # SQLite would give the number of the last account again once that is removed, and with it
    # what the audit says about that account.
    "create table numbers (last integer not null)",
    "create table spent_forms (token_hash blob not null, number_hash blob not null, "
    "primary key (token_hash, number_hash)) without rowid",
)

_SINCE_PASSKEYS = (
    "create table sessions (token_hash blob primary key, account integer not null, "
    "started integer not null, used integer not null, proven integer not null, challenge blob) "
    "without rowid",
    "create table passkeys (id blob primary key, account integer not null, "
    "public_key blob not null, signatures integer not null) without rowid",
    "create table passkey_links (account integer primary key, token_hash blob not null, "
    "ends integer not null, challenge blob)",
    f"pragma user_version = {LAYOUT}",
)

_FROM_KEYS_ONLY = (
    "alter table accounts add column password_hash text",
    "alter table accounts add column epoch integer not null default 0",
    "alter table accounts add column uploaded integer not null default 0",
    "alter table accounts add column profile text",
    *_SINCE_PASSWORDS,
    *_SINCE_PASSKEYS,
    "insert into numbers select coalesce(max(number), 0) "
    "from (select number from accounts union all select account from actions)",
)
"""From the layout that had keys only. Its ``actions`` stay until the audit has taken them over."""

_FROM_PASSWORDS = (
    "alter table accounts add column profile text",
    "drop table sessions",
    *_SINCE_PASSKEYS,
)

_UPGRADES = {0: _FROM_KEYS_ONLY, 2: _FROM_PASSWORDS}
"""By the version before; who is signed in signs in again."""


class StaffFile:
    """The file at ``path``. Raises CommandError where it is missing, damaged or not writable."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self) -> None:
        """Make the tables of a new home; a file that has them stays as it is."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
        with self._transaction() as db:
            if not _tables(db):
                for statement in (_ACCOUNTS, _UNIQUE_NAMES, *_SINCE_PASSWORDS, *_SINCE_PASSKEYS):
                    db.execute(statement)
                db.execute("insert into numbers values (0)")

    @contextmanager
    def open(self) -> Iterator[sqlite3.Connection]:
        """One transaction on a file of this layout; an older file is brought up to date first."""
        with self._transaction() as db:
            if db.execute("pragma user_version").fetchone()[0] != LAYOUT:
                self._upgrade(db)
            yield db

    def _upgrade(self, db: sqlite3.Connection) -> None:
        version = db.execute("pragma user_version").fetchone()[0]
        known = {"accounts"} if version else {"accounts", "actions"}
        if version not in _UPGRADES or not known <= _tables(db):
            raise self._unusable()
        for statement in _UPGRADES[version]:
            db.execute(statement)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            # Never makes a file: it would hold no account, and others could read it.
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=rw",
                uri=True,
                timeout=BUSY_SECONDS,
                isolation_level=None,
            )
        except sqlite3.Error:
            raise self._unusable() from None
        connection.row_factory = sqlite3.Row
        try:
            connection.execute("pragma secure_delete = on")
            connection.execute("begin immediate")
            yield connection
            connection.execute("commit")
        except sqlite3.Error:
            raise self._unusable() from None
        finally:
            # What was not committed is undone.
            connection.close()

    def _unusable(self) -> CommandError:
        return CommandError(
            f"{self._path} cannot be used; check the disk, or restore it from a backup"
        )


def _tables(db: sqlite3.Connection) -> set[str]:
    return {row["name"] for row in db.execute("select name from sqlite_master where type='table'")}
