"""A log as it was read, with its whole tree. Values only."""

from dataclasses import dataclass

from schemas.continuity import LogMemory
from schemas.log.checkpoints import Checkpoint
from schemas.log.entries import join_carried
from schemas.log.merkle import Tree
from schemas.log.notes import Note, VerifierKey
from schemas.log.proofs import Proof
from schemas.log.tails import tail_of


@dataclass(frozen=True)
class LogView:
    """A log whose entries give the root that its key has signed."""

    key: VerifierKey
    note: Note
    checkpoint: Checkpoint
    entries: tuple[bytes, ...]
    tree: Tree

    @property
    def size(self) -> int:
        return self.checkpoint.size

    @property
    def memory(self) -> LogMemory:
        """What to remember of it."""
        return LogMemory.of(self.key, self.checkpoint)

    def carry(self, jws: bytes, index: int) -> bytes:
        """A bundle of this log, with its proof."""
        path = tuple(self.tree.inclusion_proof(index, self.size))
        proof = Proof(index, path, self.checkpoint, self.note, tail_of(self.tree, self.size))
        return join_carried(jws, proof.text)
