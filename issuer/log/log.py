"""One log of the issuer: entries are added, checkpoints signed and proofs made.

::

    create_log(home, number=1, token_issuer="qupia.example")
    log = Log.open(home, 1)
    index = log.append(bundle_entry(jws))
    log.sign()
    log.add_cosignatures(...)
    log.proof(index).text

Several processes may have it open. Whoever adds, signs or takes cosignatures holds the lock of
making; reading needs none, because entries are only added and a checkpoint is replaced whole. All
nodes of the tree are kept in memory, 64 bytes an entry, and what others have added is read when it
is needed, so that no call costs more when the log is long. The first one reads and hashes all
entries. A log in which what was signed is missing or another neither grows nor proves anything.
"""

from collections.abc import Iterable
from threading import Lock
from typing import Self

from issuer.home import Home
from issuer.log.folder import ENTRY_BYTES, LogFolder, log_folder, log_numbers
from issuer.log.keys import load_log_key, log_key_path, make_log_key
from schemas.log.checkpoints import Checkpoint, parse_checkpoint
from schemas.log.merkle import EMPTY_ROOT, Tree, leaf_hash
from schemas.log.notes import (
    SIGNATURES_LIMIT,
    KeyType,
    Note,
    Signature,
    VerifierKey,
    parse_note,
    parse_vkey,
    sign_note,
    signers,
    vkey_of,
)
from schemas.log.proofs import Proof
from schemas.log.tails import tail_of
from schemas.root_statements import LogPlace
from shell.errors import CommandError
from shell.files import read_private, write_private
from shell.fresh import FreshFile


def create_log(home: Home, *, number: int, token_issuer: str) -> VerifierKey:
    """A new and empty log with a key of its own, which a root statement is to name.

    Raises CommandError when there is one with this number.
    """
    folder = log_folder(home, number)
    has_key = log_key_path(home, number).exists()
    if folder.key.exists() and (has_key or folder.count() or folder.checkpoint.exists()):
        raise CommandError(f"{folder.path} exists and is never overwritten; take the next number")
    folder.make()
    # A key alone was left by an interrupted call, and no statement can name it yet.
    private = load_log_key(home, number) if has_key else make_log_key(home, number)
    key = vkey_of(private, name=LogPlace(token_issuer, number).origin, type=KeyType.ED25519)
    write_private(folder.key, key.text.encode())
    return key


def has_log_key(home: Home, key: VerifierKey) -> bool:
    """Whether the log with this verifier key is here, with the private key to sign for it."""
    return any(
        _load_key(log_folder(home, number)) == key and log_key_path(home, number).exists()
        for number in log_numbers(home)
    )


