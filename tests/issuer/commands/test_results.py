"""Results at the home: registered, cancelled, withdrawn and taken in from an export."""

import csv
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.activation import parse_activation_url, parse_code
from schemas.encoding import format_time, parse_time
from schemas.kinds import DAY, HOUR
from tests.support.commands import Run
from tests.support.fhir_export import bundle, ndjson, patient, swab
from tests.support.issuer_commands import AN_HOUR_AGO, PERSON, register
from tests.support.issuers import NOON, Service
from tests.support.lab_export import make_row, write_text

# Registering and cancelling


def test_register_gives_a_code(at_home: Run, issuer: Service) -> None:
    members = register(at_home, "--json").members
    assert members.keys() == {"code", "activation_url", "expires_at"}
    link = parse_activation_url(members["activation_url"])
    assert link.code == parse_code(members["code"])
    assert parse_time(members["expires_at"]) == NOON + 72 * HOUR
    assert issuer.wallet().activate(members["code"]).status == 200


def test_register_twice_is_refused(at_home: Run) -> None:
    register(at_home)
    outcome = register(at_home)
    assert (outcome.status, outcome.error) == (1, "This result was already registered.")


def test_a_positive_result_withdraws(at_home: Run) -> None:
    arguments = ("register", "--evidence", "positive", "--at", AN_HOUR_AGO, "--reference", "-")
    outcome = at_home(*arguments, "--json", given=PERSON)
    assert outcome.members == {"withdrawn_until": format_time(NOON - HOUR + 10 * DAY)}
    later = at_home(*arguments[:3], "--at", format_time(NOON), *arguments[5:], given=PERSON)
    assert later.out.startswith("No passes are issued to that person before 2026-03-27T")


@pytest.mark.parametrize(
    ("arguments", "given", "status", "line"),
    [
        (["--evidence", "fraud"], PERSON, 2, "--evidence: choose one of pcr_negative, "),
        (["--evidence", "x"], PERSON, 2, "--evidence: choose one of pcr_negative, "),
        (["--at", "yesterday"], PERSON, 2, "a time looks like 2026-03-17T09:30:00Z"),
        (["--at", "2026-03-17T09:30"], PERSON, 2, "a time looks like 2026-03-17T09:30:00Z"),
        (["--at", "2026-03-17T07:01:00Z"], PERSON, 2, "--at lies in the future"),
        (["--at", "2026-03-10T07:00:00Z"], PERSON, 2, "this evidence is too old to count"),
        (["--reference", PERSON], "", 2, "reference: write - and give it on standard input"),
        ([], "", 2, "reference: standard input was empty"),
        ([], " \n", 2, "reference: standard input was empty"),
        ([], " - - \n", 2, "reference: a reference has 1 to 64 characters besides spaces"),
        ([], "x" * 65, 2, "reference: a reference has 1 to 64 characters besides spaces"),
    ],
)
def test_register_with_wrong_arguments_is_one_line_without_them(
    at_home: Run, arguments: list[str], given: str, status: int, line: str
) -> None:
    outcome = register(at_home, *arguments, given=given)
    assert outcome.status == status
    assert outcome.error.startswith(line)
    assert PERSON not in outcome.err


def test_long_evidence_needs_a_reference(at_home: Run) -> None:
    outcome = at_home("register", "--evidence", "recovered", "--at", AN_HOUR_AGO)
    assert (outcome.status, outcome.error) == (2, "recovered needs a reference: --reference -")
    assert at_home("register", "--evidence", "no_record", "--at", AN_HOUR_AGO).status == 0


@pytest.mark.parametrize("birthday", [None, "1988-03-17", "02-30", "3-17"])
def test_a_hint_needs_a_birthday(
    command: Run, found: Callable[..., Service], birthday: str | None
) -> None:
    issuer = found(hint="month")
    more = [] if birthday is None else ["--birthday", birthday]
    arguments = ("register", "--evidence", "no_record", "--at", AN_HOUR_AGO, *more)
    outcome = command(*arguments, "--home", issuer.home.path)
    assert outcome.status == 2
    assert outcome.error == "--birthday: a birthday is a month and a day: MM-DD"


def test_cancel_frees_the_result(at_home: Run, issuer: Service) -> None:
    code = register(at_home, "--json").members["code"]
    assert at_home("codes", "cancel", "-", "--json", given=code.lower()).members == {"done": True}
    again = at_home("codes", "cancel", "-", given=code)
    assert again.status == 1
    assert again.error == "This code is unknown or has expired. Check it, or ask for a new slip."
    assert register(at_home).status == 0


