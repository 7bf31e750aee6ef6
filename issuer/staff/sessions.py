"""Sessions: what a browser holds after its user signed in, and when that ends.

A token has 256 random bits; only its hash is stored. A session says nothing about where it is used.
"""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from sqlite3 import Connection, Row

from issuer.staff.database import StaffFile
from issuer.staff.values import Account, account_of, hash_random
from schemas.kinds import DAY, MINUTE, SESSION_IDLE, SESSION_LONGEST
from schemas.problems import ApiProblem, Problem

TOKEN_BYTES = 32
NOTED_EVERY = MINUTE
"""The last use of a session is written no more often, in seconds."""


@dataclass(frozen=True)
class StaffSession:
    """``account`` is as it is now. With ``must_choose`` nothing is allowed but to choose a password
    or to sign out; with ``must_prove`` nothing but to prove a passkey or to sign out.
    """

    account: Account
    token: str = field(repr=False)
    must_choose: bool
    must_prove: bool


class Sessions:
    """The sessions in the file of accounts. Each call is a transaction of its own."""

    def __init__(self, file: StaffFile) -> None:
        self._file = file

    def start(self, account: Account, now: int, *, proven: bool = False) -> str:
        """Begin a session; its token is returned this once.

        ``proven`` where no passkey is asked for. Raises ApiProblem ``not_allowed`` when the account
        was removed, or its password replaced, since it signed in.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._file.open() as db:
            if not _is_current(db, account):
                raise ApiProblem(Problem.NOT_ALLOWED)
            db.execute(
                "insert into sessions values (?, ?, ?, ?, ?, null)",
                [hash_random(token), account.number, now, now, proven],
            )
        return token

    def find(self, token: str, now: int) -> StaffSession | None:
        """The session of a token, and note its use; None for one that ended or never was."""
        token_hash = hash_random(token)
        with self._file.open() as db:
            row = db.execute(
                "select * from sessions join accounts on accounts.number = sessions.account "
                "where token_hash = ?",
                [token_hash],
            ).fetchone()
            if row is None or is_over(row, now):
                return None
            if abs(now - row["used"]) >= NOTED_EVERY:
                _note_use(db, row, now)
        return StaffSession(
            account_of(row),
            token,
            must_choose=row["password_hash"] is None,
            must_prove=not row["proven"],
        )

    def end(self, token: str) -> None:
        """Sign out; nothing happens when the session has ended already."""
        with self._file.open() as db:
            _delete(db, [hash_random(token)])

    def spend_form(self, token: str, number: bytes) -> bool:
        """Whether the form of that number is sent for the first time in this session."""
        token_hash = hash_random(token)
        with self._file.open() as db:
            added = db.execute(
                "insert or ignore into spent_forms select token_hash, ? from sessions "
                "where token_hash = ?",
                [sha256(number).digest(), token_hash],
            )
            return bool(added.rowcount)


def is_over(row: Row, now: int) -> bool:
    """Whether nobody used the session for 15 minutes, or it is 8 hours old.

    A clock that was set back by as much ends it, too.
    """
    idle, age = abs(now - int(row["used"])), abs(now - int(row["started"]))
    return idle >= SESSION_IDLE or age >= SESSION_LONGEST


def end_sessions_of(db: Connection, number: int, *, but: str | None = None) -> None:
    """End every session of an account, except the one whose token is ``but``."""
    kept = None if but is None else hash_random(but)
    rows = db.execute("select token_hash from sessions where account = ?", [number])
    _delete(db, [row["token_hash"] for row in rows.fetchall() if row["token_hash"] != kept])


def purge_sessions(db: Connection, now: int) -> int:
    """Remove the sessions that are over; how many."""
    rows = db.execute("select * from sessions").fetchall()
    over = [row["token_hash"] for row in rows if is_over(row, now)]
    _delete(db, over)
    return len(over)


def _is_current(db: Connection, account: Account) -> bool:
    row = db.execute("select epoch from accounts where number = ?", [account.number]).fetchone()
    return row is not None and row["epoch"] == account.epoch


def _note_use(db: Connection, row: Row, now: int) -> None:
    db.execute("update sessions set used = ? where token_hash = ?", [now, row["token_hash"]])
    db.execute(
        "update accounts set last_used_day = ? where number = ?", [now // DAY, row["number"]]
    )


def _delete(db: Connection, token_hashes: list[bytes]) -> None:
    for token_hash in token_hashes:
        db.execute("delete from sessions where token_hash = ?", [token_hash])
        db.execute("delete from spent_forms where token_hash = ?", [token_hash])
