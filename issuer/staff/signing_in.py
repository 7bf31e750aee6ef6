"""A name and a password become an account; an account gets a password.

As long as an account has no password its key signs in. No lock is held while a password is hashed,
so what was read before is compared again when the result is written.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from sqlite3 import Connection, Row

from issuer.staff.database import StaffFile
from issuer.staff.passwords import (
    PasswordFault,
    PasswordRefused,
    check_password,
    hash_password,
    is_key,
    is_outdated,
    is_password,
)
from issuer.staff.sessions import end_sessions_of
from issuer.staff.values import Account, account_of
from schemas.kinds import DAY, STAFF_UNUSED_PERIOD
from schemas.problems import ApiProblem, Problem


@dataclass(frozen=True)
class SignIn:
    """Who signed in. With ``must_choose`` it was by key, and a password must be chosen first."""

    account: Account
    must_choose: bool


def is_unused(last_used_day: int, now: int) -> bool:
    """Whether nobody used an account for 90 days."""
    return now // DAY - last_used_day > STAFF_UNUSED_PERIOD // DAY


def sign_in(file: StaffFile, name: str, password: str, now: int) -> SignIn | None:
    """Who that is; None for a name that nobody has or a wrong password, after the same time."""
    row = _read(file, "name = ?", name.encode("utf-8", "replace").decode())
    stored = row["password_hash"] if row else None
    # One hash is computed in every case, so that the time tells nothing about the account.
    right = is_password(stored, password)
    if row is None or is_unused(row["last_used_day"], now):
        return None
    if stored is None:
        right = is_key(password, row["key_hash"])
    if not right:
        return None
    renewed = hash_password(password) if stored and is_outdated(stored) else stored
    return _note_sign_in(file, row, renewed, now)


def choose_password(
    file: StaffFile,
    account: Account,
    password: str,
    *,
    current: str | None,
    keep: str | None,
    note: Callable[[], object],
) -> Account:
    """Give an account a password; all its sessions but ``keep`` end. The account as it is now.

    ``current`` is the password that it has; it is not looked at when there is none yet. Raises
    PasswordRefused, and ApiProblem ``not_allowed`` when the account has changed meanwhile.
    """
    row = _read(file, "number = ?", account.number)
    if row is None:
        raise ApiProblem(Problem.NOT_ALLOWED)
    if row["password_hash"] is not None and not is_password(row["password_hash"], current or ""):
        raise PasswordRefused(PasswordFault.WRONG_CURRENT)
    check_password(password, name=row["name"], key_hash=row["key_hash"])
    stored = hash_password(password)
    with file.open() as db:
        if not _is_unchanged(db, row) or row["epoch"] != account.epoch:
            raise ApiProblem(Problem.NOT_ALLOWED)
        db.execute(
            "update accounts set password_hash = ?, epoch = epoch + 1 where number = ?",
            [stored, row["number"]],
        )
        end_sessions_of(db, row["number"], but=keep)
        note()
    return replace(account_of(row), epoch=row["epoch"] + 1)


def _note_sign_in(file: StaffFile, row: Row, stored: str | None, now: int) -> SignIn | None:
    with file.open() as db:
        if not _is_unchanged(db, row):
            return None
        db.execute(
            "update accounts set password_hash = ?, last_used_day = ? where number = ?",
            [stored, now // DAY, row["number"]],
        )
    account = replace(account_of(row), last_used_day=now // DAY)
    return SignIn(account, must_choose=stored is None)


def _read(file: StaffFile, condition: str, value: str | int) -> Row | None:
    with file.open() as db:
        row: Row | None = db.execute(
            f"select * from accounts where {condition}",  # noqa: S608 - one of two texts above.
            [value],
        ).fetchone()
    return row


def _is_unchanged(db: Connection, row: Row) -> bool:
    """Whether key and password are what they were when ``row`` was read."""
    found = db.execute("select epoch from accounts where number = ?", [row["number"]]).fetchone()
    return found is not None and found["epoch"] == row["epoch"]
