"""Uploads as jobs: progress, report, one download, and nothing after an hour."""

import csv
import io
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from issuer.intake import jobs
from issuer.intake.job_files import (
    CodesDownload,
    Job,
    JobFault,
    JobFiles,
    JobRefused,
    Phase,
    discard_job,
    fetch_codes,
    jobs_folder,
    read_job,
    sweep_jobs,
)
from issuer.intake.jobs import start_job
from issuer.intake.register import CHUNK
from issuer.intake.rows import IntakeSummary
from issuer.intake.upload import Upload
from issuer.oversight.audit import Audit
from issuer.retention import overdue, run_retention
from issuer.staff import Account, Role
from schemas.kinds import DAY, HOUR, MINUTE, Kind
from shell.errors import CommandError
from shell.files import locked
from tests.support.fhir_export import bundle, ndjson, patient, swab
from tests.support.issuers import Service
from tests.support.lab_export import NOW, make_big_export, make_row, write_text
from tests.support.statements import begin_with_sunset
from tests.support.waiting import wait_until

ACCOUNT = 1
FORMULA = tuple("=+-@\t\r")


@pytest.fixture
def issuer(found: Callable[..., Service]) -> Service:
    """An issuer on the day of the exports."""
    service = found(hint="month")
    begin_with_sunset(service, NOW + 30 * DAY)
    service.clock.now = NOW
    return service


def upload(content: str | bytes) -> Upload:
    made = Upload.empty()
    made.write(content if isinstance(content, bytes) else content.encode())
    return made


def laboratory(issuer: Service) -> Account:
    """The account of whoever uploads."""
    issuer.staff(Role.REGISTRAR)
    [account] = issuer.authority.staff.accounts()
    assert account.number == ACCOUNT
    return account


def start(issuer: Service, content: str | bytes) -> str:
    return start_job(issuer.authority, upload(content), account=laboratory(issuer), now=NOW)


def state(issuer: Service, job: str, **changed: int) -> Job:
    return read_job(issuer.home, job, **({"account": ACCOUNT, "now": NOW} | changed))


def finish(issuer: Service, job: str) -> Job:
    wait_until(lambda: not state(issuer, job).phase.is_running, "the end of a job")
    with locked(JobFiles(jobs_folder(issuer.home), job).lock):
        return state(issuer, job)


def fetch(issuer: Service, job: str, **changed: int) -> CodesDownload:
    return fetch_codes(issuer.home, job, **({"account": ACCOUNT, "now": NOW} | changed))


def fault(call: Callable[..., Any], *given: Any, **more: Any) -> JobFault:
    with pytest.raises(JobRefused) as caught:
        call(*given, **more)
    return caught.value.fault


def files(issuer: Service) -> list[str]:
    return sorted(
        path.suffix for path in jobs_folder(issuer.home).glob("*.*") if path.suffix != ".TAG"
    )


def table(rows: int = 3) -> str:
    return write_text([make_row(number) for number in range(rows)])


def test_a_job_ends_with_its_report_and_its_codes(issuer: Service) -> None:
    export = make_big_export(600)
    job = start(issuer, export.text)
    found = finish(issuer, job)
    assert (found.phase, found.rows, found.repeated) == (Phase.DONE, 600, export.repeated)
    assert found.codes + found.withdrawals + found.repeated + len(found.rejected) == found.rows
    assert {reason for _, reason in found.rejected} == set(export.reasons)
    data = b"".join(fetch(issuer, job).pieces()).decode()
    codes = list(csv.DictReader(io.StringIO(data)))
    assert len(codes) == found.codes
    assert issuer.wallet().activate(codes[0]["code"]).status == 200


def test_a_fhir_bundle_is_taken_too(issuer: Service) -> None:
    found = finish(issuer, start(issuer, bundle(patient(), swab(), swab(status="draft"))))
    assert (found.codes, found.rejected, found.others) == (1, ((3, "not_final"),), 1)


