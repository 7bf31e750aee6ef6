"""What staff may do: the same by each of the three doors, and by the home without an account."""

import io
import json
import re
import sys
from abc import ABC, abstractmethod
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest

from issuer import staff_actions
from issuer.commands import results
from issuer.oversight.audit import Action, Audit
from issuer.rules.values import Caps
from issuer.staff import Account, Role
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from tests.support.clerk import Clerk
from tests.support.issuers import NOON, Service

PERSON = "P-1234567"
TAKEN = NOON - HOUR


class Door(ABC):
    """A way to ask: each call gives a code or nothing, or the sentence of a refusal."""

    def __init__(self, issuer: Service, patch: pytest.MonkeyPatch) -> None:
        self.issuer, self.patch = issuer, patch

    @abstractmethod
    def register(self) -> str: ...

    @abstractmethod
    def cancel(self, code: str) -> str: ...

    @abstractmethod
    def withdraw(self, *, lift: bool = False) -> str: ...


class Api(Door):
    def register(self) -> str:
        body = {"evidence": "pcr_negative", "at": format_time(TAKEN), "reference": PERSON}
        return self._post("/v1/codes", body)

    def cancel(self, code: str) -> str:
        return self._post("/v1/codes/cancel", {"code": code})

    def withdraw(self, *, lift: bool = False) -> str:
        body = {"evidence": "contact", "at": format_time(NOON), "reference": PERSON}
        return self._post("/v1/withdrawals" + "/lift" * lift, body, role="officer")

    def _post(self, path: str, body: Any, role: str = "registrar") -> str:
        reply = self.issuer.post(path, body, key=self.issuer.staff(role))
        if reply.status != 200:
            return ApiProblem(Problem(reply.json["code"])).text(Language.EN)
        return str(reply.json.get("code", ""))


class Console(Door):
    def register(self) -> str:
        local = datetime.fromtimestamp(TAKEN, self.issuer.authority.policy.zone)
        return self._send(
            "/console/register",
            evidence="pcr_negative",
            date=f"{local:%Y-%m-%d}",
            time=f"{local:%H:%M}",
            reference=PERSON,
        )

    def cancel(self, code: str) -> str:
        return self._send("/console/cancel", code=code)

    def withdraw(self, *, lift: bool = False) -> str:
        fields = {"lift": "1"} if lift else {}
        return self._send(
            "/console/withdraw",
            role=Role.OFFICER,
            evidence="contact",
            date="2026-03-17",
            reference=PERSON,
            step="do",
            **fields,
        )

    def _send(self, path: str, *, role: Role = Role.REGISTRAR, **fields: str) -> str:
        seen = Clerk.of(self.issuer, role).send_form(path, **fields)
        told = r'role="alert">(?:<p>)?✗ (.*?)</' if seen.status != 200 else r"(\w{4}(?:-\w{4}){3})"
        found = re.search(told, seen.html, re.S)
        return found[1] if found else ""


class CommandLine(Door):
    def register(self) -> str:
        return self._run(
            results.register, PERSON, "pcr_negative", at=format_time(TAKEN), reference="-"
        )

    def cancel(self, code: str) -> str:
        return self._run(results.cancel, code, "-")

    def withdraw(self, *, lift: bool = False) -> str:
        return self._run(results.withdraw, PERSON, "contact", reference="-", lift=lift)

    def _run(self, command: Any, secret: str, *given: str, **more: Any) -> str:
        said = io.StringIO()
        with self.patch.context() as patch:
            patch.setattr(sys, "stdin", io.StringIO(secret + "\n"))
            patch.setattr(sys, "stdout", said)
            patch.setattr("shell.clock.time", SimpleNamespace(time=self.issuer.clock))
            try:
                command(*given, **more, home=self.issuer.home.path, as_json=True)
            except CommandError as error:
                return error.message
        return str(json.loads(said.getvalue()).get("code", ""))


@pytest.fixture(params=[Api, Console, CommandLine])
def door(request: pytest.FixtureRequest, issuer: Service, monkeypatch: pytest.MonkeyPatch) -> Door:
    issuer.home.root_key.unlink()
    made: Door = request.param(issuer, monkeypatch)
    return made


def lines(issuer: Service) -> list[tuple[str, str, int]]:
    """Action, role and total of what was noted, the oldest first."""
    found = issuer.authority.audit.recent(99)
    return [(line.action, line.role, line.total) for line in reversed(found)]


def account(role: Role) -> Account:
    return Account(7, "somebody", role, NOON // DAY)


def test_each_door_leaves_the_same_lines(door: Door, issuer: Service) -> None:
    code = door.register()
    assert re.fullmatch(r"\w{4}(-\w{4}){3}", code)
    assert [door.cancel(code), door.withdraw(), door.withdraw(lift=True)] == [""] * 3
    at_home = isinstance(door, CommandLine)
    registrar, officer = ("home", "home") if at_home else ("registrar", "officer")
    assert lines(issuer) == [
        ("register", registrar, 1),
        ("cancel", registrar, 1),
        ("withdraw", officer, 1),
        ("lift", officer, 1),
    ]


def test_each_door_refuses_in_the_same_words(door: Door, issuer: Service) -> None:
    code = door.register()
    assert door.register() == ApiProblem(Problem.ALREADY_REGISTERED).text(Language.EN)
    door.cancel(code)
    assert door.cancel(code) == ApiProblem(Problem.CODE_UNKNOWN).text(Language.EN)
    assert [action for action, _, _ in lines(issuer)] == ["register", "cancel"]


def test_where_it_cannot_be_noted_nothing_has_happened(
    door: Door, issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise CommandError("the disk is full")

    before = issuer.authority.store.census(NOON)
    with monkeypatch.context() as patch:
        patch.setattr(Audit, "note", fail)
        assert door.withdraw()
    assert issuer.authority.store.census(NOON) == before


def test_whoever_can_write_to_the_home_needs_no_role_and_has_no_cap(issuer: Service) -> None:
    authority = issuer.authority
    for action in staff_actions.ROLES:
        staff_actions.require(None, action)
    none = Caps(codes=0, withdrawals=0, uploaded=0)
    authority = replace(authority, policy=replace(authority.policy, caps=none))
    whom = {"reference": PERSON, "evidence": "fraud"}
    staff_actions.withdraw(authority, None, **whom, at=NOON, now=NOON)
    staff_actions.lift(authority, None, **whom, now=NOON)
    staff_actions.end_lost(authority, None, reference=PERSON, now=NOON)
    assert {(line.account, line.role) for line in authority.audit.recent(9)} == {(0, "home")}


@pytest.mark.parametrize("action", staff_actions.ROLES)
def test_an_account_may_do_what_its_role_says_and_nothing_else(action: Action) -> None:
    for role in Role:
        if role in staff_actions.ROLES[action]:
            staff_actions.require(account(role), action)
        else:
            with pytest.raises(ApiProblem) as caught:
                staff_actions.require(account(role), action)
            assert (caught.value.fault, caught.value.status) == (Problem.NOT_ALLOWED, 403)
