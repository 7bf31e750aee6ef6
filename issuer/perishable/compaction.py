"""Write a database file anew, so that no remains of deleted rows are left in its pages.

``secure_delete`` zeroes what is deleted, but when SQLite moves rows between pages their old bytes
can stay in the gaps. Only VACUUM is sure to leave none. Two things about it decide its form here:

It holds a copy of everything that lives in memory (temporary files would be a second copy on
disk): 38 MB for 100,000 codes, measured. So it runs in a process of its own, which is this file,
and the issuer's worker stays as small as it was, however many records live.

It holds back writers while it works: 0.4 s for those 100,000, half of it spent on syncing. With
``synchronous = NORMAL`` it is written without that sync. No record depends on it: until the
checkpoint that follows has synced everything, a power cut merely undoes the VACUUM, and the next
purge does it again. Every other writer syncs as before.
"""

import sqlite3
import subprocess
import sys
from pathlib import Path

BUSY_SECONDS = 10.0
LONGEST_SECONDS = 600.0
"""A compaction that takes longer is ended; SQLite undoes it and the next purge tries again."""


def compact(path: Path) -> int:
    """Compact the database at ``path``; SQLite's result code, SQLITE_OK when it is done."""
    command = [sys.executable, "-I", __file__, str(path)]
    try:
        ended = subprocess.run(  # noqa: S603 - our own file, and no shell.
            command, capture_output=True, timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return sqlite3.SQLITE_BUSY
    # The code itself does not fit an exit status. A process that was killed printed nothing.
    return int(ended.stdout or sqlite3.SQLITE_ERROR)


def _vacuum(path: str) -> int:
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        for pragma in ("temp_store = MEMORY", "secure_delete = ON", "synchronous = NORMAL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("VACUUM")
        connection.close()
    except sqlite3.Error as error:
        return error.sqlite_errorcode
    return sqlite3.SQLITE_OK


if __name__ == "__main__":
    sys.stdout.write(str(_vacuum(sys.argv[1])))
