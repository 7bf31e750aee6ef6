"""Pass keys on disk: one for each cell, no two that begin alike, gone after their window."""

import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from issuer.keys import grid
from issuer.keys.grid import (
    Cell,
    KeyFile,
    by_cell,
    destroy_ended,
    find_key,
    generate_all,
    list_keys,
    make_keys,
    modulus_of,
    public_key,
    wanted_cells,
)
from issuer.keys.keyring import SigningKey
from schemas.hints import HintForm
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.token import token_key_id
from schemas.windows import Calendar, Window
from shell.errors import CommandError
from tests.support.issuers import pool_generator, pool_keys
from tests.support.keys import rsa_key
from tests.support.world import NOON

ALMATY = Calendar(ZoneInfo("Asia/Almaty"))
TODAY = ALMATY.window_at(NOON)
CELLS = wanted_cells(
    ALMATY, statuses=["green", "blue"], hint=HintForm.NONE, now=NOON, until=NOON + 3 * DAY
)
Generator = Callable[[list[Cell]], Iterator[tuple[Cell, bytes, bytes]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "pass-keys"
    path.mkdir(mode=0o700)
    return path


def make(folder: Path, cells: list[Cell] = CELLS, **more: Any) -> list[int]:
    """Make keys from the pool; the list has an entry for each that was reported."""
    done: list[int] = []
    with pool_keys():
        make_keys(
            folder, cells, taken=more.get("taken", ()), progress=lambda: done.append(len(done))
        )
    return done


# Cells


@pytest.mark.parametrize(("hint", "hints"), [("none", 1), ("month", 12), ("day", 366)])
def test_every_window_status_and_hint_is_a_cell(hint: str, hints: int) -> None:
    cells = wanted_cells(
        ALMATY, statuses=["green", "blue"], hint=HintForm(hint), now=NOON, until=NOON + 3 * DAY
    )
    assert len(cells) == len(set(cells)) == 4 * 2 * hints
    assert sorted({cell.window for cell in cells})[0] == TODAY


def test_cells_come_in_the_order_of_windows() -> None:
    windows = [cell.window for cell in CELLS]
    assert windows == sorted(windows)


@pytest.mark.parametrize(("until", "windows"), [(TODAY.exp, 1), (TODAY.exp + 1, 2), (NOON, 1)])
def test_a_window_counts_when_it_begins_before_the_end(until: int, windows: int) -> None:
    cells = wanted_cells(ALMATY, statuses=["a"], hint=HintForm.NONE, now=NOON, until=until)
    assert len(cells) == windows


# Making


def test_each_cell_gets_a_key_of_2048_bits_in_a_private_file(folder: Path) -> None:
    assert len(make(folder)) == len(CELLS)
    files = list_keys(folder)
    assert {file.cell for file in files} == set(CELLS)
    for file in files:
        key = file.load()
        assert key.key_size == 2048 and key.public_key().public_numbers().e == 65537
        assert file.id == token_key_id(modulus_of(key))
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("number", [1, 9])
@pytest.mark.process
def test_keys_are_made_here_or_on_all_cores(number: int) -> None:
    """Nine are more than are made in this process."""
    cells = [*CELLS, Cell(TODAY, "amber", None)][:number]
    made = {cell: key_id for cell, _, key_id in generate_all(cells)}
    assert made.keys() == set(cells)
    assert len(set(made.values())) == number


def test_a_day_of_february_and_every_month_find_their_file_again(folder: Path) -> None:
    cells = [Cell(TODAY, "a-b_c", holder) for holder in ("02-29", "12", None)]
    make(folder, cells)
    assert {file.cell for file in list_keys(folder)} == set(cells)


def with_generator(monkeypatch: pytest.MonkeyPatch, numbers: list[int]) -> None:
    """Let the keys of the pool come in this order."""
    order = iter(numbers)

    def generate(cells: list[Cell]) -> Iterator[tuple[Cell, bytes, bytes]]:
        for cell in cells:
            yield next(pool_generator(next(order))([cell]))

    monkeypatch.setattr(grid, "generate_all", generate)


def test_a_key_that_begins_like_another_is_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_generator(monkeypatch, [5, 5, 6, 6, 5, 7])
    done: list[None] = []
    make_keys(folder, CELLS[:3], taken=(), progress=lambda: done.append(None))
    assert {file.id for file in list_keys(folder)} == {rsa_key(i).id for i in (5, 6, 7)}
    assert len(done) == 3


def test_a_key_that_begins_like_one_that_is_there_or_retired_is_made_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_generator(monkeypatch, [5, 6, 5, 7])
    # Four bytes are enough: clients look keys up by them.
    taken = [rsa_key(5).id, rsa_key(6).id[:4] + bytes(28)]
    make_keys(folder, CELLS[:1], taken=taken, progress=lambda: None)
    assert [file.id for file in list_keys(folder)] == [rsa_key(7).id]


def test_what_is_done_stays_done_when_making_is_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_generator(monkeypatch, [1, 2, 3])

    def stop() -> None:
        if len(list_keys(folder)) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_keys(folder, CELLS, taken=(), progress=stop)
    assert {file.id for file in list_keys(folder)} == {rsa_key(1).id, rsa_key(2).id}


# Reading


@pytest.mark.parametrize(
    "name",
    [
        ".1-2.green.none.AAAA.pem.17.0badcafe.draft",
        "CACHEDIR.TAG",
        "x.pem",
        "1-2.green.none.pem",
        "1-2.green.none.A.B.pem",
        "a-2.green.none.AAAA.pem",
        "1.green.none.AAAA.pem",
        "1-2.green.none.!!!!.pem",
    ],
)
def test_a_file_that_is_no_key_is_passed_over(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")
    assert list_keys(folder) == []


def test_what_the_bundle_says_of_a_key_comes_from_its_file(folder: Path) -> None:
    make(folder, CELLS[:1])
    (file,) = list_keys(folder)
    key = public_key(file)
    assert (key.id, key.status, key.holder, key.window) == (file.id, "green", None, TODAY)
    assert key.modulus == rsa_key(0).modulus


def test_one_key_is_found_by_its_id(folder: Path) -> None:
    make(folder)
    for file in list_keys(folder):
        assert find_key(folder, file.id) == file
    assert find_key(folder, bytes(32)) is None


def test_retired_keys_are_not_part_of_the_grid(folder: Path) -> None:
    make(folder)
    files = list_keys(folder)
    assert by_cell(files, without=()).keys() == set(CELLS)
    left = by_cell(files, without={files[0].id})
    assert left.keys() == set(CELLS) - {files[0].cell}


def only(folder: Path) -> KeyFile:
    make(folder, CELLS[:1])
    (file,) = list_keys(folder)
    return file


@pytest.mark.parametrize("content", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\n\n"])
def test_a_damaged_file_is_one_line_that_says_what_to_do(folder: Path, content: bytes) -> None:
    file = only(folder)
    file.path.write_bytes(content)
    with pytest.raises(CommandError, match=r"is damaged; retire that key: qupia-issuer keys list$"):
        file.load()


def test_a_key_that_is_not_the_one_of_its_name_is_damaged(folder: Path) -> None:
    file = only(folder)
    other = next(pool_generator(9)(CELLS[:1]))[1]
    file.path.write_bytes(other)
    with pytest.raises(CommandError, match="is damaged; retire that key"):
        file.load()


def test_a_key_of_another_kind_is_damaged(folder: Path) -> None:
    file = only(folder)
    file.path.unlink()
    SigningKey(ec.generate_private_key(ec.SECP256R1()), Typ.TRUST).create(file.path)
    with pytest.raises(CommandError, match="is damaged; retire that key"):
        file.load()


def test_a_key_that_others_can_read_is_refused(folder: Path) -> None:
    file = only(folder)
    file.path.chmod(0o640)
    with pytest.raises(CommandError, match=r"others can read .*; run: chmod 600"):
        file.load()


# The end of a window


def test_a_key_is_destroyed_an_hour_after_its_window(folder: Path) -> None:
    make(folder)
    end = TODAY.exp + HOUR
    assert destroy_ended(folder, end - 1) == 0
    assert destroy_ended(folder, end) == 2
    assert TODAY not in {file.cell.window for file in list_keys(folder)}
    assert destroy_ended(folder, end) == 0
    assert destroy_ended(folder, NOON + 30 * DAY) == len(CELLS) - 2
    assert list(folder.iterdir()) == []


def test_a_destroyed_key_is_overwritten_first(folder: Path, tmp_path: Path) -> None:
    file = only(folder)
    other_name = tmp_path / "copy made by a link"
    other_name.hardlink_to(file.path)
    before = other_name.read_bytes()
    destroy_ended(folder, Window(0, 0).exp + 10**10)
    after = other_name.read_bytes()
    assert len(after) == len(before)
    assert b"PRIVATE KEY" in before and b"PRIVATE KEY" not in after
