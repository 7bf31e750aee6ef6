"""Pass keys: one RSA key for each (window, status, hint), made ahead of time, destroyed after.

A key is a file whose name says its cell: ``NBF-EXP.STATUS.HOLDER.ID.pem``. The key is in the file,
the grid in the folder's listing.
"""

import os
import signal
from collections.abc import Callable, Collection, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from schemas.bundle import PassKey
from schemas.encoding import b64url_decode, b64url_encode
from schemas.hints import HintForm, Holder, all_hints
from schemas.kinds import GRACE_AFTER_WINDOW
from schemas.presentation import KEY_PREFIX_BYTES
from schemas.token import MODULUS_BYTES, PUBLIC_EXPONENT, token_key_id
from schemas.windows import Calendar, Window
from shell.errors import CommandError
from shell.files import create_private, destroy, read_private
from shell.parents import end_with_parent

_NO_HOLDER = "none"
_FEW = 8
"""Up to so many keys are made in this process, since starting others takes longer."""


@dataclass(frozen=True)
class Cell:
    """A place in the grid."""

    window: Window
    status: str
    holder: Holder


@dataclass(frozen=True)
class KeyFile:
    """A pass key on disk; ``id`` is 32 bytes."""

    path: Path
    cell: Cell
    id: bytes

    def load(self) -> rsa.RSAPrivateKey:
        """Raises CommandError when the file is damaged; FileNotFoundError when it is gone.

        The primes are not tested again: that takes 31 ms a key, a minute and a half for a grid of
        days, and no wrong result of a damaged key leaves :mod:`issuer.keys.rawrsa`.
        """
        try:
            key = serialization.load_pem_private_key(
                read_private(self.path), password=None, unsafe_skip_rsa_key_validation=True
            )
        except ValueError:
            raise _damaged(self.path) from None
        if not isinstance(key, rsa.RSAPrivateKey) or token_key_id(modulus_of(key)) != self.id:
            raise _damaged(self.path)
        return key


def modulus_of(key: rsa.RSAPrivateKey) -> bytes:
    """The modulus of a 2048-bit key, 256 bytes."""
    return key.public_key().public_numbers().n.to_bytes(MODULUS_BYTES, "big")


def wanted_cells(
    calendar: Calendar, *, statuses: Iterable[str], hint: HintForm, now: int, until: int
) -> list[Cell]:
    """Every cell of the windows from ``now`` on that begin before ``until``, in order."""
    statuses = list(statuses)
    return [
        Cell(window, status, holder)
        for window in calendar.windows_between(now, until)
        for status in statuses
        for holder in all_hints(hint)
    ]


def list_keys(folder: Path) -> list[KeyFile]:
    """All pass keys on disk."""
    found = (_parse_name(Path(entry.path)) for entry in os.scandir(folder))
    return [file for file in found if file is not None]


def find_key(folder: Path, key_id: bytes) -> KeyFile | None:
    """One pass key on disk; None when it is not there.

    Only names are compared, 1 ms for a grid of days, where taking all apart needs 36.
    """
    end = f".{b64url_encode(key_id)}.pem"
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(end)]
    return _parse_name(folder / names[0]) if names else None


def by_cell(files: Iterable[KeyFile], *, without: Collection[bytes]) -> dict[Cell, KeyFile]:
    """The grid that the keys form, but for the retired ones."""
    return {file.cell: file for file in files if file.id not in without}


def make_keys(
    folder: Path,
    cells: Collection[Cell],
    *,
    taken: Collection[bytes],
    progress: Callable[[], None],
) -> None:
    """Make a key for each cell on all cores; ``progress`` is called after each.

    ``taken`` are the ids of all keys there are: one whose id begins like another's is thrown away
    and made again. What is done stays done when this is interrupted.
    """
    prefixes = {key_id[:KEY_PREFIX_BYTES] for key_id in taken}
    missing = list(cells)
    while missing:
        clashed = []
        # Closed at once when it is interrupted, which ends its workers.
        with closing(generate_all(missing)) as made:
            for cell, pem, key_id in made:
                if key_id[:KEY_PREFIX_BYTES] in prefixes:
                    clashed.append(cell)
                    continue
                prefixes.add(key_id[:KEY_PREFIX_BYTES])
                create_private(folder / _file_name(cell, key_id), pem)
                progress()
        missing = clashed


def destroy_ended(folder: Path, now: int) -> int:
    """Destroy the keys whose window ended an hour ago; how many there were."""
    ended = ended_keys(folder, now)
    for file in ended:
        destroy(file.path)
    return len(ended)


def ended_keys(folder: Path, now: int) -> list[KeyFile]:
    """The keys whose time is over and that are still there."""
    return [file for file in list_keys(folder) if file.cell.window.exp + GRACE_AFTER_WINDOW <= now]


def public_key(file: KeyFile) -> PassKey:
    """What the trust bundle says of a key."""
    cell = file.cell
    return PassKey(file.id, modulus_of(file.load()), cell.status, cell.holder, cell.window)


def generate_all(cells: list[Cell]) -> Generator[tuple[Cell, bytes, bytes], None, None]:
    """A new key for each cell, in the order in which they are done: the cell, PEM and id."""
    if len(cells) <= _FEW:
        for cell in cells:
            yield cell, *_generate()
        return
    cores = os.cpu_count() or 1
    # A fresh interpreter for each worker: forking a process that has threads can deadlock. None is
    # left behind when this process is killed.
    with ProcessPoolExecutor(cores, get_context("spawn"), end_with_parent) as pool:
        waiting = iter(cells)
        # Few at a time: whoever interrupts this waits for what was handed out.
        jobs = {_submit(pool): cell for cell in islice(waiting, 2 * cores)}
        while jobs:
            for job in wait(jobs, return_when=FIRST_COMPLETED).done:
                done = jobs.pop(job)
                jobs |= {_submit(pool): cell for cell in islice(waiting, 1)}
                yield done, *job.result()


def _submit(pool: ProcessPoolExecutor) -> "Future[tuple[bytes, bytes]]":
    """Workers begin with Ctrl-C blocked: it is for the process that waits for them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return pool.submit(_generate)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _generate() -> tuple[bytes, bytes]:
    """PEM and id of a new key, whose modulus has exactly 2048 bits (FIPS 186-5 A.1.3)."""
    key = rsa.generate_private_key(PUBLIC_EXPONENT, MODULUS_BYTES * 8)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return pem, token_key_id(modulus_of(key))


def _file_name(cell: Cell, key_id: bytes) -> str:
    window = f"{cell.window.nbf}-{cell.window.exp}"
    return f"{window}.{cell.status}.{cell.holder or _NO_HOLDER}.{b64url_encode(key_id)}.pem"


def _parse_name(path: Path) -> KeyFile | None:
    """None for a file that is no key, such as a draft that an interrupted process left."""
    if path.suffix != ".pem":
        return None
    try:
        window, status, holder, key_id = path.stem.split(".")
        nbf, exp = map(int, window.split("-"))
        cell = Cell(Window(nbf, exp), status, None if holder == _NO_HOLDER else holder)
        return KeyFile(path, cell, b64url_decode(key_id))
    except ValueError:
        return None


def _damaged(path: Path) -> CommandError:
    return CommandError(f"{path} is damaged; retire that key: qupia-issuer keys list")
