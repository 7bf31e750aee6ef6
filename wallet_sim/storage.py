"""A file that holds one value: private, replaced in one step, pruned whenever it is touched.

Its lock is held for milliseconds only, never while the network or a person is waited for: a long
``sync`` and a ``show`` at a door work side by side.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from schemas.codec import decode, encode
from schemas.jws import parse_json_object
from shell.clock import Clock
from shell.errors import CommandError
from shell.files import (
    check_private,
    claim_directory,
    destroy,
    locked,
    read_private,
    replace_private,
)

_LOCKS = ("wallet.lock", "visits.lock")
"""A folder with one of these is a wallet's, whatever else is in it."""

V = TypeVar("V")
T = TypeVar("T")


class ValueFile(ABC, Generic[V]):
    """``name``.json in the folder ``home``, with a lock of its own; ``clock`` is the device's.

    Every method raises CommandError when the file is damaged or others can read it, and OSError
    when it cannot be read or written; whatever was in it is then still there.
    """

    name: ClassVar[str]
    """Of the file, of its lock, and of the member that holds the value."""

    format: ClassVar[int]
    """Grows with each change of the value's form; older files are not read."""

    remedy: ClassVar[str]
    """What to do when the file is damaged."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self.home = home
        self._path = home / f"{self.name}.json"
        self._lock = home / f"{self.name}.lock"
        self.clock = clock

    @property
    @abstractmethod
    def kind(self) -> type[V]:
        """The type of the value; called without arguments it is what an absent file holds."""

    @abstractmethod
    def prune(self, value: V, now: int) -> V:
        """``value`` without what is dead at ``now``."""

    def load(self) -> V:
        """The value; what is dead by now is gone from the file too."""
        return self.update(lambda value: value) if self._path.exists() else self.kind()

    def update(self, change: Callable[[V], V]) -> V:
        """Replace the value by ``change`` of it, and return that.

        Nothing is written when ``change`` raises.
        """

        def changed_twice(value: V) -> tuple[V, V]:
            changed = change(value)
            return changed, changed

        return self.transact(changed_twice)

    def transact(self, change: Callable[[V], tuple[V, T]]) -> T:
        """Replace the value by the first part of what ``change`` gives; returns the second.

        It is in the file, synced, when this returns. Nothing is written when ``change`` raises.
        """
        with self._locked():
            stored = self._read()
            value, result = change(self.prune(stored, self.clock()))
            if value != stored:
                replace_private(self._path, self._to_bytes(value))
            return result

    def erase(self) -> None:
        """Destroy the file and what unfinished writes left; nothing happens when it is gone."""
        if not self.home.exists():
            return
        with self._locked():
            destroy(self._path)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._prepare_home()
        with locked(self._lock):
            self._destroy_drafts()
            yield

    def _prepare_home(self) -> None:
        """A folder that is in use already is not ours to change, nor to tell anybody to change."""
        if self._path.exists() or any((self.home / lock).exists() for lock in _LOCKS):
            check_private(self.home)
        else:
            claim_directory(self.home)

    def _destroy_drafts(self) -> None:
        """A write that was cut off leaves a draft, and drafts hold secrets. We hold the lock."""
        for draft in self.home.glob(f".{self._path.name}.*.draft"):
            destroy(draft)

    def _read(self) -> V:
        if not self._path.exists():
            return self.kind()
        data = read_private(self._path)
        try:
            return self._from_bytes(data)
        except ValueError:
            raise CommandError(
                f"{self._path} is damaged, and nothing in it was changed; put back a copy, "
                f"or {self.remedy}"
            ) from None

    def _to_bytes(self, value: V) -> bytes:
        return json.dumps({"format": self.format, self.name: encode(value)}, indent=1).encode(
            "ascii"
        )

    def _from_bytes(self, data: bytes) -> V:
        members: dict[str, Any] = parse_json_object(data)
        version = members.get("format")
        if type(version) is int:
            self._check_format(version)
        if version != self.format:
            raise ValueError("no known format")
        value: V = decode(self.kind, members.get(self.name))
        return value

    def _check_format(self, version: int) -> None:
        if version > self.format:
            raise CommandError("this wallet was written by a newer program; install that program")
        if 0 < version < self.format:
            raise CommandError(
                f"{self._path} was written by an older program, which this one does not "
                f"understand; {self.remedy}"
            )
