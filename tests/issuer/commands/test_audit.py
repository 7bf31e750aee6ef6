"""What commands write into the audit, and how it is verified."""

from pathlib import Path

import pytest

from issuer.oversight.audit import Action
from schemas.encoding import b64url_encode, format_time
from tests.support.commands import Run
from tests.support.issuer_commands import PERSON, register, root_of
from tests.support.issuers import NOON, Service
from tests.support.lab_export import make_row, write_text

# What is noted


def test_what_staff_do_at_the_home_is_noted(at_home: Run, issuer: Service) -> None:
    register(at_home)
    at_home("withdraw", "--evidence", "contact", "--reference", "-", given=PERSON)
    lines = [(line.action, line.role, line.total) for line in issuer.authority.audit.recent(9)]
    assert lines == [("withdraw", "home", 1), ("register", "home", 1)]


def test_an_intake_is_one_line_with_its_rows(at_home: Run, issuer: Service, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(write_text([make_row(1), make_row(2), make_row(3)]), encoding="cp1251")
    at_home("intake", export, "--out", tmp_path / "codes.csv", "--at", format_time(NOON))
    [line] = issuer.authority.audit.recent(9)
    assert (line.action, line.role, line.total) == ("intake", "home", 3)


@pytest.mark.process
def test_what_happens_to_accounts_and_keys_is_noted(at_home: Run, issuer: Service) -> None:
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


@pytest.mark.process
def test_verify_tells_its_findings_though_it_cannot_be_noted(at_home: Run, issuer: Service) -> None:
    issuer.home.audit.write_bytes(b"garbage\n")
    issuer.home.audit.chmod(0o600)
    outcome = at_home("retention", "verify", "--json")
    assert outcome.members["ok"] is True
    assert "audit.jsonl is damaged" in outcome.err


# Verifying


def test_a_whole_audit_is_told_with_its_head(at_home: Run, issuer: Service) -> None:
    assert at_home("audit", "verify").out == "No line yet.\n"
    register(at_home)
    members = at_home("audit", "verify", "--json").members
    head = members.pop("head")
    assert members == {"ok": True, "lines": 1, "fault": None, "first_bad": None, "torn": False}
    issuer.authority.audit.note(Action.CANCEL, None, NOON)
    assert at_home("audit", "verify", "--head", head).status == 0
    assert "2 lines, each in its place" in at_home("audit", "verify").out


def test_a_changed_audit_is_refused_with_the_first_bad_line(at_home: Run, issuer: Service) -> None:
    for _ in range(3):
        issuer.authority.audit.note(Action.CANCEL, None, NOON)
    lines = issuer.home.audit.read_bytes().splitlines(keepends=True)
    issuer.home.audit.write_bytes(lines[0] + lines[2])
    outcome = at_home("audit", "verify")
    assert (outcome.status, outcome.out) == (
        1,
        "Line 2 is missing; right before it: 1 line.\n",
    )
    members = at_home("audit", "verify", "--json").members
    assert (members["ok"], members["fault"], members["first_bad"]) == (False, "missing", 2)


def test_an_audit_without_the_head_that_was_kept_is_refused(at_home: Run) -> None:
    register(at_home)
    outcome = at_home("audit", "verify", "--head", "another")
    assert outcome.status == 1
    assert outcome.out.startswith("The line of that hash is missing")


def test_a_line_cut_short_by_a_crash_is_a_warning(at_home: Run, issuer: Service) -> None:
    register(at_home)
    with issuer.home.audit.open("ab") as file:
        file.write(b'{"n":2,"day"')
    outcome = at_home("audit", "verify", "--json")
    assert outcome.status == 0
    assert outcome.members["torn"] is True
    assert "warning: a crash cut the last line short" in outcome.err


def test_without_a_home_there_is_no_audit(command: Run, tmp_path: Path) -> None:
    outcome = command("audit", "verify", "--home", tmp_path / "nowhere")
    assert outcome.status == 2
    assert outcome.error.endswith("run: qupia-issuer init")
