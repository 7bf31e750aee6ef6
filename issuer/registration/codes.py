"""Activation codes: what one gives, and how it is voided.

A code keeps an entitlement-to-be without identity until it is used (docs/formats.md, "Records").
"""

from dataclasses import dataclass

from issuer.perishable.store import Locator, Transaction
from schemas.activation import new_code, parse_code
from schemas.codec import from_json, to_json
from schemas.hints import Holder
from schemas.kinds import STORED_KINDS, Kind
from schemas.problems import ApiProblem, Problem


@dataclass(frozen=True, repr=False)
class IssuedCode:
    """An activation code, to be handed out once, and when it dies."""

    code: str
    expires_at: int


@dataclass(frozen=True, repr=False)
class Grant:
    """What a code gives: the claims of the entitlement-to-be, and where its row is kept."""

    status: str
    holder: Holder
    until: int
    rid: str
    row: Locator | None


def issue_code(tx: Transaction, grant: Grant, now: int) -> IssuedCode:
    """A new code for ``grant``, which dies after 72 h."""
    code = new_code()
    expires_at = now + STORED_KINDS[Kind.CODE].period
    tx.put(Kind.CODE, code.encode("ascii"), to_json(grant), expires=expires_at)
    return IssuedCode(code, expires_at)


def cancel_code(tx: Transaction, text: str) -> None:
    """Void a code and free its result to be registered again.

    Raises ApiProblem ``code_used`` or ``code_unknown``.
    """
    identifier = code_identifier(text)
    payload = tx.get(Kind.CODE, identifier)
    if payload is None:
        used = tx.get(Kind.ACTIVATION, identifier) is not None
        raise ApiProblem(Problem.CODE_USED if used else Problem.CODE_UNKNOWN)
    grant = from_json(Grant, payload)
    tx.delete(Kind.CODE, identifier)
    if grant.row is not None:
        tx.delete_at(Kind.ROW, grant.row)


def code_identifier(text: str) -> bytes:
    """A code as the store is asked for it; raises ApiProblem ``code_unknown`` for no code."""
    try:
        return parse_code(text).encode("ascii")
    except ValueError:
        raise ApiProblem(Problem.CODE_UNKNOWN) from None
