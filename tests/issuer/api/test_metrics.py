"""Figures for whoever runs the issuer: rounded, without labels that could name anyone."""

import re

import pytest

from issuer.retention import run_retention
from schemas.kinds import DAY, Kind
from schemas.root_statements import LONGEST_DELEGATION
from tests.support.asgi import Reply
from tests.support.issuers import NOON, Service

LINE = re.compile(
    r"# (HELP|TYPE) qupia_[a-z_]+ .+"
    r'|qupia_[a-z_]+(\{[a-z_]+="[a-z0-9_-]+"(,[a-z_]+="[0-9]+")?\})? -?\d+'
)


def read(issuer: Service, address: str = "127.0.0.1", **headers: str) -> Reply:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return issuer.call("GET", "/metrics", headers=named, address=address)


def figures(issuer: Service) -> dict[str, int]:
    lines = read(issuer).body.decode().splitlines()
    return {
        name: int(value)
        for name, _, value in (line.rpartition(" ") for line in lines)
        if not name.startswith("#")
    }


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_machine_may_read_them(issuer: Service, address: str) -> None:
    reply = read(issuer, address)
    assert reply.status == 200
    assert reply.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "address", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "", "localhost.example"]
)
def test_another_machine_may_not(issuer: Service, address: str) -> None:
    assert read(issuer, address).code == (401, "not_allowed")


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "Via"]
)
def test_a_call_that_a_proxy_hands_on_is_not_this_machines(issuer: Service, header: str) -> None:
    reply = issuer.call("GET", "/metrics", headers=[(header, "x")], address="127.0.0.1")
    assert reply.code == (401, "not_allowed")


def test_an_auditors_key_opens_them_from_anywhere(issuer: Service) -> None:
    key = issuer.staff("auditor")
    bearer = {"authorization": f"Bearer {key}"}
    assert read(issuer, "192.0.2.1", **bearer).status == 200
    assert read(issuer, "127.0.0.1", x_forwarded_for="192.0.2.1", **bearer).status == 200


@pytest.mark.parametrize("role", ["registrar", "officer"])
def test_no_other_key_does(issuer: Service, role: str) -> None:
    bearer = {"authorization": f"Bearer {issuer.staff(role)}"}
    assert read(issuer, "192.0.2.1", **bearer).code == (401, "not_allowed")


def test_every_line_is_in_the_exposition_format(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.now)
    issuer.activated().fetch()
    text = read(issuer).body.decode()
    assert text.endswith("\n")
    wrong = [line for line in text.splitlines() if not LINE.fullmatch(line)]
    assert wrong == []


def test_they_say_how_the_issuer_stands(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.now)
    issuer.clock.now += 100
    shown = figures(issuer)
    assert shown["qupia_ready"] == 1
    assert shown["qupia_bundle_version"] == 1
    assert shown["qupia_bundle_age_seconds"] == 100
    assert shown["qupia_retention_age_seconds"] == 100
    assert shown["qupia_signer_seconds"] == LONGEST_DELEGATION - 100
    assert shown["qupia_sunset_seconds"] == issuer.authority.sunset - NOON - 100


def test_a_signer_that_has_ended_shows_as_a_negative_time(issuer: Service) -> None:
    issuer.clock.now += 36 * DAY
    assert figures(issuer)["qupia_signer_seconds"] == -DAY
    assert figures(issuer)["qupia_ready"] == 0


def test_they_are_shown_before_the_first_bundle_and_after_the_sunset(issuer: Service) -> None:
    issuer.home.bundle.unlink()
    assert figures(issuer)["qupia_ready"] == 0
    issuer.clock.now = issuer.authority.sunset + 5
    run_retention(issuer.authority, issuer.now)
    shown = figures(issuer)
    assert (shown["qupia_ready"], shown["qupia_sunset_seconds"]) == (0, -5)
    assert all(shown[f'qupia_held{{kind="{kind}"}}'] == 0 for kind in Kind)


def test_numbers_of_records_are_rounded_up(issuer: Service) -> None:
    for _ in range(11):
        issuer.code()
    shown = figures(issuer)
    assert shown['qupia_held{kind="code"}'] == 20
    assert shown['qupia_held{kind="row"}'] == 20
    assert shown['qupia_held{kind="batch"}'] == 0
    assert {f'qupia_held{{kind="{kind}"}}' for kind in Kind} <= shown.keys()


def test_passes_are_shown_for_days_that_are_over_only(issuer: Service) -> None:
    issuer.activated().fetch()
    assert not any(value for name, value in figures(issuer).items() if "passes" in name)
    issuer.clock.now += DAY
    shown = figures(issuer)
    assert shown['qupia_passes{status="green",days_ago="1"}'] == 10
    assert shown['qupia_passes{status="blue",days_ago="1"}'] == 0
