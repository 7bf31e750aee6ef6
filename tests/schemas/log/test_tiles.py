"""Tiles have the paths and forms of C2SP tlog-tiles, and show how one tree continues another."""

import doctest
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas.log.tiles
from schemas.log.merkle import Tree, leaf_hash
from schemas.log.tiles import (
    FULL,
    LARGEST_FOLLOWED,
    TilePath,
    format_entries,
    parse_entries,
    parse_tile,
    parse_tile_path,
    roots_from_tiles,
    tiles_between,
    tiles_of,
)
from tests.support.vectors import log_cases

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(1500)]
TREE = Tree(LEAVES)
ROOTS = [TREE.root(size) for size in range(len(LEAVES) + 1)]
PATHS = st.builds(
    TilePath,
    st.none() | st.integers(0, 63),
    st.integers(0, 10**21 - 1),
    st.integers(1, FULL),
)


def tile_at(path: TilePath) -> bytes:
    bits = 8 * (path.level or 0)
    places = range(path.index * FULL, path.index * FULL + path.width)
    return b"".join(TREE.node(bits, at) for at in places)


@pytest.mark.parametrize("case", log_cases("tiles"), ids=lambda case: str(case["name"]))
def test_the_path_of_a_tile_is_read_in_its_one_form_only(case: dict[str, Any]) -> None:
    if case["ok"]:
        path = parse_tile_path(case["path"])
        level = "entries" if path.level is None else str(path.level)
        assert (level, path.index, path.width) == (
            case["level"], int(case["index"]), case["width"],
        )  # fmt: skip
    else:
        with pytest.raises(ValueError, match="tile"):
            parse_tile_path(case["path"])


@given(PATHS)
def test_a_path_goes_there_and_back(path: TilePath) -> None:
    assert parse_tile_path(path.text) == path


@given(st.text())
def test_any_text_is_a_path_or_a_value_error(text: str) -> None:
    try:
        path = parse_tile_path(text)
    except ValueError:
        return
    assert path.text == text


def test_the_example_of_the_module_runs() -> None:
    assert doctest.testmod(schemas.log.tiles) == (0, 1)


def test_a_large_tree_has_the_tiles_that_the_specification_counts() -> None:
    assert len(tiles_of(0, start=0, size=70_000)) == 274
    assert tiles_of(0, start=69_999, size=70_000) == [TilePath(0, 273, 112)]
    assert tiles_of(1, start=0, size=70_000 // 256) == [TilePath(1, 0), TilePath(1, 1, 17)]
    assert tiles_of(0, start=0, size=256) == [TilePath(0, 0)]


@given(st.integers(0, 1500), st.integers(0, 1500))
def test_the_roots_of_two_trees_come_from_their_tiles(one: int, other: int) -> None:
    old, new = sorted((one, other))
    paths = tiles_between(old, new)
    assert len(paths) <= 3
    tiles = {path: tile_at(path) for path in paths}
    assert roots_from_tiles(old, new, tiles) == (ROOTS[old], ROOTS[new])


@given(st.integers(1, 1499), st.integers(1, 1500), st.data())
def test_changed_tiles_give_another_root_or_are_refused(
    one: int, other: int, data: st.DataObject
) -> None:
    old, new = sorted((one, other))
    tiles = {path: tile_at(path) for path in tiles_between(old, new)}
    path = data.draw(st.sampled_from(sorted(tiles, key=str)))
    place = data.draw(st.integers(0, len(tiles[path]) - 1))
    changed = bytearray(tiles[path])
    changed[place] ^= 1
    try:
        roots = roots_from_tiles(old, new, tiles | {path: bytes(changed)})
    except ValueError:
        return
    assert roots != (ROOTS[old], ROOTS[new])


def test_a_tile_that_is_missing_or_too_short_is_refused() -> None:
    tiles = {path: tile_at(path) for path in tiles_between(300, 1000)}
    for path in tiles:
        with pytest.raises(ValueError, match="a tile is missing"):
            roots_from_tiles(300, 1000, {p: t for p, t in tiles.items() if p != path})
        with pytest.raises(ValueError, match="not a tile of this width"):
            roots_from_tiles(300, 1000, tiles | {path: tiles[path][:-1]})


def test_leaves_that_are_not_those_of_the_full_tile_are_refused() -> None:
    tiles = {path: tile_at(path) for path in tiles_between(300, 1000)}
    strange = b"".join(sha256(b"x%d" % at).digest() for at in range(FULL))
    with pytest.raises(ValueError, match="do not fit each other"):
        roots_from_tiles(300, 1000, tiles | {TilePath(0, 1): strange})


@pytest.mark.parametrize(("old", "new"), [(-1, 4), (5, 4), (0, LARGEST_FOLLOWED + 1)])
def test_trees_that_cannot_be_followed_are_refused(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="cannot be followed"):
        tiles_between(old, new)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=9))
def test_entries_go_there_and_back(entries: list[bytes]) -> None:
    assert parse_entries(format_entries(entries), width=len(entries)) == entries


@given(st.binary(max_size=120), st.integers(0, 3))
def test_any_bytes_are_entries_or_a_value_error(data: bytes, width: int) -> None:
    try:
        entries = parse_entries(data, width=width)
    except ValueError:
        return
    assert format_entries(entries) == data
    assert [len(entry) for entry in entries] == [32] * width


def test_hashes_stand_side_by_side() -> None:
    assert parse_tile(bytes(32) + b"\x01" * 32, width=2) == [bytes(32), b"\x01" * 32]
