"""Witnesses: others who have seen that the log only grew, asked by C2SP tlog-witness.

They are asked before a bundle is published, all at once, each for a bounded time. What a witness
says counts for nothing but a cosignature of its own key; one that lies, or is down, gives none.

Asking only reads the log, so that nobody has to wait for a network: whoever keeps the answers holds
the lock of making, and what was said of a checkpoint that was replaced meanwhile is dropped.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, TypeVar

from issuer.log.log import Log
from schemas.encoding import b64_encode
from schemas.errors import Refusal
from schemas.log.checkpoints import parse_checkpoint, parse_size
from schemas.log.notes import Note, Signature, VerifierKey, parse_note, signers
from shell.errors import CommandError
from shell.fetching import Answer, send

PATIENCE = 10.0
"""Seconds for one request. One witness is asked three times at most."""

ANSWER_LIMIT = 64_000
"""Bytes of an answer: room for sixteen signatures of any kind that there is today."""

_CONFLICT = 409

T = TypeVar("T")


class WitnessFault(StrEnum):
    """Why a witness has not cosigned."""

    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    AHEAD = "ahead"
    WRONG_ANSWER = "wrong_answer"


_DOUBTFUL = (WitnessFault.AHEAD, WitnessFault.REFUSED)
"""Faults behind which another tree of this very log may be, after a restore."""


class NotCosigned(Refusal[WitnessFault]):
    """A witness has not cosigned. The others are asked all the same."""


class Transport(Protocol):
    """:func:`shell.fetching.send`, or what a test puts in its place."""

    def __call__(
        self, method: str, url: str, *, limit: int, body: bytes | None = None, within: float | None
    ) -> Answer: ...


@dataclass(frozen=True)
class Answers:
    """What witnesses said when they were asked about the checkpoint ``text``.

    ``faults`` says who has not cosigned it, and why. ``shown`` are checkpoints that those hold who
    may have seen another tree of this log.
    """

    text: str
    cosignatures: tuple[Signature, ...]
    faults: Mapping[VerifierKey, WitnessFault]
    shown: tuple[str, ...]


def ask_witnesses(
    log: Log, witnesses: Mapping[VerifierKey, str], *, transport: Transport = send
) -> Answers:
    """Ask those who have not cosigned the checkpoint in force; ``witnesses`` has their addresses.

    Raises CommandError before the first checkpoint.
    """
    note = _signed(log)
    missing = {key: url for key, url in witnesses.items() if not _has_cosigned(note, key)}

    def ask(key: VerifierKey) -> Signature | WitnessFault:
        try:
            return _ask_witness(log, note, key, missing[key], transport)
        except NotCosigned as refused:
            return refused.fault

    answers = _at_once(ask, missing)
    faults = {key: answer for key, answer in answers.items() if isinstance(answer, WitnessFault)}
    doubtful = {key: missing[key] for key, fault in faults.items() if fault in _DOUBTFUL}
    return Answers(
        note.text,
        tuple(answer for answer in answers.values() if isinstance(answer, Signature)),
        faults,
        ask_largest(log, doubtful, transport=transport),
    )


def keep_answers(log: Log, answers: Answers) -> None:
    """Keep the cosignatures of the checkpoint in force, and heed what else was shown.

    Only for a caller that holds the lock of making. Raises CommandError when a witness shows a
    checkpoint of this log's own key that is larger or of another tree: entries are missing here.
    """
    note = log.note
    if note is not None and note.text == answers.text:
        log.add_cosignatures(answers.cosignatures)
    for text in answers.shown:
        log.remember(text)


def ask_largest(
    log: Log, witnesses: Mapping[VerifierKey, str], *, transport: Transport = send
) -> tuple[str, ...]:
    """The largest checkpoints of this log that witnesses say they hold, for :meth:`Log.remember`.

    Who is not reached, or holds none, is passed over.
    """
    path = f"{sha256(log.key.name.encode()).hexdigest()}/checkpoint"

    def ask(key: VerifierKey) -> bytes:
        try:
            answer = _send(transport, "GET", _address(witnesses[key], path))
        except NotCosigned:
            return b""
        return answer.body if answer.status == 200 else b""

    found = _at_once(ask, witnesses).values()
    return tuple(text.decode("utf-8", errors="replace") for text in found if text)


def _ask_witness(
    log: Log, note: Note, key: VerifierKey, url: str, transport: Transport
) -> Signature:
    """The cosignature of one witness on the checkpoint ``note``; raises NotCosigned.

    It is taken to have seen the tree with one entry less, as after every other bundle, until it
    says what it has seen.
    """
    size = parse_checkpoint(note.text).size
    answer = _submit(log, note, max(0, size - 1), url, transport)
    if answer.status == _CONFLICT:
        seen = parse_seen(answer.body)
        if seen > size:
            raise NotCosigned(WitnessFault.AHEAD)
        answer = _submit(log, note, seen, url, transport)
    if answer.status != 200:
        raise NotCosigned(WitnessFault.REFUSED)
    return parse_cosignature(answer.body, text=note.text, key=key)


def format_request(note: Note, *, old: int, proof: Iterable[bytes], key: VerifierKey) -> bytes:
    """The body of ``add-checkpoint``: an old size, a consistency proof, the note of the log."""
    ours = tuple(line for line in note.signatures if (line.name, line.id) == (key.name, key.id))
    hashes = "".join(f"{b64_encode(node)}\n" for node in proof)
    return f"old {old}\n{hashes}\n{Note(note.text, ours).whole}".encode()


def parse_seen(body: bytes) -> int:
    """The size in an answer 409; raises NotCosigned ``wrong_answer``."""
    try:
        return parse_size(body.decode("ascii").removesuffix("\n"))
    except ValueError:
        raise NotCosigned(WitnessFault.WRONG_ANSWER) from None


def parse_cosignature(body: bytes, *, text: str, key: VerifierKey) -> Signature:
    """The line of ``key`` in an answer 200, other lines ignored.

    Raises NotCosigned ``wrong_answer`` when there is none, or one that does not sign ``text``.
    """
    try:
        answer = parse_note(f"{text}\n{body.decode('utf-8')}")
        # Lines alone can have put nothing before the last empty line.
        is_right = answer.text == text and signers(answer, [key])
    except ValueError:
        is_right = frozenset()
    if not is_right:
        raise NotCosigned(WitnessFault.WRONG_ANSWER)
    return next(s for s in answer.signatures if (s.name, s.id) == (key.name, key.id))


def _signed(log: Log) -> Note:
    note = log.note
    if note is None:
        raise CommandError("nothing is signed yet that could be cosigned")
    return note


def _submit(log: Log, note: Note, old: int, url: str, transport: Transport) -> Answer:
    proof: Sequence[bytes] = log.consistency_proof(old, parse_checkpoint(note.text).size)
    body = format_request(note, old=old, proof=proof, key=log.key)
    return _send(transport, "POST", _address(url, "add-checkpoint"), body)


def _send(transport: Transport, method: str, url: str, body: bytes | None = None) -> Answer:
    try:
        return transport(method, url, limit=ANSWER_LIMIT, body=body, within=PATIENCE)
    except CommandError:
        raise NotCosigned(WitnessFault.UNREACHABLE) from None


def _address(url: str, path: str) -> str:
    return f"{url.rstrip('/')}/{path}"


def _has_cosigned(note: Note, key: VerifierKey) -> bool:
    return any((line.name, line.id) == (key.name, key.id) for line in note.signatures)


def _at_once(ask: Callable[[VerifierKey], T], keys: Iterable[VerifierKey]) -> dict[VerifierKey, T]:
    """What each key's witness answers; all are asked at the same time."""
    asked = list(keys)
    with ThreadPoolExecutor(max_workers=max(1, len(asked))) as pool:
        return dict(zip(asked, pool.map(ask, asked), strict=True))
