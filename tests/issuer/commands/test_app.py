"""What all commands of the authority share: help, homes that are not there, damage, the sunset."""

from pathlib import Path

import pytest

from tests.support.commands import Run
from tests.support.issuer_commands import AN_HOUR_AGO
from tests.support.issuers import MovableClock, Service

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
    ["keys", "request", "--out", "request.json"],
    ["keys", "take", "signed.json"],
    ["keys", "replace-all", "--root", "ROOT.pem"],
]
IDS = [" ".join(arguments[:2]) for arguments in EVERY]


@pytest.mark.parametrize("arguments", EVERY, ids=IDS)
def test_without_an_issuer_every_command_says_how_to_begin(
    command: Run, tmp_path: Path, arguments: list[str]
) -> None:
    outcome = command(*arguments, "--home", tmp_path / "nowhere", "--json", given="x\n")
    assert outcome.status == 2
    assert outcome.error == f"there is no issuer in {tmp_path / 'nowhere'}; run: qupia-issuer init"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("arguments", EVERY, ids=IDS)
def test_a_home_that_others_can_read_stops_every_command(
    at_home: Run, issuer: Service, arguments: list[str]
) -> None:
    issuer.home.policy.chmod(0o644)
    outcome = at_home(*arguments, given="x\n")
    assert outcome.status == 2
    assert outcome.error == (
        f"others can read {issuer.home.policy}; run: chmod 600 '{issuer.home.policy}'"
    )


PAST = [arguments for arguments in EVERY if arguments[0] not in ("retention", "policy")]


@pytest.mark.parametrize("arguments", PAST, ids=[" ".join(each[:2]) for each in PAST])
def test_past_the_sunset_no_command_makes_or_issues_anything(
    at_home: Run, issuer: Service, clock: MovableClock, arguments: list[str]
) -> None:
    clock.now = issuer.authority.sunset
    outcome = at_home(*arguments, given="x\n")
    assert outcome.status == 1
    assert outcome.error == (
        "this issuer ended on 2026-09-13; to go on, ask the public again and found a new one: "
        "qupia-issuer init --home NEW"
    )


@pytest.mark.parametrize("arguments", [[], ["keys"], ["staff"], ["unknown"], ["keys", "unknown"]])
def test_no_or_unknown_commands_say_how_to_get_help(command: Run, arguments: list[str]) -> None:
    outcome = command(*arguments)
    assert outcome.status == 2
    assert outcome.error.endswith("try: qupia-issuer --help")


@pytest.mark.parametrize("group", [[], ["keys"], ["staff"], ["codes"], ["retention"], ["policy"]])
def test_help_goes_to_standard_output(command: Run, group: list[str]) -> None:
    outcome = command(*group, "--help")
    assert (outcome.status, outcome.err) == (0, "")
    assert "Usage: qupia-issuer" in outcome.out


def test_every_command_of_the_contract_is_there_with_its_home_and_json(command: Run) -> None:
    groups = ("staff", "codes", "keys", "retention", "policy", "notice")
    for arguments in EVERY:
        names = arguments[: 2 if arguments[0] in groups else 1]
        shown = command(*names, "--help").out
        assert "--home" in shown and "--json" in shown, names
