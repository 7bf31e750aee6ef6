"""A purge in portions while wallets fetch: none of them notices."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.kinds import DAY, HOUR, STORED_KINDS, Kind
from shell.clock import system_clock
from tests.support.processes import RealIssuer, RealWallet, run_real
from tests.support.waiting import PATIENCE, wait_until

FULL = os.environ.get("QUPIA_DRILL") == "full"
OLD_RECORDS = 500_000 if FULL else 40_000
CLIENTS = 3
MOST_SECONDS = 5.0
"""How long any wallet may take beside a purge; measured by ``make drill`` alone."""

_SEAL = 12 + 8 + 2 + 16
"""What a seal adds: nonce, second, length and AES-GCM's tag."""


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[RealIssuer]:
    found = RealIssuer.found(tmp_path)
    with found.serving():
        yield found


def leave_old_records(issuer: RealIssuer, number: int) -> None:
    """Rows of yesterday, as a service leaves them that did not run at midnight."""
    midnight = system_clock() // DAY * DAY
    day = datetime.fromtimestamp(midnight - HOUR, UTC).date().isoformat()
    sealed = _SEAL + STORED_KINDS[Kind.CODE].payload
    path = issuer.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path, timeout=PATIENCE)) as connection, connection:
        connection.executemany(
            "INSERT INTO records VALUES (?, 'code', ?, ?, ?)",
            ((day, os.urandom(32), os.urandom(sealed), midnight - HOUR) for _ in range(number)),
        )


class Clients:
    """Wallets that activate and fetch, one after the other, until told to stop."""

    def __init__(self, issuer: RealIssuer, folder: Path) -> None:
        self.issuer = issuer
        self.folder = folder
        self.codes = issuer.codes(400)
        self.seconds: list[float] = []
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while self.codes and not self._stop.is_set():
            code = self.codes.pop()
            wallet = RealWallet(self.issuer, self.folder / code, code)
            began = time.perf_counter()
            try:
                wallet.activate()
                batches = wallet.sync().wallet.batches
                assert [len(batch.passes) for batch in batches] == [8, 8]
            except Exception as error:  # noqa: BLE001 - whatever it is, the test is to name it.
                self.failures.append(repr(error))
            self.seconds.append(time.perf_counter() - began)


def test_no_wallet_fails_while_a_finished_day_is_purged(issuer: RealIssuer, tmp_path: Path) -> None:
    leave_old_records(issuer, OLD_RECORDS)
    clients = Clients(issuer, tmp_path)
    clients.start()
    try:
        purged = run_real("qupia-issuer", "retention", "run", "--home", issuer.home.path, "--json")
        wait_until(lambda: clients.failures or len(clients.seconds) > CLIENTS, "any traffic")
    finally:
        clients.stop()
    assert clients.failures == []
    assert len(clients.seconds) > CLIENTS
    assert max(clients.seconds) < MOST_SECONDS or not FULL
    assert purged.status == 0, purged
    # The service itself may have been quicker by a part of them, never by all: it works once a
    # minute, and its first round was over before the records were there.
    assert 0 < purged.members["deleted"]["code"] <= OLD_RECORDS
    verified = run_real("qupia-issuer", "retention", "verify", "--home", issuer.home.path)
    assert verified.status == 0, verified
    path = issuer.home.perishable / "store" / "store.db"
    assert path.stat().st_size < 4_000_000
    assert [line for line in issuer.log.read_text().splitlines() if "error" in line] == []
