"""The perishable store: what it keeps, for how long, from whom, and what it does in trouble."""

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer.perishable import database
from issuer.perishable.store import Held, Locator, Store, StoreError
from schemas.codec import from_json, to_json
from schemas.kinds import DAY, HOUR, MINUTE, STORED_KINDS, Kind
from tests.support.perishable import (
    NOON,
    files_of,
    files_with,
    open_store,
    raw_database,
)
from tests.support.waiting import PATIENCE

IDENTIFIER = b"7K3M-Q0ZD-4XWB-9T2A identifier"
PAYLOAD = b"green, month of birth, end of entitlement: payload"
MORE_THAN_FIT = 400


def put(
    store: Store,
    kind: Kind = Kind.CODE,
    identifier: bytes = IDENTIFIER,
    payload: bytes = b"",
    *,
    now: int = NOON,
    expires: int = NOON + HOUR,
) -> Locator:
    with store.transaction(now) as tx:
        return tx.put(kind, identifier, payload, expires=expires)


def rows(home: Path) -> list[tuple[str, str, bytes, bytes, int]]:
    with raw_database(home) as connection:
        return connection.execute("SELECT * FROM records ORDER BY day, kind, tag").fetchall()


def one_line(error: StoreError) -> str:
    assert "\n" not in error.message
    return error.message


# Keeping and finding


def test_a_record_is_there_until_its_exact_second_and_then_gone_for_readers(
    tmp_path: Path,
) -> None:
    end = NOON + 5 * MINUTE + 17
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD, expires=end)
        assert store.get(Kind.CODE, IDENTIFIER, end - 1) == PAYLOAD
        assert store.get(Kind.CODE, IDENTIFIER, end) is None
        with store.transaction(end) as tx:
            assert tx.get(Kind.CODE, IDENTIFIER) is None
            assert tx.expiry(Kind.CODE, IDENTIFIER) is None
            assert tx.find(Kind.CODE, IDENTIFIER) is None
            assert not tx.delete(Kind.CODE, b"another")
        assert [row[4] for row in rows(tmp_path)] == [NOON + 10 * MINUTE], "its row is still there"


