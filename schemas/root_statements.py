"""Root statements: what the offline keys say of everything else.

The form and the rules are docs/formats.md, "Root statements".

A statement is JWS in its general JSON form (RFC 7515 section 7.2.1): one payload, and as many
signatures as there were root keys at hand. Its identity is the payload.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from schemas import jws
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jwk import key_from_jwk, thumbprint
from schemas.kinds import DAY
from schemas.log.entries import statement_entry
from schemas.log.notes import KeyType, VerifierKey, parse_vkey
from schemas.validation import matches

LONGEST_DELEGATION = 35 * DAY
MOST_ROOTS = 5

_HEADER = {"alg", "kid", "typ"}
_ORIGIN = re.compile(r"([!-~]{1,100}?)/\.well-known/qupia/log/([1-9][0-9]{0,8})", re.ASCII)

Jwks = Mapping[str, Mapping[str, Any]]
"""Public keys by their RFC 7638 thumbprint."""


@dataclass(frozen=True)
class Witness:
    """Who watches that the log only grows: a cosigner's key, and where it is asked."""

    key: VerifierKey
    url: str


@dataclass(frozen=True)
class LogPlace:
    """What the name of a log's key says: whose log it is, and its number, from 1 on."""

    token_issuer: str
    number: int

    @property
    def origin(self) -> str:
        return f"{self.token_issuer}/.well-known/qupia/log/{self.number}"

    @classmethod
    def parse(cls, origin: str) -> Self:
        """Raises ValueError for a name of another form."""
        match = _ORIGIN.fullmatch(origin)
        if match is None:
            raise ValueError("not the origin of a log")
        return cls(match[1], int(match[2]))


@dataclass(frozen=True)
class RootStatement:
    """A statement whose members keep their rules. ``payload`` is the JSON as it was signed."""

    version: int
    threshold: int
    roots: Jwks
    signers: Jwks
    sunset: int
    log: VerifierKey
    witnesses: tuple[Witness, ...]
    quorum: int
    payload: bytes

    @cached_property
    def digest(self) -> bytes:
        """H(payload), 32 bytes."""
        return sha256(self.payload).digest()

    @cached_property
    def anchor(self) -> str:
        """What a client pins: for people, the root thumbprint; 43 characters."""
        return b64url_encode(sha256(b"qupia-anchor-v1" + self.payload).digest())

    @cached_property
    def entry(self) -> bytes:
        """This statement as an entry of a log, 32 bytes."""
        return statement_entry(self.payload)

    @property
    def place(self) -> LogPlace:
        """Whose log it names."""
        return LogPlace.parse(self.log.name)

    def has_roots_of(self, other: "RootStatement") -> bool:
        """Whether the same roots stand in both, and as many of them must sign."""
        return self.roots.keys() == other.roots.keys() and self.threshold == other.threshold

    def is_watched_like(self, other: "RootStatement") -> bool:
        """Whether roots, threshold, log, witnesses and quorum are those of ``other``."""
        return self.has_roots_of(other) and (self.log, self.witnesses, self.quorum) == (
            other.log,
            other.witnesses,
            other.quorum,
        )


@dataclass(frozen=True)
class SignedStatement:
    """A statement and its signatures, each as the compact text that is verified."""

    statement: RootStatement
    unverified: tuple[jws.UnverifiedJws, ...]

    def signed_by(self, roots: Jwks) -> set[str]:
        """Which of ``roots`` signed it; raises ValueError when one of them did so wrongly.

        Signatures of other keys are left alone: a statement that changes the roots is signed by
        those before it, too, whom a client that begins here does not know.
        """
        kids = [str(text.unverified_header["kid"]) for text in self.unverified]
        known = [
            (kid, text) for kid, text in zip(kids, self.unverified, strict=True) if kid in roots
        ]
        for kid, text in known:
            jws.verify(text, typ=jws.Typ.ROOT, key=key_from_jwk(roots[kid]))
        return {kid for kid, _ in known}

    def is_signed_for(self, other: RootStatement) -> bool:
        """Whether as many roots of ``other`` signed as it asks for; a wrong signature is none."""
        try:
            return len(self.signed_by(other.roots)) >= other.threshold
        except ValueError:
            return False


@dataclass(frozen=True)
class Chain:
    """The statements that a client believes, from the one that it pinned on."""

    statements: tuple[RootStatement, ...]

    @property
    def last(self) -> RootStatement:
        return self.statements[-1]

    @property
    def before(self) -> RootStatement | None:
        """The statement before the last; None where the last is the pinned one."""
        return self.statements[-2] if len(self.statements) > 1 else None

    @property
    def anchor(self) -> str:
        """What is to be pinned now: the first statement in which today's roots stand."""
        first = self.last
        for statement in reversed(self.statements):
            if not statement.has_roots_of(self.last):
                break
            first = statement
        return first.anchor

    def digest_at(self, version: int) -> str:
        """The digest of the statements up to ``version``; that of all where it is higher."""
        seen = [s.digest for s in self.statements if s.version <= version]
        return b64url_encode(sha256(b"".join(seen)).digest())