def test_a_used_code_cannot_be_cancelled(at_home: Run, issuer: Service) -> None:
    code = register(at_home, "--json").members["code"]
    issuer.wallet().activate(code)
    assert at_home("codes", "cancel", "-", given=code).status == 1


def test_a_code_never_stands_in_the_arguments(at_home: Run) -> None:
    outcome = at_home("codes", "cancel", "7K3M-9QX2-VT00-1C5H")
    assert (outcome.status, outcome.error) == (
        2,
        "code: write - and give it on standard input",
    )


# Withdrawing


def test_withdraw_and_lift(at_home: Run, issuer: Service) -> None:
    wallet = issuer.activated(reference=PERSON)
    arguments = ("withdraw", "--evidence", "contact", "--reference", "-", "--json")
    until = format_time(NOON + 14 * DAY)
    assert at_home(*arguments, given=f"{PERSON[:4]} {PERSON[4:8]}-{PERSON[8:]}\n").members == {
        "withdrawn_until": until
    }
    assert wallet.fetch().code == (403, "withdrawn")
    assert at_home(*arguments, "--lift", given=PERSON).members == {"withdrawn_until": None}
    assert at_home(*arguments, "--lift", given=PERSON).members == {"withdrawn_until": None}
    assert wallet.fetch().status == 200


def test_fraud_can_be_withdrawn_at_the_home(at_home: Run) -> None:
    arguments = ("withdraw", "--evidence", "fraud", "--reference", "-", "--json")
    outcome = at_home(*arguments, given=PERSON)
    assert outcome.members == {"withdrawn_until": format_time(NOON + 365 * DAY)}


def test_at_moves_the_clock_of_a_withdrawal(at_home: Run) -> None:
    later = format_time(NOON + DAY)
    arguments = ("withdraw", "--evidence", "contact", "--reference", "-", "--at", later, "--json")
    outcome = at_home(*arguments, given=PERSON)
    assert outcome.members == {"withdrawn_until": format_time(NOON + 15 * DAY)}


@pytest.mark.parametrize(
    ("arguments", "given", "line"),
    [
        (["--evidence", "pcr_negative"], PERSON, "--evidence: choose one of positive, contact, "),
        (["--reference", PERSON], "", "reference: write - and give it on standard input"),
        (["--at", "now"], PERSON, "a time looks like"),
        ([], "", "reference: standard input was empty"),
        ([], "-", "reference: a reference has 1 to 64 characters"),
    ],
)
def test_withdraw_with_wrong_arguments_is_one_line(
    at_home: Run, arguments: list[str], given: str, line: str
) -> None:
    words = ["--evidence", "contact", "--reference", "-", *arguments]
    outcome = at_home("withdraw", *words, given=given)
    assert outcome.status == 2
    assert outcome.error.startswith(line)
    assert PERSON not in outcome.err


# Taking in an export


def export(path: Path, *rows: list[str]) -> Path:
    path.write_text(write_text(list(rows)), encoding="windows-1251")
    return path


def dated(number: int, **changes: str) -> list[str]:
    return make_row(number, date="16.03.2026 10:00", **changes)


def test_intake_sums_up(at_home: Run, tmp_path: Path) -> None:
    rows = (dated(0), dated(1), dated(1), dated(2, result="положительный"), dated(3, iin="1"))
    file = export(tmp_path / "export.csv", *rows)
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv", "--json")
    assert outcome.status == 1
    assert outcome.members == {
        "rows": 5,
        "codes": 2,
        "withdrawals": 1,
        "repeated": 1,
        "rejected": [{"line": 6, "reason": "bad_iin"}],
    }
    with (tmp_path / "codes.csv").open() as codes:
        assert [row["line"] for row in csv.DictReader(codes)] == ["2", "3"]
    assert stat.S_IMODE((tmp_path / "codes.csv").stat().st_mode) == 0o600


def test_intake_tells_positive_results_first_and_counts_what_is_no_result(
    at_home: Run, tmp_path: Path
) -> None:
    file = tmp_path / "export.json"
    unclear = {"subject": {"reference": "Patient/2"}}
    file.write_text(bundle(patient(), swab(**unclear), swab("260373001", **unclear)))
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv")
    assert outcome.status == 1
    assert outcome.out.splitlines()[1:] == [
        "no results (patients, specimens and others): 1",
        "  line 3: no_person, a positive result or a contact: nothing was withdrawn",
        "  line 2: no_person",
    ]
    (tmp_path / "codes.csv").unlink()
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv", "--json")
    assert outcome.members["others"] == 1
    assert [entry["line"] for entry in outcome.members["rejected"]] == [3, 2]


