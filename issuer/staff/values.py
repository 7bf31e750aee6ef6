"""What an account is. Nothing here is about citizens."""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from sqlite3 import Row


class Role(StrEnum):
    REGISTRAR = "registrar"
    OFFICER = "officer"
    AUDITOR = "auditor"


class Capped(StrEnum):
    """What is counted against a daily cap; the names are columns."""

    CODES = "codes"
    WITHDRAWALS = "withdrawals"
    UPLOADED = "uploaded"
    """Withdrawals by uploaded exports, which are many at a time."""


@dataclass(frozen=True)
class Account:
    """``number`` is what logs call the account; ``last_used_day`` counts days since 1970.

    ``profile`` names how the exports that the account uploads are read, None for the usual way.

    ``epoch`` is raised whenever the account's key or password is replaced, so that what was
    allowed with the old one does not outlive it.
    """

    number: int
    name: str
    role: Role
    last_used_day: int
    profile: str | None = None
    epoch: int = field(default=0, compare=False, repr=False)


def account_of(row: Row) -> Account:
    """The account that a row of the table says."""
    return Account(
        row["number"],
        row["name"],
        Role(row["role"]),
        row["last_used_day"],
        row["profile"],
        row["epoch"],
    )


def hash_random(text: str) -> bytes:
    """A key or token has 256 random bits, so one round of SHA-256 is enough to store it."""
    return sha256(text.encode("utf-8", "replace")).digest()
