"""What an uploaded export leaves for an hour: how far it is, its report, its codes.

Each job has three files in ``no-backup/jobs``: ``ID.json``, ``ID.csv`` (the codes) and ``ID.lock``,
which whoever works on the job holds, so that any process can tell a job that was cut off from one
that runs. The id is random and known only to the session that began the job.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from issuer.home import Home
from schemas.codec import from_json, to_json
from schemas.errors import Refusal
from schemas.kinds import HOUR
from shell.files import (
    destroy,
    locked,
    make_private_directory,
    read_private,
    remove_drafts,
    write_private,
)

JOB_PERIOD = HOUR
MOST_JOBS = 2
"""That run at once."""

_ID = re.compile(r"[A-Za-z0-9_-]{22}\Z")
_PIECE = 64 * 1024


class Phase(StrEnum):
    """How far a job is. The codes can be fetched in the last three."""

    READING = "reading"
    REGISTERING = "registering"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def is_running(self) -> bool:
        return self in (Phase.READING, Phase.REGISTERING)


class JobFault(StrEnum):
    """Why nothing can be done with a job."""

    UNKNOWN = "unknown"
    BUSY = "busy"
    RUNNING = "running"


class JobRefused(Refusal[JobFault]):
    """A job cannot be begun, shown or fetched: ``fault`` says why."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as it stands: times in Unix seconds, ``rejected`` as pairs of line and reason.

    Where several files were sent, ``files`` are the numbers of those that the rejected lines are
    of. ``rows`` are those done; the other numbers are known when it is done. The first ``positive``
    of those rejected are results that withdraw; ``others`` are resources that are no results.
    ``fault`` is a sentence for a person where it failed, ``form`` what a file looks like that is
    neither a table nor FHIR. A dry run has no codes, but ``would``: the first lines, and what they
    would become.
    """

    account: int
    expires_at: int
    phase: Phase = Phase.READING
    rows: int = 0
    codes: int = 0
    withdrawals: int = 0
    repeated: int = 0
    rejected: tuple[tuple[int, str], ...] = ()
    files: tuple[int, ...] = ()
    positive: int = 0
    others: int = 0
    is_fhir: bool = False
    is_dry: bool = False
    would: tuple[tuple[str, str], ...] = ()
    fault: str | None = None
    form: str | None = None


@dataclass(frozen=True)
class JobFiles:
    """Where the files of one job are."""

    folder: Path
    id: str

    @property
    def state(self) -> Path:
        return self.folder / f"{self.id}.json"

    @property
    def codes(self) -> Path:
        return self.folder / f"{self.id}.csv"

    @property
    def lock(self) -> Path:
        return self.folder / f"{self.id}.lock"

    def save(self, job: Job) -> None:
        write_private(self.state, to_json(job))

    def load(self) -> Job | None:
        with suppress(FileNotFoundError, ValueError):
            return from_json(Job, read_private(self.state))
        return None

    def destroy(self) -> None:
        """The codes first, so that nothing is left of them where the rest fails."""
        for path in (self.codes, self.state):
            destroy(path)
        self.lock.unlink(missing_ok=True)


def jobs_folder(home: Home) -> Path:
    return home.perishable / "jobs"


def new_job(home: Home) -> JobFiles:
    make_private_directory(jobs_folder(home), in_backups=False)
    return JobFiles(jobs_folder(home), secrets.token_urlsafe(16))


def slot_lock(home: Home, number: int) -> Path:
    return jobs_folder(home) / f"slot-{number}"


def read_job(home: Home, job_id: str, *, account: int, now: int) -> Job:
    """The job as it stands at ``now``; one whose process is gone is ``interrupted``.

    Raises JobRefused ``unknown`` also for the job of another account, or one that is over.
    """
    files, job = _find(home, job_id, account, now)
    if not job.phase.is_running:
        return job
    with locked(files.lock, wait=False) as free:
        if not free:
            return job
        job = files.load() or job
    # It may have ended while we looked; whatever still says it runs was cut off.
    return replace(job, phase=Phase.INTERRUPTED) if job.phase.is_running else job


class CodesDownload:
    """A job's codes, ``size`` bytes, while they are sent. They stay until :func:`discard_job`."""

    def __init__(self, file: BinaryIO) -> None:
        self.size = os.fstat(file.fileno()).st_size
        self._file = file

    def pieces(self) -> Iterator[bytes]:
        """The codes; the file is closed however the iteration ends."""
        with self._file:
            while piece := self._file.read(_PIECE):
                yield piece

    def close(self) -> None:
        self._file.close()


