"""A dry run: what a laboratory's export would become, and nothing of it is stored."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from issuer.authority import Authority
from issuer.intake.register import CHUNK, Became, Tally, take_row
from issuer.intake.rows import ExportRow, IntakeSummary, Rejected, read_export
from issuer.intake.values import place_of_row
from issuer.registration.codes import IssuedCode
from issuer.registration.withdrawals import Withdrawn
from schemas.kinds import Kind


@dataclass(frozen=True)
class Would:
    """What one row would become: ``code``, ``withdrawal``, ``repeated``, or a reason against it.

    ``evidence`` is None of a row that is rejected; ``file`` as in :class:`Rejected`.
    """

    line: int
    becomes: str
    evidence: str | None = None
    file: int = 0

    @property
    def place(self) -> str:
        return place_of_row(self.file, self.line)


def dry_run(
    authority: Authority,
    path: Path,
    *more: Path,
    now: int,
    progress: Callable[[int], None],
    told: Callable[[Would], object],
    most_lines: int | None = None,
    profile: str | None = None,
) -> IntakeSummary:
    """Go through an export as ``run_intake`` does; ``told`` hears of each row in its order.

    What was registered before and what the file itself repeats is known as it would be then. No
    code is made that could be used, no cap is counted, nothing is noted. Raises CommandError.
    """
    policy, registrar, tally = authority.policy.with_profile(profile), authority.registrar, Tally()
    rows = read_export(path, *more, policy=policy, now=now, most_lines=most_lines)
    with authority.store.trial(now, forgotten=(Kind.CODE,)) as trial:
        for done, row in enumerate(rows, 1):
            became = take_row(trial, registrar, row, now)
            tally.count(became)
            told(_would(row, became))
            if done % CHUNK == 0:
                progress(done)
    return tally.summary(rows)


def _would(row: ExportRow | Rejected, became: Became) -> Would:
    if isinstance(row, Rejected):
        return Would(row.line, row.reason.value, file=row.file)
    return Would(row.line, _name(became), row.evidence, row.file)


def _name(became: Became) -> str:
    match became:
        case IssuedCode():
            return "code"
        case Withdrawn():
            return "withdrawal"
        case _:
            return "repeated"
