"""The bundles themselves, kept for 14 days beside the log, for whoever found two that differ."""

from pathlib import Path

from issuer.log.folder import LogFolder
from schemas.encoding import b64url_encode
from schemas.kinds import DAY
from schemas.log.entries import bundle_entry
from shell.files import read_private, write_private

KEPT = 14 * DAY
_DIGEST_CHARACTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


def keep_bundle(folder: LogFolder, jws: bytes, now: int) -> str:
    """Keep the JWS of a bundle that enters the log at ``now``; its digest."""
    digest = b64url_encode(bundle_entry(jws))
    if _find(folder, digest) is None:
        write_private(folder.bundles / f"{now}.{digest}.jws", jws)
    return digest


def load_bundle(folder: LogFolder, digest: str) -> bytes | None:
    """The JWS with this digest in base64url; None where there is none, or no more."""
    path = _find(folder, digest)
    try:
        return None if path is None else read_private(path)
    except FileNotFoundError:
        return None


def ended_bundles(folder: LogFolder, now: int) -> list[Path]:
    """The files whose 14 days are over."""
    return [path for path in folder.bundles.glob("*.jws") if _kept_since(path) + KEPT <= now]


def purge_bundles(folder: LogFolder, now: int) -> int:
    """Remove those whose 14 days are over; how many."""
    ended = ended_bundles(folder, now)
    for path in ended:
        path.unlink(missing_ok=True)
    return len(ended)


def _find(folder: LogFolder, digest: str) -> Path | None:
    if not digest or not set(digest) <= _DIGEST_CHARACTERS:
        return None
    return next(folder.bundles.glob(f"*.{digest}.jws"), None)


def _kept_since(path: Path) -> int:
    """A file with another name has been here for ever."""
    begin = path.name.partition(".")[0]
    return int(begin) if begin.isdecimal() else 0
