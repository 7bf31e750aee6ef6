"""Private files: written atomically, readable by their owner alone, gone when they are deleted."""

import codecs
import errno
import fcntl
import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from shell.errors import CommandError

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
READ_LIMIT = 64 * 1024 * 1024
"""No file of ours is larger, in bytes; a larger one is refused rather than read."""

_AROUND = 1024
"""Bytes of a mark and of white space around a text that are read beyond its limit."""

CACHEDIR_TAG = (
    "Signature: 8a477f597d28d172789f06886806bc55\n"
    "# Backups skip this folder: what is in it must be able to die.\n"
)
"""The first line is fixed by the Cache Directory Tagging Specification (bford.info/cachedir)."""


def make_private_directory(path: Path, *, in_backups: bool = True) -> None:
    """Make ``path`` with mode 0700; mark it CACHEDIR.TAG unless backups may copy it."""
    path.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    path.chmod(PRIVATE_DIRECTORY)
    if not in_backups and not (path / "CACHEDIR.TAG").exists():
        write_private(path / "CACHEDIR.TAG", CACHEDIR_TAG.encode())


def claim_directory(path: Path, *, known: Collection[Path] = ()) -> None:
    """Make ``path`` with mode 0700. Raises CommandError when more than ``known`` lies in it.

    A folder with other people's files in it is not ours to close or to fill.
    """
    if path.exists() and any(entry not in known for entry in path.iterdir()):
        raise CommandError(f"{path} holds other files; name an empty folder with --home")
    make_private_directory(path)


def write_private(path: Path, data: bytes) -> None:
    """Replace ``path`` with ``data`` in one step, mode 0600, synced with its directory.

    Readers see the old content or the new, never a part. Raises OSError when it cannot be written;
    the old content is then still there.
    """
    draft = _write_draft(path, data)
    try:
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _about(path, error.errno) from None
    sync_directory(path.parent)


def append_private(path: Path, data: bytes) -> None:
    """Add ``data`` to the end of ``path``, mode 0600, synced before this returns.

    Raises OSError; a part of it may then be there. Only for a caller that holds the lock under
    which the file is written.
    """
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        written = file.write(data)
        if written != len(data):
            raise _about(path, errno.ENOSPC)
        os.fsync(file.fileno())
    if is_new:
        sync_directory(path.parent)


def cut_private(path: Path, size: int) -> None:
    """Cut ``path`` to its first ``size`` bytes, synced. Raises OSError."""
    with path.open("r+b") as file:
        file.truncate(size)
        os.fsync(file.fileno())


def create_private(path: Path, data: bytes) -> None:
    """Like :func:`write_private`, but raise FileExistsError when ``path`` is there already."""
    draft = _write_draft(path, data)
    try:
        os.link(draft, path)
    except PermissionError:
        # FAT, as on a USB stick with root keys, knows no links. Nobody else writes there at once.
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_directory(path.parent)


def _write_draft(path: Path, data: bytes) -> Path:
    if path.is_dir():
        raise _about(path, errno.EISDIR)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}.draft")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        with suppress(OSError):
            draft.unlink()
        raise _about(path, error.errno) from None
    return draft


def _about(path: Path, number: int | None) -> OSError:
    """What went wrong, with the name that a person knows instead of the draft's."""
    return OSError(number, os.strerror(number or errno.EIO), str(path))


def remove_drafts(folder: Path) -> None:
    """Remove what interrupted writes left in ``folder``.

    Only for a caller that holds the lock under which files are written there. Drafts are not
    overwritten: one may be a second name of a file in use.
    """
    for draft in folder.glob(".*.draft"):
        draft.unlink(missing_ok=True)


def read_private(path: Path) -> bytes:
    """Read a file of ours. Raises CommandError when others can read it or it is over 64 MiB."""
    check_private(path)
    if path.stat().st_size > READ_LIMIT:
        raise CommandError(f"{path} is too large to be ours; restore it or remove it")
    return path.read_bytes()


def read_given(path: Path, *, limit: int) -> bytes:
    """The text in a file that a person gives, see :func:`bare`; it may be a pipe.

    A text of more than ``limit`` bytes may be cut off after so many. Raises OSError.
    """
    with path.open("rb") as file:
        return bare(file.read(limit + _AROUND))


def bare(text: bytes) -> bytes:
    """A text without what editors, mail programs and shells put around it.

    That is a byte order mark of UTF-8, line ends and other white space.
    """
    return text.strip().removeprefix(codecs.BOM_UTF8).strip()


def is_private(path: Path) -> bool:
    """Whether nobody but the owner can reach ``path``."""
    return not stat.S_IMODE(path.stat().st_mode) & 0o077


def check_private(path: Path) -> None:
    """Raise CommandError when anyone but the owner can reach ``path``."""
    mode = path.stat().st_mode
    if stat.S_IMODE(mode) & 0o077:
        wanted = "700" if stat.S_ISDIR(mode) else "600"
        raise CommandError(f"others can read {path}; run: chmod {wanted} '{path}'")


def check_private_tree(home: Path) -> None:
    """Raise CommandError for the first path at or under ``home`` that others can reach."""
    check_private(home)
    for path in sorted(home.rglob("*")):
        # A file may be purged while we walk.
        with suppress(FileNotFoundError):
            check_private(path)


def replace_private(path: Path, data: bytes) -> None:
    """Like :func:`write_private`, and overwrite what was there before.

    Only for a caller that holds the lock under which the file is read, too.
    """
    try:
        before = path.open("r+b")
    except FileNotFoundError:
        write_private(path, data)
        return
    with before:
        write_private(path, data)
        _overwrite(before)


def destroy(path: Path) -> None:
    """Overwrite ``path``, remove it and sync its directory; nothing happens when it is gone.

    On media that copy on write the overwriting may not reach the old blocks; the threat model
    says so.
    """
    try:
        with path.open("r+b") as file:
            _overwrite(file)
        path.unlink()
    except FileNotFoundError:
        return
    sync_directory(path.parent)


def _overwrite(file: BinaryIO) -> None:
    file.write(os.urandom(os.fstat(file.fileno()).st_size))
    file.flush()
    os.fsync(file.fileno())


def sync_directory(path: Path) -> None:
    """Make the directory's entries durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold an exclusive lock on ``path``; yields False when it is taken and ``wait`` is false.

    The kernel releases the lock when the process ends, however it ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
