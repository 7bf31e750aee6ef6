"""One secret for each UTC date, in files of their own that no backup copies.

Their life is docs/formats.md, "Seeds and hour keys".

A seed dies with all that was made from it, 14 days after its date began. The venue and the
authority keep theirs by the same rules.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from schemas.hour_keys import SEED_BYTES, derive_hour_key
from schemas.hours import date_of, tracing_ends
from shell.errors import CommandError
from shell.files import create_private, destroy, make_private_directory, read_private

_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.seed", flags=re.ASCII)


class DailySeeds:
    """The seeds in ``folder``; several processes may use one.

    Methods raise CommandError for a seed that is damaged or open to others, OSError when a file
    cannot be read or written.
    """

    def __init__(self, folder: Path, *, label: bytes) -> None:
        self.folder = folder
        self._label = label

    def dates(self) -> list[str]:
        """The dates that have a seed, whether their time is over or not; the oldest first."""
        names = (path.name for path in self.folder.glob("*.seed"))
        found = [match[1] for name in names if (match := _NAME.fullmatch(name))]
        return sorted(date for date in found if _is_date(date))

    def make(self, date: str, now: int) -> None:
        """Make the seed of a date unless it is there; synced before anything is made from it.

        Raises ValueError for a date whose records are all dead.
        """
        if tracing_ends(date) <= now:
            raise ValueError("no seed is made for a date that is over")
        if self._path(date).exists():
            return
        make_private_directory(self.folder, in_backups=False)
        with suppress(FileExistsError):
            create_private(self._path(date), os.urandom(SEED_BYTES))

    def hour_key(self, hour: int, now: int) -> bytes | None:
        """The private key of an hour, 32 bytes; None when its seed was never made, or is dead."""
        seed = self.seed(date_of(hour), now)
        return derive_hour_key(seed, hour, label=self._label) if seed is not None else None

    def seed(self, date: str, now: int) -> bytes | None:
        """What all keys of a date are derived from, 32 bytes; None as for :meth:`hour_key`."""
        if tracing_ends(date) <= now:
            return None
        try:
            seed = read_private(self._path(date))
        except FileNotFoundError:
            return None
        if len(seed) != SEED_BYTES:
            raise CommandError(f"{self._path(date)} is damaged; remove it, its hours are lost")
        return seed

    def ended(self, now: int) -> list[str]:
        """The dates whose time is over and whose seed is still there."""
        return [date for date in self.dates() if tracing_ends(date) <= now]

    def destroy_ended(self, now: int, *, everyone: bool = False) -> int:
        """Destroy the seeds whose time is over, with ``everyone`` all of them; how many."""
        dates = self.dates() if everyone else self.ended(now)
        for date in dates:
            destroy(self._path(date))
        return len(dates)

    def destroy_after(self, date: str) -> int:
        """Destroy the seeds of later dates; how many."""
        later = [found for found in self.dates() if found > date]
        for found in later:
            destroy(self._path(found))
        return len(later)

    def _path(self, date: str) -> Path:
        return self.folder / f"{date}.seed"


def _is_date(text: str) -> bool:
    try:
        tracing_ends(text)
    except ValueError:
        return False
    return True
