"""Proofs that are carried beside what they prove to be in a log (C2SP tlog-proof).

A proof of ours always has the line ``extra``: the end of the log (docs/formats.md, "The log").
"""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.encoding import b64_decode, b64_encode
from schemas.log.checkpoints import Checkpoint, parse_checkpoint, parse_hash, parse_size
from schemas.log.faults import LogFault, LogRejected
from schemas.log.merkle import LONGEST_PROOF, is_included, leaf_hash
from schemas.log.notes import Note, VerifierKey, WrongSignature, parse_note, signers
from schemas.log.tails import Tail, parse_tail

_FIRST_LINE = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Proof:
    """Where an entry stands, and the checkpoint of a log that has it there.

    ``checkpoint`` is what the note says, believed only after :func:`in_log`.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: Checkpoint
    note: Note
    tail: Tail

    @property
    def text(self) -> str:
        """The whole proof; ends in a newline."""
        lines = (
            _FIRST_LINE,
            f"extra {b64_encode(self.tail.data)}",
            f"index {self.index}",
            *map(b64_encode, self.path),
        )
        return "".join(f"{line}\n" for line in lines) + "\n" + self.note.whole


def parse_proof(text: str) -> Proof:
    """A proof in its one form. Raises LogRejected ``not_in_log`` for anything else."""
    try:
        return _parse(text)
    except ValueError:
        raise LogRejected(LogFault.NOT_IN_LOG) from None


def in_log(entry: bytes, proof: Proof, *, log_key: VerifierKey) -> Checkpoint:
    """The checkpoint of the log with ``log_key`` that has ``entry``, as the proof shows.

    Its origin is the name of the key. Raises LogRejected ``not_in_log``.
    """
    try:
        signed = signers(proof.note, [log_key])
    except WrongSignature:
        raise LogRejected(LogFault.NOT_IN_LOG) from None
    checkpoint = proof.checkpoint
    if not signed or checkpoint.origin != log_key.name:
        raise LogRejected(LogFault.NOT_IN_LOG)
    if not is_included(
        leaf_hash(entry),
        index=proof.index,
        size=checkpoint.size,
        root=checkpoint.root,
        path=proof.path,
    ):
        raise LogRejected(LogFault.NOT_IN_LOG)
    return checkpoint


def cosigners(proof: Proof, witnesses: Iterable[VerifierKey]) -> int:
    """How many different keys of ``witnesses`` have cosigned the checkpoint, whenever it was.

    A key under two names is one, since a cosignature does not say in which it was made. Raises
    LogRejected ``not_cosigned`` when a line bears the name and id of one that has not.
    """
    try:
        return len({key.public for key in signers(proof.note, witnesses)})
    except WrongSignature:
        raise LogRejected(LogFault.NOT_COSIGNED) from None


def _parse(text: str) -> Proof:
    head, separator, below = text.partition("\n\n")
    first, extra, index, *path = head.split("\n")
    if first != _FIRST_LINE or not separator or len(path) > LONGEST_PROOF:
        raise ValueError("not a proof")
    note = parse_note(below)
    checkpoint = parse_checkpoint(note.text)
    return Proof(
        index=parse_size(_after("index ", index)),
        path=tuple(map(parse_hash, path)),
        checkpoint=checkpoint,
        note=note,
        tail=parse_tail(b64_decode(_after("extra ", extra)), size=checkpoint.size),
    )


def _after(name: str, line: str) -> str:
    if not line.startswith(name):
        raise ValueError(f"not the line {name}")
    return line.removeprefix(name)
