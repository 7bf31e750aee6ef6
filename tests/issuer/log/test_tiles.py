"""Tiles have the bytes of C2SP tlog-tiles, and none reaches beyond the checkpoint."""

from hashlib import sha256
from pathlib import Path

import pytest

from issuer.home import Home
from issuer.log.log import Log, create_log
from issuer.log.tiles import tile
from schemas.log.merkle import leaf_hash, root_of
from schemas.log.reading import log_path, read_leaves
from schemas.log.tiles import TilePath, parse_tile_path
from tests.support import merkle

SIZE = 600
ENTRIES = [sha256(f"entry {number}".encode()).digest() for number in range(SIZE)]


def new_log(folder: Path) -> Log:
    home = Home(folder / "home")
    home.make()
    create_log(home, number=1, token_issuer="qupia.example")
    return Log.open(home, 1)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Log:
    made = new_log(tmp_path_factory.mktemp("tiles"))
    made.folder.append(b"".join(ENTRIES))
    made.sign()
    return made


@pytest.mark.parametrize(("index", "width"), [(0, 256), (1, 256), (2, 88), (2, 1), (0, 7)])
def test_a_tile_of_the_lowest_level_has_leaf_hashes(log: Log, index: int, width: int) -> None:
    entries = ENTRIES[index * 256 :][:width]
    assert tile(log, TilePath(0, index, width)) == b"".join(map(leaf_hash, entries))


def test_a_tile_above_has_the_roots_of_full_tiles_below(log: Log) -> None:
    roots = merkle.tree_hash(ENTRIES[:256]) + merkle.tree_hash(ENTRIES[256:512])
    assert tile(log, TilePath(1, 0, 2)) == roots


def test_entries_stand_after_their_length(log: Log) -> None:
    data = b"".join(b"\x00\x20" + one for one in ENTRIES[512:600])
    assert tile(log, TilePath(None, 2, 88)) == data


@pytest.mark.parametrize(
    "path",
    [
        TilePath(0, 2, 256),
        TilePath(0, 2, 89),
        TilePath(0, 3, 1),
        TilePath(1, 0, 3),
        TilePath(1, 0, 256),
        TilePath(2, 0, 1),
        TilePath(63, 0, 1),
        TilePath(63, 999_999_999, 256),
        TilePath(None, 2, 89),
        TilePath(None, 10**20, 1),
    ],
)
def test_there_is_no_tile_beyond_the_checkpoint(log: Log, path: TilePath) -> None:
    assert tile(log, path) is None


def test_an_entry_that_is_not_signed_yet_is_in_no_tile(tmp_path: Path) -> None:
    log = new_log(tmp_path)
    log.append(ENTRIES[0])
    assert tile(log, TilePath(0, 0, 1)) is None
    log.sign()
    assert tile(log, TilePath(0, 0, 1)) == leaf_hash(ENTRIES[0])


@pytest.mark.parametrize("old", [0, 1, 255, 256, 257, 511, 512, 599, 600])
def test_who_was_away_sees_from_tiles_that_the_log_only_grew(log: Log, old: int) -> None:
    root = f"{log_path(log.key.name)}/tile/"
    leaves = read_leaves(
        log.key.name, SIZE, lambda path: tile(log, parse_tile_path(path.removeprefix(root)))
    )
    assert root_of(leaves[:old]) == merkle.tree_hash(ENTRIES[:old])
    assert root_of(leaves) == merkle.tree_hash(ENTRIES)
