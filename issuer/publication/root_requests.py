"""A request for a root statement: made at the issuer, signed where the root keys are kept.

The issuer makes a new signer, keeps its private key and asks for a statement that names it. The
request is a file of JSON without secrets, which is carried on a USB stick. It holds the statement
with the signatures that it has so far, and which roots may sign::

    {"request": "qupia-root-statement-v2", "issuer": "https://…",
     "before": {"roots": ["thumbprint"], "threshold": 2} or null,
     "statement": {"payload": …, "signatures": […]}}
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from issuer.authority import Authority
from issuer.home import Home
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import Changes, add_signature, next_payload, sign_statement, signer_member
from issuer.log.folder import log_folder
from issuer.log.log import Log, create_log
from issuer.publication.replacement import plan_replacement
from schemas.codec import decode
from schemas.jws import Typ, parse_json_object
from schemas.kinds import DAY
from schemas.log.notes import VerifierKey
from schemas.root_statements import (
    LONGEST_DELEGATION,
    RootStatement,
    SignedStatement,
    parse_signed,
)
from shell.errors import CommandError
from shell.files import destroy

FORM = "qupia-root-statement-v2"
FRESH = 7 * DAY
"""A later request within this time, in seconds, is for the same signer."""

_PENDING = re.compile(r"pending-(\d+)-([A-Za-z0-9_-]{43})\.pem")


@dataclass(frozen=True)
class PendingSigner:
    """A signer that no root has named yet, made at ``nbf``; its key is in ``path``."""

    path: Path
    nbf: int
    thumbprint: str

    def load(self) -> SigningKey:
        return SigningKey.load(self.path, Typ.TRUST)


@dataclass(frozen=True)
class RootsBefore:
    """Who must sign what comes next: thumbprints, and how many of them."""

    roots: tuple[str, ...]
    threshold: int

    @classmethod
    def of(cls, statement: RootStatement) -> Self:
        return cls(tuple(sorted(statement.roots)), statement.threshold)


@dataclass(frozen=True)
class SigningRequest:
    """What roots are asked to sign. ``before`` is None for an issuer's first statement."""

    issuer: str
    before: RootsBefore | None
    statement: Mapping[str, Any]

    @property
    def signed(self) -> SignedStatement:
        return parse_signed(self.statement)

    @property
    def signer(self) -> str:
        """The thumbprint of the signer that the statement names."""
        return next(iter(self.signed.statement.signers))

    @property
    def exp(self) -> int:
        """When that signer ends, Unix seconds."""
        [signer] = self.signed.statement.signers.values()
        return int(signer["exp"])

    def encode(self) -> bytes:
        before = self.before and {"roots": self.before.roots, "threshold": self.before.threshold}
        members = {"request": FORM, "issuer": self.issuer, "before": before}
        return json.dumps(members | {"statement": self.statement}, indent=2).encode("ascii")

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises CommandError for anything but a request of this form for one signer."""
        try:
            members = parse_json_object(data)
            if members.pop("request") != FORM:
                raise ValueError
            before = members["before"]
            if members.keys() != {"issuer", "before", "statement"}:
                raise ValueError
            if before is not None:
                before = decode(RootsBefore, before)
            found = cls(members["issuer"], before, members["statement"])
            if len(found.signed.statement.signers) != 1 or not found.issuer.isprintable():
                raise ValueError
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CommandError("this is no request of an issuer; download it again") from None
        return found

    def missing(self) -> int:
        """How many more signatures it needs at least."""
        statement = self.signed.statement
        kids = {text.unverified_header["kid"] for text in self.signed.unverified}
        own = statement.threshold - len(kids & statement.roots.keys())
        if self.before is None:
            return max(0, own)
        before = self.before.threshold - len(kids & set(self.before.roots))
        changed = set(self.before.roots) != statement.roots.keys() or (
            self.before.threshold != statement.threshold
        )
        return max(0, before, own if changed else 0)

    def with_signature(self, root: SigningKey) -> Self:
        """Raises CommandError for a root that this issuer's clients would not believe."""
        statement = self.signed.statement
        may = statement.roots.keys() | set(self.before.roots if self.before else ())
        if root.thumbprint not in may:
            raise CommandError("this root may not sign for that issuer; give the right ROOT.pem")
        if any(text.unverified_header["kid"] == root.thumbprint for text in self.signed.unverified):
            raise CommandError("this root has signed already; take the file to another root")
        return replace(self, statement=add_signature(self.statement, root))


def carried_in(data: bytes) -> dict[str, Any]:
    """The statement in a file as it is carried: alone, or in the request that was signed.

    Raises ValueError for what is no JSON.
    """
    members = parse_json_object(data.strip())
    inner = members.get("statement") if members.get("request") == FORM else members
    if not isinstance(inner, dict):
        raise ValueError("not a root statement")
    return inner


def signing_request(authority: Authority, changes: Changes, now: int) -> SigningRequest:
    """Ask for a statement that names a new signer, whose private key stays here as pending.

    Whoever asks again within a week is given the same signer. Raises CommandError.
    """
    home, chain = authority.home, authority.chain
    with authority.making():
        member = pending_member(home, now)
    payload = next_payload(chain.last, member, changes)
    return request_for(authority.config.url, payload, before=chain.last)


def replacement_request(authority: Authority, *, reference_key: bool, now: int) -> SigningRequest:
    """Ask for a statement with which every key of the server is replaced once it is taken."""
    with authority.making():
        log = next_log(authority)
        plan_replacement(authority.home, log, reference_key=reference_key)
    return signing_request(authority, Changes(log=log), now)


def next_log(authority: Authority) -> VerifierKey:
    """The key of a log that no statement names yet: the same one until one does.

    For a holder of the lock of making.
    """
    place = authority.chain.last.place
    number, home = place.number + 1, authority.home
    # A folder without it was left by an interruption.
    if log_folder(home, number).key.exists():
        return Log.open(home, number).key
    return create_log(home, number=number, token_issuer=place.token_issuer)


def request_for(url: str, payload: bytes, *, before: RootStatement | None) -> SigningRequest:
    """The request for a payload; raises CommandError for one that no client would believe."""
    statement = sign_statement(payload, [])
    try:
        parse_signed(statement)
    except ValueError as error:
        raise CommandError(f"such a statement is not possible: {error}") from None
    return SigningRequest(url, None if before is None else RootsBefore.of(before), statement)


def pending_member(home: Home, now: int) -> dict[str, Any]:
    """A signer that waits for a statement, as one names it. For a holder of the making lock."""
    fresh = [s for s in pending_signers(home) if 0 <= now - s.nbf < FRESH]
    pending = fresh[-1] if fresh else _make_pending(home, now)
    return signer_member(pending.load(), pending.nbf)


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
