"""An export goes in; codes come out in a file, and nothing is lost or given twice."""

import csv
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from issuer.intake.register import COLUMNS, run_intake
from issuer.intake.rows import IntakeSummary
from schemas.activation import parse_activation_url
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from tests.support.fhir_export import PERSON, bundle, ndjson, patient, swab
from tests.support.issuers import URL, Service
from tests.support.lab_export import (
    NOW,
    PCR,
    local,
    make_big_export,
    make_iin,
    make_row,
    write_text,
)
from tests.support.statements import begin_with_sunset


@pytest.fixture
def issuer(found: Callable[..., Service]) -> Service:
    """An issuer on the day of the exports."""
    service = found(hint="month")
    begin_with_sunset(service, NOW + 30 * DAY)
    service.clock.now = NOW
    return service


def write(path: Path, rows: list[list[str]]) -> Path:
    path.write_text(write_text(rows), encoding="windows-1251")
    return path


def take(issuer: Service, export: Path, out: Path) -> IntakeSummary:
    done = [0]
    summary = run_intake(issuer.authority, None, export, out, now=issuer.now, progress=done.append)
    assert done[-1] == summary.rows
    return summary


def read(out: Path) -> list[dict[str, str]]:
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_becomes_a_code_or_a_withdrawal_or_is_counted(
    issuer: Service, tmp_path: Path
) -> None:
    export = make_big_export(600)
    path = tmp_path / "export.csv"
    path.write_text(export.text, encoding="windows-1251")
    summary = take(issuer, path, tmp_path / "codes.csv")
    assert summary.rows == 600
    assert summary.rows == sum(
        (summary.codes, summary.withdrawals, summary.repeated, len(summary.rejected))
    )
    assert len(summary.rejected) == export.reasons.total()
    assert summary.repeated == export.repeated
    assert summary.withdrawals > 0
    assert len(read(tmp_path / "codes.csv")) == summary.codes


def test_a_code_stands_with_its_line_link_and_end(issuer: Service, tmp_path: Path) -> None:
    rows = [make_row(0), make_row(1, kind="?"), make_row(2, kind="Справка", result="нет данных")]
    take(issuer, write(tmp_path / "export.csv", rows), tmp_path / "codes.csv")
    codes = read(tmp_path / "codes.csv")
    assert [(row["line"], row["expires_at"]) for row in codes] == [
        ("2", format_time(NOW + 72 * HOUR)),
        ("4", format_time(NOW + 72 * HOUR)),
    ]
    assert tuple(codes[0]) == COLUMNS
    for row, status in zip(codes, ("green", "blue"), strict=True):
        link = parse_activation_url(row["activation_url"])
        assert (link.issuer, link.code) == (URL, row["code"].replace("-", ""))
        wallet = issuer.wallet()
        assert wallet.activate(row["code"]).status == 200
        assert (wallet.claims["status"], wallet.claims["holder"]) == (status, "03")


def test_a_positive_result_withdraws(issuer: Service, tmp_path: Path) -> None:
    row = make_row(0)
    take(issuer, write(tmp_path / "first.csv", [row]), tmp_path / "first codes.csv")
    (code,) = read(tmp_path / "first codes.csv")
    wallet = issuer.wallet()
    wallet.activate(code["code"])
    positive = make_row(0, kind=PCR, result="положительный", date=local(0.5))
    summary = take(issuer, write(tmp_path / "second.csv", [positive]), tmp_path / "none.csv")
    assert (summary.codes, summary.withdrawals) == (0, 1)
    assert wallet.post("/v1/me", {"entitlement": wallet.entitlement}).json["held"] == [
        {"what": "withdrawal", "dies": format_time(NOW - 12 * HOUR + 10 * DAY)}
    ]


def test_the_same_export_again_gives_no_code_twice(issuer: Service, tmp_path: Path) -> None:
    export = write(tmp_path / "export.csv", [make_row(number) for number in range(20)])
    assert take(issuer, export, tmp_path / "first.csv").codes == 20
    summary = take(issuer, export, tmp_path / "second.csv")
    assert (summary.codes, summary.repeated) == (0, 20)
    assert read(tmp_path / "second.csv") == []


def test_the_file_of_codes_is_private_and_new(issuer: Service, tmp_path: Path) -> None:
    export = write(tmp_path / "export.csv", [make_row(0)])
    out = tmp_path / "codes.csv"
    take(issuer, export, out)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    before = out.read_bytes()
    with pytest.raises(CommandError, match=r"codes\.csv exists and is never overwritten; choose"):
        take(issuer, export, out)
    assert out.read_bytes() == before


