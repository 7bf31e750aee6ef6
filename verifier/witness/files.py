"""What a witness keeps, in a folder of its own.

::

    witness.pem     its private key, Ed25519
    witness.json    the largest tree of each log, written before it is signed
    witness.lock    held by whoever decides

A key without the file of what it has signed signs nothing: it could sign a second tree.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.codec import from_json, to_json
from schemas.log.notes import KeyType, VerifierKey, vkey_of
from shell.errors import CommandError
from shell.files import (
    check_private_tree,
    create_private,
    locked,
    make_private_directory,
    read_private,
    write_private,
)
from verifier.witness.judging import NOTHING, Seen


@dataclass(frozen=True)
class SeenLog:
    """What was seen of the log with this origin."""

    origin: str
    seen: Seen


@dataclass(frozen=True)
class SeenLogs:
    """The file."""

    logs: tuple[SeenLog, ...] = ()


@dataclass(frozen=True)
class WitnessFiles:
    """The files in ``home``; methods raise CommandError for one that is missing or damaged."""

    home: Path
    name: str

    def prepare(self) -> None:
        """Make the folder and the key at the first start."""
        make_private_directory(self.home)
        check_private_tree(self.home)
        with locked(self._lock):
            if not self._key.exists():
                # What has signed nothing yet is said first: a key alone counts as one that lost it.
                write_private(self._state, to_json(SeenLogs()))
                create_private(self._key, _pem(Ed25519PrivateKey.generate()))
            self._load()

    @property
    def vkey(self) -> VerifierKey:
        """What those who trust this witness pin."""
        return vkey_of(self.key(), name=self.name, type=KeyType.COSIGNATURE)

    def key(self) -> Ed25519PrivateKey:
        try:
            key = serialization.load_pem_private_key(read_private(self._key), password=None)
        except (FileNotFoundError, ValueError, TypeError):
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise CommandError(f"{self._key} holds no Ed25519 key; restore it from a backup")
        return key

    def remember(self, origin: str, judge: Callable[[Seen], Seen]) -> Seen:
        """Decide alone among all processes; what is decided is on disk before this returns."""
        with locked(self._lock):
            logs = self._load()
            seen = judge(logs.get(origin, NOTHING))
            entries = tuple(SeenLog(*one) for one in sorted((logs | {origin: seen}).items()))
            write_private(self._state, to_json(SeenLogs(entries)))
        return seen

    def by_hash(self, digest: str) -> Seen | None:
        """What was cosigned of the log whose origin has this SHA-256, in lower-case hex."""
        logs = self._load()
        return next((s for o, s in logs.items() if sha256(o.encode()).hexdigest() == digest), None)

    @property
    def _key(self) -> Path:
        return self.home / "witness.pem"

    @property
    def _state(self) -> Path:
        return self.home / "witness.json"

    @property
    def _lock(self) -> Path:
        return self.home / "witness.lock"

    def _load(self) -> dict[str, Seen]:
        try:
            logs = from_json(SeenLogs, read_private(self._state)).logs
        except (FileNotFoundError, ValueError):
            raise CommandError(
                f"{self._state} is missing or damaged: nothing is signed, since it says what was "
                "signed before; begin again with another --home, and have its new key named"
            ) from None
        return {one.origin: one.seen for one in logs}


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
