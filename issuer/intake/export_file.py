"""A laboratory's file as numbered lines of text, whatever system wrote it.

The file is read twice: once as bytes, to find its encoding, once as text. Neither pass holds more
than one line.
"""

import codecs
import io
import stat
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO, TextIO

from shell.errors import CommandError

LINE_LIMIT = 64 * 1024
"""In characters. A longer line is no row of a laboratory; it is counted and its text dropped."""

_NOT_TEXT = (
    b"PK\x03\x04",  # .xlsx, .ods, .zip
    b"\xd0\xcf\x11\xe0",  # .xls
    b"%PDF",
    b"\x1f\x8b",  # .gz
    b"7z\xbc\xaf",
    b"Rar!",
)
_SNIFFED = 64 * 1024
"""Characters among which the first sign of JSON must be."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Line:
    """A physical line without its end. ``text`` is None when it is over the limit."""

    number: int
    text: str | None


def find_encoding(path: Path) -> str:
    """The encoding of the whole file: UTF-16 or UTF-8 by its mark, UTF-8, else Windows-1251.

    Without a mark each line with a letter beyond ASCII has a vote, so that one damaged byte, or a
    file cut off inside a letter, does not turn UTF-8 into Windows-1251. Raises CommandError for a
    file that is empty, no text, or cannot be read.
    """
    with _readable(path) as file:
        start = file.peek(4)[:4]
        if not start:
            raise CommandError(f"{path} is empty; export the results again")
        if start.startswith(_NOT_TEXT):
            raise not_a_table(path)
        if start.startswith(_UTF16):
            return "utf-16"
        return "utf-8-sig" if start.startswith(codecs.BOM_UTF8) else _elect_encoding(file)


def not_a_table(path: Path) -> CommandError:
    """The error for a file that holds no text."""
    return CommandError(f"{path} is not a text table; export the results as CSV")


def is_json(path: Path, encoding: str) -> bool:
    """Whether the file begins like a JSON object or like an array of them.

    Raises CommandError when it cannot be read, or has zero bytes there.
    """
    with closing(read_chunks(path, encoding)) as chunks:
        start = next(chunks, "")[:_SNIFFED].lstrip("\ufeff \t\r\n")
    if not start.startswith(("{", "[")):
        return False
    if "\0" in start:
        raise not_a_table(path)
    return start.startswith("{") or start[1:].lstrip(" \t\r\n").startswith("{")


def check_lines(path: Path, most: int) -> None:
    """Raise CommandError when the file has more than ``most`` lines."""
    with _readable(path) as file:
        ends = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(_SNIFFED), b""))
    if ends > most:
        raise CommandError(f"{path} has more than {most} lines; export the results in parts")


def read_chunks(path: Path, encoding: str) -> Generator[str, None, None]:
    """The text of the file in pieces; bytes that are not of the encoding are replaced."""
    with (
        _readable(path) as file,
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="") as text,
    ):
        while chunk := text.read(LINE_LIMIT):
            yield chunk


def read_lines(
    path: Path, encoding: str, *, limit: int = LINE_LIMIT
) -> Generator[Line, None, None]:
    """The lines of the file, numbered from 1 as an editor does.

    Bytes that are not of the encoding become replacement characters; the row they are in is then
    judged like any other. Raises CommandError when the file cannot be read.
    """
    with (
        _readable(path) as file,
        # A carriage return inside a line must not shift the numbers of the lines after it.
        io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="\n") as text,
    ):
        for number in count(1):
            line = text.readline(limit)
            if not line:
                return
            whole = _is_whole(line, limit) or not _skip_rest(text)
            yield Line(number, line.rstrip("\r\n") if whole else None)


@contextmanager
def _readable(path: Path) -> Iterator[io.BufferedReader]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CommandError(f"{path} is not a regular file; save the export to one")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


def _elect_encoding(file: BinaryIO) -> str:
    votes = 0
    while line := file.readline(LINE_LIMIT):
        # A piece of a longer line may be cut off inside a letter.
        if len(line) < LINE_LIMIT and not line.isascii():
            votes += 1 if _is_utf8(line) else -1
    return "cp1251" if votes < 0 else "utf-8"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_whole(line: str, limit: int) -> bool:
    return line.endswith("\n") or len(line) < limit


def _skip_rest(text: TextIO) -> bool:
    """Read on to the end of the line; whether there was more of it."""
    skipped = False
    while rest := text.readline(LINE_LIMIT):
        skipped = True
        if rest.endswith("\n"):
            break
    return skipped
