"""Passkeys: who has one, the links that make one, and the proof at signing in.

A link works once, for 15 minutes, and whoever can write to the home gives it out; so a stolen
password makes no passkey. Of links, as of sessions, only the hash is stored. Each challenge is
answered once, rightly or not.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from sqlite3 import Connection, Row

from issuer.staff.ceremonies import (
    CHALLENGE_BYTES,
    Passkey,
    PasskeyRefused,
    RelyingParty,
    answered_id,
    creation_options,
    request_options,
    verify_creation,
    verify_proof,
)
from issuer.staff.database import StaffFile
from issuer.staff.sessions import end_sessions_of
from issuer.staff.values import Account, account_of, hash_random
from schemas.kinds import PASSKEY_LINK
from shell.errors import CommandError

MAKING = "/console/passkey/new"
"""Where a link leads. Its token stands behind ``#``, which a browser does not send."""

TOKEN_BYTES = 32
HANDLE_BYTES = 16

MOST = 8
"""Passkeys of one account."""


def link_of(url: str, token: str) -> str:
    """The link of a token, under the issuer's URL."""
    return f"{url}{MAKING}#{token}"


class LinkOver(PasskeyRefused):
    """A link that was used, is over, or never was."""


@dataclass(frozen=True)
class Passkeys:
    """The passkeys in the file of accounts. Each call is a transaction of its own."""

    file: StaffFile

    def make_link(
        self, name: str, now: int, *, note: Callable[[], object], reset: bool = False
    ) -> str:
        """The token of a new link for an account, returned this once; the link before is over.

        With ``reset`` the passkeys that it has are forgotten and its sessions end. Raises
        CommandError when there is no account of that name, or it has passkeys enough.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self.file.open() as db:
            number = _number_of(db, name)
            if reset:
                forget_passkeys(db, number)
                end_sessions_of(db, number)
            if len(_ids(db, number)) >= MOST:
                raise CommandError(f"an account has at most {MOST} passkeys; give --reset, too")
            db.execute(
                "insert or replace into passkey_links values (?, ?, ?, null)",
                [number, hash_random(token), now + PASSKEY_LINK],
            )
            note()
        return token

    def has_any(self, account: Account) -> bool:
        with self.file.open() as db:
            return bool(_ids(db, account.number))

    # A passkey is made

    def begin(self, token: str, party: RelyingParty, now: int) -> str:
        """What the browser of whoever has the link is asked (JSON). Raises LinkOver."""
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        with self.file.open() as db:
            link = _link(db, token, now)
            db.execute(
                "update passkey_links set challenge = ? where account = ?",
                [challenge, link["account"]],
            )
            known = _ids(db, link["account"])
        return creation_options(
            party,
            account=link["name"],
            handle=secrets.token_bytes(HANDLE_BYTES),
            challenge=challenge,
            known=known,
        )

    def finish(
        self,
        token: str,
        answer: str,
        party: RelyingParty,
        now: int,
        *,
        note: Callable[[Account], object],
    ) -> None:
        """Keep the passkey that a browser made; the link is over. Raises PasskeyRefused, LinkOver.

        ``note`` is called with the account before that is kept.
        """
        with self.file.open() as db:
            link = _link(db, token, now)
            challenge = link["challenge"]
            db.execute(
                "update passkey_links set challenge = null where account = ?", [link["account"]]
            )
        if challenge is None:
            raise PasskeyRefused
        passkey = verify_creation(answer, party=party, challenge=challenge)
        with self.file.open() as db:
            link = _link(db, token, now)
            if db.execute("select 1 from passkeys where id = ?", [passkey.id]).fetchone():
                raise PasskeyRefused
            db.execute(
                "insert into passkeys values (?, ?, ?, ?)",
                [passkey.id, link["account"], passkey.public_key, passkey.signatures],
            )
            db.execute("delete from passkey_links where account = ?", [link["account"]])
            note(account_of(link))

    # A passkey proves who is there

    def ask(self, session: str, party: RelyingParty) -> str | None:
        """What the browser of a session is asked (JSON); None where its account has no passkey."""
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        with self.file.open() as db:
            row = _session(db, session)
            known = [] if row is None else _ids(db, row["account"])
            db.execute(
                "update sessions set challenge = ? where token_hash = ?",
                [challenge, hash_random(session)],
            )
        return request_options(party, challenge=challenge, known=known) if known else None

    def prove(self, session: str, answer: str, party: RelyingParty) -> None:
        """Open a session whose browser answered rightly. Raises PasskeyRefused."""
        credential_id = answered_id(answer)
        with self.file.open() as db:
            row = _session(db, session)
            db.execute(
                "update sessions set challenge = null where token_hash = ?",
                [hash_random(session)],
            )
            passkey = None if row is None else _passkey(db, row["account"], credential_id)
        if row is None or row["challenge"] is None or passkey is None:
            raise PasskeyRefused
        count = verify_proof(answer, passkey, party=party, challenge=row["challenge"])
        with self.file.open() as db:
            changed = db.execute(
                "update passkeys set signatures = ? where id = ? and signatures = ?",
                [count, passkey.id, passkey.signatures],
            )
            if not changed.rowcount:
                raise PasskeyRefused
            db.execute(
                "update sessions set proven = 1 where token_hash = ?", [hash_random(session)]
            )


def forget_passkeys(db: Connection, number: int) -> None:
    """Remove the passkeys of an account, and its link."""
    db.execute("delete from passkeys where account = ?", [number])
    db.execute("delete from passkey_links where account = ?", [number])


def purge_links(db: Connection, now: int) -> None:
    """Remove links that are over; a clock that was set back ends them, too."""
    db.execute("delete from passkey_links where ends <= ? or ends > ?", [now, now + PASSKEY_LINK])


def _number_of(db: Connection, name: str) -> int:
    row = db.execute("select number from accounts where name = ?", [name]).fetchone()
    if row is None:
        raise CommandError("no account has that name; see: qupia-issuer staff list")
    return int(row["number"])


def _ids(db: Connection, number: int) -> list[bytes]:
    rows = db.execute("select id from passkeys where account = ? order by id", [number])
    return [row["id"] for row in rows]


def _link(db: Connection, token: str, now: int) -> Row:
    """The link and its account. Raises LinkOver."""
    digest = hash_random(token)
    found: Row | None = None
    for row in db.execute(
        "select * from passkey_links join accounts on accounts.number = passkey_links.account"
    ):
        # Every link is compared, each in constant time.
        if hmac.compare_digest(row["token_hash"], digest):
            found = row
    if found is None or not found["ends"] - PASSKEY_LINK <= now < found["ends"]:
        raise LinkOver
    return found


def _session(db: Connection, token: str) -> Row | None:
    row: Row | None = db.execute(
        "select * from sessions where token_hash = ?", [hash_random(token)]
    ).fetchone()
    return row


def _passkey(db: Connection, number: int, credential_id: bytes) -> Passkey | None:
    row = db.execute(
        "select * from passkeys where account = ? and id = ?", [number, credential_id]
    ).fetchone()
    return None if row is None else Passkey(row["id"], row["public_key"], row["signatures"])
