"""Reading a laboratory's export: the one place that knows a person's result.

A row gives a reference (the IIN), a birthday, a kind of evidence and its time, or the reason why
it gives none. Names, telephones and all other columns are never looked at. Nothing of a row's
content stands in a reason, an error or a representation.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from issuer.intake.export_file import Export
from issuer.intake.export_table import Cells, find_layout, read_rows
from issuer.intake.fhir import read_fhir
from issuer.intake.forms import Form, WrongForm
from issuer.intake.sample import read_sample
from issuer.intake.values import (
    ExportRow,
    IntakeSummary,
    Rejected,
    RejectReason,
    Rows,
    Unusable,
    accept,
    read_person,
)
from issuer.intake.workbook import is_workbook, table_of
from issuer.rules.policy import Policy
from shell.errors import CommandError

__all__ = ["ExportRow", "IntakeSummary", "RejectReason", "Rejected", "Rows", "read_export"]


def read_export(
    path: Path, *more: Path, policy: Policy, now: int, most_lines: int | None = None
) -> Rows:
    """The rows of an export in their order, one at a time, each judged at ``now``.

    What begins like JSON is read as FHIR, a workbook (XLSX) by its one sheet, everything else as a
    table; its name says nothing. The
    file is surveyed before this returns: raises CommandError when it cannot be read, is neither,
    lacks a column, or is a table of more than ``most_lines``. Lines without any text are no rows.
    With ``more`` they are the FHIR files of one export, and what one refers to may be in another;
    raises CommandError when one of them is a table.
    """
    try:
        exports = [Export.survey(one) for one in (path, *more)]
    except WrongForm as wrong:
        if more or wrong.fault is not Form.ARCHIVE or not is_workbook(path):
            raise
        return _read_workbook(path, policy=policy, now=now, most_lines=most_lines)
    tables = [export for export in exports if not export.is_json()]
    if not tables:
        return read_fhir(exports, policy=policy, now=now)
    export = tables[0]
    if more:
        raise CommandError(
            f"{export.path} is no FHIR; only the FHIR files of one export are taken together"
        )
    return Rows().of(_read_table(export, policy=policy, now=now, most_lines=most_lines))


def _read_table(
    export: Export, *, policy: Policy, now: int, most_lines: int | None
) -> Iterator[ExportRow | Rejected]:
    """Raises CommandError before the first row."""
    if most_lines is not None and export.lines > most_lines:
        raise CommandError(
            f"{export.path} has more than {most_lines} lines; export the results in parts"
        )
    layout = find_layout(export, policy.export.headers)
    return (_judge(cells, policy, now) for cells in read_rows(layout))


def _read_workbook(path: Path, *, policy: Policy, now: int, most_lines: int | None) -> Rows:
    table = table_of(path)
    place = Path(f"/proc/self/fd/{table.fileno()}")
    try:
        export = Export.survey(place)
        rows = _read_table(export, policy=policy, now=now, most_lines=most_lines)
    except CommandError as error:
        table.close()
        raise CommandError(error.message.replace(str(place), str(path))) from None

    def read() -> Iterator[ExportRow | Rejected]:
        with table:
            yield from rows

    return Rows().of(read())


def _judge(cells: Cells, policy: Policy, now: int) -> ExportRow | Rejected:
    try:
        return _interpret(cells, policy, now)
    except Unusable as unusable:
        return Rejected(cells.line, unusable.fault, _withdraws(cells, policy))


def _withdraws(cells: Cells, policy: Policy) -> bool | None:
    """Of a result that the policy knows, whoever's and from whenever."""
    if cells.texts is None:
        return None
    texts = dict(zip(policy.export.headers, cells.texts, strict=True))
    evidence = policy.export.evidence_of(texts["kind"], texts["result"])
    return None if evidence is None else policy.rule(evidence).withdraws


def _interpret(cells: Cells, policy: Policy, now: int) -> ExportRow:
    if cells.texts is None:
        missing = RejectReason.MISSING_COLUMNS
        raise Unusable(RejectReason.SHIFTED if cells.has_slipped else missing)
    texts = dict(zip(policy.export.headers, cells.texts, strict=True))
    person = read_person(texts["iin"], policy, now)
    evidence = policy.export.evidence_of(texts["kind"], texts["result"])
    if evidence is None:
        raise Unusable(RejectReason.UNKNOWN_KIND)
    if not policy.export.is_final(texts.get("state")):
        raise Unusable(RejectReason.NOT_FINAL)
    at = _read_date(texts["date"], policy)
    row = accept(cells.line, person, evidence, at, policy, now)
    return replace(row, sample=read_sample(texts.get("sample"), policy, now))


def _read_date(text: str, policy: Policy) -> int:
    try:
        return policy.export.moment(text, policy.zone)
    except ValueError:
        raise Unusable(RejectReason.BAD_DATE) from None
