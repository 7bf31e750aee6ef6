"""The end of a day: everything of it goes, everything else stays, whatever happens meanwhile."""

import errno
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from issuer.perishable import purge as module
from issuer.perishable.compaction import compact
from issuer.perishable.inspection import inspect
from issuer.perishable.purge import MARK, PurgeTotals, purge
from issuer.perishable.store import StoreError
from schemas.kinds import DAY, HOUR, MINUTE, Kind
from tests.support.perishable import (
    EVENING,
    MIDNIGHT,
    NOON,
    TODAY,
    YESTERDAY,
    check_that_the_next_purge_finishes,
    files_with,
    fill,
    held,
    open_store,
    raw_database,
    rows,
)
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process


def mark(home: Path) -> Path:
    return home / "store" / MARK


# What goes and what stays


def test_a_finished_day_goes_with_its_key_and_the_next_days_stay(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 30)
        fill(store, 20, kind=Kind.BATCH)
        fill(store, 10, expires=MIDNIGHT + HOUR)
        totals = purge(store, MIDNIGHT, portion=7)
        assert totals == PurgeTotals({"code": 30, "batch": 20}, (YESTERDAY,), complete=True)
        assert store.keys.days() == [TODAY]
        assert held(store, 10, expires=MIDNIGHT + HOUR, now=MIDNIGHT) == 10
    assert rows(tmp_path) == 10


def test_what_expired_today_goes_and_the_rest_of_the_day_stays(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction(NOON) as tx:
            for index in range(25):
                life = 10 * MINUTE if index % 3 else HOUR
                tx.put(Kind.ACTIVATION, b"%d" % index, b"", expires=NOON + 10 * MINUTE)
                tx.put(Kind.CODE, b"%d" % index, b"", expires=NOON + life)
        totals = purge(store, NOON + 20 * MINUTE, portion=4)
        assert totals == PurgeTotals({"code": 16, "activation": 25}, (), complete=True)
        alive = [store.get(Kind.CODE, b"%d" % index, NOON) is not None for index in range(25)]
    assert alive == [index % 3 == 0 for index in range(25)]


def test_a_purge_with_nothing_due_deletes_nothing_and_leaves_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "compact", lambda path: pytest.fail("compacted without need"))
    with open_store(tmp_path) as store:
        fill(store, 3, expires=MIDNIGHT + HOUR)
        assert purge(store, EVENING) == PurgeTotals({}, (), complete=True)
        assert held(store, 3, expires=MIDNIGHT + HOUR, now=EVENING) == 3


