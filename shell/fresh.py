"""A value made from a file, made anew when the file is another."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from shell.files import read_private

T = TypeVar("T")


class FreshFile(Generic[T]):
    """Reads ``path`` through ``parse`` once for each version of it on disk.

    Files are replaced, never written in place (:func:`shell.files.write_private`), so inode, size
    and time of change tell versions apart. Threads may share one; at worst two parse at once.
    """

    def __init__(self, path: Path, parse: Callable[[bytes], T]) -> None:
        self._path = path
        self._parse = parse
        self._held: tuple[tuple[int, int, int], T] | None = None

    def get(self) -> T | None:
        """The value of the file as it is now; None when there is no file."""
        try:
            signature = _signature(self._path.stat())
            if self._held is None or self._held[0] != signature:
                self._held = (signature, self._parse(read_private(self._path)))
        except FileNotFoundError:
            self._held = None
            return None
        return self._held[1]


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_size, status.st_mtime_ns
