"""The end of a log, as a proof carries it: enough to see that the log only grew.

docs/formats.md, "The log". It has the hashes of the complete subtrees of the first ``start``
leaves, and each later leaf hash. Who remembers a root at one of these sizes, or a leaf at one of
these places, compares it without asking anybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.log.merkle import HASH_BYTES, Tree, grow, root_of_subtrees, subtree_sizes

TAIL_LEAVES = 28
"""Leaf hashes in a tail: a week of bundles that are made every six hours."""

_START_BYTES = 8


@dataclass(frozen=True)
class Tail:
    """Hashes are 32 bytes each. Nothing of it is known to be true before :meth:`root_at`."""

    start: int
    subtrees: tuple[bytes, ...]
    leaves: tuple[bytes, ...]

    @property
    def size(self) -> int:
        """Leaves of the whole tree."""
        return self.start + len(self.leaves)

    @property
    def data(self) -> bytes:
        """The bytes of the line ``extra`` of a proof."""
        start = self.start.to_bytes(_START_BYTES, "big")
        return start + b"".join((*self.subtrees, *self.leaves))

    def root_at(self, size: int) -> bytes:
        """The root of the first ``size`` leaves; raises ValueError outside [start, size]."""
        if not self.start <= size <= self.size:
            raise ValueError("the tail does not reach there")
        return root_of_subtrees(grow(self.start, self.subtrees, self.leaves[: size - self.start]))

    def leaf_at(self, index: int) -> bytes:
        """The leaf hash at ``index``; raises ValueError outside [start, size)."""
        if not self.start <= index < self.size:
            raise ValueError("the tail does not reach there")
        return self.leaves[index - self.start]


def tail_of(tree: Tree, size: int) -> Tail:
    """The tail of the first ``size`` leaves of a tree."""
    start = _start(size)
    return Tail(start, tuple(tree.subtrees(0, start)), tuple(tree.leaves(start, size)))


def parse_tail(data: bytes, *, size: int) -> Tail:
    """The tail of a tree of ``size`` leaves; raises ValueError for bytes of another form."""
    start = _start(size)
    above, below = len(subtree_sizes(start)), size - start
    expected = _START_BYTES + HASH_BYTES * (above + below)
    if len(data) != expected or data[:_START_BYTES] != start.to_bytes(_START_BYTES, "big"):
        raise ValueError("not the tail of a tree of this size")
    hashes = _cut(data[_START_BYTES:])
    return Tail(start, tuple(hashes[:above]), tuple(hashes[above:]))


def _start(size: int) -> int:
    return max(0, size - TAIL_LEAVES)


def _cut(data: bytes) -> Sequence[bytes]:
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
