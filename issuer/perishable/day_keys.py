"""The keys of the days: files outside the database, destroyed when their day ends.

Their use and their end are docs/formats.md, "Records" and "The end of a day".

A key is needed to recognise and to open the records that die on its day. Destroying one small
file therefore ends all of them at once, in every copy of the database that anyone ever made.
"""

import os
import re
from contextlib import suppress
from pathlib import Path

from issuer.perishable.errors import StoreError, from_os
from issuer.perishable.sealing import KEY_BYTES, DayKey, day_of
from shell.files import create_private, destroy, make_private_directory, read_private

FOLDER = "day-keys"
KEY_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.key")
DRAFT_FILE = re.compile(r"\.\d{4}-\d{2}-\d{2}\.key\..+\.draft")


_Same = tuple[int, int, int]
"""Inode, time of modification and of change (ns): a file where all are equal is the very same."""


class DayKeys:
    """The day keys of one home; every process has its own object and all read the same files.

    A key is kept in memory only while its file is the very one it was read from and its day is
    not over. Python cannot erase a value, so what is let go of stays in freed memory until that
    is used again. May be used from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, tuple[_Same, DayKey]] = {}

    @classmethod
    def open(cls, home: Path) -> "DayKeys":
        """The keys of ``home``, in a folder that backups skip. Raises StoreError."""
        folder = home / FOLDER
        try:
            make_private_directory(folder, in_backups=False)
        except OSError as error:
            raise from_os(error) from error
        return cls(folder)

    def days(self) -> list[str]:
        """The days that have a key, oldest first."""
        return sorted(match[1] for name in self._names() if (match := KEY_FILE.fullmatch(name)))

    def finished(self, now: int) -> list[str]:
        """The days that are over and still have a key, oldest first."""
        today = day_of(now)
        return [day for day in self.days() if day < today]

    def find(self, day: str, now: int) -> DayKey | None:
        """The key of ``day``; None when there is none, or when the day is over.

        Records without a key are gone for every reader. Raises StoreError for a damaged file.
        """
        same = self._look(day)
        if same is None or day < day_of(now):
            self._held.pop(day, None)
            return None
        held = self._held.get(day)
        if held and held[0] == same:
            return held[1]
        secret = self._read(day)
        if secret is None:
            return None
        key = DayKey(day, secret)
        self._held[day] = (same, key)
        return key

    def find_or_make(self, day: str, now: int) -> DayKey:
        """The key of ``day``, made and synced first when there is none.

        Processes that need the same day's key at once get the same one: the file appears complete
        and in one step, and whoever comes second reads it. Raises StoreError, or ValueError when
        the day is over.
        """
        if day < day_of(now):
            raise ValueError("no key is made for a day that is over")
        if found := self.find(day, now):
            return found
        try:
            with suppress(FileExistsError):
                create_private(self._path(day), os.urandom(KEY_BYTES))
        except OSError as error:
            raise from_os(error) from error
        if made := self.find(day, now):
            return made
        raise StoreError("the key of a day was removed while it was made; try again")

    def destroy_day(self, day: str) -> None:
        """Overwrite and remove the key of ``day``: from now on its records cannot be read."""
        self._held.pop(day, None)
        try:
            destroy(self._path(day))
        except OSError as error:
            raise from_os(error) from error

    def forget_finished(self, now: int) -> None:
        """Let go of the keys of days that are over; for processes that stand idle at midnight."""
        today = day_of(now)
        for day in [held for held in self._held if held < today]:
            self._held.pop(day, None)

    def remove_drafts(self) -> None:
        """Remove what a process that was killed while it made a key left behind.

        Only for a caller that holds the database's write lock, under which every key is made: a
        draft that is there then belongs to no one. It is not overwritten, because it may be a
        second name of a key in use; if it is not, it was never a key.
        """
        for name in self._names():
            if DRAFT_FILE.fullmatch(name):
                (self.folder / name).unlink(missing_ok=True)

    def _path(self, day: str) -> Path:
        return self.folder / f"{day}.key"

    def _look(self, day: str) -> _Same | None:
        try:
            # os.stat on a text path costs 1 µs, Path.stat twice that, for each day of a lookup.
            seen = os.stat(f"{self.folder}/{day}.key")  # noqa: PTH116 - see above.
        except FileNotFoundError:
            return None
        return seen.st_ino, seen.st_mtime_ns, seen.st_ctime_ns

    def _read(self, day: str) -> bytes | None:
        path = self._path(day)
        try:
            secret = read_private(path)
        except FileNotFoundError:  # Destroyed by another process a moment ago.
            return None
        except OSError as error:
            raise from_os(error) from error
        if len(secret) != KEY_BYTES:
            raise StoreError(f"the day key {path} is damaged; remove it, its records are lost")
        return secret

    def _names(self) -> list[str]:
        try:
            return os.listdir(self.folder)  # noqa: PTH208 - names are all that is needed.
        except OSError as error:
            raise from_os(error) from error
