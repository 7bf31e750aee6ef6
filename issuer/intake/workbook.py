"""A spreadsheet (XLSX) as the text of a table, by a process of its own with little memory and time.

A workbook is a compressed archive of XML, and two cells at its ends can claim thousands of millions
of others. So python-calamine reads it where it can harm nothing: the process gets the file on its
standard input and gives lines, with tabs between cells, on its standard output.
"""

import csv
import os
import resource
import subprocess
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from issuer.rules.export_rules import CELL_TIME
from shell.errors import CommandError

MOST_MEMORY = 1024 * 1024 * 1024
MOST_SECONDS = 120
LARGEST_TEXT = 64 * 1024 * 1024
"""Bytes of a table that a workbook gives: as many as those of an uploaded table."""

_INSIDE = b"xl/w"
_PIECE = 1024 * 1024
_HALF_A_SECOND = timedelta(microseconds=500_000)
_SEVERAL = 3
"""The exit status for a workbook with cells in several sheets that can be seen."""


def is_workbook(path: Path) -> bool:
    """Whether an archive holds a workbook: the names of its parts stand in it uncompressed."""
    with path.open("rb") as file:
        return any(_INSIDE in piece for piece in iter(lambda: file.read(_PIECE), b""))


def table_of(path: Path) -> BinaryIO:
    """The workbook's one sheet as the text of a table, in memory: no disk ever has it.

    Raises CommandError for a workbook that cannot be read, is too large or has several sheets.
    """
    table = os.fdopen(os.memfd_create("table", os.MFD_CLOEXEC), "rb")
    try:
        _convert(path, table.fileno())
    except CommandError:
        table.close()
        raise
    return table


def _convert(path: Path, text: int) -> None:
    call = [sys.executable, "-I", "-m", "issuer.intake.workbook"]
    with path.open("rb") as file:
        try:
            done = subprocess.run(  # noqa: S603 - our own interpreter and module.
                call, stdin=file, stdout=text, stderr=subprocess.DEVNULL, check=False,
                timeout=MOST_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise _unreadable(path) from None
    if done.returncode == _SEVERAL:
        raise CommandError(f"{path} has cells in several sheets; save the results as a file alone")
    if done.returncode or os.fstat(text).st_size >= LARGEST_TEXT:
        raise _unreadable(path)


def _unreadable(path: Path) -> CommandError:
    return CommandError(
        f"{path} is a spreadsheet that cannot be read: damaged, protected by a password or too "
        "large; save the results as CSV"
    )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_TEXT, LARGEST_TEXT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _write_table() -> int:
    """The process: one visible sheet with cells, line by line; its exit status."""
    _limit()
    from python_calamine import CalamineWorkbook, SheetVisibleEnum

    book = CalamineWorkbook.from_filelike(sys.stdin.buffer)
    shown = [
        sheet.name for sheet in book.sheets_metadata if sheet.visible is SheetVisibleEnum.Visible
    ]
    sheets = [sheet for name in shown if (sheet := book.get_sheet_by_name(name)).height]
    if len(sheets) > 1:
        return _SEVERAL
    table = csv.writer(sys.stdout, delimiter="\t", lineterminator="\n")
    for sheet in sheets:
        # Lines keep the numbers that the spreadsheet shows.
        table.writerows([] for _ in range(sheet.start[0] if sheet.start else 0))
        table.writerows(map(written, row) for row in sheet.iter_rows())
    return 0


def written(cell: object) -> str:
    """A cell as text: a moment in the one form that no laboratory's own can be taken for."""
    match cell:
        case datetime():
            return f"{CELL_TIME}{(cell + _HALF_A_SECOND).replace(microsecond=0).isoformat()}"
        case date():
            return f"{CELL_TIME}{cell.isoformat()}T00:00:00"
        case float() if cell.is_integer():
            return str(int(cell))
        case _:
            return " ".join(str(cell).split())


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]
    sys.exit(_write_table())
