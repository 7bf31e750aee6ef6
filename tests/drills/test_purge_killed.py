"""A purge killed at any moment, again and again; fifty times in ``make drill``."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from schemas.kinds import HOUR
from tests.support.perishable import (
    MIDNIGHT,
    check_that_the_next_purge_finishes,
    fill,
    open_store,
)

KILLS = 50 if os.environ.get("QUPIA_DRILL") == "full" else 3

PURGING = """
import sys
from pathlib import Path
from issuer.perishable.purge import purge
from issuer.perishable.store import Store
store = Store.open(Path(sys.argv[1]))
print("ready", flush=True)
purge(store, int(sys.argv[2]), portion=20)
"""


@pytest.mark.parametrize("number", range(KILLS))
def test_a_purge_that_is_killed_at_any_moment_is_finished_by_the_next(
    tmp_path: Path, number: int
) -> None:
    with open_store(tmp_path) as store:
        fill(store, 300)
        fill(store, 10, expires=MIDNIGHT + HOUR)
    command = [sys.executable, "-c", PURGING, str(tmp_path), str(MIDNIGHT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout and process.stdout.readline() == b"ready\n"
        time.sleep(0.3 * number / KILLS)
        os.killpg(process.pid, signal.SIGKILL)  # Its compacting child dies as well.
    check_that_the_next_purge_finishes(tmp_path)
