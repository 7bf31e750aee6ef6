"""A laboratory's export becomes activation codes in a file, and withdrawals."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Self, TextIO

from issuer.authority import Authority
from issuer.intake.rows import ExportRow, IntakeSummary, Rejected, Rows, read_export
from issuer.oversight.audit import Action
from issuer.perishable.store import Transaction
from issuer.registration.codes import IssuedCode
from issuer.registration.registrar import Registrar
from issuer.staff import Account, Capped
from schemas.activation import format_code
from schemas.encoding import format_time
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.files import PRIVATE_FILE

COLUMNS = ("line", "code", "activation_url", "expires_at")
CHUNK = 500
"""Rows in one transaction, so that a running service waits milliseconds."""

_Codes = list[tuple[str, IssuedCode]]


class _Tally:
    """Counts what becomes of the rows; ``done`` are those that stay, whatever follows."""

    def __init__(self) -> None:
        self.done = self.codes = self.withdrawals = self.repeated = 0
        self.rejected: list[Rejected] = []

    def summary(self, rows: Rows) -> IntakeSummary:
        taken = self.codes + self.withdrawals + self.repeated
        return IntakeSummary(
            rows=taken + len(self.rejected),
            codes=self.codes,
            withdrawals=self.withdrawals,
            repeated=self.repeated,
            rejected=tuple(sorted(self.rejected, key=lambda entry: entry.urgency)),
            others=rows.others,
            is_fhir=rows.is_fhir,
        )


class _CodesFile:
    """The file that the codes go to: new, private, and on the disk after each write."""

    def __init__(self, path: Path, authority: Authority) -> None:
        self._authority = authority
        self._file = _create(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, codes: _Codes) -> None:
        for place, issued in codes:
            url = self._authority.activation_url(issued.code)
            expires = format_time(issued.expires_at)
            self._writer.writerow((place, format_code(issued.code), url, expires))
        self._file.flush()
        os.fsync(self._file.fileno())


def _create(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        raise CommandError(f"{path} exists and is never overwritten; choose another") from None
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def run_intake(
    authority: Authority,
    account: Account | None,
    path: Path,
    out: Path,
    *more: Path,
    now: int,
    progress: Callable[[int], None],
    most_lines: int | None = None,
) -> IntakeSummary:
    """Register every usable row; the codes go to ``out``, which must not exist yet, mode 0600.

    With ``more`` the files are read together as ``read_export`` says. A chunk's codes are in the
    file before they are valid: after an interruption no code is lost, and the same export can be
    run again into another file. ``progress`` is told the rows done so far. However it ends, these
    are noted as one action of ``account``, None for whoever can write to the home. Raises
    CommandError, and ApiProblem ``too_many`` before the withdrawals of a chunk that are more than
    the account's cap.
    """
    tally = _Tally()
    try:
        rows = read_export(path, *more, policy=authority.policy, now=now, most_lines=most_lines)
        with _CodesFile(out, authority) as codes_file:
            for chunk in _chunks(rows):
                _take(authority, account, chunk, tally, codes_file, now)
                progress(tally.done)
    finally:
        _note(authority, account, tally.done, now)
    return tally.summary(rows)


def _take(
    authority: Authority,
    account: Account | None,
    chunk: list[ExportRow | Rejected],
    tally: _Tally,
    codes_file: _CodesFile,
    now: int,
) -> None:
    before = tally.withdrawals
    with authority.store.transaction(now) as tx:
        codes_file.write(_register(tx, authority.registrar, chunk, tally, now))
        authority.spend(account, Capped.UPLOADED, now, tally.withdrawals - before)
    tally.done += len(chunk)


def _note(authority: Authority, account: Account | None, done: int, now: int) -> None:
    if account is not None:
        # What was registered stays registered, also where nobody can be told.
        with suppress(CommandError):
            authority.audit.note(Action.UPLOAD, account, now, total=done)
    elif done:
        authority.audit.note(Action.INTAKE, None, now, total=done)


def _register(
    tx: Transaction,
    registrar: Registrar,
    chunk: Iterable[ExportRow | Rejected],
    tally: _Tally,
    now: int,
) -> _Codes:
    codes: _Codes = []
    for row in chunk:
        if isinstance(row, Rejected):
            tally.rejected.append(row)
            continue
        try:
            result = registrar.register(
                tx,
                evidence=row.evidence,
                at=row.at,
                birthday=row.birthday,
                reference=row.reference,
                now=now,
            )
        except ApiProblem as error:
            if error.fault is not Problem.ALREADY_REGISTERED:
                raise
            tally.repeated += 1
            continue
        if isinstance(result, IssuedCode):
            codes.append((row.place, result))
            tally.codes += 1
        else:
            tally.withdrawals += 1
    return codes


def _chunks(
    rows: Iterator[ExportRow | Rejected],
) -> Iterator[list[ExportRow | Rejected]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
