"""A log in memory and its witnesses, with keys derived from labels: nothing here is random."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.log.checkpoints import Checkpoint
from schemas.log.entries import bundle_entry, join_carried
from schemas.log.merkle import Tree, leaf_hash
from schemas.log.notes import KeyType, Note, Signature, VerifierKey, cosign, sign_note, vkey_of
from schemas.log.proofs import Proof
from schemas.log.tails import tail_of

COSIGNED_AT = 1_773_730_800
"""What witnesses say that the time is; nobody judges it."""


def ed25519_key(label: str) -> Ed25519PrivateKey:
    """The key of that label, always the same."""
    return Ed25519PrivateKey.from_private_bytes(sha256(label.encode()).digest())


@dataclass(frozen=True)
class MemoryWitness:
    """Cosigns whatever it is handed."""

    name: str

    @property
    def key(self) -> Ed25519PrivateKey:
        return ed25519_key(f"witness {self.name}")

    @property
    def vkey(self) -> VerifierKey:
        return vkey_of(self.key, name=self.name, type=KeyType.COSIGNATURE)

    @property
    def member(self) -> dict[str, str]:
        """How a root statement names it."""
        return {"key": self.vkey.text, "url": f"https://{self.name}"}

    def cosign(self, text: str) -> Signature:
        return cosign(text, name=self.name, key=self.key, at=COSIGNED_AT)


@dataclass
class MemoryLog:
    """Log ``number`` of an authority; ``witnesses`` cosign each checkpoint.

    ``bundles`` has each JWS by its entry.
    """

    token_issuer: str
    number: int = 1
    witnesses: Sequence[MemoryWitness] = ()
    tree: Tree = field(default_factory=Tree)
    entries: list[bytes] = field(default_factory=list)
    bundles: dict[bytes, bytes] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"{self.token_issuer}/.well-known/qupia/log/{self.number}"

    @property
    def key(self) -> Ed25519PrivateKey:
        return ed25519_key(f"log {self.origin}")

    @property
    def vkey(self) -> VerifierKey:
        return vkey_of(self.key, name=self.origin, type=KeyType.ED25519)

    @property
    def last(self) -> bytes | None:
        """The last entry, 32 bytes; None of an empty log."""
        return self.entries[-1] if self.entries else None

    def append(self, entry: bytes) -> int:
        """Its index."""
        self.entries.append(entry)
        self.tree.append(leaf_hash(entry))
        return self.tree.size - 1

    def fork(self, size: int) -> "MemoryLog":
        """Another log under the same key that has the first ``size`` entries of this one."""
        other = MemoryLog(self.token_issuer, self.number, self.witnesses)
        other.bundles |= self.bundles
        for entry in self.entries[:size]:
            other.append(entry)
        return other

    def leaves(self, size: int) -> list[bytes]:
        return self.tree.leaves(0, size)

    def proof(self, index: int, size: int | None = None) -> Proof:
        """The proof of an entry in the tree of ``size`` entries, of all by default."""
        size = self.tree.size if size is None else size
        checkpoint = Checkpoint(self.origin, size, self.tree.root(size))
        signatures = [sign_note(checkpoint.text, name=self.origin, key=self.key)]
        signatures += [witness.cosign(checkpoint.text) for witness in self.witnesses]
        return Proof(
            index=index,
            path=tuple(self.tree.inclusion_proof(index, size)),
            checkpoint=checkpoint,
            note=Note(checkpoint.text, tuple(signatures)),
            tail=tail_of(self.tree, size),
        )

    def carry(self, jws: bytes) -> bytes:
        """A bundle with a fresh proof; it is appended unless it is there."""
        entry = bundle_entry(jws)
        self.bundles[entry] = jws
        index = self.entries.index(entry) if entry in self.entries else self.append(entry)
        return join_carried(jws, self.proof(index).text)
