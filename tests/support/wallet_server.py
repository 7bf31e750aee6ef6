"""``qupia-wallet serve`` as a process of its own, on a free port."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.servers import PROGRAMS, Server, free_port


@dataclass
class WalletServer(Server):
    """``home`` is the wallet's."""

    home: Path
    port: int = field(default_factory=free_port)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What it printed: the address that opens the wallet."""
        return str(json.loads(self.log.read_text().splitlines()[-1])["url"])

    def command(self) -> Sequence[str | Path]:
        words = ["serve", "--home", self.home, "--port", str(self.port), "--json"]
        return [PROGRAMS / "qupia-wallet", *words]

    def start(self, *words: str, wait: bool = True) -> None:
        self.log.write_text("")
        super().start(*words, wait=wait)

    def is_ready(self) -> bool:
        """Whether it has printed its address."""
        return self.log.read_text().endswith("\n")


def wallet_server(folder: Path) -> AbstractContextManager[WalletServer]:
    """A server until the block ends, over an empty wallet in ``folder``."""
    return WalletServer(folder / "wallet.log", folder / "wallet").serving()
