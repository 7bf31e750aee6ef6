"""The end of a log shows each tree that it reaches back to, and has one form for each size."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64_decode
from schemas.log.merkle import LARGEST_SIZE, Tree, leaf_hash
from schemas.log.tails import TAIL_LEAVES, parse_tail, tail_of
from tests.support import merkle
from tests.support.vectors import log_cases

ENTRIES = [bytes((number,)) * 32 for number in range(90)]
TREE = Tree(map(leaf_hash, ENTRIES))


@pytest.mark.parametrize("case", log_cases("tails"), ids=lambda case: str(case["name"]))
def test_a_tail_is_read_as_the_vector_says(case: dict[str, Any]) -> None:
    data, size = b64_decode(case["extra"]), int(case["size"])
    if not case["ok"]:
        with pytest.raises(ValueError, match="not the tail of a tree of this size"):
            parse_tail(data, size=size)
        return
    tail = parse_tail(data, size=size)
    assert (tail.start, tail.size, tail.data) == (int(case["start"]), size, data)
    for old, root in case["roots"].items():
        assert tail.root_at(int(old)) == b64_decode(root)
    for index, leaf in case["leaves"].items():
        assert tail.leaf_at(int(index)) == b64_decode(leaf)


@pytest.mark.parametrize("size", range(91))
def test_a_tail_goes_there_and_back_and_shows_the_last_trees(size: int) -> None:
    tail = tail_of(TREE, size)
    assert parse_tail(tail.data, size=size) == tail
    assert len(tail.leaves) == min(size, TAIL_LEAVES)
    for old in range(tail.start, size + 1):
        assert tail.root_at(old) == merkle.tree_hash(ENTRIES[:old])
    for index in range(tail.start, size):
        assert tail.leaf_at(index) == leaf_hash(ENTRIES[index])


@pytest.mark.parametrize("size", [11, 41])
def test_a_tail_shows_no_tree_beyond_its_ends(size: int) -> None:
    with pytest.raises(ValueError, match="does not reach"):
        tail_of(TREE, 40).root_at(size)


@pytest.mark.parametrize("index", [11, 40])
def test_a_tail_has_no_leaf_beyond_its_ends(index: int) -> None:
    with pytest.raises(ValueError, match="does not reach"):
        tail_of(TREE, 40).leaf_at(index)


@given(st.integers(0, 90), st.integers(0, LARGEST_SIZE))
def test_a_tail_fits_no_other_size(size: int, other: int) -> None:
    if size != other:
        with pytest.raises(ValueError, match="not the tail of a tree of this size"):
            parse_tail(tail_of(TREE, size).data, size=other)


@given(st.binary(max_size=3000), st.integers(0, LARGEST_SIZE))
def test_any_bytes_are_a_tail_or_a_value_error(data: bytes, size: int) -> None:
    try:
        tail = parse_tail(data, size=size)
    except ValueError:
        return
    assert tail.data == data
