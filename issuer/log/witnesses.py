"""Witnesses: others who have seen that the log only grew, asked by C2SP tlog-witness.

They are asked before a bundle is published, all at once, each for a bounded time. What a witness
says counts for nothing but a cosignature of its own key; one that lies, or is down, gives none.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from hashlib import sha256
from typing import Protocol, TypeVar

from issuer.log.log import Log
from schemas.encoding import b64_encode
from schemas.errors import Refusal
from schemas.log.checkpoints import parse_size
from schemas.log.notes import Note, Signature, VerifierKey, parse_note, signers
from shell.errors import CommandError
from shell.fetching import Answer, send

PATIENCE = 10.0
"""Seconds for one request; the lock of making is held meanwhile."""

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


def collect_cosignatures(
    log: Log, witnesses: Mapping[VerifierKey, str], *, transport: Transport = send
) -> Mapping[VerifierKey, WitnessFault]:
    """Ask those who have not cosigned the checkpoint in force, and keep what they give.

    ``witnesses`` has the address of each. What is returned says who has not cosigned, and why. Only
    for a caller that holds the lock of making. Raises CommandError before the first checkpoint, and
    when a witness shows one of this log's own key that is larger or of another tree.
    """
    note = _signed(log)
    missing = {key: url for key, url in witnesses.items() if not _has_cosigned(note, key)}

    def ask(key: VerifierKey) -> Signature | WitnessFault:
        try:
            return ask_witness(log, key, missing[key], transport=transport)
        except NotCosigned as refused:
            return refused.fault

    answers = _at_once(ask, missing)
    faults = {key: answer for key, answer in answers.items() if isinstance(answer, WitnessFault)}
    log.add_cosignatures(line for line in answers.values() if isinstance(line, Signature))
    doubtful = {key: missing[key] for key, fault in faults.items() if fault in _DOUBTFUL}
    remember_largest(log, doubtful, transport=transport)
    return faults


def remember_largest(
    log: Log, witnesses: Mapping[VerifierKey, str], *, transport: Transport = send
) -> None:
    """Ask witnesses for the largest checkpoint of this log that they hold: after a restore.

    Only for a caller that holds the lock of making. Raises CommandError when entries are missing
    here: :meth:`Log.remember`. Who is not reached, or holds none, is passed over.
    """
    path = f"{sha256(log.key.name.encode()).hexdigest()}/checkpoint"

    def ask(key: VerifierKey) -> bytes:
        try:
            answer = _send(transport, "GET", _address(witnesses[key], path))
        except NotCosigned:
            return b""
        return answer.body if answer.status == 200 else b""

    for text in _at_once(ask, witnesses).values():
        log.remember(text.decode("utf-8", errors="replace"))


def ask_witness(log: Log, key: VerifierKey, url: str, *, transport: Transport = send) -> Signature:
    """The cosignature of one witness on the checkpoint in force; raises NotCosigned, CommandError.

    It is taken to have seen the tree with one entry less, as after every other bundle, until it
    says what it has seen.
    """
    note, size = _signed(log), log.checkpoint.size
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
    proof: Sequence[bytes] = log.consistency_proof(old)
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