def test_several_days_that_nobody_purged_go_at_once(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for day in range(3):
            fill(store, 4, expires=MIDNIGHT + day * DAY)
        totals = purge(store, MIDNIGHT + 2 * DAY)
        assert totals.days == ("2024-10-03", "2024-10-04", "2024-10-05")
        assert totals.deleted == {"code": 12}
        assert store.keys.days() == []


def test_a_day_whose_records_were_all_deleted_before_ends_too(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 1)
        with store.transaction(EVENING) as tx:
            assert tx.delete(Kind.CODE, b"0 dies at %d" % MIDNIGHT)
        assert purge(store, MIDNIGHT).days == (YESTERDAY,)
        assert store.keys.days() == []


def test_rows_of_a_kind_that_is_not_in_the_table_end_with_their_day(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 2)
        with raw_database(tmp_path) as connection:
            connection.execute("UPDATE records SET kind = 'of a later version'")
        assert purge(store, MIDNIGHT).deleted == {"of a later version": 2}


def test_the_second_purge_of_a_day_finds_nothing_to_do(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 5)
        purge(store, MIDNIGHT)
        assert purge(store, MIDNIGHT + 60) == PurgeTotals({}, (), complete=True)


# What is left on the disk


def test_after_the_day_none_of_it_stands_in_the_raw_bytes_of_any_file(tmp_path: Path) -> None:
    """Many writes and deletions before, so that SQLite moves rows between its pages."""
    shuffle = random.Random(7)
    with open_store(tmp_path) as store:
        for _ in range(12):
            with store.transaction(EVENING) as tx:
                for _ in range(60):
                    name = b"identifier %d" % shuffle.randrange(300)
                    expires = MIDNIGHT + shuffle.choice([0, 0, HOUR, DAY + HOUR])
                    tx.put(Kind.CODE, name, b"payload of a person", expires=expires)
                    tx.delete(Kind.CODE, b"identifier %d" % shuffle.randrange(300))
        with raw_database(tmp_path) as connection:
            dying = connection.execute(
                "SELECT tag, sealed FROM records WHERE day = ?", (YESTERDAY,)
            ).fetchall()
        key = (tmp_path / "day-keys" / f"{YESTERDAY}.key").read_bytes()
        assert len(dying) > 50
        assert files_with(tmp_path, dying[0][0]), "the search finds what is there"
        purge(store, MIDNIGHT)
        secrets = [key, YESTERDAY.encode(), b"identifier ", b"payload of"]
        secrets += [part for tag, sealed in dying for part in (tag, sealed[:16], sealed[-16:])]
        assert files_with(tmp_path, *secrets) == []
        assert (tmp_path / "store" / "store.db-wal").stat().st_size == 0
        assert inspect(tmp_path, MIDNIGHT) == []


def test_a_reader_that_does_not_end_makes_the_purge_incomplete_and_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_TRIES", 2)
    with open_store(tmp_path) as store:
        fill(store, 20)
        with raw_database(tmp_path) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM records").fetchone()
            totals = purge(store, MIDNIGHT)
            assert totals == PurgeTotals({"code": 20}, (YESTERDAY,), complete=False)
            assert mark(tmp_path).read_bytes() == b"%d" % MIDNIGHT
            assert files_with(tmp_path, YESTERDAY.encode())
            fill(store, 1, expires=MIDNIGHT + HOUR)  # Nobody else is held back meanwhile.
        assert purge(store, MIDNIGHT + 60) == PurgeTotals({}, (), complete=True)
    assert not mark(tmp_path).exists()
    assert files_with(tmp_path, YESTERDAY.encode()) == []


# Trouble


def test_a_full_disk_during_compaction_gives_one_line_and_the_next_purge_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_store(tmp_path) as store:
        fill(store, 20)
        fill(store, 5, expires=MIDNIGHT + HOUR)
        monkeypatch.setattr(module, "compact", lambda path: sqlite3.SQLITE_FULL)
        with pytest.raises(StoreError, match="disk is full; free some space"):
            purge(store, MIDNIGHT)
        assert store.keys.days() == [TODAY], "the key is gone already"
        monkeypatch.undo()
        assert purge(store, MIDNIGHT + 60) == PurgeTotals({}, (), complete=True)
        assert held(store, 5, expires=MIDNIGHT + HOUR, now=MIDNIGHT) == 5
    assert files_with(tmp_path, YESTERDAY.encode()) == []


def test_a_disk_too_full_to_begin_leaves_everything_for_the_next_purge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_store(tmp_path) as store:
        fill(store, 5)
        monkeypatch.setattr(module, "create_private", refuse)
        with pytest.raises(StoreError, match="disk is full"):
            purge(store, MIDNIGHT)
        assert store.keys.days() == [YESTERDAY]
        monkeypatch.undo()
        assert purge(store, MIDNIGHT).deleted == {"code": 5}


def test_compaction_says_why_it_failed(tmp_path: Path) -> None:
    assert compact(tmp_path / "missing" / "store.db") == sqlite3.SQLITE_CANTOPEN
    (tmp_path / "other.db").write_bytes(b"not a database".ljust(4096, b"!"))
    assert compact(tmp_path / "other.db") == sqlite3.SQLITE_NOTADB


def test_a_compaction_that_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.perishable.compaction.LONGEST_SECONDS", -1.0)
    assert compact(tmp_path / "store.db") == sqlite3.SQLITE_BUSY


KILLED = """
import os, signal, sys
from pathlib import Path
from issuer.perishable import purge
from issuer.perishable.store import Store
home, now, step, calls, when = sys.argv[1:]
left = int(calls)
do = getattr(purge, step)

def die_here(*arguments):
    global left
    left -= 1
    if left == 0 and when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    result = do(*arguments)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return result

setattr(purge, step, die_here)
store = Store.open(Path(home))
purge.purge(store, int(now), portion=7)
"""


@pytest.mark.parametrize(
    ("step", "calls", "when"),
    [
        ("_leave_mark", 1, "before"),
        ("_destroy_keys", 1, "before"),
        ("_destroy_keys", 1, "after"),
        ("_drop_portion", 2, "before"),
        ("_drop_portion", 6, "after"),
        ("compact", 1, "before"),
        ("compact", 1, "after"),
        ("_checkpointed", 1, "after"),
        ("sync_directory", 1, "before"),
    ],
)
def test_a_purge_that_is_killed_at_any_step_is_finished_by_the_next(
    tmp_path: Path, step: str, calls: int, when: str
) -> None:
    with open_store(tmp_path) as store:
        fill(store, 40)
        fill(store, 10, expires=MIDNIGHT + HOUR)
    arguments = [str(tmp_path), str(MIDNIGHT), step, str(calls), when]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], timeout=PATIENCE)
    assert killed.returncode == -signal.SIGKILL
    check_that_the_next_purge_finishes(tmp_path)


def test_writers_and_readers_go_on_beside_a_purge_and_lose_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 600)
        stop = threading.Event()
        written: list[int] = []

        def write() -> None:
            while not stop.is_set():
                name = b"%d" % len(written)
                with store.transaction(MIDNIGHT) as tx:
                    tx.put(Kind.CODE, name, b"kept", expires=MIDNIGHT + HOUR)
                written.append(len(written))

        thread = threading.Thread(target=write)
        thread.start()
        totals = purge(store, MIDNIGHT, portion=20)
        stop.set()
        thread.join()
        assert totals.deleted == {"code": 600} and totals.complete
        assert len(written) > 20
        kept = [store.get(Kind.CODE, b"%d" % name, MIDNIGHT) for name in written]
    assert set(kept) == {b"kept"}
