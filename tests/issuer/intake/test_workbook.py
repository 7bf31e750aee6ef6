"""Spreadsheets: what a sheet holds is read as a table, and what could do harm is not read."""

from pathlib import Path

import pytest

from issuer.intake.rows import ExportRow, Rejected, read_export
from issuer.rules.policy import default_policy_text, parse_policy
from shell.errors import CommandError
from tests.support.lab_export import HEADER, NOW, PCR, local, make_row
from tests.support.workbook import Cell, archive, workbook

pytestmark = pytest.mark.process

POLICY = parse_policy(default_policy_text())
NOON = 46346.5
"""2026-11-20, 12:00: days since 1899-12-30."""


def read(folder: Path, content: bytes) -> list[ExportRow | Rejected]:
    path = folder / "export.csv"
    path.write_bytes(content)
    return list(read_export(path, policy=POLICY, now=NOW))


def error(folder: Path, content: bytes) -> str:
    with pytest.raises(CommandError) as caught:
        read(folder, content)
    assert "\n" not in caught.value.message
    return caught.value.message.replace(str(folder / "export.csv"), "FILE")


def reasons(rows: list[ExportRow | Rejected]) -> list[tuple[int, str]]:
    return [
        (row.line, row.reason.value if isinstance(row, Rejected) else row.evidence) for row in rows
    ]


def test_a_workbook_is_read_whatever_its_name_is(tmp_path: Path) -> None:
    rows = [HEADER, make_row(1), [], make_row(2, result="положительный"), make_row(3)[:4]]
    found = read(tmp_path, workbook(rows))
    assert reasons(found) == [(2, "pcr_negative"), (4, "positive"), (5, "unknown_kind")]


def test_a_moment_is_that_of_the_cell_in_local_time_and_an_iin_may_be_a_number(
    tmp_path: Path,
) -> None:
    whole = [int(make_row(1)[0]), "", "", PCR, "отрицательный", NOON, ""]
    day = [int(make_row(2)[0]), "", "", PCR, "отрицательный", 46346.0, ""]
    # Binary fractions of a day miss the second by some microseconds.
    late = [int(make_row(3)[0]), "", "", PCR, "отрицательный", 46346 + 9.5 / 24, ""]
    found = read(tmp_path, workbook([HEADER, whole, day, late], moments="F"))
    midnight = 1795114800
    assert [row.at - midnight for row in found if isinstance(row, ExportRow)] == [43200, 0, 34200]


def test_a_number_that_lost_its_zero_is_nobodys_iin(tmp_path: Path) -> None:
    rows: list[list[Cell]] = [[*HEADER], [12317301019, "", "", PCR, "отрицательный", local(1), ""]]
    assert reasons(read(tmp_path, workbook(rows))) == [(2, "bad_iin")]


def test_cells_with_separators_quotation_marks_and_line_ends_stay_cells(tmp_path: Path) -> None:
    row = make_row(1)
    row[1] = 'Фамилия;\t"Имя"\nещё'
    assert reasons(read(tmp_path, workbook([HEADER, row]))) == [(2, "pcr_negative")]


def test_lines_keep_the_numbers_that_the_spreadsheet_shows(tmp_path: Path) -> None:
    message = error(tmp_path, workbook([[], [], HEADER, make_row(1)]))
    assert message.startswith("FILE: line 1 names no column for iin")


def test_of_several_sheets_one_alone_may_have_cells_and_be_seen(tmp_path: Path) -> None:
    rows = [HEADER, make_row(1)]
    assert len(read(tmp_path, workbook(rows, []))) == 1
    assert len(read(tmp_path, workbook(rows, [["список"]], hidden=1))) == 1
    message = error(tmp_path, workbook(rows, rows))
    assert message == "FILE has cells in several sheets; save the results as a file alone"


FAR = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
"""With it a sheet has 17,000 million cells."""


@pytest.mark.parametrize(
    "content",
    [
        workbook([HEADER, make_row(1)], extra=FAR),
        workbook([HEADER, make_row(1)])[:-200],
        archive({"xl/workbook.xml": "<workbook"}),
        archive({"xl/workbook.xml": b"\0" * 300_000_000}),
    ],
    ids=["far", "cut off", "no workbook", "bomb"],
)
def test_a_workbook_that_is_damaged_or_claims_too_much_is_one_line(
    tmp_path: Path, content: bytes
) -> None:
    before = len([*Path("/proc/self/fd").iterdir()])
    assert error(tmp_path, content).startswith("FILE is a spreadsheet that cannot be read: ")
    assert len([*Path("/proc/self/fd").iterdir()]) == before
