"""Merkle trees, and proofs that an entry is in one or that one continues another.

RFC 6962 section 2.1; the checks are the iterative ones of RFC 9162 sections 2.1.3.2 and 2.1.4.2. A
check costs as many hashes as its proof is long, whatever sizes somebody claims.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_BYTES = 32
LARGEST_SIZE = 2**63 - 1
"""Leaves of a tree, so that a size fits the signed integers of other programs."""

LONGEST_PROOF = 63
"""Hashes in a proof about a tree of the largest size."""

EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(entry: bytes) -> bytes:
    """The hash of a leaf, 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees, 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


def subtree_sizes(size: int) -> list[int]:
    """The complete subtrees that make up a tree, the largest first: powers of two."""
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]


def root_of_subtrees(hashes: Iterable[bytes]) -> bytes:
    """The root over the hashes of :func:`subtree_sizes`, in that order."""
    root, *larger = [*hashes][::-1] or [EMPTY_ROOT]
    for subtree in larger:
        root = node_hash(subtree, root)
    return root


def grow(size: int, subtrees: Sequence[bytes], leaves: Iterable[bytes]) -> list[bytes]:
    """The subtree hashes of a tree of ``size`` leaves after ``leaves`` (hashes) came to it."""
    stack = [*subtrees]
    for count, leaf in enumerate(leaves, start=size):
        # Each set bit at the end of the count is a complete subtree as large as what has come.
        joined = (count ^ (count + 1)).bit_length() - 1
        node = leaf
        for _ in range(joined):
            node = node_hash(stack.pop(), node)
        stack.append(node)
    return stack


def root_of(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over leaf hashes."""
    return root_of_subtrees(grow(0, (), leaves))


class Tree:
    """All nodes of a growing tree over leaf hashes, to make proofs from.

    A leaf costs 64 bytes. To add one, and each proof, costs about as many steps as the tree has
    levels.
    """

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return len(self._levels[0])

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash, and every node that it completes."""
        self._levels[0].append(leaf)
        for level, nodes in enumerate(self._levels):
            if len(nodes) % 2:
                return
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(node_hash(*nodes[-2:]))

    def node(self, level: int, index: int) -> bytes:
        """The complete subtree ``index`` among those of 2^level leaves; raises IndexError."""
        return self._levels[level][index]

    def leaves(self, start: int, end: int) -> list[bytes]:
        """The leaf hashes from ``start`` to before ``end``."""
        return self._levels[0][start:end]

    def subtrees(self, start: int, end: int) -> list[bytes]:
        """The complete subtrees from ``start`` to before ``end``, the largest first.

        ``start`` is a multiple of the size of each.
        """
        hashes = []
        for size in subtree_sizes(end - start):
            hashes.append(self.node(size.bit_length() - 1, start // size))
            start += size
        return hashes

    def root(self, size: int | None = None) -> bytes:
        """The root of the first ``size`` leaves; of all by default."""
        return self._range(0, self.size if size is None else size)

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The path of the leaf ``index`` in the tree of ``size`` leaves, from the leaf up."""
        if not 0 <= index < size <= self.size:
            raise ValueError("no such leaf")
        return self._siblings(index, index + 1, size)

    def consistency_proof(self, old: int, size: int) -> list[bytes]:
        """That the tree of ``size`` leaves continues the one of ``old``; empty for none at all."""
        if not 0 <= old <= size <= self.size:
            raise ValueError("no such tree")
        if old in (0, size):
            return []
        last = subtree_sizes(old)[-1]
        known = self._range(old - last, old)
        siblings = self._siblings(old - last, old, size)
        return siblings if last == old else [known, *siblings]

    def _siblings(self, start: int, end: int, size: int) -> list[bytes]:
        """What a complete subtree is hashed with on the way to the root, from below up."""
        left, right, siblings = 0, size, []
        while (left, right) != (start, end):
            middle = left + (1 << (right - left - 1).bit_length() - 1)
            if start < middle:
                siblings.append(self._range(middle, right))
                right = middle
            else:
                siblings.append(self._range(left, middle))
                left = middle
        return siblings[::-1]

    def _range(self, start: int, end: int) -> bytes:
        return root_of_subtrees(self.subtrees(start, end))


def is_included(leaf: bytes, *, index: int, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a leaf hash stands at ``index`` in the tree of ``size`` leaves with ``root``."""
    if not 0 <= index < size <= LARGEST_SIZE or not _are_hashes(leaf, *path):
        return False
    node, last = leaf, size - 1
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            node = node_hash(sibling, node)
            index, last = _past_lone_nodes(index, last)
        else:
            node = node_hash(node, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and node == root


def is_consistent(
    old: int, new: int, *, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of ``new`` leaves continues the one of ``old``, as ``proof`` says.

    A tree continues itself, with an empty proof. Whether one continues the empty tree is no
    question for a proof, so that is refused.
    """
    if not 0 < old <= new <= LARGEST_SIZE or not _are_hashes(*proof):
        return False
    if old == new:
        return not proof and old_root == new_root
    # An old tree that is one complete subtree is a node of the new one, so it is not repeated.
    siblings = [*proof] if old & (old - 1) else [old_root, *proof]
    return bool(siblings) and _two_roots(old, new, siblings) == (old_root, new_root)


def _are_hashes(*values: bytes) -> bool:
    """Whether these are a leaf hash and the longest of proofs at most."""
    return len(values) <= 1 + LONGEST_PROOF and all(len(value) == HASH_BYTES for value in values)


def _two_roots(old: int, new: int, siblings: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of both trees, from the last complete subtree of the old one on."""
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    was = now = siblings[0]
    for sibling in siblings[1:]:
        if last == 0:
            return None
        if index & 1 or index == last:
            was, now = node_hash(sibling, was), node_hash(sibling, now)
            index, last = _past_lone_nodes(index, last)
        else:
            now = node_hash(now, sibling)
        index, last = index >> 1, last >> 1
    return (was, now) if last == 0 else None


def _past_lone_nodes(index: int, last: int) -> tuple[int, int]:
    """Skip the levels on which a node at the right edge has nobody to be hashed with."""
    while index and not index & 1:
        index, last = index >> 1, last >> 1
    return index, last