def test_the_exact_second_and_the_place_of_a_record_can_be_asked_for(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        locator = put(store, expires=NOON + 61)
        with store.transaction(NOON) as tx:
            assert tx.expiry(Kind.CODE, IDENTIFIER) == NOON + 61
            assert tx.find(Kind.CODE, IDENTIFIER) == locator
    [(day, _, tag, _, _)] = rows(tmp_path)
    assert locator == Locator(day, tag)


def test_a_record_is_found_whatever_day_it_dies_on(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        days = [0, 1, 2, 3, *range(13, 365, 32), 365]
        for day in days:
            put(store, Kind.ENDED, b"%d" % day, expires=NOON + day * DAY + 1)
        assert all(store.get(Kind.ENDED, b"%d" % day, NOON) == b"" for day in days)
    assert len({row[0] for row in rows(tmp_path)}) == len(days)


def test_kinds_do_not_see_each_other(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.CODE, payload=PAYLOAD)
        assert store.get(Kind.ROW, IDENTIFIER, NOON) is None


def test_a_rewrite_replaces_the_record_on_whichever_day_it_lives(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for expires in (NOON + 2 * DAY, NOON + HOUR, NOON + DAY):
            put(store, payload=b"%d" % expires, expires=expires)
            assert store.get(Kind.CODE, IDENTIFIER, NOON) == b"%d" % expires
    assert len(rows(tmp_path)) == 1


def test_a_rewrite_also_replaces_a_record_that_is_past_its_second(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, expires=NOON + 1)
        put(store, now=NOON + 60, expires=NOON + 2 * DAY)
    assert len(rows(tmp_path)) == 1


def test_the_same_content_written_again_looks_different(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        [before] = rows(tmp_path)
        put(store, payload=PAYLOAD)
        [after] = rows(tmp_path)
    assert before[:3] == after[:3]
    assert before[3][:12] != after[3][:12]


def test_a_deleted_record_is_gone_and_says_whether_it_was_there(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store)
        with store.transaction(NOON) as tx:
            assert tx.delete(Kind.CODE, IDENTIFIER)
            assert not tx.delete(Kind.CODE, IDENTIFIER)
    assert rows(tmp_path) == []


def test_a_record_deleted_by_its_place_needs_no_identifier(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        row = put(store, Kind.ROW, b"reference, evidence, time")
        put(store, Kind.CODE, payload=to_json(row))
        kept = store.get(Kind.CODE, IDENTIFIER, NOON)
        assert kept
        place = from_json(Locator, kept)
        with store.transaction(NOON) as tx:
            assert not tx.delete_at(Kind.CODE, place), "the place of another kind"
            assert tx.delete_at(Kind.ROW, place)
            assert not tx.delete_at(Kind.ROW, place)
        assert store.get(Kind.ROW, b"reference, evidence, time", NOON) is None


def test_a_lookup_with_the_known_second_searches_that_day_only(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.ENDED, expires=NOON + 9 * DAY)
        with store.transaction(NOON) as tx:
            assert tx.get(Kind.ENDED, IDENTIFIER, expires=NOON + 9 * DAY) == b""
            assert tx.get(Kind.ENDED, IDENTIFIER, expires=NOON + 8 * DAY) is None


def test_all_records_of_a_kind_are_found_without_their_names(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        wanted = {f"notice {number}".encode(): NOON + number * DAY for number in range(1, 15)}
        for payload, expires in wanted.items():
            put(store, Kind.NOTICE, payload[::-1], payload, expires=expires)
        put(store, Kind.CODE, payload=b"another kind")
        found = list(store.all(Kind.NOTICE, NOON))
        assert [record.payload for record in found] == list(wanted)
        assert store.count(Kind.NOTICE, NOON) == 14
        with store.transaction(NOON) as tx:
            assert all(tx.delete_at(Kind.NOTICE, record.locator) for record in found[3:])
            assert tx.count(Kind.NOTICE) == 3
        assert [r.payload for r in store.all(Kind.NOTICE, NOON)] == list(wanted)[:3]


def test_of_all_records_those_past_their_second_or_without_their_key_are_gone(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.COUNT, b"soon", b"soon", expires=NOON + HOUR)
        put(store, Kind.COUNT, b"later", b"later", expires=NOON + 5 * DAY)
        put(store, Kind.COUNT, b"last", b"last", expires=NOON + 9 * DAY)
        assert len(list(store.all(Kind.COUNT, NOON))) == 3
        assert [record.payload for record in store.all(Kind.COUNT, NOON + HOUR)] == [
            b"later",
            b"last",
        ]
        store.keys.destroy_day(store.keys.days()[-1])
        assert [record.payload for record in store.all(Kind.COUNT, NOON + HOUR)] == [b"later"]
        # The rounded second is all that is seen without opening.
        assert store.count(Kind.COUNT, NOON + HOUR) == 2
        assert store.count(Kind.COUNT, NOON + DAY) == 1


def test_a_changed_record_among_all_is_noticed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.NOTICE, payload=PAYLOAD, expires=NOON + DAY)
        with raw_database(tmp_path) as connection:
            connection.execute("UPDATE records SET sealed = zeroblob(length(sealed))")
        with pytest.raises(StoreError):
            list(store.all(Kind.NOTICE, NOON))


def test_a_transaction_that_fails_changes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=b"before")
        with pytest.raises(KeyError), store.transaction(NOON) as tx:
            tx.put(Kind.CODE, IDENTIFIER, b"after", expires=NOON + HOUR)
            raise KeyError
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == b"before"


def test_readers_see_the_state_before_an_open_transaction(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.transaction(NOON) as tx:
            tx.put(Kind.CODE, IDENTIFIER, PAYLOAD, expires=NOON + HOUR)
            assert tx.get(Kind.CODE, IDENTIFIER) == PAYLOAD
            assert store.get(Kind.CODE, IDENTIFIER, NOON) is None
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == PAYLOAD


changes = st.tuples(
    st.sampled_from([Kind.CODE, Kind.ROW, Kind.WITHDRAWAL]),
    st.sampled_from([b"a", b"b"]),
    st.integers(min_value=-1, max_value=2 * DAY),  # Life in seconds; below 1 it is deleted.
    st.integers(min_value=0, max_value=6 * HOUR),  # Until the next change.
)


@settings(max_examples=30)
@given(st.lists(changes, max_size=12))
def test_the_store_behaves_like_a_dictionary_whose_entries_die(
    steps: list[tuple[Kind, bytes, int, int]],
) -> None:
    alive: dict[tuple[Kind, bytes], tuple[bytes, int]] = {}
    now = NOON
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        for number, (kind, identifier, life, pause) in enumerate(steps):
            before = alive.pop((kind, identifier), None)
            payload = b"%d" % number if STORED_KINDS[kind].payload else b""
            with store.transaction(now) as tx:
                if life < 1:
                    assert tx.delete(kind, identifier) == bool(before and now < before[1])
                else:
                    tx.put(kind, identifier, payload, expires=now + life)
                    alive[kind, identifier] = payload, now + life
            now += pause
            for (held_kind, held), (content, end) in alive.items():
                expected = content if now < end else None
                assert store.get(held_kind, held, now) == expected


# What stands on the disk


@pytest.mark.process
def test_nothing_of_a_live_record_stands_in_clear_in_any_file(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        assert "store/store.db-wal" in files_of(tmp_path)
        assert files_with(tmp_path, IDENTIFIER, PAYLOAD) == []
    assert files_with(tmp_path, IDENTIFIER, PAYLOAD) == []


def test_every_file_is_private_whatever_the_umask_and_skipped_by_backups(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with open_store(tmp_path) as store:
            put(store)
            modes = {
                str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
                for path in tmp_path.rglob("*")
            }
    finally:
        os.umask(before)
    assert {"store/store.db", "store/store.db-wal", "store/store.db-shm"} <= set(modes)
    assert {modes.pop("store"), modes.pop("day-keys")} == {0o700}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "store" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28")


def test_the_database_forgets_safely_and_keeps_what_it_promised(tmp_path: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "temp_store": 2}
    with open_store(tmp_path) as store, store.database.reading() as connection:
        found = {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted}
    assert found == wanted


@pytest.mark.parametrize("statement", [
    "INSERT INTO records VALUES ('2024-10-04', 'code', x'00', x'00', NULL)",
    "INSERT INTO records VALUES ('2024-10-04', 'code', x'00', x'00', 'never')",
    "INSERT INTO records VALUES ('2024-10-09', 'code', x'00', x'00', 1728000001)",
    "INSERT INTO records VALUES (NULL, 'code', x'00', x'00', 1728000001)",
])  # fmt: skip
def test_the_table_itself_refuses_a_row_without_its_day_to_die_on(
    tmp_path: Path, statement: str
) -> None:
    with open_store(tmp_path) as store, store.database.reading() as connection:
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(statement)
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (0,)


@pytest.mark.parametrize("change", [
    "UPDATE records SET sealed = (SELECT sealed FROM records WHERE day = '2024-10-05')",
    "UPDATE records SET expires_at = expires_at + 600",
    "UPDATE records SET sealed = substr(sealed, 1, 40)",
])  # fmt: skip
def test_a_changed_row_is_noticed(tmp_path: Path, change: str) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=b"green")
        put(store, identifier=b"another", payload=b"blue", expires=NOON + DAY)
        with raw_database(tmp_path) as connection:
            connection.execute(change + " WHERE day = '2024-10-04'")
        with pytest.raises(StoreError, match="does not open: its file was changed") as caught:
            store.get(Kind.CODE, IDENTIFIER, NOON)
        assert one_line(caught.value)
        with pytest.raises(StoreError, match="does not open"), store.transaction(NOON) as tx:
            tx.get(Kind.CODE, IDENTIFIER)


@pytest.mark.parametrize("change", [
    "UPDATE records SET kind = 'activation'",
    "UPDATE records SET day = '2024-10-05'",
    "UPDATE records SET tag = zeroblob(32)",
])  # fmt: skip
def test_a_moved_row_is_not_found_under_its_new_place(tmp_path: Path, change: str) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=b"green")
        put(store, identifier=b"another", expires=NOON + DAY)
        with raw_database(tmp_path) as connection:
            connection.execute(change + " WHERE day = '2024-10-04'")
        assert store.get(Kind.CODE, IDENTIFIER, NOON) is None
        assert store.get(Kind.ACTIVATION, IDENTIFIER, NOON) is None


def test_a_value_moved_with_its_seal_to_another_record_is_noticed(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        first = put(store, payload=b"green")
        second = put(store, identifier=b"another", payload=b"blue")
        with raw_database(tmp_path) as connection:
            swap = "UPDATE records SET sealed = (SELECT sealed FROM records WHERE tag = ?)"
            connection.execute(swap + " WHERE tag = ?", (first.tag, second.tag))
        with pytest.raises(StoreError, match="does not open"):
            store.get(Kind.CODE, b"another", NOON)


def test_records_whose_day_has_lost_its_key_are_gone(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        store.keys.destroy_day("2024-10-04")
        assert store.get(Kind.CODE, IDENTIFIER, NOON) is None
        put(store, payload=b"a new one")
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == b"a new one"


# The census


def test_the_census_counts_live_records_of_every_kind_and_bounds_their_age(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.CODE, b"1", expires=NOON + 72 * HOUR)
        put(store, Kind.CODE, b"2", expires=NOON + 70 * HOUR)
        put(store, Kind.CODE, b"over", expires=NOON + 1)
        put(store, Kind.ENDED, b"3", expires=NOON + 30 * DAY)
        census = store.census(NOON + 10 * MINUTE)
    assert [entry.kind for entry in census] == list(Kind)
    assert census[0] == Held(Kind.CODE, 2, 2 * HOUR + 10 * MINUTE)
    assert {entry.kind: entry.held for entry in census if entry.held} == {
        Kind.CODE: 2,
        Kind.ENDED: 1,
    }
    assert census[1] == Held(Kind.ACTIVATION, 0, None)


def test_the_census_never_says_a_negative_age(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, Kind.WITHDRAWAL, expires=NOON + 300 * DAY)
        [entry] = [entry for entry in store.census(NOON) if entry.held]
    assert entry == Held(Kind.WITHDRAWAL, 1, 0)


# What the store refuses


def test_the_store_refuses_what_the_table_of_kinds_does_not_allow(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for payload, expires, reason in (
            (b"", NOON, "needs an expiry in the future"),
            (b"", NOON + 73 * HOUR, "may not live longer than 259200 s"),
            (bytes(257), NOON + HOUR, "at most 256 bytes"),
        ):
            with pytest.raises(ValueError, match=reason):
                put(store, payload=payload, expires=expires)
        assert rows(tmp_path) == []


# Several at once


def test_threads_that_count_together_lose_nothing(tmp_path: Path) -> None:
    def add() -> None:
        for _ in range(25):
            with store.transaction(NOON) as tx:
                total = int(tx.get(Kind.COUNT, b"day, green") or 0)
                tx.put(Kind.COUNT, b"day, green", b"%d" % (total + 1), expires=NOON + DAY)

    with open_store(tmp_path) as store:
        threads = [threading.Thread(target=add) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get(Kind.COUNT, b"day, green", NOON) == b"100"


COUNTING = """
import sys
from pathlib import Path
from issuer.perishable.store import Store
from schemas.codec import from_json, to_json
from schemas.kinds import DAY, Kind
store, now = Store.open(Path(sys.argv[1])), int(sys.argv[2])
for _ in range(25):
    with store.transaction(now) as tx:
        total = int(tx.get(Kind.COUNT, b"day, green") or 0)
        tx.put(Kind.COUNT, b"day, green", b"%d" % (total + 1), expires=now + DAY)
store.close()
"""


@pytest.mark.process
def test_processes_that_open_a_new_store_and_count_together_lose_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", COUNTING, str(tmp_path), str(NOON)]
    started = [subprocess.Popen(command) for _ in range(3)]
    assert [process.wait(timeout=PATIENCE) for process in started] == [0, 0, 0]
    with open_store(tmp_path) as store:
        assert store.get(Kind.COUNT, b"day, green", NOON) == b"75"


@pytest.mark.process
def test_opening_a_store_twice_leaves_the_locks_of_the_first_in_place(tmp_path: Path) -> None:
    """A process that closes a file loses its locks on it; whoever ends next would take the log."""
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        with open_store(tmp_path):
            pass
        command = [sys.executable, "-c", COUNTING, str(tmp_path), str(NOON)]
        subprocess.run(command, timeout=PATIENCE, check=True)
        assert (tmp_path / "store" / "store.db-wal").exists()


def test_a_writer_that_waits_too_long_gives_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.01)
    with open_store(tmp_path) as one, open_store(tmp_path) as other, one.transaction(NOON):
        for store in (one, other):  # Within this process, and between processes.
            with pytest.raises(StoreError, match="busy with another process; try again"):
                put(store)
    with open_store(tmp_path) as store:
        put(store)


# Trouble


def test_a_full_disk_gives_one_line_and_loses_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        with store.database.reading() as connection:
            connection.execute("PRAGMA max_page_count = 4")
        full = pytest.raises(StoreError, match="disk is full; free some space")
        with full as caught, store.transaction(NOON) as tx:
            for number in range(MORE_THAN_FIT):
                tx.put(Kind.CODE, b"%d" % number, PAYLOAD, expires=NOON + HOUR)
        assert one_line(caught.value)
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == PAYLOAD
        assert store.get(Kind.CODE, b"0", NOON) is None
        put(store, identifier=b"when there is space again")
    assert len(rows(tmp_path)) == 2


UNDER_A_LIMIT = """
import resource, sys
from pathlib import Path
from issuer.perishable.store import Store, StoreError
from schemas.kinds import HOUR, Kind
store, now = Store.open(Path(sys.argv[1])), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
stored = 0
try:
    while True:
        with store.transaction(now) as tx:
            tx.put(Kind.CODE, b"%d" % stored, b"payload", expires=now + HOUR)
        stored += 1
except StoreError as error:
    print(stored, error.message)
"""


@pytest.mark.process
def test_a_file_size_limit_gives_one_line_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", UNDER_A_LIMIT, str(tmp_path), str(NOON)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    stored, message = ended.stdout.strip().split(" ", 1)
    assert message == (
        "the store cannot be written or read; check the disk and the file size limit (ulimit -f)"
    )
    with open_store(tmp_path) as store:
        kept = [store.get(Kind.CODE, b"%d" % number, NOON) for number in range(int(stored))]
    assert kept and set(kept) == {b"payload"}


def test_a_disk_without_space_for_a_day_key_gives_one_line_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        monkeypatch.setattr("issuer.perishable.day_keys.create_private", refuse)
        with pytest.raises(StoreError, match="disk is full") as caught:
            put(store, expires=NOON + DAY)
        assert one_line(caught.value)
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == PAYLOAD


def test_a_read_only_database_gives_one_line_and_can_still_be_read(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
        with store.database.reading() as connection:
            connection.execute("PRAGMA query_only = ON")
        with pytest.raises(StoreError, match="the store is read-only; make its folder writable"):
            put(store, identifier=b"another")
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == PAYLOAD


ON_A_READ_ONLY_MOUNT = """
import subprocess, sys
from pathlib import Path
from issuer.perishable.store import Store, StoreError
home = sys.argv[1]
subprocess.run(["mount", "--bind", home, home], check=True)
subprocess.run(["mount", "-o", "remount,bind,ro", home], check=True)
try:
    Store.open(Path(home))
except StoreError as error:
    print(error.message)
"""


@pytest.mark.process
def test_a_read_only_mount_gives_one_line_and_loses_nothing(tmp_path: Path) -> None:
    own_mounts = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*own_mounts, "true"]).returncode:
        pytest.skip("this machine lets nobody mount, not even for himself")
    with open_store(tmp_path) as store:
        put(store, payload=PAYLOAD)
    command = [*own_mounts, sys.executable, "-c", ON_A_READ_ONLY_MOUNT, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    assert ended.stdout == (
        "the store is read-only; make its folder writable for this account and try again\n"
    )
    with open_store(tmp_path) as store:
        assert store.get(Kind.CODE, IDENTIFIER, NOON) == PAYLOAD


def test_a_damaged_database_gives_one_line_and_is_left_as_it_is(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        put(store)
    path = tmp_path / "store" / "store.db"
    path.write_bytes(b"not a database".ljust(8192, b"!"))
    with pytest.raises(StoreError, match="database is damaged; stop the issuer") as caught:
        Store.open(tmp_path)
    assert one_line(caught.value)
    assert path.read_bytes().startswith(b"not a database")


def test_a_page_damaged_in_the_middle_gives_one_line(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, store.transaction(NOON) as tx:
        for number in range(100):
            tx.put(Kind.CODE, b"%d" % number, PAYLOAD, expires=NOON + HOUR)
    path = tmp_path / "store" / "store.db"
    data = path.read_bytes()
    path.write_bytes(data[:4096] + bytes(range(256)) * 16 * (len(data) // 4096 - 1))
    with open_store(tmp_path) as store, pytest.raises(StoreError, match="database is damaged"):
        store.get(Kind.CODE, b"0", NOON)


@pytest.mark.process
def test_a_store_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    with open_store(tmp_path):
        pass
    with raw_database(tmp_path) as connection:
        connection.execute("PRAGMA user_version = 2")
    before = files_of(tmp_path)
    with pytest.raises(StoreError, match="made by a later version of this program; install that"):
        Store.open(tmp_path)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("version", [0, 1])
def test_a_database_of_another_program_is_not_touched(tmp_path: Path, version: int) -> None:
    (tmp_path / "store").mkdir()
    with raw_database(tmp_path) as connection:
        connection.execute("CREATE TABLE records (name TEXT)")
        connection.execute(f"PRAGMA user_version = {version}")
    with pytest.raises(StoreError, match="not made by this program; move it out of the home"):
        Store.open(tmp_path)
    with raw_database(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (0,)


def test_a_home_that_cannot_be_written_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "home").write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreError, match="the store cannot be written or read"):
        Store.open(tmp_path / "home")


def test_more_connections_than_are_kept_close_after_use(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        lent = [store.database.reading() for _ in range(database.IDLE_CONNECTIONS + 2)]
        connections = [context.__enter__() for context in lent]
        for context in lent:
            context.__exit__(None, None, None)
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connections[-1].execute("SELECT 1")
        assert connections[0].execute("SELECT 1").fetchone() == (1,)
