"""Merkle trees as RFC 6962 section 2.1 writes them down, by recursion, to check others against."""

from collections.abc import Sequence
from hashlib import sha256

Leaves = Sequence[bytes]
"""The entries themselves, not their hashes."""


def tree_hash(entries: Leaves) -> bytes:
    """MTH of section 2.1."""
    if not entries:
        return sha256(b"").digest()
    if len(entries) == 1:
        return sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return sha256(b"\x01" + tree_hash(entries[:k]) + tree_hash(entries[k:])).digest()


def audit_path(index: int, entries: Leaves) -> list[bytes]:
    """PATH of section 2.1.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if index < k:
        return [*audit_path(index, entries[:k]), tree_hash(entries[k:])]
    return [*audit_path(index - k, entries[k:]), tree_hash(entries[:k])]


def consistency(old: int, entries: Leaves) -> list[bytes]:
    """PROOF of section 2.1.2."""
    return _subproof(old, entries, is_whole=True)


def subtrees(size: int, entries: Leaves) -> list[bytes]:
    """The complete subtrees of the first ``size`` entries, the largest first."""
    hashes, start = [], 0
    for bit in reversed(range(size.bit_length())):
        if size & 1 << bit:
            hashes.append(tree_hash(entries[start : start + (1 << bit)]))
            start += 1 << bit
    return hashes


def split(size: int) -> int:
    """The largest power of two below ``size``."""
    k = 1
    while 2 * k < size:
        k *= 2
    return k


def _subproof(old: int, entries: Leaves, *, is_whole: bool) -> list[bytes]:
    if old == len(entries):
        return [] if is_whole else [tree_hash(entries)]
    k = split(len(entries))
    if old <= k:
        return [*_subproof(old, entries[:k], is_whole=is_whole), tree_hash(entries[k:])]
    return [*_subproof(old - k, entries[k:], is_whole=False), tree_hash(entries[:k])]
