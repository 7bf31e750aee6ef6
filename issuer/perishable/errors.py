"""What can go wrong with the store's files, as one line that says what to do.

No line holds anything that was stored: SQLite's own texts are replaced rather than passed on.
"""

import errno
import sqlite3

from shell.errors import CommandError


class StoreError(CommandError):
    """The perishable store cannot do what was asked; nothing that it held is lost by that."""


FULL = "the store's disk is full; free some space and try again, nothing is lost"
READ_ONLY = "the store is read-only; make its folder writable for this account and try again"
DAMAGED = (
    "the store's database is damaged; stop the issuer and see 'loss of the store' in operating.md"
)
LOST = (
    "the store's database is gone or empty, but its day keys are there; stop the issuer and see "
    "'loss of the store' in operating.md"
)
BUSY = "the store is busy with another process; try again in a moment"
CANNOT_OPEN = (
    "the store cannot be opened; check that its folder is there and belongs to this account"
)
CANNOT_WRITE = (
    "the store cannot be written or read; check the disk and the file size limit (ulimit -f)"
)
FAILED = "the store failed; check the disk and try again, nothing is lost"
NEWER = "the store was made by a later version of this program; install that version"
FOREIGN = "the store's database was not made by this program; move it out of the home"
CHANGED = (
    "a record in the store does not open: its file was changed or is damaged; see operating.md"
)

_BY_SQLITE_CODE = {
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_READONLY: READ_ONLY,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_BUSY: BUSY,
    sqlite3.SQLITE_LOCKED: BUSY,
    sqlite3.SQLITE_CANTOPEN: CANNOT_OPEN,
    sqlite3.SQLITE_PERM: CANNOT_OPEN,
    sqlite3.SQLITE_IOERR: CANNOT_WRITE,
}

_BY_ERRNO = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EROFS: READ_ONLY,
    errno.EACCES: READ_ONLY,
    errno.EPERM: READ_ONLY,
    errno.ENOENT: CANNOT_OPEN,
}


def from_sqlite_code(code: int) -> StoreError:
    """The error for one of SQLite's result codes, extended or not."""
    return StoreError(_BY_SQLITE_CODE.get(code & 0xFF, FAILED))


def from_sqlite(error: sqlite3.Error) -> StoreError:
    """The error for an exception of the sqlite3 module."""
    # Errors of the module itself, such as the use of a closed connection, carry no code.
    return from_sqlite_code(getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR))


def from_os(error: OSError) -> StoreError:
    """The error for a file of the store that cannot be made, read or removed."""
    return StoreError(_BY_ERRNO.get(error.errno or 0, CANNOT_WRITE))
