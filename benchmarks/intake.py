"""How long results take as an upload, and how much memory; as a table and as FHIR."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.server import found
from shell.clock import system_clock
from tests.support.fhir_export import patient, swab
from tests.support.lab_export import HEADER, local, make_iin, make_row

ROWS = 100_000
BULK_ROWS = 200_000
"""Of a bulk export: each with a Patient and a Specimen of its own."""

MOST_SECONDS = 60.0
MOST_MEGABYTES = 120.0

UPLOADING = """
import json, os, sys, time
from pathlib import Path
from benchmarks.server import peak_megabytes
from issuer.authority import Authority
from issuer.home import Home
from issuer.intake.job_files import fetch_codes, read_job
from issuer.intake.jobs import start_job
from issuer.intake.upload import Upload
from issuer.staff import Account, Role
home, export, now = Home(Path(sys.argv[1])), Path(sys.argv[2]), int(sys.argv[3])
upload = Upload.empty()
with export.open("rb") as file:
    while data := file.read(65536):
        upload.write(data)
start = time.monotonic()
account = Account(1, "Laboratory", Role.REGISTRAR, 0)
job_id = start_job(Authority.open(home), upload, account=account, now=now)
while (job := read_job(home, job_id, account=1, now=now)).phase.is_running:
    time.sleep(0.5)
seconds = time.monotonic() - start
fetched = sum(map(len, fetch_codes(home, job_id, account=1, now=now).pieces()))
peak = peak_megabytes(os.getpid())
print(json.dumps({"seconds": seconds, "cpu": time.process_time(), "peak": peak, "bytes": fetched,
                  "codes": job.codes, "rejected": len(job.rejected), "fault": job.fault}))
"""


def run() -> list[Figure]:
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        now = system_clock()
        for name, rows, lines in (
            ("table", ROWS, table(ROWS, now)),
            ("FHIR Bundle", ROWS, bundle(ROWS, now)),
            ("FHIR bulk export", BULK_ROWS, bulk(BULK_ROWS, now)),
        ):
            home, export = Path(folder) / name, Path(folder) / f"{name}.export"
            found(home)
            with export.open("w", encoding="utf-8") as file:
                file.writelines(lines)
            told = upload(home, export, now)
            if told["codes"] != rows:
                raise RuntimeError("not every result became a code")
            what = f"{rows:,} results uploaded as a {name}"
            figures += [
                Figure(what, told["seconds"], "s", MOST_SECONDS),
                Figure(f"{what}, CPU time", told["cpu"], "s"),
                Figure(f"{what}, peak", told["peak"], "MB", MOST_MEGABYTES),
            ]
    return figures


def upload(home: Path, export: Path, now: int) -> dict[str, float]:
    """What a process of its own tells of taking the export."""
    call = [sys.executable, "-c", UPLOADING, str(home), str(export), str(now)]
    done = subprocess.run(call, check=True, capture_output=True, text=True)
    told: dict[str, float] = json.loads(done.stdout)
    return told


def table(rows: int, now: int) -> Iterator[str]:
    """A laboratory's table of negative tests of a day ago, each of another person."""
    yield ";".join(HEADER) + "\r\n"
    for number in range(rows):
        row = make_row(number, iin=_iin(number), date=local(1, now=now))
        yield ";".join(row) + "\r\n"


def bundle(rows: int, now: int) -> Iterator[str]:
    """The same as one Bundle, with a Patient for each result."""
    taken = _taken(now)
    yield '{"resourceType": "Bundle", "type": "collection", "entry": ['
    for number in range(rows):
        person = patient(str(number), _iin(number), name=[{"text": "Вымышленный Пациент"}])
        result = swab(subject={"reference": f"Patient/{number}"}, effectiveDateTime=taken)
        for resource in (person, result):
            yield json.dumps({"resource": resource}, ensure_ascii=False)
            yield ",\n" if resource is person or number < rows - 1 else "\n"
    yield "]}"


def bulk(rows: int, now: int) -> Iterator[str]:
    """The same as NDJSON, with a Patient and a Specimen for each result."""
    taken = _taken(now)
    for number in range(rows):
        named = {"subject": {"reference": f"Patient/{number}"}, "id": str(number)}
        specimen = {"resourceType": "Specimen", "collection": {"collectedDateTime": taken}}
        result = swab(effectiveDateTime=None, specimen={"reference": f"Specimen/{number}"}, **named)
        for resource in (result, specimen | named, patient(str(number), _iin(number))):
            yield json.dumps(resource) + "\n"


def _taken(now: int) -> str:
    """A day ago, as FHIR writes it."""
    day = local(1, now=now)
    return f"{day[6:10]}-{day[3:5]}-{day[:2]}T{day[11:]}:00+05:00"


def _iin(number: int) -> str:
    """Of another person for each number."""
    day, serial = divmod(number, 4000)
    return make_iin(f"{60 + day % 40}03{1 + day % 28:02}", 2 * serial)
