"""One log, read whole: its checkpoint, and every entry below it."""

from schemas.bundle import BUNDLE_LIMIT
from schemas.encoding import b64url_encode
from schemas.errors import QupiaError
from schemas.log.checkpoints import parse_checkpoint
from schemas.log.entries import bundle_entry
from schemas.log.merkle import Tree, leaf_hash
from schemas.log.notes import Note, VerifierKey, parse_note, signers
from schemas.log.reading import MOST_LEAVES
from schemas.log.tiles import FULL, TilePath, parse_entries, tiles_of
from schemas.root_statements import LogPlace
from verifier.monitor.findings import Contradiction, FindingKind, LogFinding, Unhad
from verifier.monitor.sources import NotHad, Source
from verifier.monitor.view import LogView

NOTE_LIMIT = 64_000
"""Bytes of a checkpoint with sixteen signatures."""

_ENTRY_BYTES = 34
"""Of a bundle of entries: 32 of each, and two before them."""


class Contradicted(QupiaError):
    """What was read of a log does not fit together."""

    def __init__(self, finding: LogFinding) -> None:
        super().__init__(finding.finding.value)
        self.finding = finding


def read_log(source: Source, key: VerifierKey, shown: Note | None) -> LogView:
    """The log with this key, as large as it is shown anywhere.

    ``shown`` is the checkpoint that the bundle in force carries, already verified; it may be
    larger. Raises NotHad and Contradicted.
    """
    note = _read_checkpoint(source, key)
    notes = [note] if shown is None else [note, shown]
    texts = [one.text for one in notes]
    largest = max(notes, key=lambda one: parse_checkpoint(one.text).size)
    checkpoint = parse_checkpoint(largest.text)
    if checkpoint.size > MOST_LEAVES:
        count = checkpoint.size
        raise Contradicted(
            LogFinding(FindingKind.TOO_MANY_BUNDLES, None, log=key.name, count=count)
        )
    entries = _read_entries(source, key, checkpoint.size)
    tree = Tree(leaf_hash(entry) for entry in entries)
    fits = [tree.root(one.size) == one.root for one in map(parse_checkpoint, texts)]
    if not any(fits):
        raise contradiction(key, Contradiction.WRONG_TREE)
    if not all(fits):
        raise contradiction(key, Contradiction.ANOTHER_TREE)
    return LogView(key, largest, checkpoint, tuple(entries), tree)


def read_bundle_of(source: Source, key: VerifierKey, entry: bytes) -> bytes | None:
    """The JWS of an entry; None where it is not given out. Raises NotHad where nobody answers."""
    path = f"{log_path(key)}/bundle/{b64url_encode(entry)}"
    try:
        jws = source.read(path, limit=BUNDLE_LIMIT)
    except NotHad as missing:
        if missing.fault is Unhad.NO_ANSWER:
            raise
        return None
    return jws if bundle_entry(jws) == entry else None


def log_path(key: VerifierKey) -> str:
    """Where a log is below its issuer's origin: of the name only the number is used."""
    return f"/.well-known/qupia/log/{LogPlace.parse(key.name).number}"


def contradiction(key: VerifierKey, what: Contradiction) -> Contradicted:
    return Contradicted(LogFinding(FindingKind.INCONSISTENT, None, log=key.name, what=what))


def _read_checkpoint(source: Source, key: VerifierKey) -> Note:
    path = f"{log_path(key)}/checkpoint"
    data = source.read(path, limit=NOTE_LIMIT)
    try:
        note = parse_note(data.decode("utf-8"))
        is_signed = key in signers(note, [key])
        origin = parse_checkpoint(note.text).origin
    except ValueError:
        raise NotHad(Unhad.SOMETHING_ELSE, path) from None
    if not is_signed or origin != key.name:
        raise NotHad(Unhad.SOMETHING_ELSE, path)
    return note


def _read_entries(source: Source, key: VerifierKey, size: int) -> list[bytes]:
    root = f"{log_path(key)}/tile"
    tiles = tiles_of(None, start=0, size=size)
    return [entry for tile in tiles for entry in _read_tile(source, key, root, tile)]


def _read_tile(source: Source, key: VerifierKey, root: str, tile: TilePath) -> list[bytes]:
    """The entries of a tile; a partial one may go when the full one is there."""
    width = tile.width
    try:
        data = source.read(f"{root}/{tile.text}", limit=FULL * _ENTRY_BYTES)
    except NotHad as missing:
        if missing.fault is not Unhad.NOT_THERE or width == FULL:
            raise
        try:
            full = TilePath(None, tile.index)
            data, width = source.read(f"{root}/{full.text}", limit=FULL * _ENTRY_BYTES), FULL
        except NotHad:
            raise missing from None
    try:
        return parse_entries(data, width=width)[: tile.width]
    except ValueError:
        raise contradiction(key, Contradiction.WRONG_TREE) from None
