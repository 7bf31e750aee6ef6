"""Read a line from a terminal without echo."""

import termios
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stream(Protocol):
    """What may be a terminal."""

    def isatty(self) -> bool: ...
    def fileno(self) -> int: ...


@contextmanager
def without_echo(stream: Stream) -> Iterator[None]:
    """Switch the echo of a terminal off for a while; nothing happens for any other stream."""
    if not stream.isatty():
        yield
        return
    before = termios.tcgetattr(stream.fileno())
    silent = list(before)
    silent[3] &= ~termios.ECHO
    termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(stream.fileno(), termios.TCSADRAIN, before)
