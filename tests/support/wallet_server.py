"""``qupia-wallet serve`` as a process of its own, on a free port."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.processes import PROGRAMS, START_SECONDS, STOP_SECONDS, free_port


@dataclass
class WalletServer:
    """``home`` is the wallet's; what it prints stands in ``log``."""

    home: Path
    log: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def address(self) -> str:
        """What it printed: the address that opens the wallet."""
        return str(json.loads(self.log.read_text().splitlines()[-1])["url"])

    def start(self) -> None:
        """Start it, and wait until it has printed its address."""
        words = ["serve", "--home", str(self.home), "--port", str(self.port), "--json"]
        self.log.write_text("")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [PROGRAMS / "qupia-wallet", *words], stdout=log, stderr=log, start_new_session=True
            )
        until = time.monotonic() + START_SECONDS
        while not self.log.read_text().endswith("\n"):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as a service manager does; with force when that takes too long."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None


@contextmanager
def wallet_server(folder: Path) -> Iterator[WalletServer]:
    """A server until the block ends, over an empty wallet in ``folder``."""
    server = WalletServer(folder / "wallet", folder / "wallet.log")
    try:
        server.start()
        yield server
    finally:
        server.stop()
