"""The one file of a wallet: private, replaced in one step, pruned whenever it is touched.

The lock is held for milliseconds only, never while the network or a person is waited for: a long
``sync`` and a ``show`` at a door work side by side.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from schemas.jws import parse_json_object
from shell.clock import Clock
from shell.errors import CommandError
from shell.files import (
    check_private,
    create_private,
    destroy,
    locked,
    make_private_directory,
    read_private,
    write_private,
)
from wallet_sim.codec import decode, encode
from wallet_sim.state import Wallet, prune

FORMAT = 1
FILE_NAME = "wallet.json"
LOCK_NAME = "wallet.lock"
EVIDENCE_NAME = "evidence"

T = TypeVar("T")


class WalletFile:
    """``wallet.json`` in the folder ``home``; ``clock`` is the device's, uncorrected.

    Every method raises CommandError when the file is damaged or others can read it, and OSError
    when it cannot be read or written; whatever was in it is then still there.
    """

    def __init__(self, home: Path, clock: Clock) -> None:
        self.home = home
        self._path = home / FILE_NAME
        self.clock = clock

    def load(self) -> Wallet:
        """The wallet; what is dead by now is gone from the file too."""
        return self.update(lambda wallet: wallet) if self._path.exists() else Wallet()

    def update(self, change: Callable[[Wallet], Wallet]) -> Wallet:
        """Replace the wallet by ``change`` of it, and return that.

        Nothing is written when ``change`` raises.
        """

        def changed_twice(wallet: Wallet) -> tuple[Wallet, Wallet]:
            changed = change(wallet)
            return changed, changed

        return self.transact(changed_twice)

    def transact(self, change: Callable[[Wallet], tuple[Wallet, T]]) -> T:
        """Replace the wallet by the first part of what ``change`` gives; returns the second.

        It is in the file, synced, when this returns. Nothing is written when ``change`` raises.
        """
        with self._locked():
            stored = self._read()
            wallet, result = change(prune(stored, self.clock()))
            if wallet != stored:
                write_private(self._path, _to_bytes(wallet))
            return result

    def erase(self) -> None:
        """Destroy the file and what unfinished writes left; nothing happens when it is gone."""
        if not self.home.exists():
            return
        with self._locked():
            destroy(self._path)

    def keep_evidence(self, bundles: dict[str, bytes]) -> Path:
        """Keep contradicting trust bundles for whoever looks into them; by digest. The folder."""
        folder = self.home / EVIDENCE_NAME
        make_private_directory(folder)
        for digest, data in bundles.items():
            path = folder / f"bundle-{digest}.jws"
            if not path.exists():
                create_private(path, data)
        return folder

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._prepare_home()
        with locked(self.home / LOCK_NAME):
            self._destroy_drafts()
            yield

    def _prepare_home(self) -> None:
        """A folder that is in use already is not ours to change, nor to tell anybody to change."""
        if self._path.exists() or (self.home / LOCK_NAME).exists():
            check_private(self.home)
        elif self.home.exists() and any(self.home.iterdir()):
            raise CommandError(f"{self.home} holds other files; name an empty folder with --home")
        else:
            make_private_directory(self.home)

    def _destroy_drafts(self) -> None:
        """A write that was cut off leaves a draft, and drafts hold keys. We hold the lock."""
        for draft in self.home.glob(f".{FILE_NAME}.*.draft"):
            destroy(draft)

    def _read(self) -> Wallet:
        if not self._path.exists():
            return Wallet()
        data = read_private(self._path)
        try:
            return _from_bytes(data)
        except ValueError:
            raise CommandError(
                f"{self._path} is damaged, and nothing in it was changed; put back a copy, "
                "or move it away and activate with a new code"
            ) from None


def _to_bytes(wallet: Wallet) -> bytes:
    return json.dumps({"format": FORMAT, "wallet": encode(wallet)}, indent=1).encode("ascii")


def _from_bytes(data: bytes) -> Wallet:
    members = parse_json_object(data)
    version = members.get("format")
    if type(version) is int and version > FORMAT:
        raise CommandError("this wallet was written by a newer program; install that program")
    if version != FORMAT:
        raise ValueError("no known format")
    wallet: Wallet = decode(Wallet, members.get("wallet"))
    return wallet
