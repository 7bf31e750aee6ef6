from pathlib import Path

import pytest

from schemas.bundle_faults import BundleRejected
from schemas.catalogues import sentence
from schemas.kinds import HOUR
from schemas.languages import Language
from tests.support.world import NOON, World
from verifier.commands.report import make_report, report_members, report_text
from verifier.trust.settings import CheckIn, ClockCheck, Settings
from verifier.trust.store import TrustStore


def device(home: Path, *, specimen: bool = False) -> tuple[World, TrustStore]:
    world, store = World(specimen=specimen), TrustStore(home)
    settings = Settings("https://qupia.example", "first-only")
    store.set_up(world.bundle(NOON), anchor=world.pin, settings=settings, now=NOON)
    return world, store


def text(store: TrustStore, now: int, language: Language = Language.EN) -> list[str]:
    return report_text(make_report(store, now), language).splitlines()


def test_a_report_has_all_that_a_program_asks_for(tmp_path: Path) -> None:
    world, store = device(tmp_path / "home")
    store.keep_clock_check(ClockCheck(-4, NOON + 5))
    assert report_members(make_report(store, NOON + 2 * HOUR)) == {
        "keys": "fresh",
        "next": "nothing",
        "issuer": "https://qupia.example",
        "url": "https://qupia.example",
        "root": world.pin,
        "warnings": [],
        "evidence": 0,
        "specimen": False,
        "policy": "first-only",
        "check_in": "off",
        "name": "",
        "version": 1,
        "age_seconds": 7200,
        "expires_at": "2026-03-20T07:00:00Z",
        "sunset": "2026-09-13T07:00:00Z",
        "window_begins": "2026-03-16T19:00:00Z",
        "window_ends": "2026-03-17T19:00:00Z",
        "clock_ahead_seconds": -4,
        "clock_compared_at": "2026-03-17T07:00:05Z",
    }


def test_a_device_that_is_not_set_up_says_so_in_the_same_members(tmp_path: Path) -> None:
    _, store = device(tmp_path / "home")
    empty = report_members(make_report(TrustStore(tmp_path / "none"), NOON))
    assert empty.keys() == report_members(make_report(store, NOON)).keys()
    assert (empty["keys"], empty["next"]) == ("no_bundle", "setup")
    assert (empty["check_in"], empty["name"]) == ("off", "")
    assert (empty["warnings"], empty["evidence"]) == ([], 0)
    told = ("keys", "next", "check_in", "name", "warnings", "evidence")
    assert {v for k, v in empty.items() if k not in told} == {None}


def test_a_person_reads_age_issuer_window_root_policy_clock_and_next_step(tmp_path: Path) -> None:
    world, store = device(tmp_path / "home")
    lines = text(store, NOON + 30 * HOUR)
    assert lines[0] == "The keys are old: 30 h. They still work for 42 h; update them."
    assert lines[1] == "Issuer: Qupia, https://qupia.example; bundle version 1."
    assert lines[2].startswith("Passes of the current window work from 17 March 2026, ")
    assert lines[3:] == [
        f"Pinned root: {world.pin}",
        "Policy: first-only",
        "The clock has not been compared with the authority's yet.",
        "Next: qupia-verifier sync",
    ]


def test_a_log_that_was_replaced_is_told(tmp_path: Path) -> None:
    world, store = device(tmp_path / "home")
    world.replace_log(NOON, is_lost=True)
    store.accept(world.bundle(NOON), now=NOON)
    assert report_members(make_report(store, NOON))["warnings"] == ["log_replaced"]
    assert sentence("log_replaced", Language.EN) in text(store, NOON)


def test_evidence_is_told_with_the_command_that_shows_it(tmp_path: Path) -> None:
    world, store = device(tmp_path / "home")
    with pytest.raises(BundleRejected):
        store.accept(world.bundle(NOON + 1, version=1), now=NOON + 1)
    assert report_members(make_report(store, NOON))["evidence"] == 1
    [line] = [line for line in text(store, NOON) if "qupia-verifier evidence" in line]
    assert "1" in line


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (0, "The clock is right (difference: 0 seconds)."),
        (-3, "The clock is right (difference: 3 seconds)."),
        (90, "The clock of this device is 90 seconds ahead. Switch on automatic date and time."),
        (-90, "The clock of this device is 90 seconds behind. Switch on automatic date and time."),
    ],
)
def test_the_clock_is_told_in_words(tmp_path: Path, ahead: int, told: str) -> None:
    _, store = device(tmp_path / "home")
    store.keep_clock_check(ClockCheck(ahead, NOON))
    assert told in text(store, NOON)


def test_a_training_device_says_so(tmp_path: Path) -> None:
    _, store = device(tmp_path / "home", specimen=True)
    assert "This is a training issuer: its passes admit nobody." in text(store, NOON)


@pytest.mark.parametrize(
    ("check_in", "line"),
    [
        (
            CheckIn.SHOWN,
            "Check-in code: Café. Passes bound to it are admitted, and others as before.",
        ),
        (
            CheckIn.STRICT,
            "Check-in code: Café. Only passes bound to it are admitted, and those on paper.",
        ),
    ],
)
def test_a_check_in_code_is_told_with_its_name_and_for_whom_it_counts(
    tmp_path: Path, check_in: CheckIn, line: str
) -> None:
    _, store = device(tmp_path / "home")
    store.choose_check_in(check_in=check_in, name="Café")
    assert line in text(store, NOON)
    members = report_members(make_report(store, NOON))
    assert (members["check_in"], members["name"]) == (check_in.value, "Café")


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("hours", [-1, 0, 30, 80, 180 * 24])
def test_a_report_is_there_in_each_language_at_any_time(
    tmp_path: Path, language: Language, hours: int
) -> None:
    _, store = device(tmp_path / "home")
    lines = text(store, NOON + hours * HOUR, language)
    assert len(lines) >= 6
    assert all(line and "{" not in line for line in lines)
