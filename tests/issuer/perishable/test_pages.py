"""Pages read from the bytes of a database's files, beside what SQLite says about them."""

import io
import sqlite3
import struct
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.perishable.pages import (
    DamagedFile,
    DatabasePages,
    find_days,
    freed_pages,
    newest_frames,
    survey,
)

SECRET = b"what was deleted"


def make(path: Path, *, secure: bool = True, wal: bool = False) -> sqlite3.Connection:
    """A database with many pages, most of which are freed again."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA page_size = 512")
    connection.execute(f"PRAGMA secure_delete = {secure:d}")
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE things (content BLOB)")
    things = ((SECRET * 20,) for _ in range(400))
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO things VALUES (?)", things)
    connection.execute("COMMIT")
    connection.execute("DELETE FROM things WHERE rowid > 3")
    return connection


def freed(path: Path) -> dict[int, bool]:
    with ExitStack() as files:
        log = path.with_name(path.name + "-wal")
        pages = DatabasePages(
            files.enter_context(path.open("rb")),
            files.enter_context(log.open("rb")) if log.exists() else None,
        )
        return dict(freed_pages(pages))


@pytest.mark.parametrize("wal", [False, True])
def test_as_many_freed_pages_are_found_as_sqlite_counts_and_all_are_clean(
    tmp_path: Path, wal: bool
) -> None:
    with closing(make(tmp_path / "a.db", wal=wal)) as connection:
        (number,) = connection.execute("PRAGMA freelist_count").fetchone()
        found = freed(tmp_path / "a.db")
    assert number > 2 * (512 // 4), "several trunks"
    assert len(found) == number
    assert all(found.values())


@pytest.mark.process
def test_freed_pages_that_still_hold_something_are_found(tmp_path: Path) -> None:
    with closing(make(tmp_path / "a.db", secure=False)):
        found = freed(tmp_path / "a.db")
    assert not all(found.values())
    assert survey(tmp_path / "a.db", before="").dirty == list(found.values()).count(False)


def test_page_numbers_that_were_listed_before_do_not_make_a_trunk_dirty(tmp_path: Path) -> None:
    with closing(make(tmp_path / "a.db")) as connection:
        connection.executemany("INSERT INTO things VALUES (?)", [(SECRET * 20,)] * 60)
        found = freed(tmp_path / "a.db")
        assert len(found) == connection.execute("PRAGMA freelist_count").fetchone()[0]
    assert all(found.values())


def test_something_after_a_trunks_list_makes_it_dirty(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path).close()
    data = bytearray(path.read_bytes())
    (trunk,) = struct.unpack_from(">I", data, 32)
    data[trunk * 512 - 16 : trunk * 512] = SECRET
    path.write_bytes(data)
    assert freed(path)[trunk] is False


def test_the_log_counts_up_to_its_last_commit_and_only_with_its_own_salts() -> None:
    salts, page = b"saltsalt", bytes(512)

    def frame(number: int, commit: int, salt: bytes = salts) -> bytes:
        return struct.pack(">II", number, commit) + salt + bytes(8) + page

    def starts(*frames: bytes) -> dict[int, int]:
        return newest_frames(io.BytesIO(bytes(16) + salts + bytes(8) + b"".join(frames)), 512)

    first, second = 32 + 24, 32 + 24 + 536
    assert starts(frame(5, 0), frame(6, 9)) == {5: first, 6: second}
    assert starts(frame(5, 9), frame(5, 9)) == {5: second}
    assert starts(frame(5, 9), frame(6, 0)) == {5: first}
    assert starts(frame(5, 9), frame(6, 9, b"olderone")) == {5: first}
    assert starts() == newest_frames(io.BytesIO(b""), 512) == {}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:50], "its header is too short"),
        (lambda data: data[:2048], "page [0-9]+ is missing"),
        (lambda data: data[:36] + bytes(4) + data[40:], "list of freed pages is broken"),
    ],
)
@pytest.mark.process
def test_a_damaged_file_is_said_to_be_damaged(
    tmp_path: Path, change: Callable[[bytes], bytes], message: str
) -> None:
    path = tmp_path / "a.db"
    make(path).close()
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DamagedFile, match=message):
        freed(path)
    found = survey(path, before="")
    assert found.damage and found.dirty == 0


def test_a_list_of_freed_pages_that_runs_in_a_circle_ends() -> None:
    header = bytearray(512)
    struct.pack_into(">III", header, 28, 9, 2, 3)
    pages = {1: bytes(header), 2: struct.pack(">II", 2, 0).ljust(512, b"\0")}
    with pytest.raises(DamagedFile, match="list of freed pages is broken"):
        list(freed_pages(pages.__getitem__))


@given(
    before=st.binary(max_size=40),
    after=st.binary(max_size=40),
    portion=st.integers(min_value=10, max_value=30),
)
def test_a_date_is_found_wherever_it_stands(before: bytes, after: bytes, portion: int) -> None:
    data = before + b"\xff2024-10-03\xff" + after
    found = find_days(io.BytesIO(data), before="2024-10-04", portion=portion)
    assert "2024-10-03" in found


def test_only_dates_before_the_given_day_are_named() -> None:
    data = io.BytesIO(b"2024-10-03 2024-10-04 2024-10-05 2023-01-01 2023-1-01")
    assert find_days(data, before="2024-10-04") == {"2024-10-03", "2023-01-01"}


@pytest.mark.process
def test_a_survey_names_the_days_in_file_and_log(tmp_path: Path) -> None:
    with closing(make(tmp_path / "a.db", wal=True)) as connection:
        connection.execute("INSERT INTO things VALUES ('2024-10-02')")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.execute("INSERT INTO things VALUES ('2024-10-03')")
        found = survey(tmp_path / "a.db", before="2024-10-04")
    assert found.in_file == ["2024-10-02"]
    assert "2024-10-03" in found.in_log
    assert found.damage is None


@pytest.mark.process
def test_a_file_that_cannot_be_read_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        survey(tmp_path / "missing.db", before="2024-10-04")
