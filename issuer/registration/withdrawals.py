"""Withdrawals: to whom nothing is issued, for which kind of evidence, and until when.

A person is named by a keyed hash of their reference, the rid.
"""

from dataclasses import dataclass

from issuer.perishable.store import Transaction
from issuer.rules.values import FRAUD
from schemas.kinds import STORED_KINDS, Kind

STORED = STORED_KINDS[Kind.WITHDRAWAL]
WITHDRAWALS = {"positive": STORED.period, "contact": STORED.period, FRAUD: STORED.longest}
"""What withdraws, and for how many seconds at most."""

LOST = "lost"
"""Marks a rid whose phone was lost. It is never looked for when passes are issued."""


@dataclass(frozen=True)
class Withdrawn:
    """Nothing is issued to that person before ``until``."""

    until: int


def withdrawn_until(tx: Transaction, rid: str) -> int | None:
    """Until when nothing is issued to ``rid``; None when it is not withdrawn."""
    ends = (withdrawn_for(tx, rid, evidence) for evidence in WITHDRAWALS)
    return max((end for end in ends if end is not None), default=None)


def withdrawn_for(tx: Transaction, rid: str, evidence: str) -> int | None:
    """Until when ``evidence`` withdraws ``rid``; None when it does not."""
    identifier = withdrawal_identifier(rid, evidence)
    return tx.expiry(Kind.WITHDRAWAL, identifier, longest=WITHDRAWALS[evidence])


def is_lost(tx: Transaction, rid: str) -> bool:
    """Whether the phone of ``rid`` was reported as lost."""
    identifier = withdrawal_identifier(rid, LOST)
    return tx.expiry(Kind.WITHDRAWAL, identifier, longest=STORED.longest) is not None


def withdrawal_identifier(rid: str, evidence: str) -> bytes:
    """How the store is asked for the withdrawal of ``rid`` by ``evidence``."""
    return f"{rid}\0{evidence}".encode()