def test_nothing_that_comes_out_begins_a_formula(issuer: Service) -> None:
    rows = [[f"{sign}1+1|cmd" for _ in make_row()] for sign in FORMULA]
    rows += [
        [make_row(n)[0], f"{sign}HYPERLINK()", *make_row(n)[2:]] for n, sign in enumerate("=+-@")
    ]
    job = start(issuer, write_text(rows))
    found = finish(issuer, job)
    data = b"".join(fetch(issuer, job).pieces()).decode()
    cells = [cell for row in csv.reader(io.StringIO(data)) for cell in row]
    cells += [str(cell) for entry in found.rejected for cell in entry]
    assert found.codes == 4
    assert len(cells) == 4 * 5 + 2 * len(found.rejected)
    assert not [cell for cell in cells if cell.startswith(FORMULA)]


def test_what_is_kept_is_private_and_the_upload_is_gone(issuer: Service) -> None:
    given = upload(table())
    job = start_job(issuer.authority, given, account=laboratory(issuer), now=NOW)
    finish(issuer, job)
    for path in jobs_folder(issuer.home).iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert given.descriptors == []
    person = make_row(0)[0].encode()
    assert not [p for p in issuer.home.path.rglob("*") if p.is_file() and person in p.read_bytes()]
    issuer.home.check()


def test_the_codes_can_be_fetched_until_somebody_says_that_they_have_arrived(
    issuer: Service,
) -> None:
    job = start(issuer, table(900))
    finish(issuer, job)
    broken = fetch(issuer, job).pieces()
    first = next(broken)
    whole = [b"".join(fetch(issuer, job).pieces()) for _ in range(2)]
    broken.close()  # type: ignore[attr-defined] # What a server does when its client is gone.
    assert whole[0] == whole[1] and whole[0].startswith(first)
    assert len(whole[0]) > len(first)
    discard_job(issuer.home, job, account=ACCOUNT, now=NOW)
    assert files(issuer) == []
    assert fault(fetch, issuer, job) is fault(state, issuer, job) is JobFault.UNKNOWN


def test_a_download_says_how_long_it_is(issuer: Service) -> None:
    job = start(issuer, table())
    finish(issuer, job)
    download = fetch(issuer, job)
    assert len(b"".join(download.pieces())) == download.size
    fetch(issuer, job).close()


def discard(issuer: Service, job: str, **changed: int) -> None:
    discard_job(issuer.home, job, **({"account": ACCOUNT, "now": NOW} | changed))


def test_a_job_is_its_accounts_only(issuer: Service) -> None:
    job = start(issuer, table())
    finish(issuer, job)
    for call in (state, fetch, discard):
        assert fault(call, issuer, job, account=ACCOUNT + 1) is JobFault.UNKNOWN
        for other in ("", "x" * 22, "../" + job, job + "\n", "../../staff"):
            assert fault(call, issuer, other) is JobFault.UNKNOWN


def test_after_an_hour_nothing_is_left(issuer: Service) -> None:
    job = start(issuer, table())
    finish(issuer, job)
    assert sweep_jobs(issuer.home, NOW + HOUR - 1) == 0
    assert state(issuer, job, now=NOW + HOUR - 1).phase is Phase.DONE
    assert fault(state, issuer, job, now=NOW + HOUR) is JobFault.UNKNOWN
    assert fault(fetch, issuer, job, now=NOW + HOUR) is JobFault.UNKNOWN
    assert run_retention(issuer.authority, NOW + HOUR)["uploads"] == 1
    assert files(issuer) == []


@pytest.mark.process
def test_what_outlives_its_hour_is_found(issuer: Service) -> None:
    finish(issuer, start(issuer, table()))
    run_retention(issuer.authority, NOW)
    found = "1 uploads, perhaps with codes, outlived their hour"
    assert found not in overdue(issuer.home, NOW + HOUR)
    assert found in overdue(issuer.home, NOW + HOUR + 2 * MINUTE)
    run_retention(issuer.authority, NOW + HOUR)
    assert overdue(issuer.home, NOW + HOUR) == []


