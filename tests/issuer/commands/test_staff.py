"""Accounts of staff, as they are made and removed at the home."""

import json

from schemas.kinds import DAY
from tests.support.commands import Run
from tests.support.issuers import NOON, URL, MovableClock, Service


def test_a_staff_key_is_shown_once(at_home: Run, issuer: Service) -> None:
    members = at_home("staff", "add", "Lab 1", "--role", "registrar", "--json").members
    assert (members["name"], members["role"]) == ("Lab 1", "registrar")
    assert issuer.post("/v1/codes", issuer.result(), key=members["key"]).status == 200
    shown = at_home("staff", "list", "--json").members
    assert shown == {
        "accounts": [{"number": 1, "name": "Lab 1", "role": "registrar", "unused_days": 0}]
    }
    assert members["key"] not in json.dumps(shown)


def test_staff_are_listed_for_people(at_home: Run, clock: MovableClock) -> None:
    assert at_home("staff", "list").out.startswith("No accounts; run: qupia-issuer staff add")
    at_home("staff", "add", "Lab 1", "--role", "officer")
    clock.now += 3 * DAY
    assert at_home("staff", "list").out == "   1  officer    Lab 1  used 3 days ago\n"


def test_staff_twice_and_out_of_order(at_home: Run) -> None:
    assert at_home("staff", "remove", "Lab 1").error == (
        "no account has that name; see: qupia-issuer staff list"
    )
    at_home("staff", "add", "Lab 1", "--role", "officer")
    assert at_home("staff", "add", "Lab 1", "--role", "officer").error == (
        "there is an account of that name; remove it first"
    )
    assert at_home("staff", "remove", "Lab 1", "--json").members == {"removed": "Lab 1"}
    assert at_home("staff", "remove", "Lab 1").status == 2


def test_a_role_is_one_of_three(at_home: Run) -> None:
    outcome = at_home("staff", "add", "Lab", "--role", "doctor")
    assert outcome.status == 2
    assert "'registrar', 'officer', 'auditor'" in outcome.error


def test_staff_are_told_where_to_sign_in(at_home: Run) -> None:
    text = at_home("staff", "add", "Lab", "--role", "registrar").out
    assert f"sign in at {URL}/console with the name and this key" in text


def test_a_reset_prints_a_new_key_once(at_home: Run, issuer: Service) -> None:
    old = at_home("staff", "add", "Lab", "--role", "registrar", "--json").members["key"]
    members = at_home("staff", "reset", "Lab", "--json").members
    assert members == {"name": "Lab", "key": members["key"]}
    assert issuer.authority.staff.authenticate(old, NOON) is None
    assert issuer.authority.staff.authenticate(members["key"], NOON) is not None
    assert f"sign in at {URL}/console" in at_home("staff", "reset", "Lab").out


def test_an_account_that_is_not_there_cannot_be_reset(at_home: Run) -> None:
    outcome = at_home("staff", "reset", "nobody")
    assert outcome.status == 2
    assert outcome.error == "no account has that name; see: qupia-issuer staff list"
