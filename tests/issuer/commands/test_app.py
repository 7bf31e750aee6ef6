"""The authority's commands: right, wrong, twice and out of order; one object or one line."""

import csv
import io
import json
import os
import re
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from issuer.api.background import one_round
from issuer.commands.app import main
from issuer.documents.bundle import load_retired
from issuer.keys.keyring import SigningKey
from issuer.oversight.audit import Action
from issuer.publication.making import publish
from issuer.publication.root_requests import signing_request
from issuer.retention import run_retention
from issuer.staff import Role
from schemas.activation import parse_activation_url, parse_code
from schemas.encoding import b64url_encode, format_time, parse_time
from schemas.hours import hour_at
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR, Kind
from schemas.trust import TrustState, accept_bundle
from shell.pictures import read_codes
from tests.issuer.lab_export import make_row, write_text
from tests.support.exports import export_of
from tests.support.issuers import NOON, URL, MovableClock, Service
from tests.support.statements import publish_statement

AN_HOUR_AGO = format_time(NOON - HOUR)
PERSON = "880317300123"


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        assert self.status in (0, 1), self.err
        assert self.out.count("\n") == 1
        members: dict[str, Any] = json.loads(self.out)
        return members

    @property
    def error(self) -> str:
        """The one line of an error."""
        assert self.status != 0 and self.out == ""
        lines = [line for line in self.err.splitlines() if not line.startswith("warning: ")]
        assert len(lines) == 1 and lines[0].startswith("error: ")
        return lines[0].removeprefix("error: ")


class Terminal(io.StringIO):
    """What somebody types who is asked."""

    def isatty(self) -> bool:
        return True


Command = Callable[..., Outcome]


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], clock: MovableClock
) -> Iterator[Command]:
    """Runs ``qupia-issuer`` in this process, at the clock of the test."""
    umask = os.umask(0o022)
    monkeypatch.setattr("shell.clock.time", SimpleNamespace(time=clock))
    monkeypatch.delenv("QUPIA_ISSUER_HOME", raising=False)

    def run(*arguments: str | Path, stdin: str | Terminal = "") -> Outcome:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["qupia-issuer", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin) if isinstance(stdin, str) else stdin)
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Outcome(ended.value.code, out, err)

    yield run
    os.umask(umask)


@pytest.fixture
def at_home(command: Command, issuer: Service, clock: MovableClock) -> Command:
    """Runs a command on the home of ``issuer``, whose clock is the commands' clock."""
    issuer.clock = clock
    issuer.home.root_key.rename(issuer.home.path.with_name("ROOT.pem"))
    issuer.reopen()

    def run(*arguments: str | Path, stdin: str | Terminal = "") -> Outcome:
        return command(*arguments, "--home", issuer.home.path, stdin=stdin)

    return run


def root_of(issuer: Service) -> Path:
    """Where the root key was taken."""
    return issuer.home.path.with_name("ROOT.pem")


# init


def test_init_says_what_was_made(command: Command, tmp_path: Path) -> None:
    home = tmp_path / "home"
    arguments = ("init", "--name", "Test", "--url", URL, "--hint", "none", "--home", home)
    members = command(*arguments, "--json").json
    assert members == {"root": members["root"], "url": URL, "home": str(home)}
    assert SigningKey.load(home / "ROOT.pem", Typ.ROOT).thumbprint == members["root"]
    again = command(*arguments)
    assert (again.status, again.error) == (
        2,
        f"there is an issuer in {home} already; choose another --home",
    )


def test_init_for_people_names_the_next_thing_to_do(command: Command, tmp_path: Path) -> None:
    outcome = command("init", "--name", "Т", "--url", URL, "--home", tmp_path / "home")
    assert outcome.status == 0
    assert outcome.out.endswith("offline, then run: qupia-issuer serve\n")
    assert "ends on          2026-09-13" in outcome.out


def test_init_finds_its_home_in_the_environment(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUPIA_ISSUER_HOME", str(tmp_path / "home"))
    assert command("init", "--name", "T", "--url", URL, "--json").json["home"] == str(
        tmp_path / "home"
    )
    assert command("retention", "status", "--json").json["last_run"] is None


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--url", URL], "Missing option '--name'; try: qupia-issuer --help"),
        (["--name", "T"], "Missing option '--url'; try: qupia-issuer --help"),
        (["--name", "", "--url", URL], "give a name of 1 to 200 printable characters"),
        (["--name", "T", "--url", "http://a.example"], "--url: http is for this machine only"),
        (["--name", "T", "--url", URL, "--hint", "week"], "Invalid value for '--hint': "),
        (["--name", "T", "--url", URL, "--sunset", "never"], "the sunset is a date: YYYY-MM-DD"),
        (["--name", "T", "--url", URL, "--sunset", "2026-03-01"], "the sunset is a day in the"),
        (["--name", "T", "--url", URL, "--more"], "No such option: --more"),
        (["--name", "T", "--url", URL, "more"], "Got unexpected extra argument"),
    ],
)
def test_init_with_wrong_arguments_is_one_line_and_makes_nothing(
    command: Command, tmp_path: Path, arguments: list[str], line: str
) -> None:
    outcome = command("init", *arguments, "--home", tmp_path / "home")
    assert outcome.status == 2
    assert outcome.error.startswith(line)
    assert not (tmp_path / "home").exists()


# Before there is an issuer


EVERY = [
    ["serve"],
    ["staff", "add", "Lab", "--role", "registrar"],
    ["staff", "list"],
    ["staff", "remove", "Lab"],
    ["register", "--evidence", "no_record", "--at", AN_HOUR_AGO],
    ["codes", "cancel", "-"],
    ["intake", "export.csv", "--out", "codes.csv"],
    ["withdraw", "--evidence", "contact", "--reference", "-"],
    ["keys", "list"],
    ["keys", "make"],
    ["keys", "retire", "AAAA"],
    ["keys", "delegate", "--root", "ROOT.pem"],
    ["bundle"],
    ["retention", "run"],
    ["retention", "status"],
    ["retention", "verify"],
    ["policy", "check"],
    ["notice", "add", "export.json", "--from", AN_HOUR_AGO, "--to", AN_HOUR_AGO],
    ["notice", "list"],
    ["notice", "agree", "0" * 64, "-"],
    ["notice", "reject", "0" * 64],
    ["notice", "withdraw", "0" * 16],
    ["sunset", "2026-06-01"],
]
IDS = [" ".join(arguments[:2]) for arguments in EVERY]