def parse_signed(value: object) -> SignedStatement:
    """A statement with whatever signatures it bears, none of them verified; raises ValueError."""
    if not matches("signed-statement", value) or not isinstance(value, dict):
        raise ValueError("not a root statement")
    statement = parse_statement(b64url_decode(value["payload"]))
    texts = [f"{s['protected']}.{value['payload']}.{s['signature']}" for s in value["signatures"]]
    return SignedStatement(statement, tuple(_parse_signature(text) for text in texts))


def parse_statement(payload: bytes) -> RootStatement:
    """The payload of a statement; raises ValueError for one that breaks a rule."""
    members = jws.parse_json_object(payload)
    if not matches("root-statement", members):
        raise ValueError("not the payload of a root statement")
    statement = RootStatement(
        version=members["version"],
        threshold=members["threshold"],
        roots=_by_thumbprint(members["roots"]),
        signers=_by_thumbprint(members["signers"]),
        sunset=members["sunset"],
        log=parse_vkey(members["log"], type=KeyType.ED25519),
        witnesses=tuple(
            Witness(parse_vkey(entry["key"], type=KeyType.COSIGNATURE), entry["url"])
            for entry in members["witnesses"]
        ),
        quorum=members["quorum"],
        payload=payload,
    )
    _check_members(statement, members)
    return statement


def encode_signed(payload: bytes, signatures: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """A statement as it is carried: ``signatures`` have ``protected`` and ``signature``."""
    return {"payload": b64url_encode(payload), "signatures": [dict(s) for s in signatures]}


def encode_payload(members: Mapping[str, Any]) -> bytes:
    """The payload of a new statement, as it is signed."""
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def walk_chain(delegations: Sequence[object], *, anchor: str) -> Chain:
    """The statements from the pinned one on, each verified by the one before.

    Raises BundleRejected. Statements before the pinned one are of the right form, and that is all
    that is known of them.
    """
    signed = [_parsed(value) for value in delegations]
    begins = next((i for i, s in enumerate(signed) if s.statement.anchor == anchor), None)
    if begins is None:
        fault = BundleFault.UNKNOWN_ROOT if signed else BundleFault.BROKEN_CHAIN
        raise BundleRejected(fault)
    pinned, *others = signed[begins:]
    if not pinned.is_signed_for(pinned.statement):
        raise BundleRejected(BundleFault.UNKNOWN_ROOT)
    statements = [pinned.statement]
    for following in others:
        check_follows(following, statements[-1])
        statements.append(following.statement)
    return Chain(tuple(statements))


def check_follows(following: SignedStatement, before: RootStatement) -> None:
    """Raise BundleRejected unless a statement may come after ``before``."""
    statement = following.statement
    if (
        statement.version != before.version + 1
        or not following.is_signed_for(before)
        or not (statement.has_roots_of(before) or following.is_signed_for(statement))
        or not _log_follows(statement, before)
    ):
        raise BundleRejected(BundleFault.BROKEN_CHAIN)
    if statement.sunset > before.sunset:
        raise BundleRejected(BundleFault.SUNSET_LATER)


def _parsed(value: object) -> SignedStatement:
    try:
        return parse_signed(value)
    except ValueError:
        raise BundleRejected(BundleFault.BROKEN_CHAIN) from None


def _parse_signature(text: str) -> jws.UnverifiedJws:
    unverified = jws.parse(text)
    header = unverified.unverified_header
    if header.keys() != _HEADER or not isinstance(header["kid"], str):
        raise ValueError("not the header of a root's signature")
    return unverified


def _by_thumbprint(jwks: Sequence[Mapping[str, Any]]) -> Jwks:
    keys = {thumbprint(jwk): jwk for jwk in jwks}
    if len(keys) != len(jwks):
        raise ValueError("a key stands twice")
    return keys


def _check_members(statement: RootStatement, members: Mapping[str, Any]) -> None:
    """Raise ValueError for what the JSON Schema cannot say."""
    for jwk in members["roots"] + members["signers"]:
        key_from_jwk(jwk)
    keys = [statement.log, *(witness.key for witness in statement.witnesses)]
    if (
        statement.threshold > len(statement.roots)
        or statement.quorum > len(statement.witnesses)
        or any(not 0 < s["exp"] - s["nbf"] <= LONGEST_DELEGATION for s in members["signers"])
        or len({key.public for key in keys}) != len(keys)
    ):
        raise ValueError("the members of the statement do not fit each other")
    _ = statement.place


def _log_follows(statement: RootStatement, before: RootStatement) -> bool:
    """The log's number is one higher exactly when its key changes."""
    now, then = statement.place, before.place
    if now.token_issuer != then.token_issuer:
        return False
    if statement.log.public == before.log.public:
        return statement.log == before.log
    return now.number == then.number + 1