def test_a_link_in_the_place_of_the_file_is_not_followed(issuer: Service, tmp_path: Path) -> None:
    export = write(tmp_path / "export.csv", [make_row(0)])
    (tmp_path / "link.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(CommandError, match="is never overwritten"):
        take(issuer, export, tmp_path / "link.csv")
    assert not (tmp_path / "elsewhere.csv").exists()


def test_an_export_that_cannot_be_read_makes_no_file(issuer: Service, tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    for name in ("missing.csv", "empty.csv"):
        with pytest.raises(CommandError):
            take(issuer, tmp_path / name, tmp_path / "codes.csv")
    assert not (tmp_path / "codes.csv").exists()


def test_a_file_that_nothing_was_registered_with_is_told_apart(
    issuer: Service, tmp_path: Path
) -> None:
    export = write(tmp_path / "export.csv", [make_row(0, iin="123")])
    summary = take(issuer, export, tmp_path / "codes.csv")
    assert [(entry.line, entry.reason.value) for entry in summary.rejected] == [(2, "bad_iin")]
    assert (tmp_path / "codes.csv").read_text().splitlines() == [",".join(COLUMNS)]


def test_positive_results_stand_first_among_those_rejected(issuer: Service, tmp_path: Path) -> None:
    rows = [
        make_row(0, kind="?"),
        make_row(1, iin="123"),
        make_row(2, kind=PCR, result="положительный", iin="123"),
        make_row(3, kind="Контакт", result="зарегистрирован", date="?"),
        make_row(4)[:5],
    ]
    summary = take(issuer, write(tmp_path / "export.csv", rows), tmp_path / "codes.csv")
    told = [(entry.line, entry.reason.value, entry.withdraws) for entry in summary.rejected]
    assert told == [
        (4, "bad_iin", True),
        (5, "bad_date", True),
        (3, "bad_iin", False),
        (2, "unknown_kind", None),
        (6, "missing_columns", None),
    ]


def test_the_same_result_as_a_table_and_as_fhir_has_one_code(
    issuer: Service, tmp_path: Path
) -> None:
    table = write(tmp_path / "export.csv", [make_row(0, iin=PERSON, date="20.11.2026 10:00")])
    assert take(issuer, table, tmp_path / "1").codes == 1
    for number, time in enumerate(("10:00:00+05:00", "05:00:17Z", None), 2):
        taken = "2026-11-20" if time is None else f"2026-11-20T{time}"
        path = tmp_path / "export.json"
        path.write_text(bundle(patient(), swab(effectiveDateTime=taken)))
        summary = take(issuer, path, tmp_path / str(number))
        assert (summary.codes, summary.repeated, summary.others) == (0, 1, 1)


def test_fhir_files_of_one_export_are_read_together(issuer: Service, tmp_path: Path) -> None:
    people, results = tmp_path / "Patient.ndjson", tmp_path / "Observation.ndjson"
    people.write_text(ndjson(patient()))
    results.write_text(ndjson(swab("?"), swab()))
    for number, (path, other) in enumerate(((results, people), (people, results)), 1):
        out = tmp_path / f"{number}.csv"
        summary = run_intake(issuer.authority, None, path, out, other, now=NOW, progress=id)
        place = 1 if path is results else 2
        assert [(entry.file, entry.line) for entry in summary.rejected] == [(place, 1)]
        assert (summary.rows, summary.others) == (2, 1)
        if number == 1:
            assert [row["line"] for row in read(out)] == ["1:2"]
    table = write(tmp_path / "export.csv", [make_row(0)])
    with pytest.raises(CommandError, match=r"export\.csv is no FHIR; only the FHIR files of one"):
        run_intake(issuer.authority, None, people, out, table, now=NOW, progress=id)


def test_codes_are_in_the_file_before_they_are_valid(
    issuer: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.intake.register.CHUNK", 3)
    export = write(tmp_path / "export.csv", [make_row(number) for number in range(10)])
    done: list[int] = []

    def stop(more: int) -> None:
        done.append(more)
        if len(done) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_intake(issuer.authority, None, export, tmp_path / "first.csv", now=NOW, progress=stop)
    first = read(tmp_path / "first.csv")
    assert len(first) == 6
    rest = take(issuer, export, tmp_path / "second.csv")
    assert (rest.repeated, rest.codes) == (6, 4)
    for row in first + read(tmp_path / "second.csv"):
        assert issuer.wallet().activate(row["code"]).status == 200


def test_a_chunk_that_fails_registers_nothing_and_can_be_taken_again(
    issuer: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = write(tmp_path / "export.csv", [make_row(number) for number in range(5)])
    register = issuer.authority.registrar.__class__.register
    calls: list[int] = []

    def fail_at_the_fourth(*arguments: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 4:
            raise ApiProblem(Problem.INVALID)
        return register(*arguments, **more)

    with monkeypatch.context() as broken:
        broken.setattr(issuer.authority.registrar.__class__, "register", fail_at_the_fourth)
        with pytest.raises(ApiProblem):
            take(issuer, export, tmp_path / "first.csv")
    assert {entry.held for entry in issuer.authority.store.census(NOW)} == {0}
    assert take(issuer, export, tmp_path / "second.csv").codes == 5


def test_no_name_phone_or_iin_leaves_the_export(issuer: Service, tmp_path: Path) -> None:
    iin = make_iin("880317", 12)
    row = make_row(0, iin=iin)
    take(issuer, write(tmp_path / "export.csv", [row]), tmp_path / "codes.csv")
    issuer.close()
    secrets = [row[1], row[2], iin, iin[:6]]
    files = [path for path in issuer.home.path.rglob("*") if path.is_file()]
    for path in [*files, tmp_path / "codes.csv"]:
        content = path.read_bytes()
        for secret in secrets:
            for encoding in ("utf-8", "windows-1251", "utf-16-le"):
                assert secret.encode(encoding) not in content, path.name
    issuer.open()
