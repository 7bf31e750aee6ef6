"""How often an export is read: surveyed once before its first row, whatever its form."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from issuer.intake.export_file import Export
from issuer.intake.rows import read_export
from issuer.rules.policy import default_policy_text, parse_policy
from shell.errors import CommandError
from tests.support.fhir_export import bundle, ndjson, patient, swab
from tests.support.lab_export import NOW, make_row, write_text

POLICY = parse_policy(default_policy_text())
TABLE = write_text([make_row(number) for number in range(5000)])
RESOURCES = [patient(), *[swab(note="x" * 300)] * 4000]
ONE_LINE = bundle(*RESOURCES)
INDENTED = json.dumps(json.loads(ONE_LINE), indent=1)
LOOK = 0.5
"""Of a file, at most, that is read to tell a Bundle from NDJSON."""


class Reads:
    """Counts how often a file is opened and how many bytes of it are read."""

    def __init__(self, path: Path) -> None:
        self.path, self.opened, self.read = path, 0, 0

    @property
    def passes(self) -> float:
        return self.read / self.path.stat().st_size

    def open(self, *_mode: Any) -> io.BufferedReader:
        self.opened += 1
        return io.BufferedReader(_Counted(self))


class _Counted(io.FileIO):
    def __init__(self, reads: Reads) -> None:
        super().__init__(reads.path)
        self._reads = reads

    def readinto(self, buffer: Any) -> int | None:
        number = super().readinto(buffer)
        self._reads.read += number or 0
        return number


@pytest.fixture
def reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reads:
    counted = Reads(tmp_path / "export")
    opened = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *mode, **more: (
            counted.open()
            if (path, mode) == (counted.path, ("rb",))
            else opened(path, *mode, **more)
        ),
    )
    return counted


@pytest.mark.parametrize("most_lines", [None, 100_000])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_a_table_is_surveyed_once_and_read_once(
    reads: Reads, encoding: str, most_lines: int | None
) -> None:
    reads.path.write_bytes(TABLE.encode(encoding))
    rows = read_export(reads.path, policy=POLICY, now=NOW, most_lines=most_lines)
    assert (reads.opened, reads.passes) == (1, 1)
    assert len(list(rows)) == 5000
    assert (reads.opened, reads.passes) == (2, 2)


@pytest.mark.parametrize(
    "text", [ONE_LINE, INDENTED, ndjson(*RESOURCES)], ids=["one line", "indented", "ndjson"]
)
def test_fhir_is_surveyed_once_and_its_text_read_for_people_and_for_rows(
    reads: Reads, text: str
) -> None:
    reads.path.write_text(text)
    rows = read_export(reads.path, policy=POLICY, now=NOW)
    assert reads.opened == 3
    assert 2 <= reads.passes < 2 + LOOK
    assert len(list(rows)) == 4000
    assert reads.opened == 4
    assert 3 <= reads.passes < 3 + LOOK


def test_a_table_with_too_many_lines_is_refused_after_one_look(reads: Reads) -> None:
    reads.path.write_text(TABLE)
    with pytest.raises(CommandError, match="more than 5000 lines"):
        read_export(reads.path, policy=POLICY, now=NOW, most_lines=5000)
    assert (reads.opened, reads.passes) == (1, 1)


def test_what_was_surveyed_shows_nothing_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "export"
    path.write_text(TABLE)
    export = Export.survey(path)
    assert (export.encoding, export.lines) == ("utf-8", 5001)
    assert make_row(0)[0] in export.head
    assert make_row(0)[0] not in repr(export)