class Log:
    """A log in the home, opened; see the head of this module for who may call what."""

    def __init__(self, home: Home, number: int, key: VerifierKey) -> None:
        self.number = number
        self.key = key
        self._home = home
        self._folder = log_folder(home, number)
        self._tree = Tree()
        self._lock = Lock()
        self._note = FreshFile(self._folder.checkpoint, self._parse)

    @classmethod
    def open(cls, home: Home, number: int) -> Self:
        """Raises CommandError for a log that is not there or lacks what it has signed."""
        log = cls.for_reading(home, number)
        log.check()
        return log

    @classmethod
    def for_reading(cls, home: Home, number: int) -> Self:
        """A log that may lack what it has signed: then it neither grows nor proves, but is read.

        Raises CommandError for one that is not there.
        """
        return cls(home, number, _load_key(log_folder(home, number)))

    @property
    def folder(self) -> LogFolder:
        return self._folder

    @property
    def size(self) -> int:
        """How many entries there are, signed or not."""
        return self._read().size

    @property
    def note(self) -> Note | None:
        """The largest checkpoint that was signed, with its cosignatures; None before the first.

        Raises CommandError for a damaged one.
        """
        return self._note.get()

    @property
    def checkpoint(self) -> Checkpoint:
        """What :attr:`note` says; an empty tree before the first."""
        note = self.note
        return Checkpoint(self.key.name, 0, EMPTY_ROOT) if note is None else _checkpoint(note)

    def check(self) -> None:
        """Raise CommandError unless the entries are those of the largest signed checkpoint."""
        checkpoint, tree = self.checkpoint, self._read()
        if tree.size < checkpoint.size:
            raise self._lost(f"has {tree.size} of {checkpoint.size} entries that were signed")
        if tree.root(checkpoint.size) != checkpoint.root or self._folder.contradiction.exists():
            raise self._lost("has other entries than were signed")

    def entry(self, index: int) -> bytes | None:
        """The entry at ``index``, 32 bytes; None where there is none."""
        entries = self.entries(index, index + 1) if index >= 0 else []
        return entries[0] if entries else None

    def entries(self, start: int, end: int) -> list[bytes]:
        """The entries from ``start`` to before ``end``, as many of them as there are."""
        return self._folder.read_entries(start, end)

    def append(self, entry: bytes) -> int:
        """Add an entry, on disk when this returns; its index. Raises CommandError, OSError."""
        if len(entry) != ENTRY_BYTES:
            raise ValueError("an entry has 32 bytes")
        self.check()
        self._folder.append(entry)
        return self._read().size - 1

    def sign(self) -> Note:
        """The checkpoint of all entries, on disk when this returns; the one in force if it is so.

        Raises CommandError.
        """
        self.check()
        tree, note = self._read(), self.note
        if note is not None and _checkpoint(note).size == tree.size:
            return note
        text = Checkpoint(self.key.name, tree.size, tree.root()).text
        key = load_log_key(self._home, self.number)
        if vkey_of(key, name=self.key.name, type=KeyType.ED25519) != self.key:
            raise CommandError(f"keys/log-{self.number}.pem is not the key of log {self.number}")
        return self._save(Note(text, (sign_note(text, name=self.key.name, key=key),)))

    def add_cosignatures(self, signatures: Iterable[Signature]) -> Note:
        """Keep cosignatures with the checkpoint in force; a key's later one replaces its earlier.

        They are right ones: :mod:`issuer.log.witnesses`. Raises CommandError before the first
        checkpoint.
        """
        note = self.note
        if note is None:
            raise CommandError("nothing is signed yet that could be cosigned")
        lines = {(line.name, line.id): line for line in (*note.signatures, *signatures)}
        return self._save(Note(note.text, tuple(lines.values())[:SIGNATURES_LIMIT]))

    def remember(self, text: str) -> None:
        """Take note of a checkpoint that a front or a witness holds, after a restore above all.

        One that this log did not sign says nothing, and neither does one of this very tree. A
        larger one, or one of another tree, is kept, and CommandError is raised then and by every
        later call that adds or signs: what it covers is missing here.
        """
        note = self._parse_other(text)
        if note is None:
            return
        theirs, tree = _checkpoint(note), self._read()
        if theirs.size > self.checkpoint.size:
            self._save(note)
        elif tree.root(theirs.size) != theirs.root:
            write_private(self._folder.contradiction, note.whole.encode())
        self.check()

    def proof(self, index: int) -> Proof:
        """That the entry at ``index`` is in the tree of the checkpoint in force.

        Raises ValueError when it is not, or not yet, and CommandError.
        """
        self.check()
        note, tree = self.note, self._read()
        if note is None:
            raise ValueError("no checkpoint is signed yet")
        checkpoint = _checkpoint(note)
        path = tuple(tree.inclusion_proof(index, checkpoint.size))
        return Proof(index, path, checkpoint, note, tail_of(tree, checkpoint.size))

    def consistency_proof(self, old: int, size: int) -> list[bytes]:
        """That the tree of ``size`` leaves continues the one of ``old`` leaves.

        Raises ValueError when ``old`` is larger, or ``size`` larger than the log.
        """
        return self._read().consistency_proof(old, size)

    def tree(self) -> Tree:
        """The tree of all entries; only for reading, up to the size of the checkpoint."""
        return self._read()

    def _read(self) -> Tree:
        """The tree, with what has been added on disk since."""
        with self._lock:
            for entry in self._folder.read_entries(self._tree.size, self._folder.count()):
                self._tree.append(leaf_hash(entry))
        return self._tree

    def _save(self, note: Note) -> Note:
        write_private(self._folder.checkpoint, note.whole.encode())
        return note

    def _parse(self, data: bytes) -> Note:
        note = self._parse_other(data.decode("utf-8", errors="replace"))
        if note is None:
            path = self._folder.checkpoint
            raise CommandError(f"{path} is damaged; restore it from a backup")
        return note

    def _parse_other(self, text: str) -> Note | None:
        """A checkpoint that this log has signed; None for anything else."""
        try:
            note = parse_note(text)
            checkpoint = parse_checkpoint(note.text)
            is_ours = self.key in signers(note, [self.key])
        except ValueError:
            return None
        return note if is_ours and checkpoint.origin == self.key.name else None

    def _lost(self, what: str) -> CommandError:
        return CommandError(
            f"log {self.number} {what}; restore {self._folder.entries} from a backup, or begin a "
            "new log: qupia-issuer keys replace-all --root ROOT.pem"
        )


def _checkpoint(note: Note) -> Checkpoint:
    return parse_checkpoint(note.text)


def _load_key(folder: LogFolder) -> VerifierKey:
    try:
        return parse_vkey(read_private(folder.key).decode("utf-8"), type=KeyType.ED25519)
    except FileNotFoundError:
        raise CommandError(f"there is no log in {folder.path}; restore it from a backup") from None
    except ValueError:
        raise CommandError(f"{folder.key} is damaged; restore it from a backup") from None