@pytest.mark.parametrize("arguments", EVERY, ids=IDS)
def test_without_an_issuer_every_command_says_how_to_begin(
    command: Command, tmp_path: Path, arguments: list[str]
) -> None:
    outcome = command(*arguments, "--home", tmp_path / "nowhere", "--json", stdin="x\n")
    assert outcome.status == 2
    assert outcome.error == f"there is no issuer in {tmp_path / 'nowhere'}; run: qupia-issuer init"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("arguments", EVERY, ids=IDS)
def test_a_home_that_others_can_read_stops_every_command(
    at_home: Command, issuer: Service, arguments: list[str]
) -> None:
    issuer.home.policy.chmod(0o644)
    outcome = at_home(*arguments, stdin="x\n")
    assert outcome.status == 2
    assert outcome.error == (
        f"others can read {issuer.home.policy}; run: chmod 600 '{issuer.home.policy}'"
    )


PAST = [arguments for arguments in EVERY if arguments[0] not in ("retention", "policy")]


@pytest.mark.parametrize("arguments", PAST, ids=[" ".join(each[:2]) for each in PAST])
def test_past_the_sunset_no_command_makes_or_issues_anything(
    at_home: Command, issuer: Service, clock: MovableClock, arguments: list[str]
) -> None:
    clock.now = issuer.authority.config.sunset
    outcome = at_home(*arguments, stdin="x\n")
    assert outcome.status == 1
    assert outcome.error == (
        "this issuer ended on 2026-09-13; to go on, ask the public again and found a new one: "
        "qupia-issuer init --home NEW"
    )


def test_serve_past_the_sunset_deletes_what_is_left(
    at_home: Command, issuer: Service, clock: MovableClock
) -> None:
    issuer.activated(evidence="vaccinated_full").end()
    clock.now = issuer.authority.config.sunset
    assert at_home("serve").status == 1
    assert list(issuer.home.keys.iterdir()) == []
    assert {entry.held for entry in issuer.authority.store.census(NOON)} == {0}


def test_retention_goes_on_after_the_sunset(
    at_home: Command, issuer: Service, clock: MovableClock
) -> None:
    clock.now = issuer.authority.config.sunset
    assert at_home("retention", "run", "--json").json["deleted"]["signing_keys"] == 5
    assert at_home("retention", "run", "--json").json == {"deleted": {}}
    assert at_home("retention", "verify", "--json").json == {"ok": True, "findings": []}
    assert at_home("retention", "status").status == 0


@pytest.mark.parametrize("arguments", [[], ["keys"], ["staff"], ["unknown"], ["keys", "unknown"]])
def test_no_or_unknown_commands_say_how_to_get_help(command: Command, arguments: list[str]) -> None:
    outcome = command(*arguments)
    assert outcome.status == 2
    assert outcome.error.endswith("try: qupia-issuer --help")


