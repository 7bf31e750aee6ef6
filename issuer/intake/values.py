"""What a laboratory's file becomes, whatever its form: rows to register, or reasons against them.

Nothing of a row's content stands in a reason, an error or a representation.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from typing import Self

from issuer.registration.iin import Iin, parse_iin
from issuer.rules.policy import Policy
from schemas.errors import Refusal


class RejectReason(StrEnum):
    """Why a row cannot be used, in the order in which it is checked."""

    SUPERSEDED = "superseded"
    MISSING_COLUMNS = "missing_columns"
    SHIFTED = "shifted"
    NO_PERSON = "no_person"
    BAD_IIN = "bad_iin"
    UNKNOWN_KIND = "unknown_kind"
    NOT_FINAL = "not_final"
    NOT_A_COURSE = "not_a_course"
    NO_SAMPLING_TIME = "no_sampling_time"
    BAD_DATE = "bad_date"
    BEFORE_BIRTH = "before_birth"
    FUTURE = "future"
    TOO_OLD = "too_old"


def place_of_row(file: int, line: int) -> str:
    return f"{file}:{line}" if file else str(line)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not used, and why.

    ``line`` is the line on which it starts (a table's header is line 1); in a FHIR Bundle it is
    the number of the entry, from 1. ``withdraws`` says of a result that the policy knows whether it
    is one that withdraws, such as a positive test; None of anything else. ``file`` counts from 1
    where several were given together, else it is 0.
    """

    line: int
    reason: RejectReason
    withdraws: bool | None = field(default=None, compare=False)
    file: int = 0

    @property
    def place(self) -> str:
        """Where it stands, as :attr:`ExportRow.place`."""
        return place_of_row(self.file, self.line)

    @property
    def urgency(self) -> tuple[int, int, int]:
        """The order in which rows are reported: what withdraws, other results, all else."""
        return (2 if self.withdraws is None else 1 - self.withdraws, self.file, self.line)


@dataclass(frozen=True, kw_only=True, repr=False)
class ExportRow:
    """A result to be registered. ``at``: Unix seconds; ``birthday``: MM-DD.

    ``reference`` is the IIN; it leaves this process as a keyed hash only. ``sample`` is the number
    of a sample or an order, which goes into the file of codes and nowhere else.
    """

    line: int
    reference: str
    birthday: str
    evidence: str
    at: int
    file: int = 0
    sample: str | None = None

    @property
    def place(self) -> str:
        """Where it stands: the line, after the number of its file where there are several."""
        return place_of_row(self.file, self.line)

    def __repr__(self) -> str:
        return f"ExportRow(line={self.line})"


@dataclass(frozen=True, kw_only=True)
class IntakeSummary:
    """What became of an export: ``rows`` is the sum of the four that follow.

    ``rejected`` are in the order of their urgency. ``others`` are resources that are no results.
    """

    rows: int
    codes: int
    withdrawals: int
    repeated: int
    rejected: tuple[Rejected, ...]
    others: int = 0
    is_fhir: bool = False


class Rows(Iterator[ExportRow | Rejected]):
    """The rows of an export, and how many of its resources so far are no results: ``others``."""

    def __init__(self, *, is_fhir: bool = False) -> None:
        self.others, self.is_fhir = 0, is_fhir
        self._rows: Iterator[ExportRow | Rejected] = iter(())

    def of(self, rows: Iterator[ExportRow | Rejected]) -> Self:
        """Themselves, now that it is known where they come from."""
        self._rows = rows
        return self

    def __next__(self) -> ExportRow | Rejected:
        return next(self._rows)


class Unusable(Refusal[RejectReason]):
    """A row is rejected; the rows around it are taken."""


def read_person(text: str, policy: Policy, now: int) -> Iin:
    """The person of a row; raises Unusable ``bad_iin``."""
    try:
        return parse_iin(text, today=datetime.fromtimestamp(now, policy.zone).date())
    except ValueError:
        raise Unusable(RejectReason.BAD_IIN) from None


def check_born(born: date, at: float, policy: Policy) -> None:
    """Raises Unusable ``before_birth`` for what happened before the day ``born`` began."""
    if at < datetime.combine(born, time(), policy.zone).timestamp():
        raise Unusable(RejectReason.BEFORE_BIRTH)


def accept(line: int, person: Iin, evidence: str, at: int, policy: Policy, now: int) -> ExportRow:
    """The row, when its evidence counts at ``now``.

    Raises Unusable ``before_birth``, ``future`` or ``too_old``.
    """
    check_born(person.born, at, policy)
    if at > now:
        raise Unusable(RejectReason.FUTURE)
    if policy.evidence_ends(evidence, at) <= now:
        raise Unusable(RejectReason.TOO_OLD)
    return ExportRow(
        line=line, reference=person.number, birthday=person.birthday, evidence=evidence, at=at
    )
