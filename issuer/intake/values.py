"""What a laboratory's file becomes, whatever its form: rows to register, or reasons against them.

Nothing of a row's content stands in a reason, an error or a representation.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from issuer.intake.iin import Iin, parse_iin
from issuer.rules.policy import Policy
from schemas.errors import Refusal


class RejectReason(StrEnum):
    """Why a row cannot be used, in the order in which it is checked."""

    MISSING_COLUMNS = "missing_columns"
    BAD_IIN = "bad_iin"
    UNKNOWN_KIND = "unknown_kind"
    BAD_DATE = "bad_date"
    FUTURE = "future"
    TOO_OLD = "too_old"


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not used, and why.

    ``line`` is the line on which it starts (a table's header is line 1); in a FHIR Bundle it is
    the number of the entry, from 1.
    """

    line: int
    reason: RejectReason


@dataclass(frozen=True, kw_only=True, repr=False)
class ExportRow:
    """A result to be registered. ``at``: Unix seconds; ``birthday``: MM-DD.

    ``reference`` is the IIN; it leaves this process as a keyed hash only.
    """

    line: int
    reference: str
    birthday: str
    evidence: str
    at: int

    def __repr__(self) -> str:
        return f"ExportRow(line={self.line})"


@dataclass(frozen=True, kw_only=True)
class IntakeSummary:
    """What became of an export: ``rows`` is the sum of all others."""

    rows: int
    codes: int
    withdrawals: int
    repeated: int
    rejected: tuple[Rejected, ...]


class Unusable(Refusal[RejectReason]):
    """A row is rejected; the rows around it are taken."""


def read_person(text: str, policy: Policy, now: int) -> Iin:
    """The person of a row; raises Unusable ``bad_iin``."""
    try:
        return parse_iin(text, today=datetime.fromtimestamp(now, policy.zone).date())
    except ValueError:
        raise Unusable(RejectReason.BAD_IIN) from None


def accept(line: int, person: Iin, evidence: str, at: int, policy: Policy, now: int) -> ExportRow:
    """The row, when its evidence counts at ``now``; raises Unusable ``future`` or ``too_old``."""
    if at > now:
        raise Unusable(RejectReason.FUTURE)
    if policy.evidence_ends(evidence, at) <= now:
        raise Unusable(RejectReason.TOO_OLD)
    return ExportRow(
        line=line, reference=person.number, birthday=person.birthday, evidence=evidence, at=at
    )