@pytest.mark.parametrize("group", [[], ["keys"], ["staff"], ["codes"], ["retention"], ["policy"]])
def test_help_goes_to_standard_output(command: Command, group: list[str]) -> None:
    outcome = command(*group, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert "Usage: qupia-issuer" in outcome.out


def test_every_command_of_the_contract_is_there_with_its_home_and_json(command: Command) -> None:
    groups = ("staff", "codes", "keys", "retention", "policy", "notice")
    for arguments in EVERY:
        names = arguments[: 2 if arguments[0] in groups else 1]
        shown = command(*names, "--help").out
        assert "--home" in shown and "--json" in shown, names


# staff


def test_a_staff_key_is_shown_once(at_home: Command, issuer: Service) -> None:
    members = at_home("staff", "add", "Lab 1", "--role", "registrar", "--json").json
    assert (members["name"], members["role"]) == ("Lab 1", "registrar")
    assert issuer.post("/v1/codes", issuer.result(), key=members["key"]).status == 200
    shown = at_home("staff", "list", "--json").json
    assert shown == {
        "accounts": [{"number": 1, "name": "Lab 1", "role": "registrar", "unused_days": 0}]
    }
    assert members["key"] not in json.dumps(shown)


def test_staff_are_listed_for_people(at_home: Command, clock: MovableClock) -> None:
    assert at_home("staff", "list").out.startswith("No accounts; run: qupia-issuer staff add")
    at_home("staff", "add", "Lab 1", "--role", "officer")
    clock.now += 3 * DAY
    assert at_home("staff", "list").out == "   1  officer    Lab 1  used 3 days ago\n"


def test_staff_twice_and_out_of_order(at_home: Command) -> None:
    assert at_home("staff", "remove", "Lab 1").error == (
        "no account has that name; see: qupia-issuer staff list"
    )
    at_home("staff", "add", "Lab 1", "--role", "officer")
    assert at_home("staff", "add", "Lab 1", "--role", "officer").error == (
        "there is an account of that name; remove it first"
    )
    assert at_home("staff", "remove", "Lab 1", "--json").json == {"removed": "Lab 1"}
    assert at_home("staff", "remove", "Lab 1").status == 2


def test_a_role_is_one_of_three(at_home: Command) -> None:
    outcome = at_home("staff", "add", "Lab", "--role", "doctor")
    assert outcome.status == 2
    assert "'registrar', 'officer', 'auditor'" in outcome.error


# register, codes


def register(at_home: Command, *more: str, stdin: str = PERSON + "\n") -> Outcome:
    arguments = ["--evidence", "pcr_negative", "--at", AN_HOUR_AGO, "--reference", "-", *more]
    return at_home("register", *arguments, stdin=stdin)


def test_register_gives_a_code(at_home: Command, issuer: Service) -> None:
    members = register(at_home, "--json").json
    assert members.keys() == {"code", "activation_url", "expires_at"}
    link = parse_activation_url(members["activation_url"])
    assert link.code == parse_code(members["code"])
    assert parse_time(members["expires_at"]) == NOON + 72 * HOUR
    assert issuer.wallet().activate(members["code"]).status == 200


def test_register_twice_is_refused(at_home: Command) -> None:
    register(at_home)
    outcome = register(at_home)
    assert (outcome.status, outcome.error) == (1, "This result was already registered.")


def test_a_positive_result_withdraws(at_home: Command) -> None:
    arguments = ("register", "--evidence", "positive", "--at", AN_HOUR_AGO, "--reference", "-")
    outcome = at_home(*arguments, "--json", stdin=PERSON)
    assert outcome.json == {"withdrawn_until": format_time(NOON - HOUR + 10 * DAY)}
    later = at_home(*arguments[:3], "--at", format_time(NOON), *arguments[5:], stdin=PERSON)
    assert later.out.startswith("No passes are issued to that person before 2026-03-27T")


@pytest.mark.parametrize(
    ("arguments", "stdin", "status", "line"),
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
    at_home: Command, arguments: list[str], stdin: str, status: int, line: str
) -> None:
    outcome = register(at_home, *arguments, stdin=stdin)
    assert outcome.status == status
    assert outcome.error.startswith(line)
    assert PERSON not in outcome.err


def test_long_evidence_needs_a_reference(at_home: Command) -> None:
    outcome = at_home("register", "--evidence", "recovered", "--at", AN_HOUR_AGO)
    assert (outcome.status, outcome.error) == (2, "recovered needs a reference: --reference -")
    assert at_home("register", "--evidence", "no_record", "--at", AN_HOUR_AGO).status == 0


@pytest.mark.parametrize("birthday", [None, "1988-03-17", "02-30", "3-17"])
def test_a_hint_needs_a_birthday(
    command: Command, found: Callable[..., Service], birthday: str | None
) -> None:
    issuer = found(hint="month")
    more = [] if birthday is None else ["--birthday", birthday]
    arguments = ("register", "--evidence", "no_record", "--at", AN_HOUR_AGO, *more)
    outcome = command(*arguments, "--home", issuer.home.path)
    assert outcome.status == 2
    assert outcome.error == "--birthday: a birthday is a month and a day: MM-DD"


def test_cancel_frees_the_result(at_home: Command, issuer: Service) -> None:
    code = register(at_home, "--json").json["code"]
    assert at_home("codes", "cancel", "-", "--json", stdin=code.lower()).json == {"done": True}
    again = at_home("codes", "cancel", "-", stdin=code)
    assert again.status == 1
    assert again.error == "This code is unknown or has expired. Check it, or ask for a new slip."
    assert register(at_home).status == 0


def test_a_used_code_cannot_be_cancelled(at_home: Command, issuer: Service) -> None:
    code = register(at_home, "--json").json["code"]
    issuer.wallet().activate(code)
    assert at_home("codes", "cancel", "-", stdin=code).status == 1


def test_a_code_never_stands_in_the_arguments(at_home: Command) -> None:
    outcome = at_home("codes", "cancel", "7K3M-9QX2-VT00-1C5H")
    assert (outcome.status, outcome.error) == (
        2,
        "code: write - and give it on standard input",
    )


# withdraw


def test_withdraw_and_lift(at_home: Command, issuer: Service) -> None:
    wallet = issuer.activated(reference=PERSON)
    arguments = ("withdraw", "--evidence", "contact", "--reference", "-", "--json")
    until = format_time(NOON + 14 * DAY)
    assert at_home(*arguments, stdin="8803 1730-0123\n").json == {"withdrawn_until": until}
    assert wallet.fetch().code == (403, "withdrawn")
    assert at_home(*arguments, "--lift", stdin=PERSON).json == {"withdrawn_until": None}
    assert at_home(*arguments, "--lift", stdin=PERSON).json == {"withdrawn_until": None}
    assert wallet.fetch().status == 200


def test_fraud_can_be_withdrawn_at_the_home(at_home: Command) -> None:
    arguments = ("withdraw", "--evidence", "fraud", "--reference", "-", "--json")
    outcome = at_home(*arguments, stdin=PERSON)
    assert outcome.json == {"withdrawn_until": format_time(NOON + 365 * DAY)}


def test_at_moves_the_clock_of_a_withdrawal(at_home: Command) -> None:
    later = format_time(NOON + DAY)
    arguments = ("withdraw", "--evidence", "contact", "--reference", "-", "--at", later, "--json")
    outcome = at_home(*arguments, stdin=PERSON)
    assert outcome.json == {"withdrawn_until": format_time(NOON + 15 * DAY)}


@pytest.mark.parametrize(
    ("arguments", "stdin", "line"),
    [
        (["--evidence", "pcr_negative"], PERSON, "--evidence: choose one of positive, contact, "),
        (["--reference", PERSON], "", "reference: write - and give it on standard input"),
        (["--at", "now"], PERSON, "a time looks like"),
        ([], "", "reference: standard input was empty"),
        ([], "-", "reference: a reference has 1 to 64 characters"),
    ],
)
def test_withdraw_with_wrong_arguments_is_one_line(
    at_home: Command, arguments: list[str], stdin: str, line: str
) -> None:
    given = ["--evidence", "contact", "--reference", "-", *arguments]
    outcome = at_home("withdraw", *given, stdin=stdin)
    assert outcome.status == 2
    assert outcome.error.startswith(line)
    assert PERSON not in outcome.err


# intake


def export(path: Path, *rows: list[str]) -> Path:
    path.write_text(write_text(list(rows)), encoding="windows-1251")
    return path


def dated(number: int, **changes: str) -> list[str]:
    return make_row(number, date="16.03.2026 10:00", **changes)


def test_intake_sums_up(at_home: Command, tmp_path: Path) -> None:
    rows = (dated(0), dated(1), dated(1), dated(2, result="положительный"), dated(3, iin="1"))
    file = export(tmp_path / "export.csv", *rows)
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv", "--json")
    assert outcome.status == 1
    assert outcome.json == {
        "rows": 5,
        "codes": 2,
        "withdrawals": 1,
        "repeated": 1,
        "rejected": [{"line": 6, "reason": "bad_iin"}],
    }
    with (tmp_path / "codes.csv").open() as codes:
        assert [row["line"] for row in csv.DictReader(codes)] == ["2", "3"]
    assert stat.S_IMODE((tmp_path / "codes.csv").stat().st_mode) == 0o600


def test_intake_without_a_rejected_row_succeeds(at_home: Command, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv")
    assert outcome.status == 0
    assert outcome.out.startswith(f"1 rows: 1 codes in {tmp_path / 'codes.csv'}, 0 withdrawals")
    assert outcome.err == ""
    again = at_home("intake", file, "--out", tmp_path / "codes.csv")
    assert (
        again.error == f"{tmp_path / 'codes.csv'} exists and is never overwritten; choose another"
    )


def test_intake_at_another_time(at_home: Command, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    late = format_time(NOON + 5 * DAY)
    outcome = at_home("intake", file, "--out", tmp_path / "codes.csv", "--at", late, "--json")
    assert outcome.json["rejected"] == [{"line": 2, "reason": "too_old"}]


@pytest.mark.parametrize("name", ["missing.csv", "."])
def test_an_export_that_cannot_be_read_is_one_line(
    at_home: Command, tmp_path: Path, name: str
) -> None:
    outcome = at_home("intake", tmp_path / name, "--out", tmp_path / "codes.csv")
    assert outcome.status == 2
    assert outcome.error
    assert not (tmp_path / "codes.csv").exists()


def test_a_folder_for_codes_that_is_not_there_is_one_line(at_home: Command, tmp_path: Path) -> None:
    file = export(tmp_path / "export.csv", dated(0))
    outcome = at_home("intake", file, "--out", tmp_path / "none" / "codes.csv")
    assert (outcome.status, outcome.error.partition(":")[0]) == (2, "No such file or directory")


# keys, bundle


def test_keys_are_listed_with_what_is_missing(
    at_home: Command, issuer: Service, clock: MovableClock
) -> None:
    members = at_home("keys", "list", "--json").json
    assert members["root"] == issuer.authority.config.root
    assert (len(members["keys"]), members["missing"], members["retired"]) == (8, 0, [])
    assert members["signer_until"] == format_time(NOON + 35 * DAY)
    clock.now += DAY
    shown = at_home("keys", "list").out
    assert "2 keys are missing; run: qupia-issuer keys make" in shown


def test_keys_are_made_once(at_home: Command, clock: MovableClock) -> None:
    assert at_home("keys", "make", "--json").json == {"made": 0, "published": False}
    clock.now += DAY
    assert at_home("keys", "make", "--json").json == {"made": 2, "published": True}
    assert at_home("keys", "make").out == "0 keys made\n"


def test_a_key_is_retired_by_the_beginning_of_its_id(at_home: Command, issuer: Service) -> None:
    keys = issuer.authority.bundle().pass_keys
    names = [b64url_encode(key.id) for key in keys]
    assert at_home("keys", "retire", names[0][:5], "--json").json == {"retired": names[0]}
    again = at_home("keys", "retire", names[0])
    assert (again.status, again.error) == (
        2,
        "no single key in force has that id; see: qupia-issuer keys list",
    )
    assert at_home("keys", "list", "--json").json["retired"] == [names[0]]


@pytest.mark.parametrize("key_id", ["", "A", "-", "--unknown", "-x", "!", "A" * 43])
def test_what_names_no_single_key_retires_nothing(
    at_home: Command, issuer: Service, key_id: str
) -> None:
    before = issuer.home.bundle.read_bytes()
    assert at_home("keys", "retire", key_id).status == 2
    assert issuer.home.bundle.read_bytes() == before
    assert load_retired(issuer.home, NOON) == []


def test_an_id_that_begins_with_a_hyphen_is_no_option(
    at_home: Command, issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("issuer.commands.app.keys.b64url_encode", lambda key_id: f"-{key_id.hex()}")
    key = issuer.authority.bundle().pass_keys[0]
    assert at_home("keys", "retire", f"-{key.id.hex()}").status == 0


def test_a_new_signer_is_delegated_with_the_root_key(at_home: Command, issuer: Service) -> None:
    issuer.clock.now += 30 * DAY
    members = at_home("keys", "delegate", "--root", root_of(issuer), "--json").json
    assert members["until"] == format_time(NOON + 65 * DAY)
    assert (issuer.home.keys / f"signer-{members['signer']}.pem").exists()
    assert at_home("keys", "list", "--json").json["signer_until"] == members["until"]


def test_a_new_root_replaces_the_old_one(at_home: Command, issuer: Service, tmp_path: Path) -> None:
    new = tmp_path / "NEW.pem"
    arguments = ("keys", "delegate", "--root", root_of(issuer), "--new-root", new)
    assert at_home(*arguments).status == 0
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    old = at_home("keys", "delegate", "--root", root_of(issuer))
    assert old.error == f"{root_of(issuer)} is not a root of this issuer; give the right ROOT.pem"
    assert at_home("keys", "delegate", "--root", new, "--new-root", new).error == (
        f"{new} exists and is never overwritten; choose another"
    )
    assert at_home("keys", "delegate", "--root", new).status == 0
    state = TrustState(root=issuer.authority.config.root)
    published = issuer.authority.published()
    assert published is not None
    _, state = accept_bundle(published.data, state=state, now=NOON)
    assert state.root_version == 3


def test_a_wrong_root_changes_nothing(at_home: Command, issuer: Service, tmp_path: Path) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "other.pem")
    (tmp_path / "text.pem").write_text("no key")
    (tmp_path / "text.pem").chmod(0o600)
    before = {path: path.read_bytes() for path in issuer.home.keys.iterdir()}
    new = tmp_path / "NEW.pem"
    for name, line in (
        ("other.pem", "is not a root of this issuer; give the right ROOT.pem"),
        ("text.pem", "holds no usable key; restore it from a backup"),
        ("missing.pem", "is missing; restore it from a backup"),
    ):
        outcome = at_home("keys", "delegate", "--root", tmp_path / name, "--new-root", new)
        assert (outcome.status, outcome.error) == (2, f"{tmp_path / name} {line}")
    assert not new.exists()
    assert {path: path.read_bytes() for path in issuer.home.keys.iterdir()} == before


def test_the_bundle_goes_to_standard_output_or_a_file(
    at_home: Command, issuer: Service, tmp_path: Path
) -> None:
    assert at_home("bundle").out.encode() == issuer.home.bundle.read_bytes() + b"\n"
    members = at_home("bundle", "--out", tmp_path / "bundle.jws", "--json").json
    assert (tmp_path / "bundle.jws").read_bytes() == issuer.home.bundle.read_bytes()
    assert members == {
        "version": 1,
        "iat": format_time(NOON),
        "exp": format_time(NOON + 72 * HOUR),
        "keys": 8,
        "root": issuer.authority.config.root,
    }


def test_the_bundle_is_made_anew_when_it_is_due(at_home: Command, clock: MovableClock) -> None:
    clock.now += DAY
    assert at_home("bundle", "--json").json["version"] == 2
    assert at_home("bundle", "--json").json["version"] == 2


def test_the_set_up_code_holds_address_and_root(
    at_home: Command, issuer: Service, tmp_path: Path
) -> None:
    assert at_home("bundle", "--setup-qr", tmp_path / "setup.png").out == "Written.\n"
    assert read_codes(tmp_path / "setup.png") == [f"QS1:{URL}#{issuer.authority.config.root}"]


def test_every_command_warns_of_a_signer_that_ends(
    at_home: Command, issuer: Service, clock: MovableClock
) -> None:
    clock.now = NOON + 25 * DAY - 1
    assert at_home("staff", "list").err == ""
    clock.now += 1
    line = "warning: the bundle signer ends on 2026-04-21; run: qupia-issuer keys delegate --root"
    for arguments in (["staff", "list"], ["retention", "status"], ["policy", "check", "--json"]):
        assert line in at_home(*arguments).err
    clock.now = NOON + 35 * DAY
    assert "the bundle signer ended on 2026-04-21" in at_home("retention", "status").err
    assert at_home("keys", "delegate", "--root", root_of(issuer)).status == 0
    assert at_home("staff", "list").err == ""


def test_without_a_signer_the_bundle_says_what_to_do(at_home: Command, clock: MovableClock) -> None:
    clock.now = NOON + 35 * DAY
    outcome = at_home("bundle", "--json")
    assert outcome.status == 2
    assert outcome.error == (
        "no signer is in force now; check the clock, or run: "
        "qupia-issuer keys delegate --root ROOT.pem"
    )


def test_a_root_key_that_is_still_in_the_home_is_warned_of(
    at_home: Command, issuer: Service
) -> None:
    root_of(issuer).rename(issuer.home.root_key)
    outcome = at_home("keys", "list", "--json")
    assert outcome.json["missing"] == 0
    assert outcome.err == f"warning: {issuer.home.root_key} is still here; move it offline\n"


# retention


def test_retention_status_says_what_is_held(at_home: Command, issuer: Service) -> None:
    issuer.code()
    issuer.clock.now += HOUR
    members = at_home("retention", "status", "--json").json
    assert members["last_run"] is None
    kinds = {entry["kind"]: entry for entry in members["kinds"]}
    assert kinds.keys() == set(Kind)
    assert kinds["code"] == {
        "kind": "code",
        "period_seconds": 72 * HOUR,
        "held": 1,
        "oldest_seconds": HOUR,
    }
    shown = at_home("retention", "status").out
    assert re.search(r"^code +1 +1 h +72 h$", shown, flags=re.MULTILINE)
    assert shown.endswith("last run: never; run: qupia-issuer retention run\n")


def test_retention_run_says_what_it_deleted(at_home: Command, issuer: Service) -> None:
    issuer.code()
    assert at_home("retention", "run").out == "Deleted: nothing was due.\n"
    later = format_time(NOON + 3 * DAY)
    members = at_home("retention", "run", "--at", later, "--json").json
    assert members == {"deleted": {"code": 1, "row": 1, "pass_keys": 6}}
    assert at_home("retention", "status", "--json").json["last_run"] == later


def test_retention_verify_finds_what_is_past_its_time(at_home: Command, issuer: Service) -> None:
    issuer.code()
    assert at_home("retention", "verify").out == "Nothing is kept past its time.\n"
    later = format_time(NOON + 4 * DAY)
    outcome = at_home("retention", "verify", "--at", later, "--json")
    assert outcome.status == 1
    assert outcome.json["ok"] is False
    assert "the key of 2026-03-20 outlived its day" in outcome.json["findings"]
    assert "8 pass keys outlived their window" in outcome.json["findings"]
    at_home("retention", "run", "--at", later)
    issuer.close()
    assert at_home("retention", "verify", "--at", later, "--json").json["ok"] is True


def test_a_clock_before_the_last_run_is_warned_of(at_home: Command, issuer: Service) -> None:
    run_retention(issuer.authority, NOON + 5 * HOUR)
    for name in ("status", "run"):
        outcome = at_home("retention", name, "--json")
        assert outcome.json
        assert outcome.err == (
            "warning: the clock is 5 h before the last run; "
            "set it, or records live longer than they should\n"
        )


# policy, sunset


def test_the_policy_is_checked(at_home: Command, issuer: Service) -> None:
    assert at_home("policy", "check", "--json").json == {"ok": True}
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text.replace("window_hours = 24", "window_hours = 5"))
    outcome = at_home("policy", "check")
    assert outcome.status == 2
    assert outcome.error == "policy.toml: window_hours must be one of 24, 12, 8, 6"


def test_rules_with_too_large_a_bundle_are_told(at_home: Command, issuer: Service) -> None:
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text.replace("window_hours = 24", "window_hours = 6"))
    replace(issuer.authority.config, hint="day").save(issuer.home)
    assert "more than 4 MB; choose fewer statuses" in at_home("policy", "check").error


def test_the_sunset_only_moves_earlier(at_home: Command, issuer: Service) -> None:
    members = at_home("sunset", "2026-06-01", "--json").json
    assert members == {"sunset": "2026-05-31T19:00:00Z"}
    assert issuer.authority.bundle().sunset == parse_time("2026-05-31T19:00:00Z")
    for date in ("2026-06-01", "2026-06-02", "2027-01-01"):
        outcome = at_home("sunset", date)
        assert outcome.status == 1
        assert outcome.error == "the sunset is 2026-06-01 and can only move earlier"
    assert at_home("sunset", "2026-03-17").error == "the sunset is a day in the future"
    assert at_home("sunset", "soon").error == "the sunset is a date: YYYY-MM-DD"


# serve


def test_a_port_that_is_taken_is_one_line(at_home: Command) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        outcome = at_home("serve", "--port", str(port), "--json")
    assert outcome.status == 2
    assert outcome.error == (
        f"cannot listen on 127.0.0.1:{port} (Address already in use); choose another --port"
    )


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_is_a_number_in_its_range(at_home: Command, port: str) -> None:
    outcome = at_home("serve", "--port", port)
    assert outcome.status == 2
    assert outcome.error.startswith("Invalid value for '--port'")


def test_an_address_of_another_machine_cannot_be_used(at_home: Command) -> None:
    outcome = at_home("serve", "--host", "192.0.2.1", "--port", "18999")
    assert outcome.status == 2
    assert outcome.error.startswith("cannot listen on 192.0.2.1:18999 (")


@pytest.mark.parametrize(
    ("names", "line"),
    [
        (["--tls-cert", "cert.pem"], "--tls-cert and --tls-key belong together"),
        (["--tls-key", "key.pem"], "--tls-cert and --tls-key belong together"),
        (["--tls-cert", "no.pem", "--tls-key", "no.pem"], "the TLS files cannot be used; give a"),
        (["--tls-cert", "text", "--tls-key", "text"], "the TLS files cannot be used; give a PEM"),
    ],
)
def test_wrong_tls_files_are_one_line(
    at_home: Command, tmp_path: Path, names: list[str], line: str
) -> None:
    (tmp_path / "text").write_text("no certificate")
    paths = [name if name.startswith("--") else str(tmp_path / name) for name in names]
    outcome = at_home("serve", *paths)
    assert outcome.status == 2
    assert outcome.error.startswith(line)


# Damage


def test_a_damaged_bundle_is_one_line_and_can_be_mended(at_home: Command, issuer: Service) -> None:
    issuer.home.bundle.write_bytes(b"damaged")
    outcome = at_home("keys", "list")
    assert outcome.status == 2
    assert outcome.error == (
        "bundle.jws is damaged; remove it, then run: qupia-issuer keys delegate --root ROOT.pem"
    )
    issuer.home.bundle.unlink()
    assert at_home("keys", "delegate", "--root", root_of(issuer)).status == 0
    assert at_home("bundle", "--json").json["version"] == 1


def test_retention_goes_on_though_the_chain_of_roots_is_damaged(
    at_home: Command, issuer: Service
) -> None:
    issuer.code()
    issuer.home.delegations.write_bytes(b"damaged")
    outcome = at_home("retention", "run", "--at", format_time(NOON + 3 * DAY), "--json")
    assert outcome.json["deleted"]["code"] == 1
    assert "delegations.txt is damaged; restore it from a backup" in outcome.err


def test_a_lost_reference_key_is_one_line(at_home: Command, issuer: Service) -> None:
    issuer.home.reference_key.unlink()
    outcome = register(at_home)
    assert outcome.status == 2
    assert outcome.error.endswith("see 'Loss of the store' in docs/operating.md")


def test_what_staff_do_at_the_home_is_noted(at_home: Command, issuer: Service) -> None:
    register(at_home)
    at_home("withdraw", "--evidence", "contact", "--reference", "-", stdin=PERSON)
    lines = [(line.action, line.role, line.total) for line in issuer.authority.audit.recent(9)]
    assert lines == [("withdraw", "home", 1), ("register", "home", 1)]


def test_an_intake_is_one_line_with_its_rows(
    at_home: Command, issuer: Service, tmp_path: Path
) -> None:
    export = tmp_path / "export.csv"
    export.write_text(write_text([make_row(1), make_row(2), make_row(3)]), encoding="cp1251")
    at_home("intake", export, "--out", tmp_path / "codes.csv", "--at", format_time(NOON))
    [line] = issuer.authority.audit.recent(9)
    assert (line.action, line.role, line.total) == ("intake", "home", 3)


def test_what_happens_to_accounts_and_keys_is_noted(at_home: Command, issuer: Service) -> None:
    at_home("staff", "add", "Lab", "--role", "officer")
    at_home("staff", "reset", "Lab")
    at_home("staff", "remove", "Lab")
    at_home("keys", "retire", b64url_encode(issuer.authority.bundle().pass_keys[0].id))
    at_home("keys", "delegate", "--root", root_of(issuer))
    at_home("retention", "verify")
    actions = [line.action for line in reversed(issuer.authority.audit.recent(9))]
    assert actions == [
        "staff add",
        "staff reset",
        "staff remove",
        "retire",
        "delegate",
        "retention verify",
    ]


def test_verify_tells_its_findings_though_it_cannot_be_noted(
    at_home: Command, issuer: Service
) -> None:
    issuer.home.audit.write_bytes(b"garbage\n")
    issuer.home.audit.chmod(0o600)
    outcome = at_home("retention", "verify", "--json")
    assert outcome.json["ok"] is True
    assert "audit.jsonl is damaged" in outcome.err


# Staff


def test_staff_are_told_where_to_sign_in(at_home: Command) -> None:
    text = at_home("staff", "add", "Lab", "--role", "registrar").out
    assert f"sign in at {URL}/console with the name and this key" in text


def test_a_reset_prints_a_new_key_once(at_home: Command, issuer: Service) -> None:
    old = at_home("staff", "add", "Lab", "--role", "registrar", "--json").json["key"]
    members = at_home("staff", "reset", "Lab", "--json").json
    assert members == {"name": "Lab", "key": members["key"]}
    assert issuer.authority.staff.authenticate(old, NOON) is None
    assert issuer.authority.staff.authenticate(members["key"], NOON) is not None
    assert f"sign in at {URL}/console" in at_home("staff", "reset", "Lab").out


def test_an_account_that_is_not_there_cannot_be_reset(at_home: Command) -> None:
    outcome = at_home("staff", "reset", "nobody")
    assert outcome.status == 2
    assert outcome.error == "no account has that name; see: qupia-issuer staff list"


# The audit


def test_a_whole_audit_is_told_with_its_head(at_home: Command, issuer: Service) -> None:
    assert at_home("audit", "verify").out == "No line yet.\n"
    register(at_home)
    members = at_home("audit", "verify", "--json").json
    head = members.pop("head")
    assert members == {"ok": True, "lines": 1, "fault": None, "first_bad": None, "torn": False}
    issuer.authority.audit.note(Action.CANCEL, None, NOON)
    assert at_home("audit", "verify", "--head", head).status == 0
    assert "2 lines, each in its place" in at_home("audit", "verify").out


def test_a_changed_audit_is_refused_with_the_first_bad_line(
    at_home: Command, issuer: Service
) -> None:
    for _ in range(3):
        issuer.authority.audit.note(Action.CANCEL, None, NOON)
    lines = issuer.home.audit.read_bytes().splitlines(keepends=True)
    issuer.home.audit.write_bytes(lines[0] + lines[2])
    outcome = at_home("audit", "verify")
    assert (outcome.status, outcome.out) == (
        1,
        "Line 2 is missing; right before it: 1 line.\n",
    )
    members = at_home("audit", "verify", "--json").json
    assert (members["ok"], members["fault"], members["first_bad"]) == (False, "missing", 2)


def test_an_audit_without_the_head_that_was_kept_is_refused(at_home: Command) -> None:
    register(at_home)
    outcome = at_home("audit", "verify", "--head", "another")
    assert outcome.status == 1
    assert outcome.out.startswith("The line of that hash is missing")


def test_a_line_cut_short_by_a_crash_is_a_warning(at_home: Command, issuer: Service) -> None:
    register(at_home)
    with issuer.home.audit.open("ab") as file:
        file.write(b'{"n":2,"day"')
    outcome = at_home("audit", "verify", "--json")
    assert outcome.status == 0
    assert outcome.json["torn"] is True
    assert "warning: a crash cut the last line short" in outcome.err


def test_without_a_home_there_is_no_audit(command: Command, tmp_path: Path) -> None:
    outcome = command("audit", "verify", "--home", tmp_path / "nowhere")
    assert outcome.status == 2
    assert outcome.error.endswith("run: qupia-issuer init")


# A statement signed offline


@pytest.fixture
def request_file(issuer: Service, tmp_path: Path) -> Path:
    path = tmp_path / "request.json"
    path.write_bytes(signing_request(issuer.authority, NOON).encode())
    return path


def test_a_request_is_signed_without_a_home(
    command: Command, at_home: Command, issuer: Service, request_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "statement"
    words = ("keys", "sign", request_file, "--root", root_of(issuer), "--out", out)
    members = command(*words, "--json").json
    assert members == {
        "issuer": URL,
        "version": 2,
        "signer": members["signer"],
        "until": format_time(NOON + 35 * DAY),
        "root": issuer.authority.config.root,
    }
    assert publish_statement(issuer.authority, out.read_bytes(), NOON) == members["signer"]
    assert command(*words).error == f"{out} exists and is never overwritten; choose another"


def test_a_request_can_replace_the_root(
    command: Command, at_home: Command, issuer: Service, request_file: Path, tmp_path: Path
) -> None:
    out, new = tmp_path / "statement", tmp_path / "NEW.pem"
    words = ("keys", "sign", request_file, "--root", root_of(issuer), "--out", out)
    outcome = command(*words, "--new-root", new)
    assert outcome.status == 0
    publish_statement(issuer.authority, out.read_bytes(), NOON)
    assert at_home("keys", "delegate", "--root", root_of(issuer)).status == 2
    assert at_home("keys", "delegate", "--root", new).status == 0


def test_a_request_is_not_signed_by_another_root(
    command: Command, request_file: Path, tmp_path: Path
) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "other.pem")
    out = tmp_path / "statement"
    outcome = command(
        "keys", "sign", request_file, "--root", tmp_path / "other.pem", "--out", out,
        "--new-root", tmp_path / "NEW.pem",
    )  # fmt: skip
    assert outcome.status == 2
    assert "this root may not sign for that issuer" in outcome.error
    assert not out.exists() and not (tmp_path / "NEW.pem").exists()


def test_a_request_that_is_none_is_one_line(
    command: Command, at_home: Command, issuer: Service, tmp_path: Path
) -> None:
    words = ("--root", root_of(issuer), "--out", tmp_path / "statement")
    assert "is missing" in command("keys", "sign", tmp_path / "nowhere", *words).error
    (tmp_path / "other").write_text("{}")
    assert "this is no request" in command("keys", "sign", tmp_path / "other", *words).error


def test_commands_work_beside_a_service(
    at_home: Command, issuer: Service, clock: MovableClock
) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch()
    at_home("keys", "retire", b64url_encode(key.id))
    assert wallet.fetch(wallet.batch(key)).code == (422, "wrong_key")
    assert wallet.fetch().status == 200
    one_round(issuer.authority, clock)
    assert publish(issuer.authority, NOON) is False


# Exposure notices


THIS_HOUR = hour_at(NOON)
PAST = range(THIS_HOUR - 5, THIS_HOUR)
FROM, TO = "2026-03-17T08:00+05:00", "2026-03-17T11:00+05:00"
"""Three of these hours; noon of the tests is 07:00 UTC."""


@pytest.fixture
def traced(issuer: Service, tmp_path: Path) -> Path:
    """A venue's export of the last five hours."""
    path = tmp_path / "hours.json"
    path.write_bytes(export_of(issuer, PAST))
    return path


def add_notice(at_home: Command, traced: Path, *more: str, **how: Any) -> Outcome:
    return at_home("notice", "add", traced, "--from", FROM, "--to", TO, *more, **how)


def test_a_notice_is_published_by_the_home_and_an_officers_key(
    at_home: Command, issuer: Service, traced: Path
) -> None:
    added = add_notice(at_home, traced, "--json").json
    hours = ["2026-03-17T03:00:00Z", "2026-03-17T04:00:00Z", "2026-03-17T05:00:00Z"]
    assert added.keys() == {"digest", "hours", "text", "expires_at"}
    assert (added["hours"], added["expires_at"]) == (hours, format_time(NOON + 7 * DAY))
    assert added["text"].keys() == {"kk", "ru", "en"}
    assert "2026-03-17 08:00 – 2026-03-17 11:00" in added["text"]["en"]
    assert issuer.authority.notices() is None
    [waiting] = at_home("notice", "list", "--json").json["waiting"]
    assert (waiting["digest"], waiting["hours"], waiting["problem"]) == (
        added["digest"],
        hours,
        None,
    )
    key = issuer.staff(Role.OFFICER)
    done = at_home("notice", "agree", added["digest"], "-", "--json", stdin=key + "\n").json
    assert done["hours"] == hours
    assert done["expires_at"] == "2026-03-31T00:00:00Z"
    assert at_home("notice", "list", "--json").json == {"waiting": [], "published": [done]}
    listed = issuer.authority.notices()
    assert listed is not None and len(listed.hours) == 3
    withdrawn = at_home("notice", "withdraw", done["name"], "--json").json
    assert withdrawn == {"withdrawn": done["name"], "hours": 3}
    assert at_home("notice", "list").out == "Nothing waits, and nothing is published.\n"
    lines = [(line.action, line.account) for line in issuer.authority.audit.recent(4)]
    assert lines == [
        ("notice withdraw", 0),
        ("notice publish", 1),
        ("agree", 1),
        ("propose", 0),
    ]


def test_notices_for_people_name_the_next_thing_to_do(
    at_home: Command, issuer: Service, traced: Path
) -> None:
    out = add_notice(at_home, traced).out
    assert out.startswith("2026-03-17 08:00 – 11:00  (2026-03-17 03:00 – 06:00 UTC)\n3 hours, in")
    assert "3 hours wait for an officer until 2026-03-24T07:00:00Z." in out
    assert "Possible contact with an infection" in out and "Возможный контакт" in out
    digest = out.split()[-2]
    assert out.endswith(f"To publish: qupia-issuer notice agree {digest} -\n")
    assert f"waits      {digest}  3 hours, until" in at_home("notice", "list").out
    done = at_home("notice", "agree", digest, "-", stdin=issuer.staff(Role.OFFICER)).out
    name = done.split()[-1]
    assert done.endswith(f"If it was a mistake: qupia-issuer notice withdraw {name}\n")
    listed = at_home("notice", "list").out
    assert f"published  {name}  until 2026-03-31T00:00:00Z" in listed
    assert "2026-03-17 08:00 – 11:00" in listed


def test_on_a_terminal_the_hours_are_shown_and_asked_for(
    at_home: Command, issuer: Service, traced: Path
) -> None:
    refused = add_notice(at_home, traced, stdin=Terminal("n\n"))
    assert (refused.status, refused.out.strip()) == (2, "")
    assert "2026-03-17 08:00 – 11:00  (2026-03-17 03:00 – 06:00 UTC)" in refused.err
    assert "3 hours, in the list until 2026-03-31T00:00:00Z" in refused.err
    assert "Possible contact with an infection: 2026-03-17 08:00" in refused.err
    assert at_home("notice", "list", "--json").json["waiting"] == []
    agreed = add_notice(at_home, traced, "--json", stdin=Terminal("y\n"))
    digest = agreed.json["digest"]
    stopped = at_home("notice", "agree", digest, "-", stdin=Terminal("n\n"))
    assert "Publish these hours?" in stopped.err
    assert issuer.authority.notices() is None


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.AUDITOR, None])
def test_only_an_officers_key_agrees(
    at_home: Command, issuer: Service, traced: Path, role: Role | None
) -> None:
    digest = add_notice(at_home, traced, "--json").json["digest"]
    key = issuer.staff(role) if role else "no key"
    refused = at_home("notice", "agree", digest, "-", stdin=key)
    assert refused.status == 1
    assert refused.error == "this is no officer's key; another officer has to agree"
    assert issuer.authority.notices() is None