@pytest.mark.parametrize("state", [b"{", None])
@pytest.mark.process
def test_codes_of_a_lost_or_damaged_state_are_found(issuer: Service, state: bytes | None) -> None:
    job = start(issuer, table())
    finish(issuer, job)
    run_retention(issuer.authority, NOW)
    left = JobFiles(jobs_folder(issuer.home), job)
    if state is None:
        left.state.unlink()
    else:
        left.state.write_bytes(state)
        os.utime(left.state, (NOW, NOW))
    os.utime(left.codes, (NOW, NOW))
    # A state is damaged for a moment while it is destroyed.
    assert overdue(issuer.home, NOW + MINUTE) == []
    [finding] = overdue(issuer.home, NOW + 2 * MINUTE)
    assert finding == "1 uploads, perhaps with codes, outlived their hour"


def test_at_the_sunset_jobs_go_at_once(issuer: Service) -> None:
    finish(issuer, start(issuer, table()))
    assert sweep_jobs(issuer.home, NOW + MINUTE, everyone=True) == 1
    assert files(issuer) == []


def test_what_damaged_or_lost_states_leave_goes_with_the_next_sweep(issuer: Service) -> None:
    folder = jobs_folder(issuer.home)
    one, other = start(issuer, table()), start(issuer, table())
    for job in (one, other):
        finish(issuer, job)
    JobFiles(folder, one).state.write_bytes(b"{")
    JobFiles(folder, other).state.unlink()
    (folder / ".x.json.1.abc.draft").write_bytes(b"")
    sweep_jobs(issuer.home, NOW)
    assert files(issuer) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04" + bytes(99), b"\x1f\x8b\x08" + bytes(99)])
def test_a_file_of_another_form_is_told_by_the_name_of_its_form(
    issuer: Service, content: bytes
) -> None:
    found = finish(issuer, start(issuer, content))
    assert (found.phase, found.form, found.fault) == (Phase.FAILED, "archive", None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty; export the results again"),
        (bytes(range(256)) * 99, "the file is not a text table; export the results as CSV"),
        (b"a;b\n1;2\n", "the file: line 1 names no column for iin, kind, result, date; "),
        (bundle(patient())[:-9].encode(), "the file ends in the middle of a FHIR Bundle; "),
        (b"x;y\n" * 200_001, "the file has more than 200000 lines; export the results in parts"),
    ],
    ids=["empty", "binary", "no header", "cut off", "too long"],
)
def test_a_file_that_cannot_be_taken_is_told_in_one_sentence(
    issuer: Service, content: bytes, said: str
) -> None:
    job = start(issuer, content)
    found = finish(issuer, job)
    assert found.phase is Phase.FAILED
    assert found.fault is not None
    assert found.fault.startswith(said)
    assert "/proc" not in found.fault
    assert fault(fetch, issuer, job) is JobFault.UNKNOWN


