"""Trees and proofs are those of RFC 6962, and whatever else somebody sends is refused."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import b64_decode
from schemas.log.merkle import (
    EMPTY_ROOT,
    LARGEST_SIZE,
    LONGEST_PROOF,
    Tree,
    grow,
    is_consistent,
    is_included,
    leaf_hash,
    node_hash,
    root_of,
    root_of_subtrees,
    subtree_sizes,
)
from tests.support import merkle
from tests.support.vectors import log_cases

ENTRIES = [bytes((number,)) * 32 for number in range(70)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
TREE = Tree(LEAVES)
ROOTS = [merkle.tree_hash(ENTRIES[:size]) for size in range(71)]

Spoil = Callable[[list[bytes]], list[bytes]]
SPOILT: list[Spoil] = [
    lambda proof: [*proof, bytes(32)],
    lambda proof: [bytes(32), *proof],
    lambda proof: proof[1:] if proof else [b"x" * 32],
    lambda proof: proof[:-1] if proof else [b"y" * 32],
    lambda proof: [*proof[:-1], bytes(32)],
    lambda proof: [*proof, *proof] if proof else [bytes(32), bytes(32)],
    lambda proof: [*proof, *[bytes(32)] * LONGEST_PROOF],
]


def cases(kind: str) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in log_cases(kind)]


def decoded(texts: list[str]) -> list[bytes]:
    return [b64_decode(text) for text in texts]


@pytest.mark.parametrize("case", cases("trees"))
def test_the_root_is_that_of_the_well_known_trees(case: dict[str, Any]) -> None:
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in case["entries"]]
    assert root_of(leaves) == Tree(leaves).root() == b64_decode(case["root"])


@pytest.mark.parametrize("case", cases("inclusion"))
def test_an_inclusion_proof_is_judged_as_elsewhere(case: dict[str, Any]) -> None:
    is_right = is_included(
        b64_decode(case["leaf"]),
        index=int(case["index"]),
        size=int(case["size"]),
        root=b64_decode(case["root"]),
        path=decoded(case["proof"]),
    )
    assert is_right is case["ok"]


@pytest.mark.parametrize("case", cases("consistency"))
def test_a_consistency_proof_is_judged_as_elsewhere(case: dict[str, Any]) -> None:
    is_right = is_consistent(
        int(case["old"]),
        int(case["new"]),
        old_root=b64_decode(case["old_root"]),
        new_root=b64_decode(case["new_root"]),
        proof=decoded(case["proof"]),
    )
    assert is_right is case["ok"]


def test_a_node_is_no_leaf() -> None:
    left, right = LEAVES[:2]
    assert node_hash(left, right) != leaf_hash(left + right)


@pytest.mark.parametrize("size", range(71))
def test_every_tree_has_the_root_of_the_rfc_however_it_is_made(size: int) -> None:
    assert root_of(LEAVES[:size]) == TREE.root(size) == Tree(LEAVES[:size]).root() == ROOTS[size]


@pytest.mark.parametrize("size", range(1, 71))
def test_every_leaf_is_proven_to_be_in_the_tree_by_the_path_of_the_rfc(size: int) -> None:
    for index in range(size):
        path = TREE.inclusion_proof(index, size)
        assert path == merkle.audit_path(index, ENTRIES[:size])
        assert is_included(LEAVES[index], index=index, size=size, root=ROOTS[size], path=path)


@pytest.mark.parametrize("size", range(1, 71))
def test_every_tree_is_proven_to_continue_each_before_it(size: int) -> None:
    for old in range(1, size + 1):
        proof = TREE.consistency_proof(old, size)
        assert proof == merkle.consistency(old, ENTRIES[:size])
        assert is_consistent(old, size, old_root=ROOTS[old], new_root=ROOTS[size], proof=proof)


@given(st.data())
def test_a_spoilt_inclusion_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    path = data.draw(st.sampled_from(SPOILT))(TREE.inclusion_proof(index, size))
    assert not is_included(LEAVES[index], index=index, size=size, root=ROOTS[size], path=path)


@given(st.data())
def test_a_leaf_is_nowhere_else_and_in_no_other_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, 70))
    index, other = data.draw(
        st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True)
    )
    path = TREE.inclusion_proof(index, size)
    assert not is_included(LEAVES[index], index=other, size=size, root=ROOTS[size], path=path)
    assert not is_included(LEAVES[other], index=index, size=size, root=ROOTS[size], path=path)
    assert not is_included(LEAVES[index], index=index, size=size, root=ROOTS[size - 1], path=path)


@given(st.data())
def test_a_spoilt_consistency_proof_is_refused(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 70))
    old = data.draw(st.integers(1, size))
    proof = data.draw(st.sampled_from(SPOILT))(TREE.consistency_proof(old, size))
    assert not is_consistent(old, size, old_root=ROOTS[old], new_root=ROOTS[size], proof=proof)


@given(
    st.integers(-1, LARGEST_SIZE + 1),
    st.integers(-1, LARGEST_SIZE + 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=70),
)
def test_any_sizes_and_any_proof_are_answered(first: int, second: int, proof: list[bytes]) -> None:
    root = ROOTS[1]
    assert not is_included(LEAVES[1], index=first, size=second, root=root, path=proof)
    assert first == second or not is_consistent(
        first, second, old_root=root, new_root=ROOTS[2], proof=proof
    )


def test_the_last_leaf_of_the_largest_tree_has_the_longest_proof() -> None:
    path = [bytes((number,)) * 32 for number in range(LONGEST_PROOF)]
    root = LEAVES[0]
    for sibling in path:
        root = node_hash(root, sibling)
    size = LARGEST_SIZE
    assert is_included(LEAVES[0], index=0, size=size, root=root, path=path)
    assert not is_included(LEAVES[0], index=0, size=size + 1, root=root, path=path)


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_tree_grows_from_its_subtrees_alone(one: int, other: int) -> None:
    old, new = sorted((one, other))
    subtrees = TREE.subtrees(0, old)
    assert subtrees == merkle.subtrees(old, ENTRIES)
    grown = grow(old, subtrees, LEAVES[old:new])
    assert grown == merkle.subtrees(new, ENTRIES)
    assert root_of_subtrees(grown) == ROOTS[new]


@given(st.integers(0, LARGEST_SIZE))
def test_the_subtrees_of_a_tree_are_powers_of_two_that_fall(size: int) -> None:
    sizes = subtree_sizes(size)
    assert sum(sizes) == size
    assert sizes == sorted(set(sizes), reverse=True)
    assert all(one.bit_count() == 1 for one in sizes)


def test_nothing_has_the_empty_root() -> None:
    assert Tree().root() == root_of([]) == root_of_subtrees([]) == EMPTY_ROOT


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (0, 71)])
def test_no_path_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        TREE.inclusion_proof(index, size)


@pytest.mark.parametrize(("old", "size"), [(-1, 4), (5, 4), (4, 71)])
def test_no_proof_is_made_for_a_tree_that_is_not_there(old: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such tree"):
        TREE.consistency_proof(old, size)
