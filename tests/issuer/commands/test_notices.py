"""Exposure notices at the home, from a venue's export to the list."""

from pathlib import Path
from typing import Any

import pytest

from issuer.staff import Role
from schemas.encoding import format_time
from schemas.hours import hour_at
from schemas.kinds import DAY
from tests.support.commands import Outcome, Run, Terminal
from tests.support.exports import export_of
from tests.support.issuers import NOON, Service

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


def add_notice(at_home: Run, traced: Path, *more: str, **how: Any) -> Outcome:
    return at_home("notice", "add", traced, "--from", FROM, "--to", TO, *more, **how)


def test_a_notice_is_published_by_the_home_and_an_officers_key(
    at_home: Run, issuer: Service, traced: Path
) -> None:
    added = add_notice(at_home, traced, "--json").members
    hours = ["2026-03-17T03:00:00Z", "2026-03-17T04:00:00Z", "2026-03-17T05:00:00Z"]
    assert added.keys() == {"digest", "hours", "text", "expires_at"}
    assert (added["hours"], added["expires_at"]) == (hours, format_time(NOON + 7 * DAY))
    assert added["text"].keys() == {"kk", "ru", "en"}
    assert "17 March 2026, 08:00 – 17 March 2026, 11:00" in added["text"]["en"]
    assert issuer.authority.notices() is None
    [waiting] = at_home("notice", "list", "--json").members["waiting"]
    assert (waiting["digest"], waiting["hours"], waiting["problem"]) == (
        added["digest"],
        hours,
        None,
    )
    key = issuer.staff(Role.OFFICER)
    done = at_home("notice", "agree", added["digest"], "-", "--json", given=key + "\n").members
    assert done["hours"] == hours
    assert done["expires_at"] == "2026-03-31T00:00:00Z"
    assert at_home("notice", "list", "--json").members == {"waiting": [], "published": [done]}
    listed = issuer.authority.notices()
    assert listed is not None and len(listed.hours) == 3
    withdrawn = at_home("notice", "withdraw", done["name"], "--json").members
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
    at_home: Run, issuer: Service, traced: Path
) -> None:
    out = add_notice(at_home, traced).out
    assert out.startswith("2026-03-17 08:00 – 11:00  (2026-03-17 03:00 – 06:00 UTC)\n3 hours, in")
    assert "3 hours wait for an officer until 2026-03-24T07:00:00Z." in out
    assert "Possible contact with an infection" in out and "Возможный контакт" in out
    digest = out.split()[-2]
    assert out.endswith(f"To publish: qupia-issuer notice agree {digest} -\n")
    assert f"waits      {digest}  3 hours, until" in at_home("notice", "list").out
    done = at_home("notice", "agree", digest, "-", given=issuer.staff(Role.OFFICER)).out
    name = done.split()[-1]
    assert done.endswith(f"If it was a mistake: qupia-issuer notice withdraw {name}\n")
    listed = at_home("notice", "list").out
    assert f"published  {name}  until 2026-03-31T00:00:00Z" in listed
    assert "2026-03-17 08:00 – 11:00" in listed


def test_on_a_terminal_the_hours_are_shown_and_asked_for(
    at_home: Run, issuer: Service, traced: Path
) -> None:
    refused = add_notice(at_home, traced, given=Terminal("n\n"))
    assert (refused.status, refused.out.strip()) == (2, "")
    assert "2026-03-17 08:00 – 11:00  (2026-03-17 03:00 – 06:00 UTC)" in refused.err
    assert "3 hours, in the list until 2026-03-31T00:00:00Z" in refused.err
    assert "Possible contact with an infection: 17 March 2026, 08:00" in refused.err
    assert at_home("notice", "list", "--json").members["waiting"] == []
    agreed = add_notice(at_home, traced, "--json", given=Terminal("y\n"))
    digest = agreed.members["digest"]
    stopped = at_home("notice", "agree", digest, "-", given=Terminal("n\n"))
    assert "Publish these hours?" in stopped.err
    assert issuer.authority.notices() is None


@pytest.mark.parametrize("role", [Role.REGISTRAR, Role.AUDITOR, None])
def test_only_an_officers_key_agrees(
    at_home: Run, issuer: Service, traced: Path, role: Role | None
) -> None:
    digest = add_notice(at_home, traced, "--json").members["digest"]
    key = issuer.staff(role) if role else "no key"
    refused = at_home("notice", "agree", digest, "-", given=key)
    assert refused.status == 1
    assert refused.error == "this is no officer's key; another officer has to agree"
    assert issuer.authority.notices() is None


def test_a_proposal_is_rejected_at_the_home(at_home: Run, traced: Path) -> None:
    digest = add_notice(at_home, traced, "--json").members["digest"]
    again = add_notice(at_home, traced)
    assert (again.status, again.error.partition(";")[0]) == (
        1,
        "this waits for another officer already",
    )
    assert at_home("notice", "reject", digest, "--json").members == {"rejected": digest}
    for call in (["reject", digest], ["agree", digest, "-"]):
        outcome = at_home("notice", *call, given="key")
        assert outcome.status == 1


@pytest.mark.parametrize(
    ("made", "status", "line"),
    [
        ({"hours": [THIS_HOUR - 30 * 24]}, 2, "the export has no hour between --from and --to"),
        ({"hours": PAST, "iss": "https://other.example"}, 1, "the export is sealed to another"),
        ({"hours": PAST, "sealed_on": 1, "authority_key": bytes([9] * 31 + [0])}, 1,
         "the key of the day to which the export is sealed is gone"),
        ({"hours": PAST, "authority_key": bytes([9] * 31 + [0])}, 1,
         "the export was changed or cut short"),
    ],
)  # fmt: skip
def test_a_wrong_export_is_one_line_and_nothing_waits(
    at_home: Run,
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
    assert at_home("notice", "list", "--json").members["waiting"] == []


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff\xfe", b"x" * 100_000])
def test_a_file_that_is_no_export_is_one_line(at_home: Run, tmp_path: Path, content: bytes) -> None:
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


def test_hours_at_fault_are_named(at_home: Run, issuer: Service, tmp_path: Path) -> None:
    path = tmp_path / "hours.json"
    path.write_bytes(export_of(issuer, [THIS_HOUR - 24 * 20, THIS_HOUR - 1, THIS_HOUR]))
    times = ("--from", "2026-03-17T06:00Z", "--to", "2026-03-17T08:00Z")
    outcome = at_home("notice", "add", path, *times)
    assert outcome.error.endswith("choose an earlier --to: 2026-03-17 12:00 – 13:00")
    times = ("--from", "2026-02-01T00:00Z", "--to", "2026-03-17T07:00Z")
    outcome = at_home("notice", "add", path, *times)
    assert outcome.error.endswith("leave the hours out: 2026-02-25 12:00 – 13:00")


def test_an_unknown_publication_is_one_line(at_home: Run) -> None:
    outcome = at_home("notice", "withdraw", "0" * 16)
    assert (outcome.status, outcome.error.partition(";")[0]) == (
        1,
        "nothing of that name is published",
    )