def test_a_proposal_is_rejected_at_the_home(at_home: Command, traced: Path) -> None:
    digest = add_notice(at_home, traced, "--json").json["digest"]
    again = add_notice(at_home, traced)
    assert (again.status, again.error.partition(";")[0]) == (
        1,
        "this waits for another officer already",
    )
    assert at_home("notice", "reject", digest, "--json").json == {"rejected": digest}
    for call in (["reject", digest], ["agree", digest, "-"]):
        outcome = at_home("notice", *call, stdin="key")
        assert outcome.status == 1


@pytest.mark.parametrize(
    ("made", "status", "line"),
    [
        ({"hours": [THIS_HOUR - 30 * 24]}, 2, "the export has no hour between --from and --to"),
        ({"hours": PAST, "iss": "https://other.example"}, 1, "the export is sealed to another"),
        ({"hours": PAST, "sealed_in": 1, "authority_key": bytes([9] * 31 + [0])}, 1,
         "the key of the hour to which the export is sealed is gone"),
        ({"hours": PAST, "authority_key": bytes([9] * 31 + [0])}, 1,
         "the export was changed or cut short"),
    ],
)  # fmt: skip
def test_a_wrong_export_is_one_line_and_nothing_waits(
    at_home: Command,
    issuer: Service,
    tmp_path: Path,
    made: dict[str, Any],
    status: int,
    line: str,
) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(export_of(issuer, **made))
    outcome = add_notice(at_home, path)
    assert (outcome.status, outcome.error.startswith(line)) == (status, True), outcome.error
    assert at_home("notice", "list", "--json").json["waiting"] == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"x" * 100_000])
