"""A laboratory's export, uploaded: progress while it is taken, the report, the codes once."""

import csv
from io import StringIO
from typing import Any

from starlette.responses import Response, StreamingResponse

from issuer.console.desk import Desk, Page
from issuer.intake.job_files import Job, JobRefused, Phase, discard_job, fetch_codes, read_job
from issuer.intake.jobs import start_job
from issuer.intake.upload import Upload
from issuer.oversight.audit import Action
from issuer.staff_actions import ROLES
from shell.pages import HEADERS, redirect

REFRESH_SECONDS = 2
LINES_SHOWN = 1000
"""Of those rejected, at least; results that withdraw are all shown."""

DIFFER_IN_FHIR = ("missing_columns", "bad_iin", "unknown_kind", "bad_date")


def show(desk: Desk) -> Response:
    return desk.page("upload.html", problem=None)


def take(desk: Desk, upload: Upload) -> Response:
    """Begin a job with what has arrived; the upload is closed in every case."""
    try:
        is_dry = bool(upload.fields.get("dry_run"))
        job = start_job(desk.authority, upload, account=desk.account, now=desk.now, is_dry=is_dry)
    except JobRefused as refused:
        return refuse(desk, f"job_{refused.fault}", status=409)
    return redirect(f"/console/uploads/{job}")


def refuse(desk: Desk, problem: str, *, status: int) -> Response:
    """The form once more, with what is wrong and what to do."""
    return desk.page("upload.html", status=status, problem=desk.say(problem))


def show_job(desk: Desk) -> Response:
    """How far it is; once it has ended, its report and the way to its codes."""
    try:
        job = _read(desk)
    except JobRefused as refused:
        return desk.refuse(f"job_{refused.fault}", status=404)
    headers = {"Refresh": str(REFRESH_SECONDS)} if job.phase.is_running else {}
    return desk.page("job.html", headers=headers, **_values(desk, job))


def fetch(desk: Desk) -> Response:
    """The codes, as often as they are asked for until they are discarded."""
    try:
        download = fetch_codes(
            desk.authority.home, desk.params["job"], account=desk.account.number, now=desk.now
        )
    except JobRefused as refused:
        return desk.refuse(f"job_{refused.fault}", status=404)
    headers = HEADERS | {
        "Content-Disposition": 'attachment; filename="codes.csv"',
        "Content-Length": str(download.size),
    }
    return StreamingResponse(download.pieces(), media_type="text/csv", headers=headers)


def fetch_rejected(desk: Desk) -> Response:
    """All rejected lines with their reasons, as a table to hand to the laboratory."""
    try:
        job = _read(desk)
    except JobRefused as refused:
        return desk.refuse(f"job_{refused.fault}", status=404)
    table = StringIO()
    rows = csv.writer(table)
    rows.writerow(("line", "reason", "text"))
    rows.writerows((place, reason, _reason(desk, job, reason)) for place, reason in _rejected(job))
    headers = HEADERS | {"Content-Disposition": 'attachment; filename="rejected.csv"'}
    # A spreadsheet knows UTF-8 by its mark.
    return Response("\ufeff" + table.getvalue(), media_type="text/csv", headers=headers)


def _read(desk: Desk) -> Job:
    return read_job(
        desk.authority.home, desk.params["job"], account=desk.account.number, now=desk.now
    )


def _values(desk: Desk, job: Job) -> dict[str, Any]:
    shown = max(LINES_SHOWN, job.positive)
    rejected = [
        {"line": place, "reason": _reason(desk, job, reason), "withdraws": number < job.positive}
        for number, (place, reason) in enumerate(_rejected(job)[:shown])
    ]
    is_tried = job.is_dry and job.phase is Phase.DONE
    return {
        "job": job,
        "is_running": job.phase.is_running,
        "is_whole": job.phase is Phase.DONE,
        "phase": desk.say("phase_dry" if is_tried else f"phase_{job.phase}"),
        "rejected": rejected,
        "more": len(job.rejected) - len(rejected),
        "would": [
            {"line": line, "becomes": _becomes(desk, job, becomes)} for line, becomes in job.would
        ],
        "fetch": f"{desk.path}/codes",
        "all_rejected": f"{desk.path}/rejected",
    }


def _reason(desk: Desk, job: Job, reason: str) -> str:
    """In words of the file's form."""
    differs = job.is_fhir and reason in DIFFER_IN_FHIR
    return desk.say(f"reject_{reason}_fhir" if differs else f"reject_{reason}")


def _rejected(job: Job) -> list[tuple[str, str]]:
    """Places and reasons; a place names its file where there are several."""
    files = job.files or (0,) * len(job.rejected)
    return [
        (f"{file}:{line}" if file else str(line), reason)
        for file, (line, reason) in zip(files, job.rejected, strict=True)
    ]


def _becomes(desk: Desk, job: Job, becomes: str) -> str:
    is_taken = becomes in ("code", "withdrawal", "repeated")
    return desk.say(f"would_{becomes}") if is_taken else _reason(desk, job, becomes)


def discard(desk: Desk) -> Response:
    """The registrar has the codes: nothing of the upload is left here."""
    try:
        discard_job(
            desk.authority.home, desk.params["job"], account=desk.account.number, now=desk.now
        )
    except JobRefused as refused:
        return desk.refuse(f"job_{refused.fault}", status=404)
    return desk.done("codes_discarded")


PAGE = Page("/console/upload", "upload", ROLES[Action.UPLOAD], show)
JOB_PAGE = Page("/console/uploads/{job}", "", ROLES[Action.UPLOAD], show_job)
REJECTED_PAGE = Page("/console/uploads/{job}/rejected", "", ROLES[Action.UPLOAD], fetch_rejected)
CODES_PAGE = Page("/console/uploads/{job}/codes", "", ROLES[Action.UPLOAD], fetch, discard)
