"""The perishable store: every record has a day on which it is deleted.

The bytes are docs/formats.md, "Records".

::

    store = Store.open(home)
    with store.transaction(now) as tx:
        tx.put(Kind.CODE, identifier, payload, expires=now + 72 * HOUR)
    store.get(Kind.CODE, identifier, now)

Identifiers are never stored, only a tag made from them with the key of the day on which the record
dies. To find a record again, its tag is made for each day on which its kind can die and asked for.
A lookup therefore takes some 3 µs for every such day that has a key.
"""

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from issuer.perishable.database import Database
from issuer.perishable.day_keys import DayKeys
from issuer.perishable.errors import LOST, StoreError
from issuer.perishable.sealing import (
    DayKey,
    Opened,
    check_record,
    day_of_death,
    days_to_search,
    visible_expiry,
)
from schemas.kinds import STORED_KINDS, Kind

__all__ = ["Found", "Held", "Locator", "Store", "StoreError", "Transaction", "Trial", "View"]

_INSERT = (
    "INSERT OR REPLACE INTO records (day, kind, tag, sealed, expires_at) VALUES (?, ?, ?, ?, ?)"
)
_DELETE = "DELETE FROM records WHERE day = ? AND kind = ? AND tag = ?"
# One statement for all days: a statement for each takes three times as long. The order of a cross
# join is kept by SQLite, so every candidate is one step into the primary key.
_SEARCH = (
    "WITH candidates (day, tag) AS (VALUES {rows}) "
    "SELECT records.day, records.tag, sealed, expires_at FROM candidates CROSS JOIN records "
    "ON records.day = candidates.day AND records.kind = ? AND records.tag = candidates.tag"
)
_OF_A_DAY = "FROM records WHERE day = ? AND kind = ? AND expires_at > ?"
_CENSUS = (
    "SELECT kind, count(*), min(expires_at) FROM records WHERE expires_at > ? GROUP BY day, kind"
)
_DAYS = "SELECT day, count(*) FROM records WHERE expires_at > ? GROUP BY day ORDER BY day"


@dataclass(frozen=True)
class Locator:
    """Where a record is, without saying whose it is: its day and its tag of 32 bytes."""

    day: str
    tag: bytes


class Held(NamedTuple):
    """How much of one kind is held, and an upper bound of the oldest's age in seconds.

    The bound assumes that every record was given the whole period of its kind, so it errs on the
    side of "older", except by the rounding of ``expires_at``. It is None when nothing is held.
    """

    kind: Kind
    held: int
    oldest_seconds: int | None


class Found(NamedTuple):
    """A live record that was found without its name."""

    locator: Locator
    payload: bytes


class _Hit(NamedTuple):
    key: DayKey
    tag: bytes
    sealed: bytes
    expires_at: int


