"""Reading a laboratory's export: the one place that knows a person's result.

A row gives a reference (the IIN), a birthday, a kind of evidence and its time, or the reason why
it gives none. Names, telephones and all other columns are never looked at. Nothing of a row's
content stands in a reason, an error or a representation.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from issuer.intake.export_table import Cells, find_layout, read_rows
from issuer.intake.iin import Iin, parse_iin
from issuer.rules.export_rules import COLUMNS
from issuer.rules.policy import Policy


class RejectReason(StrEnum):
    """Why a row cannot be used, in the order in which it is checked (design section 10)."""

    MISSING_COLUMNS = "missing_columns"
    BAD_IIN = "bad_iin"
    UNKNOWN_KIND = "unknown_kind"
    BAD_DATE = "bad_date"
    FUTURE = "future"
    TOO_OLD = "too_old"


@dataclass(frozen=True)
class Rejected:
    """A row that was not used: the line on which it starts (the header is line 1), and why."""

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


class _Unusable(Exception):
    """A row is rejected for ``reason``."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason.value)
        self.reason = reason


def read_export(path: Path, *, policy: Policy, now: int) -> Iterator[ExportRow | Rejected]:
    """The rows of an export in their order, one at a time, each judged at ``now``.

    The file is surveyed before this returns: raises CommandError when it cannot be read, is no
    table or lacks a column. Lines without any text are no rows.
    """
    layout = find_layout(path, policy.export.headers)
    return (_judge(cells, policy, now) for cells in read_rows(layout))


def _judge(cells: Cells, policy: Policy, now: int) -> ExportRow | Rejected:
    try:
        return _interpret(cells, policy, now)
    except _Unusable as unusable:
        return Rejected(cells.line, unusable.reason)


def _interpret(cells: Cells, policy: Policy, now: int) -> ExportRow:
    if cells.texts is None:
        raise _Unusable(RejectReason.MISSING_COLUMNS)
    texts = dict(zip(COLUMNS, cells.texts, strict=True))
    zone = policy.zone
    iin = _read_iin(texts["iin"], datetime.fromtimestamp(now, zone).date())
    evidence = policy.export.evidence_of(texts["kind"], texts["result"])
    if evidence is None:
        raise _Unusable(RejectReason.UNKNOWN_KIND)
    at = _read_date(texts["date"], policy, zone)
    if at > now:
        raise _Unusable(RejectReason.FUTURE)
    if policy.evidence_ends(evidence, at) <= now:
        raise _Unusable(RejectReason.TOO_OLD)
    return ExportRow(
        line=cells.line, reference=iin.number, birthday=iin.birthday, evidence=evidence, at=at
    )


def _read_iin(text: str, today: date) -> Iin:
    try:
        return parse_iin(text, today=today)
    except ValueError:
        raise _Unusable(RejectReason.BAD_IIN) from None


def _read_date(text: str, policy: Policy, zone: ZoneInfo) -> int:
    try:
        return policy.export.moment(text, zone)
    except ValueError:
        raise _Unusable(RejectReason.BAD_DATE) from None
