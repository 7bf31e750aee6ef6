"""What is held, deleted and found by the commands of retention."""

import re

import pytest

from issuer.retention import run_retention
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR, Kind
from tests.support.commands import Run
from tests.support.issuers import NOON, MovableClock, Service


@pytest.mark.process
def test_retention_goes_on_after_the_sunset(
    at_home: Run, issuer: Service, clock: MovableClock
) -> None:
    clock.now = issuer.authority.sunset
    assert at_home("retention", "run", "--json").members["deleted"]["signing_keys"] == 6
    assert at_home("retention", "run", "--json").members == {"deleted": {}}
    assert at_home("retention", "verify", "--json").members == {"ok": True, "findings": []}
    assert at_home("retention", "status").status == 0


def test_retention_status_says_what_is_held(at_home: Run, issuer: Service) -> None:
    issuer.code()
    issuer.clock.now += HOUR
    members = at_home("retention", "status", "--json").members
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


def test_retention_run_says_what_it_deleted(at_home: Run, issuer: Service) -> None:
    issuer.code()
    assert at_home("retention", "run").out == "Deleted: nothing was due.\n"
    later = format_time(NOON + 3 * DAY)
    members = at_home("retention", "run", "--at", later, "--json").members
    assert members == {"deleted": {"code": 1, "row": 1, "pass_keys": 6}}
    assert at_home("retention", "status", "--json").members["last_run"] == later


@pytest.mark.process
def test_retention_verify_finds_what_is_past_its_time(at_home: Run, issuer: Service) -> None:
    issuer.code()
    assert at_home("retention", "verify").out == "Nothing is kept past its time.\n"
    later = format_time(NOON + 4 * DAY)
    outcome = at_home("retention", "verify", "--at", later, "--json")
    assert outcome.status == 1
    assert outcome.members["ok"] is False
    assert "the key of 2026-03-20 outlived its day" in outcome.members["findings"]
    assert "8 pass keys outlived their window" in outcome.members["findings"]
    at_home("retention", "run", "--at", later)
    issuer.close()
    assert at_home("retention", "verify", "--at", later, "--json").members["ok"] is True


def test_a_clock_before_the_last_run_is_warned_of(at_home: Run, issuer: Service) -> None:
    run_retention(issuer.authority, NOON + 5 * HOUR)
    for name in ("status", "run"):
        outcome = at_home("retention", name, "--json")
        assert outcome.members
        assert outcome.err == (
            "warning: the clock is 5 h before the last run; "
            "set it, or records live longer than they should\n"
        )


def test_retention_goes_on_though_the_chain_of_roots_is_damaged(
    at_home: Run, issuer: Service
) -> None:
    issuer.code()
    issuer.home.delegations.write_bytes(b"damaged")
    outcome = at_home("retention", "run", "--at", format_time(NOON + 3 * DAY), "--json")
    assert outcome.members["deleted"]["code"] == 1
    assert "delegations.json is damaged; restore it from a backup" in outcome.err