class View:
    """The store as it is read at ``now``. A record past its exact second is gone.

    Where the caller knows the second that a record was given, ``expires`` limits the search to
    that one day. It must be the very same value, or the record is not found. ``longest`` limits it
    where records of this name live shorter than others of their kind.
    """

    def __init__(self, connection: sqlite3.Connection, keys: DayKeys, now: int) -> None:
        self._connection = connection
        self._keys = keys
        self._now = now
        self._days: list[str] | None = None
        self._found: dict[str, DayKey | None] = {}

    def get(self, kind: Kind, identifier: bytes, *, expires: int | None = None) -> bytes | None:
        """The live record's payload, without padding. Raises StoreError when it was changed."""
        live = self._live(kind, identifier, expires)
        return live[1].payload if live else None

    def expiry(
        self,
        kind: Kind,
        identifier: bytes,
        *,
        expires: int | None = None,
        longest: int | None = None,
    ) -> int | None:
        """The exact second at which the live record is gone."""
        live = self._live(kind, identifier, expires, longest)
        return live[1].expires if live else None

    def find(self, kind: Kind, identifier: bytes, *, expires: int | None = None) -> Locator | None:
        """Where the live record is."""
        live = self._live(kind, identifier, expires)
        return Locator(live[0].key.day, live[0].tag) if live else None

    def all(self, kind: Kind) -> Iterator[Found]:
        """Every live record of a kind, opened one after the other; the soonest day first.

        Within a day the order is that of tags, which tells nothing. Raises StoreError when one was
        changed.
        """
        select = f"SELECT tag, sealed, expires_at {_OF_A_DAY}"
        for day, key in self._candidates(kind).items():
            place = (day, kind.value, self._now)
            for tag, sealed, expires_at in self._connection.execute(select, place):
                opened = key.open(kind, tag, sealed, expires_at=expires_at)
                if self._now < opened.expires:
                    yield Found(Locator(day, tag), opened.payload)

    def count(self, kind: Kind) -> int:
        """How many records of a kind are live, up to the rounding; nothing is opened."""
        select = f"SELECT count(*) {_OF_A_DAY}"
        places = [(day, kind.value, self._now) for day in self._candidates(kind)]
        return sum(self._connection.execute(select, place).fetchone()[0] for place in places)

    def _live(
        self,
        kind: Kind,
        identifier: bytes,
        expires: int | None = None,
        longest: int | None = None,
    ) -> tuple[_Hit, Opened] | None:
        for hit in self._search(kind, identifier, expires, longest):
            opened = hit.key.open(kind, hit.tag, hit.sealed, expires_at=hit.expires_at)
            if self._now < opened.expires:
                return hit, opened
        return None

    def _search(
        self,
        kind: Kind,
        identifier: bytes,
        expires: int | None = None,
        longest: int | None = None,
    ) -> list[_Hit]:
        """Every row of this name, whether its second has come or not."""
        keys = self._candidates(kind, expires, longest)
        if not keys:
            return []
        values: list[str | bytes] = []
        for day, key in keys.items():
            values += (day, key.tag(kind, identifier))
        statement = _SEARCH.format(rows=",".join(["(?,?)"] * len(keys)))
        rows = self._connection.execute(statement, (*values, kind.value)).fetchall()
        return [_Hit(keys[day], tag, sealed, expires_at) for day, tag, sealed, expires_at in rows]

    def _candidates(
        self, kind: Kind, expires: int | None = None, longest: int | None = None
    ) -> dict[str, DayKey]:
        """The keys of the days on which a record of ``kind`` can die.

        Each is looked for once in a view: only writers, who take turns, make or destroy keys.
        """
        if self._days is None:
            self._days = self._keys.days()
        first, last = days_to_search(kind, self._now, expires=expires, longest=longest)
        days = [day for day in self._days if first <= day <= last]
        for day in days:
            if day not in self._found:
                self._found[day] = self._keys.find(day, self._now)
        return {day: key for day in days if (key := self._found[day])}


class Transaction(View):
    """A view that can be changed; the changes are kept together when its block ends."""

    def put(self, kind: Kind, identifier: bytes, payload: bytes, *, expires: int) -> Locator:
        """Store a record until the second ``expires``, in place of one of the same name.

        Raises ValueError when the table of kinds does not allow it (no expiry, too long a life, a
        payload over the fixed size), StoreError when it cannot be written.
        """
        check_record(kind, payload, expires=expires, now=self._now)
        if not STORED_KINDS[kind].fixed_expiry:
            self._remove(kind, self._search(kind, identifier))
        expires_at = visible_expiry(kind, expires)
        key = self._key_for(day_of_death(expires_at))
        tag = key.tag(kind, identifier)
        sealed = key.seal(kind, tag, payload, expires=expires)
        self._connection.execute(_INSERT, (key.day, kind.value, tag, sealed, expires_at))
        return Locator(key.day, tag)

    def delete(self, kind: Kind, identifier: bytes) -> bool:
        """Remove a record; whether there was a live one."""
        was_there = self._live(kind, identifier) is not None
        self._remove(kind, self._search(kind, identifier))
        return was_there

    def delete_at(self, kind: Kind, locator: Locator) -> bool:
        """Remove the record at ``locator``; whether there was one."""
        place = (locator.day, kind.value, locator.tag)
        return self._connection.execute(_DELETE, place).rowcount > 0

    def _remove(self, kind: Kind, hits: list[_Hit]) -> None:
        for hit in hits:
            self._connection.execute(_DELETE, (hit.key.day, kind.value, hit.tag))

    def _key_for(self, day: str) -> DayKey:
        key = self._found.get(day)
        if key is None:
            key = self._found[day] = self._keys.find_or_make(day, self._now)
            self._days = None
        return key


