"""``retention verify``: silent about a healthy home, one line for each planted fault."""

import errno
from pathlib import Path
from random import Random

import pytest

from issuer.perishable.inspection import GRACE, Finding, StoreFault, inspect
from issuer.perishable.purge import purge
from issuer.perishable.store import Store, StoreError
from schemas.kinds import DAY, HOUR, MINUTE, Kind
from tests.support.perishable import (
    MIDNIGHT,
    NOON,
    TODAY,
    YESTERDAY,
    files_of,
    open_store,
    raw_database,
)

pytestmark = pytest.mark.process

EVENING = MIDNIGHT - HOUR
OVER = MIDNIGHT + GRACE


def fill(store: Store, number: int = 50, *, now: int = EVENING, life: int = HOUR) -> None:
    with store.transaction(now) as tx:
        for index in range(number):
            tx.put(Kind.CODE, b"%d for %d" % (index, life), b"payload", expires=now + life)


def faults(home: Path, now: int) -> set[StoreFault]:
    findings = inspect(home, now)
    assert all("\n" not in str(finding) for finding in findings)
    return {finding.fault for finding in findings}


def empty_log(home: Path) -> None:
    with raw_database(home) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


# Silence


def test_a_healthy_home_gives_nothing_while_it_is_open_and_when_it_is_closed(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        assert inspect(tmp_path, EVENING) == []
        fill(store)
        fill(store, life=DAY)
        assert inspect(tmp_path, EVENING) == []
        purge(store, MIDNIGHT)
        assert inspect(tmp_path, OVER) == []
        fill(store, now=MIDNIGHT)
        assert inspect(tmp_path, OVER) == []
    assert inspect(tmp_path, OVER) == []


def test_a_home_after_many_changes_and_purges_is_healthy(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        for hour in range(0, 80, 5):
            now = EVENING + hour * HOUR
            fill(store, 20, now=now, life=1 + hour * HOUR // 2)
            fill(store, 20, now=now, life=10 * MINUTE)
            purge(store, now + HOUR)
            assert inspect(tmp_path, now + HOUR) == []


def test_what_is_over_for_less_than_two_rounds_is_not_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        assert inspect(tmp_path, OVER - 1) == []
        assert faults(tmp_path, OVER) != set()


def test_an_inspection_of_a_closed_store_changes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
    before = files_of(tmp_path)
    assert faults(tmp_path, OVER)
    assert files_of(tmp_path) == before


def test_an_inspection_beside_an_open_store_changes_nothing(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        before = files_of(tmp_path)
        assert faults(tmp_path, OVER)
        after = files_of(tmp_path)
        # The log's index holds no content, but marks of who is reading at the moment.
        del before["store/store.db-shm"], after["store/store.db-shm"]
        assert after == before


def test_an_inspection_beside_an_open_writer_does_not_wait(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        with store.transaction(EVENING) as tx:
            tx.put(Kind.CODE, b"not committed yet", b"", expires=MIDNIGHT)
            assert inspect(tmp_path, EVENING) == []


# Planted faults


def test_a_record_past_its_time_is_reported_with_its_kind_and_number(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 7, now=NOON, life=10 * MINUTE)
        fill(store, 5, now=NOON, life=DAY)
        assert inspect(tmp_path, NOON + HOUR) == [
            Finding(
                StoreFault.OVERDUE_RECORD,
                "7 records of kind code of 2024-10-04 are past their time",
            )
        ]


def test_a_key_past_its_day_is_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        store.keys.find_or_make(YESTERDAY, EVENING)
    assert inspect(tmp_path, OVER) == [
        Finding(StoreFault.OLD_KEY, "the key of 2024-10-03 outlived its day")
    ]


def test_freed_pages_that_are_not_zeros_are_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 200, life=DAY)
        with raw_database(tmp_path) as connection:
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("DELETE FROM records")
        [finding] = inspect(tmp_path, EVENING)
    assert finding.fault is StoreFault.DIRTY_PAGE
    assert finding.message.endswith("freed pages are not all zeros")


def test_a_finished_day_in_the_log_is_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        with raw_database(tmp_path) as connection:
            connection.execute("DELETE FROM records")
        store.keys.destroy_day(YESTERDAY)
        assert inspect(tmp_path, OVER) == [
            Finding(StoreFault.REMAINS_IN_LOG, "remains of 2024-10-03 are in the write-ahead log")
        ]


def test_a_finished_day_in_the_file_is_reported_though_its_rows_are_deleted(
    tmp_path: Path,
) -> None:
    with open_store(tmp_path) as store:
        fill(store)
        empty_log(tmp_path)
        with raw_database(tmp_path) as connection:
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("DELETE FROM records WHERE tag > x'80'")
            connection.execute("DELETE FROM records")
        empty_log(tmp_path)
        store.keys.destroy_day(YESTERDAY)
        assert Finding(
            StoreFault.REMAINS_IN_FILE, "remains of 2024-10-03 are in the database file"
        ) in inspect(tmp_path, OVER)


def test_a_day_that_nobody_purged_is_reported_in_every_way(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store)
    assert faults(tmp_path, OVER) == {
        StoreFault.OVERDUE_RECORD,
        StoreFault.OLD_KEY,
        StoreFault.REMAINS_IN_FILE,
    }


def test_a_purge_that_did_not_finish_is_reported_after_two_rounds(tmp_path: Path) -> None:
    with open_store(tmp_path):
        (tmp_path / "store" / "unfinished").write_bytes(b"%d" % MIDNIGHT)
    assert inspect(tmp_path, OVER - 1) == []
    assert inspect(tmp_path, OVER) == [
        Finding(StoreFault.UNFINISHED, "a purge was not finished; run: qupia-issuer retention run")
    ]


def test_records_whose_day_has_no_key_are_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, now=NOON)
        store.keys.destroy_day(TODAY)
        assert inspect(tmp_path, NOON) == [
            Finding(
                StoreFault.NO_KEY, "the records of 2024-10-04 cannot be read: their day has no key"
            )
        ]


def test_records_of_a_kind_that_is_not_in_the_table_are_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 1)
        with raw_database(tmp_path) as connection:
            connection.execute("UPDATE records SET kind = 'visit of 870317300122'")
        [finding] = inspect(tmp_path, EVENING)
    assert finding.fault is StoreFault.FOREIGN
    assert "8703" not in finding.message


@pytest.mark.parametrize("folder", ["store", "day-keys"])
def test_foreign_files_are_counted_without_repeating_their_names(
    tmp_path: Path, folder: str
) -> None:
    with open_store(tmp_path):
        pass
    (tmp_path / folder / "870317300122.txt").write_bytes(b"")
    [finding] = inspect(tmp_path, NOON)
    assert finding.fault is StoreFault.FOREIGN
    assert finding.message == f"{tmp_path / folder} holds 1 files that are not the store's"


@pytest.mark.parametrize("name", ["store/store.db", "store/CACHEDIR.TAG", "day-keys/CACHEDIR.TAG"])
def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    with open_store(tmp_path):
        pass
    (tmp_path / name).unlink()
    assert inspect(tmp_path, NOON) == [
        Finding(
            StoreFault.MISSING, f"{tmp_path / name} is missing; run: qupia-issuer retention run"
        )
    ]
    with open_store(tmp_path):
        assert inspect(tmp_path, NOON) == []


def test_a_damaged_database_is_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 200, life=DAY)
    path = tmp_path / "store" / "store.db"
    data = bytearray(path.read_bytes())
    data[3 * 4096 : 4 * 4096] = Random(1).randbytes(4096)
    path.write_bytes(data)
    assert faults(tmp_path, EVENING) == {StoreFault.DAMAGED}
    path.write_bytes(b"not a database".ljust(8192, b"!"))
    assert faults(tmp_path, EVENING) == {StoreFault.DAMAGED}


def test_a_broken_list_of_freed_pages_is_reported(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        fill(store, 200, life=DAY)
        with raw_database(tmp_path) as connection:
            connection.execute("DELETE FROM records")
    path = tmp_path / "store" / "store.db"
    data = bytearray(path.read_bytes())
    data[36:40] = bytes(4)
    path.write_bytes(data)
    messages = [finding.message for finding in inspect(tmp_path, EVENING)]
    assert any(line.endswith("(its list of freed pages is broken)") for line in messages)


def test_files_that_cannot_be_read_give_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *, before: str) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with open_store(tmp_path):
        pass
    monkeypatch.setattr("issuer.perishable.inspection.survey", refuse)
    with pytest.raises(StoreError, match="make its folder writable for this account"):
        inspect(tmp_path, NOON)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("PRAGMA user_version = 2", "made by a later version"),
        ("CREATE TABLE visits (place TEXT)", "not made by this program"),
    ],
)
def test_a_database_of_another_form_is_reported(tmp_path: Path, change: str, reason: str) -> None:
    with open_store(tmp_path):
        pass
    with raw_database(tmp_path) as connection:
        connection.execute(change)
    [finding] = inspect(tmp_path, NOON)
    assert finding.fault is StoreFault.FOREIGN
    assert reason in finding.message


def test_a_finding_reads_as_its_line() -> None:
    assert str(Finding(StoreFault.OLD_KEY, "the key of 2024-10-03 outlived its day")) == (
        "the key of 2024-10-03 outlived its day"
    )
