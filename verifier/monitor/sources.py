"""Where a log is read: an issuer's address, or a folder with the same files.

Paths are those below the issuer's origin: docs/formats.md, "The log".
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from schemas.errors import Refusal
from verifier.monitor.findings import Unhad


class NotHad(Refusal[Unhad]):
    """Something could not be had; ``path`` says what."""

    def __init__(self, fault: Unhad, path: str = "") -> None:
        super().__init__(fault)
        self.path = path


class Source(Protocol):
    """``is_near`` where asking for many files that are gone costs nothing."""

    @property
    def is_near(self) -> bool: ...

    def read(self, path: str, *, limit: int) -> bytes:
        """The bytes of a file of at most ``limit`` bytes; raises NotHad."""


@dataclass(frozen=True)
class FolderSource:
    """A folder with the files that the issuer serves, under the same paths."""

    folder: Path
    is_near: bool = True

    def read(self, path: str, *, limit: int) -> bytes:
        try:
            with (self.folder / path.lstrip("/")).open("rb") as file:
                data = file.read(limit + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise NotHad(Unhad.NOT_THERE, path) from None
        if len(data) > limit:
            raise NotHad(Unhad.TOO_LARGE, path)
        return data