def test_intake_of_several_files_names_the_file_of_a_row(at_home: Run, tmp_path: Path) -> None:
    people, results = tmp_path / "Patient.ndjson", tmp_path / "Observation.ndjson"
    people.write_text(ndjson(patient()))
    results.write_text(ndjson(swab("?")))
    call = ("intake", people, results, "--out")
    outcome = at_home(*call, tmp_path / "1.csv")
    assert outcome.out.splitlines()[2:] == ["  Observation.ndjson, line 1: unknown_kind"]
    outcome = at_home(*call, tmp_path / "2.csv", "--json")
    assert outcome.members["rejected"] == [
        {"line": 1, "reason": "unknown_kind", "file": str(results)}
    ]


def test_intake_without_a_rejected_row_succeeds(at_home: Run, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv")
    assert outcome.status == 0
    assert outcome.out.startswith(f"1 rows: 1 codes in {tmp_path / 'codes.csv'}, 0 withdrawals")
    assert outcome.err == ""
    again = at_home("intake", file, "--out", tmp_path / "codes.csv")
    assert (
        again.error == f"{tmp_path / 'codes.csv'} exists and is never overwritten; choose another"
    )


def test_intake_at_another_time(at_home: Run, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    late = format_time(NOON + 5 * DAY)
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv", "--at", late, "--json")
    assert outcome.members["rejected"] == [{"line": 2, "reason": "too_old"}]


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_an_export_that_cannot_be_read_is_one_line(at_home: Run, tmp_path: Path, name: str) -> None:
    outcome = at_home("intake", tmp_path / name, "--out", tmp_path / "codes.csv")
    assert outcome.status == 2
    assert outcome.error
    assert not (tmp_path / "codes.csv").exists()


def test_a_folder_for_codes_that_is_not_there_is_one_line(at_home: Run, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    outcome = at_home("intake", file, "--out", tmp_path / "none" / "codes.csv")
    assert (outcome.status, outcome.error.partition(":")[0]) == (2, "No such file or directory")


# Damage


def test_a_lost_reference_key_is_one_line(at_home: Run, issuer: Service) -> None:
    issuer.home.reference_key.unlink()
    outcome = register(at_home)
    assert outcome.status == 2
    assert outcome.error.endswith("see 'Loss of the store' in docs/operating.md")


# A number that looks like an IIN and is none

MISTYPED = [
    PERSON[:11] + str((int(PERSON[11]) + 1) % 10),
    PERSON[:11],
    PERSON + "0",
    PERSON[:10],
    f"{PERSON[:6]} {PERSON[6:11]}-{(int(PERSON[11]) + 1) % 10}",
    PERSON[:11].replace("0", "O") + "9",
    "١٢٣٤٥٦٧٨٩٠١٢",
]


@pytest.mark.parametrize("reference", MISTYPED)
@pytest.mark.parametrize(
    "arguments",
    [
        ("withdraw", "--evidence", "contact"),
        ("withdraw", "--evidence", "contact", "--lift"),
        ("register", "--evidence", "positive", "--at", AN_HOUR_AGO),
        ("register", "--evidence", "vaccinated_full", "--at", AN_HOUR_AGO, "--birthday", "03-17"),
    ],
)
def test_a_mistyped_iin_is_stopped_until_somebody_says_that_it_is_none(
    at_home: Run, arguments: tuple[str, ...], reference: str
) -> None:
    given = (*arguments, "--reference", "-")
    stopped = at_home(*given, given=reference)
    assert (stopped.status, stopped.out) == (2, "")
    assert "looks like an IIN and is none" in stopped.error and "--no-iin" in stopped.error
    assert reference not in stopped.error
    assert at_home(*given, "--no-iin", given=reference).status == 0


@pytest.mark.parametrize("reference", ["N1234567", "123456789", "12345678901234", f"'{PERSON}"])
def test_other_references_and_right_iins_are_taken(at_home: Run, reference: str) -> None:
    outcome = at_home("withdraw", "--evidence", "contact", "--reference", "-", given=reference)
    assert outcome.status == 0


# A dry run


def everything(home: Path) -> dict[str, bytes]:
    """All files of a home, byte by byte; the database's own side files come and go."""
    files = (path for path in home.rglob("*") if path.is_file())
    return {
        str(path): path.read_bytes() for path in files if not path.name.endswith(("-wal", "-shm"))
    }


EXPORT = write_text(
    [
        dated(1),
        dated(1),
        dated(2, result="положительный"),
        dated(3, result="?"),
        dated(4)[:6],
        dated(5),
    ]
)


def test_a_dry_run_tells_what_each_row_would_become_and_stores_nothing(
    at_home: Run, issuer: Service, tmp_path: Path
) -> None:
    path, out = tmp_path / "export.csv", tmp_path / "codes.csv"
    path.write_text(EXPORT)
    at_home("register", "--evidence", "contact", "--at", AN_HOUR_AGO, "--reference", "-", given="x")
    before = everything(issuer.home.path)
    tried = at_home("intake", str(path), "--dry-run", "--json")
    assert everything(issuer.home.path) == before
    assert not out.exists()
    assert [(one["line"], one["becomes"]) for one in tried.members["would"]] == [
        (2, "code"),
        (3, "repeated"),
        (4, "withdrawal"),
        (5, "unknown_kind"),
        (6, "missing_columns"),
        (7, "code"),
    ]
    assert tried.members["would"][2]["evidence"] == "positive"
    assert tried.status == 1

    done = at_home("intake", str(path), "--out", str(out), "--json")
    counts = {name: value for name, value in tried.members.items() if name in done.members}
    assert counts == done.members and tried.members["dry_run"] is True
    again = at_home("intake", str(path), "--dry-run", "--json").members
    assert {one["becomes"] for one in again["would"]} == {
        "repeated", "unknown_kind", "missing_columns",
    }  # fmt: skip


def test_a_dry_run_in_words(at_home: Run, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    outcome = at_home("intake", str(path), "--dry-run")
    first, second, *_ = outcome.out.splitlines()
    assert first == (
        "6 rows would become 2 codes and 1 withdrawals; 1 were taken before, 2 are rejected; "
        "nothing was stored"
    )
    assert second == "  line 2: code (pcr_negative)"


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ((), "--out FILE says where the codes go; --dry-run makes none"),
        (("--dry-run", "--out", "codes.csv"), "--dry-run makes no codes; leave out --out"),
        (("--dry-run", "--profile", "town"), "policy.toml has no profile 'town'; there are: none"),
    ],
)
def test_an_intake_without_a_place_for_codes_says_what_to_give(
    at_home: Run, tmp_path: Path, more: tuple[str, ...], error: str
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(EXPORT)
    outcome = at_home("intake", str(path), *more)
    assert (outcome.status, outcome.error) == (2, error)


# Profiles and samples


PROFILE = """
[profiles.city]
date_formats = ["%d.%m.%Y %H:%M"]
[profiles.city.columns]
iin = ["ИИН"]
kind = ["Вид исследования"]
result = ["Результат"]
date = ["Дата забора"]
sample = ["Лаборатория"]
"""


@pytest.fixture
def with_profile(issuer: Service) -> None:
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text + PROFILE)


@pytest.mark.usefixtures("with_profile")
def test_a_profile_reads_an_export_and_gives_the_sample_beside_the_code(
    at_home: Run, tmp_path: Path, issuer: Service
) -> None:
    path, out = tmp_path / "export.csv", tmp_path / "codes.csv"
    rows = [[*dated(number)[:6], f"P-{number}"] for number in (1, 2)]
    path.write_text(write_text(rows))
    at_home("intake", str(path), "--out", str(out), "--profile", "city")
    with out.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["line", "code", "activation_url", "expires_at", "sample"]
    assert [line["sample"] for line in lines] == ["P-1", "P-2"]
    assert not any(b"P-1" in content for content in everything(issuer.home.path).values())


@pytest.mark.usefixtures("with_profile")
def test_an_account_has_a_profile_that_the_policy_knows(at_home: Run, issuer: Service) -> None:
    words = ("staff", "add", "City", "--role", "registrar", "--profile")
    assert at_home(*words, "town").status == 2
    assert at_home(*words, "city").status == 0
    [account] = issuer.authority.staff.accounts()
    assert account.profile == "city"
    [listed] = at_home("staff", "list", "--json").members["accounts"]
    assert listed["profile"] == "city"


# policy check


@pytest.mark.usefixtures("with_profile")
def test_a_policy_check_shows_how_the_first_rows_are_read_and_not_whose_they_are(
    at_home: Run, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(write_text([dated(1), dated(2, result="?"), dated(3), dated(4)]))
    for more in ((), ("--profile", "city")):
        told = at_home("policy", "check", "--try", str(path), "--json", *more)
        assert [one["line"] for one in told.members["tried"]] == [2, 3, 4]
        assert told.members["tried"][1] == {"line": 3, "reason": "unknown_kind"}
    shown = at_home("policy", "check", "--try", str(path))
    assert "line 3: rejected, unknown_kind" in shown.out
    assert not any(dated(number)[0] in shown.out + told.out for number in (1, 3, 4))


def test_a_policy_under_which_no_export_withdraws_is_warned_of(
    at_home: Run, issuer: Service
) -> None:
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(
        "\ufeff" + text.replace('evidence = "positive"', 'evidence = "contact"')
    )
    checked = at_home("policy", "check")
    assert checked.status == 0
    assert "no text of [export] means a positive result" in checked.err
