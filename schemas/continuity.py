"""Whether a bundle goes on from the one that is held, under one and the same log.

The rules are docs/formats.md, "Continuity" and "The log".
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import parse
from schemas.log.checkpoints import Checkpoint
from schemas.log.entries import bundle_entry, split_carried
from schemas.log.merkle import leaf_hash, root_of
from schemas.log.notes import VerifierKey
from schemas.log.proofs import Proof, parse_proof


@dataclass(frozen=True)
class LogMemory:
    """The largest tree of a log that a client has seen: ``size`` entries, ``root`` in base64url."""

    key: str
    size: int
    root: str

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.key.partition("+")[0]

    @classmethod
    def of(cls, key: VerifierKey, checkpoint: Checkpoint) -> Self:
        return cls(key.text, checkpoint.size, b64url_encode(checkpoint.root))


@dataclass(frozen=True)
class LoggedBundle:
    """The payload of a bundle that was verified once, with its entry and its place in the log.

    ``entry`` has 32 bytes.
    """

    payload: Mapping[str, Any]
    entry: bytes
    index: int

    @property
    def previous(self) -> str | None:
        """The entry before this one, in base64url."""
        previous: str | None = self.payload["previous"]
        return previous

    @property
    def cells(self) -> Mapping[Any, str]:
        """The id of the key of each window, status and hint."""
        keys = self.payload["pass_keys"]
        return {(key["nbf"], key["exp"], key["status"], key["holder"]): key["id"] for key in keys}

    @property
    def retired(self) -> Collection[str]:
        return {entry["id"] for entry in self.payload["retired"]}

    @property
    def tracing(self) -> Mapping[Any, str]:
        """The authority's key of each hour, and of each day for exports."""
        hours = {("hour", one["hour"]): one["x"] for one in self.payload["tracing"]}
        return hours | {("day", one["day"]): one["x"] for one in self.payload["tracing_exports"]}


@dataclass(frozen=True)
class HeldBundle:
    """What the next bundle is compared with, and the proof that it is in the log."""

    logged: LoggedBundle
    proof: Proof

    @classmethod
    def of(cls, payload: Mapping[str, Any], jws: bytes, proof: Proof) -> Self:
        """From a bundle that was verified."""
        return cls(LoggedBundle(payload, bundle_entry(jws), proof.index), proof)

    @classmethod
    def of_stored(cls, data: bytes) -> Self:
        """From a bundle that was verified before it was stored; that is not done again.

        Raises ValueError or LogRejected for one that is damaged.
        """
        text, proof = split_carried(data)
        payload = parse(text.decode("ascii")).unverified_payload
        return cls.of(payload, text, parse_proof(proof))

    @property
    def payload(self) -> Mapping[str, Any]:
        return self.logged.payload

    @property
    def entry(self) -> bytes:
        return self.logged.entry


def follow_log(
    offered: HeldBundle, held: HeldBundle | None, memory: LogMemory, leaves: Sequence[bytes] | None
) -> tuple[LogMemory, bool]:
    """What to remember of the log now, and whether it is known to have only grown.

    Where that is not known, the tree of before is remembered on, until it can be compared. Raises
    BundleRejected where the log has not only grown: ``split_view`` by the proofs, ``log_forked`` by
    the leaves of the whole log.
    """
    checkpoint = offered.proof.checkpoint
    if held is not None:
        _check_trees(offered.proof, held.proof)
    if checkpoint.size < memory.size:
        known = held is not None and _agrees(held.proof, checkpoint.size, checkpoint.root)
        return memory, known
    newest = LogMemory(memory.key, checkpoint.size, b64url_encode(checkpoint.root))
    remembered = b64url_decode(memory.root)
    if held is not None:
        _check_leaf(offered.proof, held)
    known = _agrees(offered.proof, memory.size, remembered)
    if not known and leaves is not None and _are_of(leaves, checkpoint):
        if root_of(leaves[: memory.size]) != remembered:
            raise BundleRejected(BundleFault.LOG_FORKED)
        known = True
    return (newest if known else memory), known


def check_continuity(offered: LoggedBundle, held: LoggedBundle) -> None:
    """Raise BundleRejected where keys changed unsaid, or an entry has another one before it."""
    is_next = offered.index == held.index + 1
    if is_next and offered.previous != b64url_encode(held.entry):
        raise BundleRejected(BundleFault.SPLIT_VIEW)
    retired = offered.retired
    kept = {cell: key_id for cell, key_id in held.cells.items() if key_id not in retired}
    if _changed(kept, offered.cells) or _changed(held.tracing, offered.tracing):
        raise BundleRejected(BundleFault.KEYS_REPLACED)


def _agrees(proof: Proof, size: int, root: bytes) -> bool:
    """Whether a proof shows that tree; False where it does not reach there.

    Raises BundleRejected ``split_view`` where it shows another one of that size.
    """
    if not proof.tail.start <= size <= proof.tail.size:
        return False
    if proof.tail.root_at(size) != root:
        raise BundleRejected(BundleFault.SPLIT_VIEW)
    return True


def _check_trees(one: Proof, other: Proof) -> None:
    """Two proofs show one tree, as far as that of the larger one reaches back."""
    smaller, larger = sorted((one, other), key=lambda proof: proof.checkpoint.size)
    _agrees(larger, smaller.checkpoint.size, smaller.checkpoint.root)


def _check_leaf(proof: Proof, held: HeldBundle) -> None:
    """What is held must still be where it was, as far as the proof reaches back."""
    index = held.proof.index
    if index < proof.tail.start:
        return
    if index >= proof.checkpoint.size or proof.tail.leaf_at(index) != leaf_hash(held.entry):
        raise BundleRejected(BundleFault.SPLIT_VIEW)


def _are_of(leaves: Sequence[bytes], checkpoint: Checkpoint) -> bool:
    """Whether they are the leaves of that tree; others, which nobody has signed, prove nothing."""
    return len(leaves) == checkpoint.size and root_of(leaves) == checkpoint.root


def _changed(before: Mapping[Any, str], after: Mapping[Any, str]) -> bool:
    """Whether something that both have is not the same in both."""
    return any(after.get(name, value) != value for name, value in before.items())