class Trial(Transaction):
    """A transaction of which nothing is written: what it changes lives in memory, and in it alone.

    Records of the kinds ``forgotten`` are not even kept there: nobody will ask for them.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        keys: DayKeys,
        now: int,
        *,
        forgotten: Collection[Kind] = (),
    ) -> None:
        super().__init__(connection, keys, now)
        self._changed: dict[tuple[Kind, bytes], Opened | None] = {}
        self._forgotten = forgotten

    def put(self, kind: Kind, identifier: bytes, payload: bytes, *, expires: int) -> Locator:
        """As :meth:`Transaction.put`; the locator is of nothing."""
        check_record(kind, payload, expires=expires, now=self._now)
        if kind not in self._forgotten:
            self._changed[kind, identifier] = Opened(expires, payload)
        return Locator("", b"")

    def get(self, kind: Kind, identifier: bytes, *, expires: int | None = None) -> bytes | None:
        if (kind, identifier) not in self._changed:
            return super().get(kind, identifier, expires=expires)
        changed = self._changed[kind, identifier]
        return None if changed is None else changed.payload

    def expiry(
        self,
        kind: Kind,
        identifier: bytes,
        *,
        expires: int | None = None,
        longest: int | None = None,
    ) -> int | None:
        if (kind, identifier) not in self._changed:
            return super().expiry(kind, identifier, expires=expires, longest=longest)
        changed = self._changed[kind, identifier]
        return None if changed is None else changed.expires

    def delete(self, kind: Kind, identifier: bytes) -> bool:
        was_there = self.expiry(kind, identifier) is not None
        self._changed[kind, identifier] = None
        return was_there

    def delete_at(self, kind: Kind, locator: Locator) -> bool:
        raise NotImplementedError("a trial finds records by their names")


class Store:
    """The perishable store of one home. May be used from several threads and processes."""

    def __init__(self, database: Database, keys: DayKeys) -> None:
        self.database = database
        self.keys = keys

    @classmethod
    def open(cls, home: Path) -> "Store":
        """Open the store of ``home``; an empty one is made when there is none.

        Raises StoreError, one line that says what to do: also where day keys show that there were
        records, or a store that was lost would begin anew and issue everything twice.
        """
        keys = DayKeys.open(home)
        if keys.days() and not Database.is_in(home):
            raise StoreError(LOST)
        return cls(Database.open(home), keys)

    def close(self) -> None:
        """Close the database. The last process to close it empties the write-ahead log."""
        self.database.close()

    @contextmanager
    def transaction(self, now: int) -> Iterator[Transaction]:
        """Change records at ``now``: all of the block is kept and synced, or nothing of it."""
        with self.database.writing() as connection:
            yield Transaction(connection, self.keys, now)

    @contextmanager
    def trial(self, now: int, *, forgotten: Collection[Kind] = ()) -> Iterator[Trial]:
        """Try changes at ``now``; nothing is written, and no writer waits."""
        with self.database.reading() as connection:
            yield Trial(connection, self.keys, now, forgotten=forgotten)

    def get(self, kind: Kind, identifier: bytes, now: int) -> bytes | None:
        """The payload of one live record, read without waiting for writers."""
        with self.database.reading() as connection:
            return View(connection, self.keys, now).get(kind, identifier)

    def all(self, kind: Kind, now: int) -> Iterator[Found]:
        """Every live record of a kind, read without waiting for writers; see :meth:`View.all`."""
        with self.database.reading() as connection:
            yield from View(connection, self.keys, now).all(kind)

    def count(self, kind: Kind, now: int) -> int:
        """How many live records of a kind there are."""
        with self.database.reading() as connection:
            return View(connection, self.keys, now).count(kind)

    def census(self, now: int) -> list[Held]:
        """How much is held of every kind, from the visible ``expires_at`` alone; nothing is opened.

        Reads the whole table: about 50 ms for 100,000 records.
        """
        with self.database.reading() as connection:
            rows = connection.execute(_CENSUS, (now,)).fetchall()
        held: Counter[str] = Counter()
        soonest: dict[str, int] = {}
        for kind, number, expires_at in rows:
            held[kind] += number
            soonest[kind] = min(expires_at, soonest.get(kind, expires_at))
        return [Held(kind, held[kind], _oldest(kind, soonest.get(kind), now)) for kind in Kind]

    def days(self, now: int) -> dict[str, int]:
        """How many live records die on each UTC day, the soonest first; nothing is opened."""
        with self.database.reading() as connection:
            return dict(connection.execute(_DAYS, (now,)).fetchall())


def _oldest(kind: Kind, soonest: int | None, now: int) -> int | None:
    if soonest is None:
        return None
    return max(0, STORED_KINDS[kind].period - (soonest - now))
