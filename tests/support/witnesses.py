"""A witness in memory, by C2SP tlog-witness, which may also be down or lie."""

from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.encoding import b64_decode
from schemas.log.checkpoints import parse_checkpoint
from schemas.log.merkle import EMPTY_ROOT, is_consistent
from schemas.log.notes import KeyType, Note, VerifierKey, cosign, parse_note, signers, vkey_of
from shell.fetching import Answer, NoAnswer
from tests.support.world import NOON

Cheat = Callable[[Answer], Answer]


def answer(status: int, body: str = "") -> Answer:
    return Answer(status, body.encode(), "", "")


@dataclass
class WitnessInMemory:
    """``largest`` is the last note that it cosigned, with its own line."""

    name: str
    log: VerifierKey
    size: int = 0
    root: bytes = EMPTY_ROOT
    largest: Note | None = None
    is_down: bool = False
    cheat: Cheat | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://{self.name}"

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(sha256(self.name.encode()).digest())

    @property
    def key(self) -> VerifierKey:
        return vkey_of(self.private, name=self.name, type=KeyType.COSIGNATURE)

    def answer(self, method: str, path: str, body: bytes | None) -> Answer:
        self.asked.append(f"{method} {path}")
        if self.is_down:
            raise NoAnswer("no answer")
        given = self._add(body.decode()) if method == "POST" and body else self._show(path)
        return self.cheat(given) if self.cheat else given

    def _show(self, path: str) -> Answer:
        right = f"/{sha256(self.log.name.encode()).hexdigest()}/checkpoint"
        if path != right or self.largest is None:
            return answer(404)
        return answer(200, self.largest.whole)

    def _add(self, body: str) -> Answer:
        head, _, below = body.partition("\n\n")
        first, *hashes = head.split("\n")
        old, proof = int(first.removeprefix("old ")), [b64_decode(node) for node in hashes]
        note = parse_note(below)
        checkpoint = parse_checkpoint(note.text)
        if not signers(note, [self.log]):
            return answer(403)
        if old != self.size:
            return answer(409, f"{self.size}\n")
        if old and not is_consistent(
            old, checkpoint.size, old_root=self.root, new_root=checkpoint.root, proof=proof
        ):
            return answer(422)
        line = cosign(note.text, name=self.name, key=self.private, at=NOON)
        self.size, self.root = checkpoint.size, checkpoint.root
        self.largest = Note(note.text, (*note.signatures, line))
        return answer(200, line.line)


@dataclass(frozen=True)
class Witnesses:
    """Some witnesses behind one transport."""

    members: tuple[WitnessInMemory, ...]

    @property
    def addresses(self) -> dict[VerifierKey, str]:
        return {member.key: member.url for member in self.members}

    def send(
        self, method: str, url: str, *, limit: int, body: bytes | None = None, within: float | None
    ) -> Answer:
        [member] = [one for one in self.members if url.startswith(f"{one.url}/")]
        given = member.answer(method, url.removeprefix(member.url), body)
        assert within is not None
        assert len(given.body) <= limit
        return given
