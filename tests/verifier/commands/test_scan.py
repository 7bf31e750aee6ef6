"""Codes that are scanned, typed or on pictures, one by one and many."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogues import sentence
from schemas.door_texts import headline
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.refusals import Outcome
from shell.pictures import read_codes, save_qr
from tests.support.commands import Run, complaint
from tests.support.keyboards import LAYOUTS, typed_on
from tests.support.world import NOON, World


def test_a_pass_is_admitted_with_status_and_hint(device: Run, world: World) -> None:
    result = device("scan", world.code(NOON), "--json")
    assert (result.status, result.err) == (0, "")
    assert result.members == {
        "source": "line 1",
        "outcome": "admit",
        "reason": None,
        "helpdesk": None,
        "status": "green",
        "holder": "03",
        "paper": False,
    }
    assert device("scan", world.code(NOON)).out == (
        "line 1: ✓ ADMIT — Green — check ID: born in March\n"
    )


def test_lines_are_decided_one_by_one_and_the_largest_status_counts(
    device: Run, world: World
) -> None:
    text = world.code(NOON)
    lines = f"{text}\r\n\r\n{text}\nhello\n"
    result = device("scan", "-", "--json", given=lines)
    assert result.status == 1
    assert [(line["source"], line["reason"]) for line in result.lines] == [
        ("line 1", None),
        ("line 3", "already_shown"),
        ("line 4", "not_a_pass"),
    ]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_a_scanner_is_understood_under_any_layout(
    device: Run, world: World, layout: Mapping[str, str]
) -> None:
    typed = typed_on(layout, world.code(NOON))
    assert device("scan", "-", "--json", given=f"{typed}\t\r\n").members["outcome"] == "admit"


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_a_spoilt_code_says_that_the_scanner_s_layout_is_wrong_and_blames_no_pass(
    device: Run, world: World, lang: str
) -> None:
    result = device("scan", "-", "--lang", lang, given=world.paper(NOON).lower())
    language = Language(lang)
    told = f"{headline(Outcome.CANNOT_CHECK, language)} — {sentence('scanner_layout', language)}"
    assert (result.status, result.out) == (2, f"line 1: {told} (Q18)\n")


def test_pictures_are_read_and_one_without_a_code_cannot_be_checked(
    device: Run, world: World, tmp_path: Path
) -> None:
    good, again, empty = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    text = world.code(NOON)
    save_qr(text, good)
    save_qr(text, again)
    empty.write_bytes(b"")
    result = device("scan", good, again, empty, "--json")
    assert result.status == 2
    assert [(line["source"], line["reason"]) for line in result.lines] == [
        (str(good), None),
        (str(again), "already_shown"),
        (str(empty), "no_code"),
    ]


def test_a_slip_is_read_from_a_picture_and_by_several_people(
    device: Run, world: World, tmp_path: Path
) -> None:
    picture, slip = tmp_path / "slip.png", world.paper(NOON)
    save_qr(slip, picture)
    result = device("scan", picture, "--json")
    assert (result.status, result.members["holder"], result.members["paper"]) == (0, "03-17", True)
    both = device("scan", "-", given=f"{slip}\r\n{slip}\n")
    line = "✓ ADMIT — PAPER — Green — check ID: born on 17 March"
    assert both.out == f"line 1: {line}\nline 2: {line}\n"


@pytest.mark.parametrize("shows_a_code", [False, True])
def test_nothing_is_kept_between_two_runs(
    device: Run, world: World, tmp_path: Path, shows_a_code: bool
) -> None:
    text = world.code(NOON)
    if shows_a_code:
        device("checkin")
    before = {p: p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()}
    assert device("scan", text).status == device("scan", text).status == 0
    assert {p: p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()} == before


def test_a_policy_given_for_one_run_counts_for_it(device: Run, world: World) -> None:
    blue = world.code(NOON, status="blue")
    assert device("scan", blue, "--policy", "first-only").status == 1
    assert device("scan", blue).status == 0
    assert complaint(device("scan", blue, "--policy", "cinema")) == (
        "there is no such policy; use --policy with one of: everyone, first-only, no-hint"
    )


def test_at_replaces_the_clock(device: Run, world: World) -> None:
    text = world.code(NOON)
    stale = device("scan", text, "--at", "2026-03-17T12:02:00+05:00", "--json")
    assert (stale.status, stale.members["reason"]) == (1, "stale")
    assert device("scan", text, "--at", "2026-03-17T07:00Z", now=NOON + DAY).status == 0
    assert complaint(device("scan", text, "--at", "noon")).startswith("a time looks like")


def test_old_keys_still_work_and_say_so(device: Run, world: World) -> None:
    now = NOON + 30 * HOUR
    result = device("scan", world.code(now), "--json", now=now)
    assert (result.status, result.members["outcome"]) == (0, "admit")
    assert result.err == (
        "warning: The keys are old: 30 h. They still work for 42 h; update them.\n"
    )


@pytest.mark.parametrize("arguments", [["-"], [""], ["", ""]])
def test_without_any_code_nothing_is_admitted(device: Run, arguments: list[str]) -> None:
    assert complaint(device("scan", *arguments)) == "no code was given; scan or paste one"


def test_a_policy_that_a_new_bundle_drops_is_told(
    device: Run, world: World, bundle_file: Path, tmp_path: Path
) -> None:
    device("setup", bundle_file, "--root", world.pin, "--policy", "no-hint")
    path = tmp_path / "new.jws"
    del world.policies[2]
    path.write_bytes(world.bundle(NOON))
    result = device("import", path)
    assert result.status == 0
    assert "--policy and one of: everyone, first-only" in result.out
    assert complaint(device("scan", world.code(NOON))).endswith("one of: everyone, first-only")


@settings(max_examples=60)
@given(st.binary(max_size=2000))
def test_any_bytes_typed_give_decisions_or_none(device: Run, typed: bytes) -> None:
    result = device("scan", "-", "--json", given=typed)
    assert result.status in (1, 2)
    assert all(line["reason"] == "not_a_pass" for line in result.lines)


@settings(max_examples=60)
@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x00WEBP"]),
    st.binary(max_size=500),
)
def test_any_picture_gives_a_list_of_codes(tmp_path: Path, head: bytes, data: bytes) -> None:
    path = tmp_path / "any.png"
    path.write_bytes(head + data)
    assert read_codes(path) == []


@pytest.mark.parametrize("spoil", [10, 100, 500, 1500])
def test_a_damaged_picture_of_a_pass_gives_the_pass_or_nothing(
    world: World, tmp_path: Path, spoil: int
) -> None:
    world.bundle(NOON)
    path, text = tmp_path / "code.png", world.code(NOON)
    save_qr(text, path)
    data = bytearray(path.read_bytes())
    data[spoil % len(data)] ^= 0x55
    path.write_bytes(data)
    assert read_codes(path) in ([], [text])