def test_a_file_that_is_no_export_is_one_line(
    at_home: Command, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "wrong.json"
    path.write_bytes(content)
    outcome = add_notice(at_home, path)
    assert (outcome.status, outcome.error.partition(";")[0]) == (
        2,
        "the file is no export of a venue",
    )
    missing = add_notice(at_home, tmp_path / "nothing.json")
    assert missing.error.endswith("nothing.json is missing; give the venue's export")
    assert add_notice(at_home, tmp_path).status == 2


def test_hours_at_fault_are_named(at_home: Command, issuer: Service, tmp_path: Path) -> None:
    path = tmp_path / "hours.json"
    path.write_bytes(export_of(issuer, [THIS_HOUR - 24 * 20, THIS_HOUR - 1, THIS_HOUR]))
    times = ("--from", "2026-03-17T06:00Z", "--to", "2026-03-17T08:00Z")
    outcome = at_home("notice", "add", path, *times)
    assert outcome.error.endswith("choose an earlier --to: 2026-03-17 12:00 – 13:00")
    times = ("--from", "2026-02-01T00:00Z", "--to", "2026-03-17T07:00Z")
    outcome = at_home("notice", "add", path, *times)
    assert outcome.error.endswith("leave the hours out: 2026-02-25 12:00 – 13:00")


def test_an_unknown_publication_is_one_line(at_home: Command) -> None:
    outcome = at_home("notice", "withdraw", "0" * 16)
    assert (outcome.status, outcome.error.partition(";")[0]) == (
        1,
        "nothing of that name is published",
    )
