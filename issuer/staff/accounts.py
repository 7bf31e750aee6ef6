"""Staff accounts: who may do what, and how often in a day.

An account is a role, the hash of a key that only its owner has, and the hash of a password for
whoever signs in to the console. An account that nobody used for 90 days goes.
"""

import hmac
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from sqlite3 import Connection, Row

from issuer.staff import signing_in
from issuer.staff.database import StaffFile
from issuer.staff.passkeys import Passkeys, forget_passkeys, purge_links
from issuer.staff.sessions import Sessions, end_sessions_of, purge_sessions
from issuer.staff.signing_in import SignIn, is_unused
from issuer.staff.values import Account, Capped, Role, account_of, hash_random
from schemas.kinds import DAY
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError

KEY_BYTES = 32
LONGEST_NAME = 64

Noting = Callable[[], object]
"""Called before a change is committed: where it raises, nothing has changed."""

OldAction = tuple[int, str, int, str, int]
"""Day, action, account, role, total: how a file of the layout before counted actions."""


def _unnoted() -> None:
    """Nothing to note."""


class Staff:
    """The accounts in one file. Each call is a transaction of its own."""

    def __init__(self, path: Path) -> None:
        self._file = StaffFile(path)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self._file)

    @cached_property
    def passkeys(self) -> Passkeys:
        return Passkeys(self._file)

    def create(self) -> None:
        """Make the tables of a new home."""
        self._file.create()

    def add(
        self,
        name: str,
        role: Role,
        now: int,
        *,
        profile: str | None = None,
        note: Noting = _unnoted,
    ) -> str:
        """Make an account; its key is returned this once. Raises CommandError."""
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise CommandError(f"a name has 1 to {LONGEST_NAME} printable characters")
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._file.open() as db:
            if _named(db, name) is not None:
                raise CommandError("there is an account of that name; remove it first")
            db.execute("update numbers set last = last + 1")
            db.execute(
                "insert into accounts (number, name, role, key_hash, last_used_day, cap_day, "
                "codes, withdrawals, profile) select last, ?, ?, ?, ?, 0, 0, 0, ? from numbers",
                [name, role.value, hash_random(key), now // DAY, profile],
            )
            note()
        return key

    def remove(self, name: str, *, note: Noting = _unnoted) -> None:
        """Also ends its sessions. Raises CommandError when there is no account of that name."""
        with self._file.open() as db:
            _delete(db, _existing(db, name))
            note()

    def reset(self, name: str, *, note: Noting = _unnoted) -> str:
        """Drop the password and end the sessions; a new key is returned this once.

        Raises CommandError when there is no account of that name.
        """
        key = secrets.token_urlsafe(KEY_BYTES)
        with self._file.open() as db:
            number = _existing(db, name)
            db.execute(
                "update accounts set key_hash = ?, password_hash = null, epoch = epoch + 1 "
                "where number = ?",
                [hash_random(key), number],
            )
            end_sessions_of(db, number)
            note()
        return key

    def accounts(self) -> list[Account]:
        with self._file.open() as db:
            return [account_of(row) for row in db.execute("select * from accounts order by number")]

    def authenticate(self, key: str, now: int) -> Account | None:
        """The account of a key, and note the day of its use; None for a key that nobody has."""
        digest = hash_random(key)
        with self._file.open() as db:
            found = None
            for row in db.execute("select * from accounts"):
                # Every account is compared, each in constant time.
                if hmac.compare_digest(row["key_hash"], digest):
                    found = account_of(row)
            if found is None or is_unused(found.last_used_day, now):
                return None
            if found.last_used_day != now // DAY:
                db.execute(
                    "update accounts set last_used_day = ? where number = ?",
                    [now // DAY, found.number],
                )
        return found

    def sign_in(self, name: str, password: str, now: int) -> SignIn | None:
        """Who that is, by password, or by key as long as there is no password.

        None for a name that nobody has or a wrong password, after the same time. It takes tens of
        milliseconds and 19 MiB.
        """
        return signing_in.sign_in(self._file, name, password, now)

    def choose_password(
        self,
        account: Account,
        password: str,
        *,
        current: str | None = None,
        keep: str | None = None,
        note: Noting = _unnoted,
    ) -> Account:
        """Give an account a password; all its sessions but that of the token ``keep`` end.

        ``current`` is the password that it has; it is not looked at when there is none yet.
        ``note`` is called before that is kept; where it raises, nothing has changed. The account is
        returned as it is now. Raises PasswordRefused, and ApiProblem ``not_allowed``
        when the account was removed or its password replaced meanwhile.
        """
        return signing_in.choose_password(
            self._file, account, password, current=current, keep=keep, note=note
        )

    def spend(self, account: Account, what: Capped, *, cap: int, now: int, number: int = 1) -> None:
        """Count ``number`` more of ``what`` today; raises ApiProblem ``too_many`` over the cap."""
        today = now // DAY
        with self._file.open() as db:
            row = db.execute("select * from accounts where number = ?", [account.number]).fetchone()
            if row is None:
                raise ApiProblem(Problem.NOT_ALLOWED)
            spent = {each: row[each] if row["cap_day"] == today else 0 for each in Capped}
            if spent[what] + number > cap:
                raise ApiProblem(Problem.TOO_MANY)
            spent[what] += number
            db.execute(
                "update accounts set cap_day = ?, codes = ?, withdrawals = ?, uploaded = ? "
                "where number = ?",
                [today, *(spent[each] for each in Capped), account.number],
            )

    def hand_over_actions(self, take: Callable[[Sequence[OldAction]], object]) -> None:
        """Give ``take`` the actions that an older layout counted here, then forget them.

        Were the machine to stop between the two, they would be handed over twice.
        """
        with self._file.open() as db:
            if db.execute("select 1 from sqlite_master where name = 'actions'").fetchone():
                rows = db.execute("select * from actions order by day, action, account")
                take([tuple(row) for row in rows.fetchall()])
                db.execute("drop table actions")

    def purge(self, now: int, *, everyone: bool = False) -> int:
        """Remove what is over and accounts unused for 90 days; how many accounts.

        With ``everyone`` all accounts go.
        """
        with self._file.open() as db:
            purge_sessions(db, now)
            purge_links(db, now)
            rows = db.execute("select * from accounts").fetchall()
            over = [row for row in rows if everyone or is_unused(row["last_used_day"], now)]
            for row in over:
                _delete(db, row["number"])
        return len(over)


def _named(db: Connection, name: str) -> Row | None:
    row: Row | None = db.execute("select * from accounts where name = ?", [name]).fetchone()
    return row


def _existing(db: Connection, name: str) -> int:
    row = _named(db, name)
    if row is None:
        raise CommandError("no account has that name; see: qupia-issuer staff list")
    return int(row["number"])


def _delete(db: Connection, number: int) -> None:
    end_sessions_of(db, number)
    forget_passkeys(db, number)
    db.execute("delete from accounts where number = ?", [number])
