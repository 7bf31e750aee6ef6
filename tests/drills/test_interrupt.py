"""Making a large grid is interrupted: it ends at once, says no more than it must, and goes on."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.processes import run_real, session_of
from tests.support.servers import PROGRAMS
from tests.support.waiting import PATIENCE, wait_until

FULL = os.environ.get("QUPIA_DRILL") == "full"
FEW_SECONDS = 5.0
"""Until nothing of it is left; measured by ``make drill`` alone."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose grid of days has 2,928 keys, which take most of a minute."""
    folder = tmp_path_factory.mktemp("interrupted") / "issuer"
    words = ("--name", "X", "--url", "https://x.example", "--hint", "day", "--home", folder)
    assert run_real("qupia-issuer", "init", *words).status == 0
    return folder


def _heed_ctrl_c() -> None:
    """A shell that runs the tests in the background has them, and what they start, ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def keys(home: Path) -> int:
    return len(list((home / "pass-keys").glob("*.pem")))


@pytest.mark.parametrize(
    ("sent", "to_all"),
    [(signal.SIGINT, True), (signal.SIGTERM, False), (signal.SIGKILL, False)],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_no_worker_is_left_and_no_key_is_lost(
    home: Path, tmp_path: Path, sent: signal.Signals, to_all: bool
) -> None:
    before = keys(home)
    command = [PROGRAMS / "qupia-issuer", "keys", "make", "--home", home]
    said = tmp_path / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(
            command, stdout=file, stderr=file, start_new_session=True, preexec_fn=_heed_ctrl_c
        )
    try:
        wait_until(lambda: keys(home) >= before + 10, "making keys")
        assert len(session_of(process)) > 1
        (os.killpg if to_all else os.kill)(process.pid, sent)
        sent_at = time.monotonic()
        process.wait(PATIENCE)
        wait_until(lambda: not session_of(process), "the end of all workers")
        assert time.monotonic() - sent_at < FEW_SECONDS or not FULL
    finally:
        for pid in session_of(process):
            os.kill(pid, signal.SIGKILL)
        process.wait()
    assert "Traceback" not in said.read_text()
    assert before + 10 <= keys(home) < 2928
    assert run_real("qupia-issuer", "keys", "list", "--home", home, "--json").members["missing"] > 0
