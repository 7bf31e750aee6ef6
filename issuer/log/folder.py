"""Where a log lies in the home, and what is read and written there."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from issuer.home import Home
from shell.files import append_private, cut_private, destroy, make_private_directory

ENTRY_BYTES = 32


@dataclass(frozen=True)
class LogFolder:
    """``log/N``: entries one after the other, the checkpoint, the key, bundles of late."""

    path: Path

    @property
    def entries(self) -> Path:
        return self.path / "entries"

    @property
    def checkpoint(self) -> Path:
        """The largest that was ever signed, a note with its cosignatures."""
        return self.path / "checkpoint"

    @property
    def contradiction(self) -> Path:
        """A checkpoint of this log's key that somebody holds and that is of another tree."""
        return self.path / "contradiction"

    @property
    def key(self) -> Path:
        """The verifier key, so that a log can be read after its private key has gone."""
        return self.path / "key"

    @property
    def bundles(self) -> Path:
        return self.path / "bundles"

    def make(self) -> None:
        for path in (self.path.parent, self.path, self.bundles):
            make_private_directory(path)

    def count(self) -> int:
        """How many whole entries there are."""
        try:
            return self.entries.stat().st_size // ENTRY_BYTES
        except FileNotFoundError:
            return 0

    def read_entries(self, start: int, end: int) -> list[bytes]:
        """The entries from ``start`` to before ``end``, as many of them as there are."""
        if start >= end or not self.count():
            return []
        with self.entries.open("rb") as file:
            file.seek(start * ENTRY_BYTES)
            data = file.read((end - start) * ENTRY_BYTES)
        whole = len(data) // ENTRY_BYTES
        return [data[at * ENTRY_BYTES : (at + 1) * ENTRY_BYTES] for at in range(whole)]

    def append(self, entry: bytes) -> None:
        """Add an entry durably; half of one, which an interruption left, goes first."""
        whole = self.count() * ENTRY_BYTES
        if self.entries.exists() and self.entries.stat().st_size != whole:
            cut_private(self.entries, whole)
        append_private(self.entries, entry)

    def remove(self) -> None:
        """Destroy everything here."""
        for path in [*self.bundles.glob("*"), *self.path.glob("*")]:
            if path.is_file():
                destroy(path)
        for folder in (self.bundles, self.path):
            with suppress(FileNotFoundError):
                folder.rmdir()


def log_folder(home: Home, number: int) -> LogFolder:
    """Where the log with this number lies, whether it is there or not."""
    return LogFolder(home.logs / str(number))


def log_numbers(home: Home) -> list[int]:
    """The numbers of the logs that are there, the oldest first."""
    names = (path.name for path in home.logs.glob("*"))
    return sorted(int(name) for name in names if name.isdecimal())


def log_folders(home: Home) -> list[LogFolder]:
    """The logs that are there, the oldest first."""
    return [log_folder(home, number) for number in log_numbers(home)]
