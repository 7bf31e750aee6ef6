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
from issuer.registration.withdrawals import Withdrawn
from issuer.staff import Account, Capped
from schemas.activation import format_code
from schemas.encoding import format_time
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.files import PRIVATE_FILE

COLUMNS = ("line", "code", "activation_url", "expires_at")
SAMPLE = ("sample",)
"""The last column, where the policy names one for the number of a sample or order."""

CHUNK = 500
"""Rows in one transaction, so that a running service waits milliseconds."""

Became = IssuedCode | Withdrawn | Rejected | None
"""What became of a row; None for a result that was taken before."""

_Codes = list[tuple[ExportRow, IssuedCode]]


class Tally:
    """Counts what becomes of the rows; ``done`` are those that stay, whatever follows."""

    def __init__(self) -> None:
        self.done = self.codes = self.withdrawals = self.repeated = 0
        self.rejected: list[Rejected] = []

    def count(self, became: Became) -> None:
        self.codes += isinstance(became, IssuedCode)
        self.withdrawals += isinstance(became, Withdrawn)
        self.repeated += became is None
        if isinstance(became, Rejected):
            self.rejected.append(became)

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

    def __init__(self, path: Path, authority: Authority, *, has_samples: bool) -> None:
        self._authority = authority
        self._has_samples = has_samples
        self._file = _create(path)
        self._writer = csv.writer(self._file)
        self._writer.writerow(COLUMNS + SAMPLE if has_samples else COLUMNS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._file.close()

    def write(self, codes: _Codes) -> None:
        for row, issued in codes:
            url = self._authority.activation_url(issued.code)
            expires = format_time(issued.expires_at)
            sample = (row.sample or "",) if self._has_samples else ()
            self._writer.writerow((row.place, format_code(issued.code), url, expires, *sample))
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
    profile: str | None = None,
) -> IntakeSummary:
    """Register every usable row; the codes go to ``out``, which must not exist yet, mode 0600.

    With ``more`` the files are read together as ``read_export`` says; ``profile`` names how, None
    for what ``[export]`` in ``policy.toml`` says. A chunk's codes are in the
    file before they are valid: after an interruption no code is lost, and the same export can be
    run again into another file. ``progress`` is told the rows done so far. However it ends, these
    are noted as one action of ``account``, None for whoever can write to the home. Raises
    CommandError, and ApiProblem ``too_many`` before the withdrawals of a chunk that are more than
    the account's cap.
    """
    tally = Tally()
    try:
        policy = authority.policy.with_profile(profile)
        rows = read_export(path, *more, policy=policy, now=now, most_lines=most_lines)
        has_samples = "sample" in policy.export.headers
        with _CodesFile(out, authority, has_samples=has_samples) as codes_file:
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
    tally: Tally,
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
    tally: Tally,
    now: int,
) -> _Codes:
    codes: _Codes = []
    for row in chunk:
        became = take_row(tx, registrar, row, now)
        tally.count(became)
        if isinstance(row, ExportRow) and isinstance(became, IssuedCode):
            codes.append((row, became))
    return codes


def take_row(tx: Transaction, registrar: Registrar, row: ExportRow | Rejected, now: int) -> Became:
    """What one row becomes."""
    if isinstance(row, Rejected):
        return row
    try:
        return registrar.register(
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
        return None


def _chunks(
    rows: Iterator[ExportRow | Rejected],
) -> Iterator[list[ExportRow | Rejected]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
