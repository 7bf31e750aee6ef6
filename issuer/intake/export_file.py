"""A laboratory's file as numbered lines of text, whatever system wrote it.

The file is surveyed once as bytes, before its text is read. Neither pass holds more than one line.
"""

import codecs
import io
import stat
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Self, TextIO

from issuer.intake.forms import WrongForm, form_of_bytes, form_of_text
from shell.errors import CommandError

LINE_LIMIT = 64 * 1024
"""In characters. A longer line is no row of a laboratory; it is counted and its text dropped."""

_START = 128
"""Bytes by which a form is known; an OpenDocument file names itself after 38."""

_LONGEST_LETTER = 4
"""Bytes, in any of the encodings."""

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True)
class Line:
    """A physical line without its end. ``text`` is None when it is over the limit."""

    number: int
    text: str | None


@dataclass(frozen=True)
class Export:
    """A file as one pass over its bytes finds it; ``head`` is the text that it begins with.

    ``encoding`` is that of the whole file: UTF-16 or UTF-8 by its mark, UTF-8, else Windows-1251.
    Without a mark each line with a letter beyond ASCII has a vote, so that one damaged byte, or a
    file cut off inside a letter, does not turn UTF-8 into Windows-1251.
    """

    path: Path
    encoding: str
    lines: int
    head: str = field(repr=False)

    @classmethod
    def survey(cls, path: Path) -> Self:
        """Raises CommandError for a file that is empty, no text, or cannot be read."""
        head, lines, votes = bytearray(), 0, 0
        with _readable(path) as file:
            start = file.peek(_START)[:_START]
            if not start:
                raise CommandError(f"{path} is empty; export the results again")
            if form := form_of_bytes(start):
                raise WrongForm(form, path)
            for piece in iter(lambda: file.readline(LINE_LIMIT), b""):
                if len(head) <= LINE_LIMIT * _LONGEST_LETTER:
                    head += piece
                lines += piece.endswith(b"\n")
                votes += _vote(piece)
        lines += not piece.endswith(b"\n")
        encoding = _encoding(start, votes)
        text = head.decode(encoding, "replace")[: LINE_LIMIT + 1]
        if form := form_of_text(text):
            raise WrongForm(form, path)
        return cls(path, encoding, lines, text)

    @property
    def first_line(self) -> str | None:
        """Without its end; None when it is over the limit."""
        return next(_lines(io.StringIO(self.head, newline="\n"), LINE_LIMIT), Line(1, "")).text

    def is_json(self) -> bool:
        """Whether the file begins like a JSON object or like an array of them.

        Raises CommandError when it has zero bytes there.
        """
        start = self.head[:LINE_LIMIT].lstrip("\ufeff \t\r\n")
        if not start.startswith(("{", "[")):
            return False
        if "\0" in start:
            raise not_a_table(self.path)
        return start.startswith("{") or start[1:].lstrip(" \t\r\n").startswith("{")


def not_a_table(path: Path) -> CommandError:
    """The error for a file that holds no text."""
    return CommandError(f"{path} is not a text table; export the results as CSV")


def read_chunks(export: Export) -> Generator[str, None, None]:
    """The text of the file in pieces; bytes that are not of the encoding are replaced."""
    with _text(export, newline="") as text:
        while chunk := text.read(LINE_LIMIT):
            yield chunk


def read_lines(export: Export, *, limit: int = LINE_LIMIT) -> Generator[Line, None, None]:
    """The lines of the file, numbered from 1 as an editor does.

    Bytes that are not of the encoding become replacement characters; the row they are in is then
    judged like any other. Raises CommandError when the file cannot be read.
    """
    # A carriage return inside a line must not shift the numbers of the lines after it.
    with _text(export, newline="\n") as text:
        yield from _lines(text, limit)


@contextmanager
def _text(export: Export, *, newline: str) -> Iterator[TextIO]:
    with (
        _readable(export.path) as file,
        io.TextIOWrapper(file, encoding=export.encoding, errors="replace", newline=newline) as text,
    ):
        yield text


@contextmanager
def _readable(path: Path) -> Iterator[io.BufferedReader]:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise CommandError(f"{path} is not a regular file; save the export to one")
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from None


def _encoding(start: bytes, votes: int) -> str:
    if start.startswith(_UTF16):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    return "cp1251" if votes < 0 else "utf-8"


def _vote(piece: bytes) -> int:
    """For UTF-8, or against it; a piece of a longer line may be cut off inside a letter."""
    if len(piece) == LINE_LIMIT or piece.isascii():
        return 0
    try:
        piece.decode()
    except UnicodeDecodeError:
        return -1
    return 1


def _lines(text: TextIO, limit: int) -> Iterator[Line]:
    for number in count(1):
        line = text.readline(limit)
        if not line:
            return
        rest = "" if line.endswith("\n") or len(line) < limit else text.readline(1)
        yield Line(number, None if rest else line.rstrip("\r\n"))
        # What is left of a longer line is passed over when the next one is asked for.
        while rest and not rest.endswith("\n"):
            rest = text.readline(LINE_LIMIT)