def fetch_codes(home: Home, job_id: str, *, account: int, now: int) -> CodesDownload:
    """Begin a download, of as many as are needed. Raises JobRefused ``unknown`` or ``running``."""
    try:
        return CodesDownload(_ended(home, job_id, account, now).codes.open("rb"))
    except FileNotFoundError:  # It failed before its first row.
        raise JobRefused(JobFault.UNKNOWN) from None


def discard_job(home: Home, job_id: str, *, account: int, now: int) -> None:
    """Destroy the codes and the report: whoever uploaded has them.

    No line tells a server that what it sent has arrived, so only they can say so. Raises JobRefused
    ``unknown`` or ``running``.
    """
    _ended(home, job_id, account, now).destroy()


def _ended(home: Home, job_id: str, account: int, now: int) -> JobFiles:
    if read_job(home, job_id, account=account, now=now).phase.is_running:
        raise JobRefused(JobFault.RUNNING)
    return JobFiles(jobs_folder(home), job_id)


def sweep_jobs(home: Home, now: int, *, everyone: bool = False) -> int:
    """Destroy what is over at ``now``, or all that does not run; how many jobs that were.

    A download that is still going on when its hour is over gets no more codes.
    """
    folder = jobs_folder(home)
    names = {path.stem for path in folder.glob("*.*")} if folder.exists() else set()
    swept = sum(_sweep(JobFiles(folder, name), now, everyone) for name in sorted(names))
    if folder.exists():
        _sweep_drafts(home)
    return swept


def overdue_jobs(home: Home, due: int) -> int:
    """How many jobs should have gone by ``due`` and are still there; nothing is changed.

    Where a state is lost or damaged nothing says when the job began, so its files count by when
    they were written.
    """
    names = {path.stem for path in jobs_folder(home).glob("*.*")}
    found = [JobFiles(jobs_folder(home), name) for name in names if _ID.match(name)]
    return sum(_is_overdue(files, due) for files in found)


def _is_overdue(files: JobFiles, due: int) -> bool:
    job = files.load()
    if job is not None:
        return job.expires_at <= due
    written = []
    for path in (files.state, files.codes):
        with suppress(FileNotFoundError):
            written.append(path.stat().st_mtime)
    return bool(written) and max(written) <= due


def _sweep(files: JobFiles, now: int, everyone: bool) -> bool:
    if not _ID.match(files.id):
        return False
    with locked(files.lock, wait=False) as free:
        job = files.load()
        if not free or (job is not None and not everyone and now < job.expires_at):
            return False
        files.destroy()
    return job is not None


def _sweep_drafts(home: Home) -> None:
    """Remove what writers left that were killed, when nobody can be writing."""
    with ExitStack() as stack:
        locks = [slot_lock(home, number) for number in range(MOST_JOBS)]
        if all(stack.enter_context(locked(lock, wait=False)) for lock in locks):
            remove_drafts(jobs_folder(home))


def _find(home: Home, job_id: str, account: int, now: int) -> tuple[JobFiles, Job]:
    files = JobFiles(jobs_folder(home), job_id)
    job = files.load() if _ID.match(job_id) else None
    if job is None or job.account != account or job.expires_at <= now:
        raise JobRefused(JobFault.UNKNOWN)
    return files, job
