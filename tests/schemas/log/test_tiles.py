"""Tiles have the paths and forms of C2SP tlog-tiles, and show how one tree continues another."""

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas.log.tiles
from schemas.log.merkle import Tree, leaf_hash
from schemas.log.tiles import (
    FULL,
    TilePath,
    format_entries,
    parse_entries,
    parse_tile,
    parse_tile_path,
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
