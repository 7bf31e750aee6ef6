"""Where the codes of one run come from: pictures, a text, or lines as a hand scanner types them."""

import re
import termios
from codecs import BOM_UTF8
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from shell.command_line import warn
from shell.pictures import read_codes
from verifier.door.decision import Code, typed_code

LINE_LIMIT = 8192
"""Bytes that are kept of one line: twice what the largest QR code holds (ISO/IEC 18004)."""

_CHUNK = 4096
_ENDS = (b"\t", b"\r", b"\n")
_ENDS_OF_TWO = (b"\t\r", b"\t\n", b"\r\n")
_PICTURE_NAMES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".heic", ".pdf")


class Typed(Protocol):
    """Standard input: ``read1`` gives what has arrived, and nothing at the end."""

    def read1(self, size: int = -1, /) -> bytes: ...
    def isatty(self) -> bool: ...
    def fileno(self) -> int: ...


def codes_of(arguments: Sequence[str], typed: Typed) -> Generator[Code, None, None]:
    """The codes that the arguments of ``scan`` name, in their order."""
    for number, argument in enumerate(arguments, start=1):
        if argument == "-":
            yield from _typed(typed)
        elif _names_a_file(argument):
            yield from _pictured(Path(argument))
        elif text := argument.strip("\ufeff\r\n"):
            yield _given(number, text)


def split_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines that end with CR, LF, CRLF or a Tab, each as soon as its end is there.

    Scanners may end a code with a Tab and then the line: that is one end. Of a line that is too
    long only the beginning is kept.
    """
    line, ended = bytearray(), b""
    for chunk in chunks:
        for part in re.findall(rb"[^\t\r\n]+|[\t\r\n]", chunk):
            if part not in _ENDS:
                line += part[: LINE_LIMIT - len(line)]
                ended = b""
            elif ended + part in _ENDS_OF_TWO:
                ended = part
            else:
                yield bytes(line)
                line.clear()
                ended = part
    if line:
        yield bytes(line)


@contextmanager
def without_echo(stream: Typed) -> Iterator[None]:
    """Switch the echo of a terminal off for a while, and let a Tab end a line.

    Nothing happens for any other stream.
    """
    if not stream.isatty():
        yield
        return
    before = termios.tcgetattr(stream.fileno())
    silent = list(before)
    silent[3] &= ~termios.ECHO
    # Some scanners end a code with a Tab and nothing else.
    silent[6] = [*before[6]]
    silent[6][termios.VEOL] = b"\t"
    termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, before)


def _typed(stream: Typed) -> Iterator[Code]:
    """A terminal does not show what is typed, so no code stays on a venue's screen."""
    chunks = iter(lambda: stream.read1(_CHUNK), b"")
    with without_echo(stream):
        for number, line in enumerate(split_lines(chunks), start=1):
            if text := line.removeprefix(BOM_UTF8):
                yield typed_code(f"line {number}", text.decode(errors="replace"))


def _pictured(path: Path) -> Iterator[Code]:
    try:
        texts: list[str | None] = [*read_codes(path)]
    except OSError as error:
        warn(f"{path} cannot be read: {error.strerror}")
        texts = []
    for text in texts or [None]:
        yield Code(str(path), text)


def _given(number: int, argument: str) -> Code:
    if argument.lower().endswith(_PICTURE_NAMES):
        warn(f"argument {number} looks like a picture but names no file; it is read as a code")
    return typed_code(f"line {number}", argument)


def _names_a_file(argument: str) -> bool:
    try:
        return Path(argument).is_file()
    except OSError:
        return False  # Longer than any file name.
