"""A laboratory's export becomes activation codes in a file, and withdrawals."""

import csv
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Self, TextIO

from issuer.authority import Authority
from issuer.intake.rows import ExportRow, IntakeSummary, Rejected, read_export
from issuer.perishable.store import Transaction
from issuer.registration.codes import IssuedCode
from issuer.registration.registrar import Registrar
from schemas.activation import Activation, format_activation_url, format_code
from schemas.encoding import format_time
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.files import PRIVATE_FILE

COLUMNS = ("line", "code", "activation_url", "expires_at")
CHUNK = 500
"""Rows in one transaction, so that a running service waits milliseconds."""

_Codes = list[tuple[int, IssuedCode]]


class _Tally:
    """Counts what becomes of the rows."""

    def __init__(self) -> None:
        self.codes = self.withdrawals = self.repeated = 0
        self.rejected: list[Rejected] = []

    def summary(self) -> IntakeSummary:
        taken = self.codes + self.withdrawals + self.repeated
        return IntakeSummary(
            rows=taken + len(self.rejected),
            codes=self.codes,
            withdrawals=self.withdrawals,
            repeated=self.repeated,
            rejected=tuple(self.rejected),
        )


class _CodesFile:
    """The file that the codes go to: new, private, and on the disk after each write."""

    def __init__(self, path: Path, authority: Authority) -> None:
        self._issuer, self._root = authority.config.url, authority.config.root
        self._file = _create(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, codes: _Codes) -> None:
        for line, issued in codes:
            url = format_activation_url(Activation(self._issuer, issued.code, self._root))
            expires = format_time(issued.expires_at)
            self._writer.writerow((line, format_code(issued.code), url, expires))
        self._file.flush()
        os.fsync(self._file.fileno())


def _create(path: Path) -> TextIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except FileExistsError:
        raise CommandError(f"{path} exists and is never overwritten; choose another") from None
    return os.fdopen(descriptor, "w", encoding="utf-8", newline="")


def unlimited(_withdrawals: int) -> None:
    """Whoever can write to the home has no cap."""


def run_intake(
    authority: Authority,
    path: Path,
    out: Path,
    *,
    now: int,
    progress: Callable[[int], None],
    most_lines: int | None = None,
    spend: Callable[[int], None] = unlimited,
) -> IntakeSummary:
    """Register every usable row; the codes go to ``out``, which must not exist yet, mode 0600.

    A chunk's codes are in the file before they are valid: after an interruption no code is lost,
    and the same export can be run again into another file. ``progress`` is told the rows done.
    ``spend`` is told the withdrawals of a chunk before they count; where it raises, they do not.
    """
    rows = read_export(path, policy=authority.policy, now=now, most_lines=most_lines)
    tally = _Tally()
    with _CodesFile(out, authority) as codes_file:
        for chunk in _chunks(rows):
            with authority.store.transaction(now) as tx:
                before = tally.withdrawals
                codes_file.write(_register(tx, authority.registrar, chunk, tally, now))
                spend(tally.withdrawals - before)
            progress(len(chunk))
    return tally.summary()


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
            codes.append((row.line, result))
            tally.codes += 1
        else:
            tally.withdrawals += 1
    return codes


def _chunks(
    rows: Iterator[ExportRow | Rejected],
) -> Iterator[list[ExportRow | Rejected]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
