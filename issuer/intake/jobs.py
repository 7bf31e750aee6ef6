"""Uploaded exports are taken in threads of the serving process, two at a time."""

from contextlib import ExitStack, suppress
from dataclasses import replace
from threading import Thread

from issuer.authority import Authority
from issuer.intake.dry_run import Would, dry_run
from issuer.intake.forms import WrongForm
from issuer.intake.job_files import (
    JOB_PERIOD,
    MOST_JOBS,
    Job,
    JobFault,
    JobFiles,
    JobRefused,
    Phase,
    new_job,
    slot_lock,
)
from issuer.intake.register import run_intake
from issuer.intake.rows import IntakeSummary
from issuer.intake.upload import Upload
from issuer.staff import Account
from schemas.problems import ApiProblem
from shell.errors import CommandError, place_of
from shell.files import locked

OVER_CAP = (
    "more withdrawals were uploaded today than the policy allows (uploaded_withdrawals_per_day); "
    "let an officer look at them; what was done so far counts"
)

LINES_TOLD = 1000
"""Of what a dry run says of each line."""

MOST_LINES = 200_000
"""Of an uploaded table: 100,000 rows, and room for empty lines and cells with line ends."""


def start_job(
    authority: Authority, upload: Upload, *, account: Account, now: int, is_dry: bool = False
) -> str:
    """Take the upload in a thread; the id under which ``issuer.intake.job_files`` tells of it.

    With ``is_dry`` nothing is registered: only what would become of each row is told.

    The account's cap on withdrawals ends the job. The upload is closed when the job ends, and at
    once when this raises: JobRefused ``busy`` while two others run.
    """
    with ExitStack() as stack:
        stack.callback(upload.close)
        files = new_job(authority.home)
        _take_slot(authority, stack)
        stack.enter_context(locked(files.lock))
        job = Job(account=account.number, expires_at=now + JOB_PERIOD, is_dry=is_dry)
        files.save(job)
        # A server that stops does not wait for it: what was done is kept, the rest is told.
        thread = Thread(
            target=_work,
            args=(_Work(authority, account, upload, files, job, now), stack.pop_all()),
            daemon=True,
        )
        thread.start()
    return files.id


def _take_slot(authority: Authority, stack: ExitStack) -> None:
    for number in range(MOST_JOBS):
        if stack.enter_context(locked(slot_lock(authority.home, number), wait=False)):
            return
    raise JobRefused(JobFault.BUSY)


class _Work:
    """One job while it runs."""

    def __init__(
        self,
        authority: Authority,
        account: Account,
        upload: Upload,
        files: JobFiles,
        job: Job,
        now: int,
    ) -> None:
        self._authority, self._account, self.upload = authority, account, upload
        self._files, self._job, self._now = files, job, now

    def run(self) -> None:
        try:
            summary = self._try() if self._job.is_dry else self._take()
        except ApiProblem:
            self._fail(OVER_CAP)
        except WrongForm as error:
            self._save(replace(self._job, phase=Phase.FAILED, form=error.fault.value))
        except CommandError as error:
            # The file has no name of its own; where it is in memory is not to be told.
            self._fail(_unnamed(error.message, self.upload))
        except Exception as error:  # noqa: BLE001 - whatever it is, the job has ended and says so.
            self._fail(f"the program failed ({place_of(error)}); the codes so far can be fetched")
        else:
            self._save(_done(self._job, summary))

    def _take(self) -> IntakeSummary:
        first, *more = self.upload.paths
        return run_intake(
            self._authority,
            self._account,
            first,
            self._files.codes,
            *more,
            now=self._now,
            progress=self._count,
            most_lines=MOST_LINES,
            profile=self._account.profile,
        )

    def _try(self) -> IntakeSummary:
        first: list[tuple[str, str]] = []

        def hear(would: Would) -> None:
            if len(first) < LINES_TOLD:
                first.append((would.place, would.becomes))

        summary = dry_run(
            self._authority,
            *self.upload.paths,
            now=self._now,
            progress=self._count,
            told=hear,
            most_lines=MOST_LINES,
            profile=self._account.profile,
        )
        self._job = replace(self._job, would=tuple(first))
        return summary

    def _count(self, done: int) -> None:
        self._save(replace(self._job, phase=Phase.REGISTERING, rows=done))

    def _fail(self, fault: str) -> None:
        self._save(replace(self._job, phase=Phase.FAILED, fault=fault))

    def _save(self, job: Job) -> None:
        self._job = job
        self._files.save(job)


def _work(work: _Work, held: ExitStack) -> None:
    # Where even the state cannot be written, on a full disk, the lock alone tells the end.
    with held, suppress(OSError), work.upload:
        work.run()


def _unnamed(message: str, upload: Upload) -> str:
    """The message without where in memory a file is."""
    paths = upload.paths
    for number, path in enumerate(paths, 1):
        name = "the file" if len(paths) == 1 else f"file {number}"
        message = message.replace(str(path), name)
    return message


def _done(job: Job, summary: IntakeSummary) -> Job:
    return replace(
        job,
        phase=Phase.DONE,
        rows=summary.rows,
        codes=summary.codes,
        withdrawals=summary.withdrawals,
        repeated=summary.repeated,
        rejected=tuple((entry.line, entry.reason.value) for entry in summary.rejected),
        files=tuple(entry.file for entry in summary.rejected if entry.file),
        positive=sum(entry.withdraws is True for entry in summary.rejected),
        others=summary.others,
        is_fhir=summary.is_fhir,
    )
