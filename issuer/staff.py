"""Staff accounts: who may do what, and how often in a day (design sections 3 and 7).

An account is a role and the hash of a key that only its owner has. Nothing here is about citizens.
An account that nobody used for 90 days goes.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from schemas.kinds import DAY, LOG_PERIOD, STAFF_UNUSED_PERIOD
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.files import PRIVATE_FILE

KEY_BYTES = 32
BUSY_SECONDS = 10
LONGEST_NAME = 64


# SQLite would give the number of the last account again once that is removed, and with it the
# actions that are noted under it.
_NEXT_NUMBER = """
    select coalesce(max(number), 0) + 1
    from (select number from accounts union all select account from actions)
"""


class Role(StrEnum):
    REGISTRAR = "registrar"
    OFFICER = "officer"
    AUDITOR = "auditor"


class Capped(StrEnum):
    """What is counted against a daily cap; the names are columns."""

    CODES = "codes"
    WITHDRAWALS = "withdrawals"


@dataclass(frozen=True)
class Account:
    """``number`` is what logs call the account; ``unused_days`` since its last use."""

    number: int
    name: str
    role: Role
    last_used_day: int


class Staff:
    """The accounts in one file. Each call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self) -> None:
        """Make the tables of a new home."""
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
        with self._open(new=True) as db:
            db.table("accounts").create(
                {
                    "number": int,
                    "name": str,
                    "role": str,
                    "key_hash": bytes,
                    "last_used_day": int,
                    "cap_day": int,
                    "codes": int,
                    "withdrawals": int,
                },
                pk="number",
                if_not_exists=True,
            )
            db.table("accounts").create_index(["name"], unique=True, if_not_exists=True)
            db.table("actions").create(
                {"day": int, "action": str, "account": int, "role": str, "total": int},
                pk=("day", "action", "account"),
                if_not_exists=True,
            )

    def add(self, name: str, role: Role, now: int) -> str:
        """Make an account; its key is returned this once. Raises CommandError."""
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise CommandError(f"a name has 1 to {LONGEST_NAME} printable characters")
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._open() as db:
            if any(db.table("accounts").rows_where("name = ?", [name])):
                raise CommandError("there is an account of that name; remove it first")
            db.table("accounts").insert(
                {
                    "number": db.execute(_NEXT_NUMBER).fetchone()[0],
                    "name": name,
                    "role": role.value,
                    "key_hash": _hash(key),
                    "last_used_day": now // DAY,
                    "cap_day": 0,
                    "codes": 0,
                    "withdrawals": 0,
                }
            )
        return key

    def remove(self, name: str) -> None:
        """Raises CommandError when there is no account of that name."""
        with self._open() as db:
            if not any(db.table("accounts").rows_where("name = ?", [name])):
                raise CommandError("no account has that name; see: qupia-issuer staff list")
            db.table("accounts").delete_where("name = ?", [name])

    def accounts(self) -> list[Account]:
        with self._open() as db:
            return [_account(row) for row in db.table("accounts").rows_where(order_by="number")]

    def authenticate(self, key: str, now: int) -> Account | None:
        """The account of a key, and note the day of its use; None for a key that nobody has."""
        digest = _hash(key)
        with self._open() as db:
            found = None
            for row in db.table("accounts").rows:
                # Every account is compared, each in constant time.
                if hmac.compare_digest(row["key_hash"], digest):
                    found = _account(row)
            if found is None or _is_unused(found.last_used_day, now):
                return None
            if found.last_used_day != now // DAY:
                db.table("accounts").update(found.number, {"last_used_day": now // DAY})
        return found

    def spend(self, account: Account, what: Capped, *, cap: int, now: int) -> None:
        """Count one more of ``what`` today; raises ApiProblem ``too_many`` at the cap."""
        today = now // DAY
        with self._open() as db:
            row = db.table("accounts").get(account.number)
            spent = row[what.value] if row["cap_day"] == today else 0
            if spent >= cap:
                raise ApiProblem(Problem.TOO_MANY)
            fresh = {"codes": 0, "withdrawals": 0} if row["cap_day"] != today else {}
            change = {**fresh, "cap_day": today, what.value: spent + 1}
            db.table("accounts").update(account.number, change)

    def note(self, action: str, account: Account | None, now: int) -> None:
        """Count an action of a day; ``account`` is None for whoever can write to the home."""
        number, role = (account.number, account.role.value) if account else (0, "home")
        with self._open() as db:
            db.execute(
                "insert into actions values (?, ?, ?, ?, 1) "
                "on conflict (day, action, account) do update set total = total + 1",
                [now // DAY, action, number, role],
            )

    def purge(self, now: int, *, everyone: bool = False) -> int:
        """Remove accounts unused for 90 days and actions over a year old; how many accounts.

        With ``everyone`` all accounts go.
        """
        with self._open() as db:
            over = [
                row
                for row in db.table("accounts").rows
                if everyone or _is_unused(row["last_used_day"], now)
            ]
            for row in over:
                db.table("accounts").delete(row["number"])
            db.table("actions").delete_where("day < ?", [(now - LOG_PERIOD) // DAY])
        return len(over)

    @contextmanager
    def _open(self, *, new: bool = False) -> Iterator[Database]:
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
        try:
            connection.execute("pragma secure_delete = on")
            connection.execute("begin immediate")
            db = Database(connection)
            if not new and not {"accounts", "actions"} <= set(db.table_names()):
                raise self._unusable()
            yield db
            if connection.in_transaction:
                connection.execute("commit")
        except sqlite3.Error:
            raise self._unusable() from None
        finally:
            connection.close()

    def _unusable(self) -> CommandError:
        return CommandError(
            f"{self._path} cannot be used; check the disk, or restore it from a backup"
        )


def _hash(key: str) -> bytes:
    """A key has 256 random bits, so one round of SHA-256 is enough to store it."""
    return sha256(key.encode("utf-8", "replace")).digest()


def _is_unused(last_used_day: int, now: int) -> bool:
    return now // DAY - last_used_day > STAFF_UNUSED_PERIOD // DAY


def _account(row: dict[str, Any]) -> Account:
    return Account(row["number"], row["name"], Role(row["role"]), row["last_used_day"])
