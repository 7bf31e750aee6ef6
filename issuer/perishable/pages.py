"""The pages of an SQLite database as they are in its files, freed ones among them.

SQLite itself shows no freed page, so they are read by the file format (sqlite.org/fileformat2.html
sections 1.3, 1.5 and 4). Nothing is opened for writing and no lock is taken here.

The files are read in a process of its own, which is this file. A process that closes a file loses
every lock it has on it, SQLite's too; the next process to close the database would then take
itself for the last and remove a log still in use (sqlite.org/howtocorrupt.html section 2.2).
"""

import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from schemas.errors import QupiaError

DATABASE_HEADER = 100
LOG_HEADER = 32
FRAME_HEADER = 24

_DATE = re.compile(rb"\d{4}-\d{2}-\d{2}")

ReadPage = Callable[[int], bytes]


@dataclass(frozen=True)
class Survey:
    """What stands in a database's files.

    ``dirty`` freed pages are not all zeros; dates before the day asked for stand in the raw bytes
    of the file and of its write-ahead log; ``damage`` says where the form is broken.
    """

    dirty: int
    in_file: list[str]
    in_log: list[str]
    damage: str | None


def survey(path: Path, *, before: str) -> Survey:
    """Survey the database at ``path`` for dates before the day ``before``, in a child process.

    The freed pages are right only while the caller holds a read transaction, or nobody writes.
    Raises OSError when a file cannot be read.
    """
    command = [sys.executable, "-I", __file__, str(path), before]
    ended = subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - our own file.
    if ended.returncode:
        raise OSError(ended.returncode, "the database's files cannot be read")
    return Survey(**json.loads(ended.stdout))


class DamagedFile(QupiaError):
    """The file does not have the form of a database; the message says where."""


class DatabasePages:
    """The newest committed version of every page: from the write-ahead log, else from the file.

    What a reader sees does not change while it holds a read transaction: a checkpoint then only
    writes pages to the file that are in the log as well, and the log is not begun anew.
    """

    def __init__(self, file: BinaryIO, log: BinaryIO | None) -> None:
        header = file.read(DATABASE_HEADER)
        if len(header) < DATABASE_HEADER:
            raise DamagedFile("its header is too short")
        size = int.from_bytes(header[16:18])
        self.size = 65536 if size == 1 else size
        self._file = file
        self._log = log
        self._in_log = newest_frames(log, self.size) if log else {}

    def __call__(self, number: int) -> bytes:
        """The bytes of page ``number``, counted from 1. Raises DamagedFile when there is none."""
        if self._log and number in self._in_log:
            page = _read_at(self._log, self._in_log[number], self.size)
        else:
            page = _read_at(self._file, (number - 1) * self.size, self.size)
        if len(page) < self.size:
            raise DamagedFile(f"page {number} is missing")
        return page


def newest_frames(log: BinaryIO, page_size: int) -> dict[int, int]:
    """Where in the log the newest committed version of each page begins, by page number.

    A frame counts when it has the salts of the log's header: others are left from an earlier
    round. Checksums are SQLite's business; a torn frame is never followed by a commit.
    """
    salts = _read_at(log, 16, 8)
    committed: dict[int, int] = {}
    waiting: dict[int, int] = {}
    position = LOG_HEADER
    while True:
        header = _read_at(log, position, FRAME_HEADER)
        if len(header) < FRAME_HEADER or header[8:16] != salts:
            return committed
        number, size_after_commit = struct.unpack_from(">II", header)
        waiting[number] = position + FRAME_HEADER
        if size_after_commit:
            committed |= waiting
            waiting = {}
        position += FRAME_HEADER + page_size


def freed_pages(read: ReadPage) -> Iterator[tuple[int, bool]]:
    """Number of every freed page, and whether it holds nothing. Raises DamagedFile.

    Freed pages are a chain of trunks that list the leaves.
    """
    header = read(1)
    in_use, trunk, expected = struct.unpack_from(">III", header, 28)
    seen = 0
    while trunk:
        page = read(trunk)
        next_trunk, leaves = struct.unpack_from(">II", page)
        seen += 1 + leaves
        if seen > expected or 8 + 4 * leaves > len(page):
            raise DamagedFile("its list of freed pages is broken")
        yield trunk, _is_clean_trunk(page, leaves, in_use)
        for leaf in struct.unpack_from(f">{leaves}I", page, 8):
            yield leaf, not read(leaf).strip(b"\0")
        trunk = next_trunk


def _is_clean_trunk(page: bytes, leaves: int, in_use: int) -> bool:
    """Zeros after the list, but for page numbers that were in it before they were used again."""
    rest = page[8 + 4 * leaves :]
    return all(word <= in_use for (word,) in struct.iter_unpack(">I", rest))


def find_days(file: BinaryIO, *, before: str, portion: int = 1 << 20) -> set[str]:
    """The dates before the day ``before`` that stand anywhere in the file's raw bytes.

    The day of each record stands in its row as text. By chance ten bytes look like a date once in
    10^16 places.
    """
    found: set[str] = set()
    rest = b""
    file.seek(0)
    while data := file.read(portion):
        found |= {match.decode() for match in _DATE.findall(rest + data)}
        rest = data[-9:]
    return {day for day in found if day < before}


def _read_at(file: BinaryIO, position: int, size: int) -> bytes:
    file.seek(position)
    return file.read(size)


def _survey(path: Path, before: str) -> Survey:
    with ExitStack() as files:
        file = files.enter_context(path.open("rb"))
        log_path = path.with_name(path.name + "-wal")
        log = files.enter_context(log_path.open("rb")) if log_path.exists() else None
        dirty, damage = 0, None
        try:
            dirty = sum(not clean for _, clean in freed_pages(DatabasePages(file, log)))
        except DamagedFile as error:
            damage = str(error)
        in_log = sorted(find_days(log, before=before)) if log else []
        return Survey(dirty, sorted(find_days(file, before=before)), in_log, damage)


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(asdict(_survey(Path(sys.argv[1]), sys.argv[2]))))
    except OSError as failure:
        sys.exit(failure.errno)
