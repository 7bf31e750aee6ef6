"""Passwords: what one must be, and how it is stored (argon2id, RFC 9106).

A caller holds no lock while these functions run: each takes tens of milliseconds on purpose.
"""

import hmac
import secrets
import unicodedata
from enum import StrEnum
from functools import cache

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from issuer.staff.values import hash_random
from schemas.errors import Refusal

SHORTEST = 12
LONGEST = 128
"""In characters, after normalisation. No rule about their kinds: NIST SP 800-63B 3.1.1.2."""

LONGEST_RAW = 8 * LONGEST
"""Before normalisation, which can join as many characters to one."""

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
"""The smallest setting that the OWASP Password Storage Cheat Sheet allows.

It takes 19 MiB and about 35 ms. RFC 9106's second recommended option (64 MiB, 3 passes, 4 lanes)
takes more than 200 ms on the two cores that an issuer is planned for, while it also answers
wallets.
"""

_HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16,
    type=Type.ID,
)  # fmt: skip


class PasswordFault(StrEnum):
    """Why a password was not taken."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    IS_NAME = "is_name"
    IS_KEY = "is_key"
    WRONG_CURRENT = "wrong_current"


class PasswordRefused(Refusal[PasswordFault]):
    """The password stays what it was."""


def check_password(password: str, *, name: str, key_hash: bytes) -> None:
    """Raise PasswordRefused for a password that an account of that name and key may not have."""
    text = _normalised(password)
    if len(text) < SHORTEST:
        raise PasswordRefused(PasswordFault.TOO_SHORT)
    if len(text) > LONGEST:
        raise PasswordRefused(PasswordFault.TOO_LONG)
    if text.strip().casefold() == _normalised(name).strip().casefold():
        raise PasswordRefused(PasswordFault.IS_NAME)
    if is_key(password, key_hash):
        raise PasswordRefused(PasswordFault.IS_KEY)


def is_key(text: str, key_hash: bytes) -> bool:
    """Whether ``text`` is the key, perhaps copied with the spaces around it. Constant time."""
    return hmac.compare_digest(hash_random(text.strip()), key_hash)


def hash_password(password: str) -> str:
    """How a password is stored: parameters, a salt and 32 bytes, in one text."""
    return _HASHER.hash(_encoded(password))


def is_password(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one that is stored; takes as long when none is."""
    is_short = len(password) <= LONGEST_RAW and len(_normalised(password)) <= LONGEST
    guess = _encoded(password) if is_short else b""
    try:
        return _HASHER.verify(stored or _dummy(), guess) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether the password was stored with other parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _dummy() -> str:
    """The hash of a password that nobody has."""
    return hash_password(secrets.token_urlsafe(32))


def _normalised(password: str) -> str:
    """Keyboards write one letter in several ways (NIST SP 800-63B asks for NFKC or NFKD)."""
    return unicodedata.normalize("NFKC", password)


def _encoded(password: str) -> bytes:
    return _normalised(password).encode("utf-8", "surrogatepass")
