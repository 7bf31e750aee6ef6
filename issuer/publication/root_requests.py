"""A request for a root statement: made at the issuer, signed where the root key is kept.

The issuer makes a new signer, keeps its private key and asks for a statement that names it. The
request is a file of JSON without secrets, which is carried on a USB stick::

    {"request": "qupia-root-statement-v1", "issuer": "https://…", "version": 2,
     "roots": ["thumbprint"], "signer": {"kty": …, "nbf": …, "exp": …}}
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from issuer.authority import Authority
from issuer.home import Home
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import current_statement, sign_statement, signer_member
from schemas.jwk import key_from_jwk, thumbprint
from schemas.jws import Typ, parse_json_object
from schemas.kinds import DAY
from schemas.trust import LONGEST_DELEGATION
from shell.errors import CommandError
from shell.files import destroy

FORM = "qupia-root-statement-v1"
FRESH = 7 * DAY
"""A later request within this time, in seconds, is for the same signer: the same file again."""

_PENDING = re.compile(r"pending-(\d+)-([A-Za-z0-9_-]{43})\.pem")
_JWK = ("kty", "crv", "x", "y")


@dataclass(frozen=True)
class PendingSigner:
    """A signer that no root has named yet, made at ``nbf``; its key is in ``path``."""

    path: Path
    nbf: int
    thumbprint: str

    def load(self) -> SigningKey:
        return SigningKey.load(self.path, Typ.TRUST)


@dataclass(frozen=True)
class SigningRequest:
    """What a root is asked to sign. ``roots`` are the thumbprints of those that may."""

    issuer: str
    version: int
    roots: tuple[str, ...]
    signer: Mapping[str, Any]

    @property
    def thumbprint(self) -> str:
        return thumbprint(self.signer)

    @property
    def exp(self) -> int:
        return int(self.signer["exp"])

    def encode(self) -> bytes:
        members = {"request": FORM} | self.__dict__
        return json.dumps(members, indent=2).encode("ascii")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises CommandError for anything but a request of this form and at most 35 days."""
        try:
            members = parse_json_object(data)
            if members.pop("request") != FORM:
                raise ValueError
            found = cls(**{**members, "roots": tuple(members["roots"])})
            found._check()
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CommandError("this is no request of an issuer; download it again") from None
        return found

    def _check(self) -> None:
        """Raise what :meth:`parse` catches unless all members are of their kind."""
        signer = self.signer
        key_from_jwk(signer)
        numbers = (self.version, signer["nbf"], signer["exp"])
        if not all(type(number) is int and number > 0 for number in numbers):
            raise ValueError
        if not 0 < signer["exp"] - signer["nbf"] <= LONGEST_DELEGATION:
            raise ValueError
        if signer.keys() != {*_JWK, "nbf", "exp"} or not self.issuer.isprintable():
            raise ValueError

    def check_root(self, root: str) -> None:
        """Raise CommandError for a root that this issuer's clients would not believe."""
        if root not in self.roots:
            raise CommandError("this root may not sign for that issuer; give the right ROOT.pem")

    def sign(self, root: SigningKey, *, next_root: SigningKey | None) -> str:
        return sign_statement(root, next_root=next_root, signer=self.signer, version=self.version)


def signing_request(authority: Authority, now: int) -> SigningRequest:
    """Ask for a statement that names a new signer, whose private key stays here as pending.

    Whoever asks again within a week is given the same request. Raises CommandError.
    """
    home, config = authority.home, authority.config
    with authority.making():
        last = current_statement(home, config)
        fresh = [s for s in pending_signers(home) if 0 <= now - s.nbf < FRESH]
        pending = fresh[-1] if fresh else _make_pending(home, now)
        member = signer_member(pending.load(), pending.nbf)
    return SigningRequest(config.url, last.version + 1, tuple(sorted(last.roots)), member)


def pending_signers(home: Home) -> list[PendingSigner]:
    """The signers that no root has named yet, the oldest first."""
    return sorted(_pending(home), key=lambda signer: (signer.nbf, signer.thumbprint))


def ended_pending(home: Home, now: int) -> list[PendingSigner]:
    """The pending signers whose 35 days are over and that are still there."""
    return [s for s in pending_signers(home) if abs(now - s.nbf) >= LONGEST_DELEGATION]


def destroy_pending(home: Home, now: int) -> int:
    """Destroy pending signers whose 35 days are over; how many. For a holder of the making lock."""
    over = ended_pending(home, now)
    for signer in over:
        destroy(signer.path)
    return len(over)


def _pending(home: Home) -> Iterator[PendingSigner]:
    for path in home.keys.glob("pending-*.pem"):
        if match := _PENDING.fullmatch(path.name):
            yield PendingSigner(path, int(match[1]), match[2])


def _make_pending(home: Home, now: int) -> PendingSigner:
    key = SigningKey.generate(Typ.TRUST)
    path = home.keys / f"pending-{now}-{key.thumbprint}.pem"
    key.create(path)
    return PendingSigner(path, now, key.thumbprint)