def test_a_third_job_is_refused_while_two_run(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, wait = os.pipe()
    nothing = IntakeSummary(rows=0, codes=0, withdrawals=0, repeated=0, rejected=())
    monkeypatch.setattr(jobs, "run_intake", lambda *_, **__: os.read(gate, 1) and nothing)
    running = [start(issuer, table()) for _ in range(2)]
    refused = upload(table())
    lab = laboratory(issuer)
    assert fault(start_job, issuer.authority, refused, account=lab, now=NOW) is JobFault.BUSY
    assert refused.descriptors == []
    assert [state(issuer, job).phase for job in running] == [Phase.READING] * 2
    assert fault(fetch, issuer, running[0]) is JobFault.RUNNING
    assert fault(discard, issuer, running[0]) is JobFault.RUNNING
    assert sweep_jobs(issuer.home, NOW + DAY, everyone=True) == 0
    os.write(wait, b"..")
    for job in running:
        finish(issuer, job)
    monkeypatch.undo()
    assert finish(issuer, start(issuer, table())).phase is Phase.DONE


def test_a_fault_of_the_program_ends_the_job_and_says_no_more_than_its_place(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("600317300019")

    monkeypatch.setattr(jobs, "run_intake", fail)
    found = finish(issuer, start(issuer, table()))
    assert found.phase is Phase.FAILED
    assert found.fault is not None
    assert "RuntimeError at test_jobs.py:" in found.fault
    assert "600317300019" not in found.fault


KILLED = """
import sys, time
from pathlib import Path
from issuer.authority import Authority
from issuer.home import Home
from issuer.intake import jobs, register
from issuer.intake.upload import Upload
home, export, now = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
upload = Upload.empty()
upload.write(export.read_bytes())
authority = Authority.open(Home(home))
register.CHUNK = 10
saved = jobs._Work._count
def count(self, done):
    saved(self, done)
    if self._job.rows == 30:
        print(self._files.id, flush=True)
        time.sleep(600)
jobs._Work._count = count
[account] = authority.staff.accounts()
jobs.start_job(authority, upload, account=account, now=now)
time.sleep(600)
"""


@pytest.mark.process
def test_a_job_whose_process_was_killed_is_interrupted_and_its_codes_can_be_fetched(
    issuer: Service, tmp_path: Path
) -> None:
    export = tmp_path / "export.csv"
    export.write_text(table(100))
    laboratory(issuer)
    call = [sys.executable, "-c", KILLED, str(issuer.home.path), str(export), str(NOW)]
    with subprocess.Popen(call, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        job = process.stdout.readline().strip()
        assert state(issuer, job).phase is Phase.REGISTERING
        process.send_signal(signal.SIGKILL)
    found = state(issuer, job)
    assert (found.phase, found.rows) == (Phase.INTERRUPTED, 30)
    data = b"".join(fetch(issuer, job).pieces()).decode()
    codes = list(csv.DictReader(io.StringIO(data)))
    assert len(codes) == 30
    assert issuer.wallet().activate(codes[29]["code"]).status == 200
    assert finish(issuer, start(issuer, export.read_bytes())).repeated == 30


# Caps


def positives(number: int) -> str:
    """A table of that many positive tests, of as many people."""
    return table(number).replace("отрицательный", "положительный").replace("negative", "positive")


def test_a_job_ends_where_too_many_withdrawals_were_uploaded(issuer: Service) -> None:
    caps = replace(issuer.authority.policy.caps, uploaded=CHUNK)
    policy = replace(issuer.authority.policy, caps=caps)
    issuer.authority = replace(issuer.authority, policy=policy)
    ended = finish(issuer, start(issuer, positives(2 * CHUNK)))
    assert (ended.phase, ended.rows) == (Phase.FAILED, CHUNK)
    assert noted(issuer) == [("upload", ACCOUNT, CHUNK)]
    assert "uploaded_withdrawals_per_day" in (ended.fault or "")
    held = {entry.kind: entry.held for entry in issuer.authority.store.census(NOW)}
    assert held[Kind.WITHDRAWAL] == CHUNK


# What is noted of an upload


def noted(issuer: Service) -> list[tuple[str, int, int]]:
    return [(line.action, line.account, line.total) for line in issuer.authority.audit.recent(9)]


def test_an_upload_is_one_line_of_its_account_with_its_rows(issuer: Service) -> None:
    finish(issuer, start(issuer, table()))
    finish(issuer, start(issuer, b""))
    assert noted(issuer) == [("upload", ACCOUNT, 0), ("upload", ACCOUNT, 3)]


def test_what_was_registered_counts_though_it_cannot_be_noted(
    issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise CommandError("the disk is full")

    monkeypatch.setattr(Audit, "note", fail)
    ended = finish(issuer, start(issuer, table()))
    assert (ended.phase, ended.codes) == (Phase.DONE, 3)


# Several files of one bulk export


def several(*contents: str) -> Upload:
    made = upload(contents[0])
    for content in contents[1:]:
        made.begin_file()
        made.write(content.encode())
    return made


def test_the_files_of_one_bulk_export_are_read_together(issuer: Service) -> None:
    people = ndjson(patient())
    results = ndjson(swab(), swab("?"))
    given = several(people, results)
    job = start_job(issuer.authority, given, account=laboratory(issuer), now=NOW)
    found = finish(issuer, job)
    assert (found.phase, found.codes, found.others) == (Phase.DONE, 1, 1)
    assert (found.rejected[0][0], found.files) == (2, (2,))


def test_of_several_tables_it_is_said_which_file_is_none(issuer: Service) -> None:
    given = several(ndjson(patient()), write_text([make_row(1)]))
    job = start_job(issuer.authority, given, account=laboratory(issuer), now=NOW)
    found = finish(issuer, job)
    assert found.fault == (
        "file 2 is no FHIR; only the FHIR files of one export are taken together"
    )
