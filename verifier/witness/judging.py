"""Whether a checkpoint may be cosigned: it continues what was cosigned before. Pure.

The status codes are those of C2SP tlog-witness, "add-checkpoint".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from schemas.errors import QupiaError
from schemas.log.checkpoints import Checkpoint, parse_checkpoint, parse_hash, parse_size
from schemas.log.merkle import EMPTY_ROOT, LONGEST_PROOF, is_consistent
from schemas.log.notes import Note, VerifierKey, WrongSignature, parse_note, signers


class WitnessStatus(IntEnum):
    """Why nothing is signed, as the answer's status."""

    MALFORMED = 400
    UNSIGNED = 403
    UNKNOWN_LOG = 404
    CONFLICT = 409
    INCONSISTENT = 422


class NotWitnessed(QupiaError):
    """Nothing was signed; ``body`` is the answer's text."""

    def __init__(self, status: WitnessStatus, body: str = "") -> None:
        super().__init__(status.name.lower())
        self.status, self.body = status, body


@dataclass(frozen=True)
class Seen:
    """The largest tree of a log that was cosigned: ``note`` as the log signed it, ``at`` when."""

    size: int
    root: bytes
    note: str = ""
    at: int = 0


NOTHING = Seen(0, EMPTY_ROOT)
"""What is known of a log before its first checkpoint."""


@dataclass(frozen=True)
class AddCheckpoint:
    """A request: the size that the log takes us to have seen, the proof from there, the note."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


def parse_request(body: bytes) -> AddCheckpoint:
    """Raises NotWitnessed 400 for any other form."""
    try:
        head, separator, text = body.decode("utf-8").partition("\n\n")
        first, *lines = head.split("\n")
        if not separator or not first.startswith("old ") or len(lines) > LONGEST_PROOF:
            raise ValueError
        note = parse_note(text)
        old = parse_size(first.removeprefix("old "))
        return AddCheckpoint(old, tuple(map(parse_hash, lines)), note, parse_checkpoint(note.text))
    except ValueError:
        raise NotWitnessed(WitnessStatus.MALFORMED) from None


def origin_of(request: AddCheckpoint, logs: Mapping[str, VerifierKey]) -> VerifierKey:
    """The key of a log that is watched and that has signed; raises NotWitnessed 404 or 403."""
    key = logs.get(request.checkpoint.origin)
    if key is None:
        raise NotWitnessed(WitnessStatus.UNKNOWN_LOG)
    try:
        signed = signers(request.note, [key])
    except WrongSignature:
        signed = frozenset()
    if not signed:
        raise NotWitnessed(WitnessStatus.UNSIGNED)
    return key


def judge(request: AddCheckpoint, key: VerifierKey, seen: Seen, now: int) -> Seen:
    """What to remember before it is signed; raises NotWitnessed 400, 409 or 422.

    A smaller tree, or another one of the same size, is never signed.
    """
    checkpoint = request.checkpoint
    if request.old > checkpoint.size:
        raise NotWitnessed(WitnessStatus.MALFORMED)
    if request.old != seen.size:
        raise NotWitnessed(WitnessStatus.CONFLICT, f"{seen.size}\n")
    if not _continues(request, seen):
        raise NotWitnessed(WitnessStatus.INCONSISTENT)
    lines = (line for line in request.note.signatures if (line.name, line.id) == (key.name, key.id))
    note = Note(request.note.text, tuple(lines))
    return Seen(checkpoint.size, checkpoint.root, note.whole, now)


def _continues(request: AddCheckpoint, seen: Seen) -> bool:
    """Every tree continues the empty one, which has one root; all others need a proof."""
    checkpoint = request.checkpoint
    if seen.size == 0:
        return not request.proof and (checkpoint.size > 0 or checkpoint.root == EMPTY_ROOT)
    return is_consistent(
        seen.size,
        checkpoint.size,
        old_root=seen.root,
        new_root=checkpoint.root,
        proof=request.proof,
    )
