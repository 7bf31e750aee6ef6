"""The audit: every line holds the one before, and whoever changes one is found out."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from issuer.oversight import audit as module
from issuer.oversight.audit import Action, Audit, AuditFault
from issuer.staff import Account, Role
from schemas.kinds import DAY
from shell.errors import CommandError
from tests.support.world import NOON

OFFICER = Account(3, "Officer of the story", Role.OFFICER, 0)
ACTIONS = (Action.REGISTER, Action.WITHDRAW, Action.LIFT, Action.CANCEL, Action.PAPER)


@pytest.fixture
def audit(tmp_path: Path) -> Audit:
    return Audit(tmp_path / "audit.jsonl", tmp_path / ".audit.lock")


@pytest.fixture
def lines(audit: Audit) -> list[bytes]:
    """Five lines in the file, as they stand there."""
    for action in ACTIONS:
        audit.note(action, OFFICER, NOON)
    return audit.path.read_bytes().splitlines(keepends=True)


def write(audit: Audit, lines: list[bytes]) -> None:
    audit.path.write_bytes(b"".join(lines))


def fault(audit: Audit, head: str | None = None) -> tuple[AuditFault | None, int | None]:
    verdict = audit.verify(head)
    return verdict.fault, verdict.bad


# Lines


def test_a_line_says_what_who_and_on_which_day(audit: Audit) -> None:
    audit.note(Action.INTAKE, OFFICER, NOON, total=12)
    [members] = map(json.loads, audit.path.read_text().splitlines())
    head = members.pop("hash")
    assert members == {
        "n": 1,
        "day": "2026-03-17",
        "action": "intake",
        "account": 3,
        "role": "officer",
        "total": 12,
        "prev": "",
    }
    assert audit.verify().head == head


def test_whoever_can_write_to_the_home_is_account_0(audit: Audit) -> None:
    audit.note(Action.DELEGATE, None, NOON)
    assert [(line.account, line.role) for line in audit.recent(1)] == [(0, "home")]


def test_a_line_has_no_time_and_no_name(audit: Audit, lines: list[bytes]) -> None:
    text = b"".join(lines)
    assert b":00" not in text and str(NOON).encode() not in text
    assert b"Officer of the story" not in text


def test_the_file_is_its_owners(audit: Audit, lines: list[bytes]) -> None:
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600


def test_the_last_lines_are_told_newest_first(audit: Audit, lines: list[bytes]) -> None:
    assert [line.action for line in audit.recent(2)] == ["paper", "cancel"]
    assert len(audit.recent(100)) == 5


def test_before_the_first_line_there_is_nothing(audit: Audit) -> None:
    assert audit.recent(9) == []
    verdict = audit.verify()
    assert (verdict.ok, verdict.lines, verdict.head) == (True, 0, "")
    assert audit.purge(NOON) == 0
    assert not audit.path.exists()


# What verify finds


def test_an_untouched_chain_is_whole(audit: Audit, lines: list[bytes]) -> None:
    verdict = audit.verify()
    assert (verdict.ok, verdict.lines, verdict.torn) == (True, 5, False)
    assert verdict.head == json.loads(lines[-1])["hash"]


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"account":3', b'"account":4'),
        (b"2026-03-17", b"2026-03-18"),
        (b'"total":1', b'"total":2'),
        (b'"total":1', b'"total":1.0'),
        (b'"role":"officer"', b'"role":"auditor"'),
        (b'{"n":', b'{ "n":'),
        (b'"n":', b'"n":"x","n":'),
        (b'{"n"', b"{" * 900 + b'"n"'),
        (b"}", b""),
        (b'{"n"', b'\xff{"n"'),
    ],
)
def test_a_changed_line_is_found(
    audit: Audit, lines: list[bytes], number: int, old: bytes, new: bytes
) -> None:
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    write(audit, lines)
    assert fault(audit) == (AuditFault.CHANGED, number)


@pytest.mark.parametrize("number", range(1, 5))
def test_a_missing_line_is_found(audit: Audit, lines: list[bytes], number: int) -> None:
    del lines[number - 1]
    write(audit, lines)
    assert fault(audit) == (AuditFault.MISSING, number)


@pytest.mark.parametrize("number", range(1, 5))
def test_two_lines_that_changed_places_are_found(
    audit: Audit, lines: list[bytes], number: int
) -> None:
    lines[number - 1 : number + 1] = reversed(lines[number - 1 : number + 1])
    write(audit, lines)
    assert fault(audit) == (AuditFault.REORDERED, number)


def test_a_line_that_stands_twice_is_found(audit: Audit, lines: list[bytes]) -> None:
    write(audit, [*lines[:2], *lines[1:]])
    assert fault(audit) == (AuditFault.REORDERED, 3)


def test_a_line_written_anew_with_its_own_hash_is_found_in_the_next(
    audit: Audit, lines: list[bytes]
) -> None:
    members = json.loads(lines[1])
    del members["hash"]
    forged = module.AuditLine(**{**members, "account": 9})
    write(audit, [lines[0], forged.encode() + b"\n", *lines[2:]])
    assert fault(audit) == (AuditFault.CHANGED, 3)


def test_lines_of_a_type_that_is_none_of_ours_are_changed(audit: Audit, lines: list[bytes]) -> None:
    for content in (b"[]\n", b"null\n", b'{"anchor":"x","hash":""}\n', b"\n", b"x" * 5000 + b"\n"):
        write(audit, [content, *lines])
        assert fault(audit) == (AuditFault.CHANGED, 1), content


def test_an_anchor_stands_first_or_nowhere(audit: Audit, lines: list[bytes]) -> None:
    place = module.Place(5, json.loads(lines[-1])["hash"])
    write(audit, [*lines, place.encode() + b"\n"])
    assert fault(audit) == (AuditFault.CHANGED, 6)


# A head kept elsewhere


def test_a_head_is_found_though_lines_follow_it(audit: Audit, lines: list[bytes]) -> None:
    head = audit.verify().head
    audit.note(Action.REGISTER, None, NOON)
    assert fault(audit, head) == (None, None)


def test_lines_that_were_cut_off_are_missed_by_the_head(audit: Audit, lines: list[bytes]) -> None:
    head = audit.verify().head
    write(audit, lines[:3])
    assert fault(audit) == (None, None)
    assert fault(audit, head) == (AuditFault.OTHER_HEAD, None)
    audit.note(Action.REGISTER, None, NOON)
    assert fault(audit, head) == (AuditFault.OTHER_HEAD, None)


def test_a_chain_written_anew_has_another_head(audit: Audit, lines: list[bytes]) -> None:
    head = audit.verify().head
    audit.path.unlink()
    assert fault(audit, head) == (AuditFault.OTHER_HEAD, None)
    for action in ACTIONS:
        audit.note(action, None, NOON)
    assert fault(audit, head) == (AuditFault.OTHER_HEAD, None)


# A crash


@pytest.mark.parametrize("kept", [1, 10, -1])
def test_a_torn_last_line_is_told_and_healed(audit: Audit, lines: list[bytes], kept: int) -> None:
    write(audit, [*lines[:4], lines[4][:kept]])
    verdict = audit.verify()
    assert (verdict.ok, verdict.lines, verdict.torn) == (True, 4, True)
    audit.note(Action.RETIRE, OFFICER, NOON)
    verdict = audit.verify()
    assert (verdict.ok, verdict.lines, verdict.torn) == (True, 6, False)
    actions = [line.action for line in audit.recent(3)]
    assert actions == ["retire", "torn line removed", "cancel"]


def test_a_torn_first_line_is_healed_too(audit: Audit, lines: list[bytes]) -> None:
    write(audit, [lines[0][:20]])
    assert audit.verify().torn
    audit.note(Action.RETIRE, None, NOON)
    assert audit.verify().lines == 2


@pytest.mark.parametrize("whole", range(4), ids=lambda number: f"after {number} lines")
@pytest.mark.parametrize(
    "content",
    [
        b"garbage\n",
        b"garbage",
        b"\x93\xfe{\n\x07\n",
        b"\x93\xfe{\n\x07",
        b"\n",
        b"[]\n",
        b"{}",
        b'{"n":9,"day":"2026-03-17"}\n',
        b'{"n":9,"day":"2026-03-17"',
        b"x" * 4000,
        b"\0" * 4000,
        b"\0" * 40,
    ],
)
def test_nothing_is_added_to_a_damaged_end(
    audit: Audit, lines: list[bytes], content: bytes, whole: int
) -> None:
    write(audit, [*lines[:whole], content])
    before = audit.path.read_bytes()
    with pytest.raises(CommandError, match="is damaged; see: qupia-issuer audit verify") as caught:
        audit.note(Action.RETIRE, None, NOON)
    assert "\n" not in str(caught.value) and "restore it from a backup" in str(caught.value)
    assert audit.path.read_bytes() == before
    assert not audit.verify().ok and not audit.verify().torn


def test_a_line_cut_off_before_its_end_of_line_is_damage_with_the_newline(
    audit: Audit, lines: list[bytes]
) -> None:
    write(audit, [*lines[:4], lines[4][:40] + b"\n"])
    with pytest.raises(CommandError, match="is damaged"):
        audit.note(Action.RETIRE, None, NOON)
    assert fault(audit) == (AuditFault.CHANGED, 5)


def test_a_note_that_fails_half_way_leaves_no_trace(
    audit: Audit, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = audit.path.read_bytes(), os.write
    monkeypatch.setattr(module.os, "write", lambda fd, data: real(fd, data[:50]))
    with pytest.raises(CommandError, match=r"cannot be written: No space left.*; check the disk"):
        audit.note(Action.RETIRE, None, NOON)
    monkeypatch.undo()
    assert audit.path.read_bytes() == before
    audit.note(Action.RETIRE, None, NOON)
    assert audit.verify().lines == 6


def test_a_line_is_on_the_disk_before_the_call_returns(
    audit: Audit, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real: Callable[[int], None] = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        real(descriptor)

    audit.note(Action.RETIRE, None, NOON)
    monkeypatch.setattr(module.os, "fsync", fsync)
    audit.note(Action.RETIRE, None, NOON)
    assert synced == [audit.path.stat().st_size]


# Several at once


def add_many(path: Path, count: int) -> None:
    audit = Audit(path / "audit.jsonl", path / ".audit.lock")
    for _ in range(count):
        audit.note(Action.REGISTER, OFFICER, NOON)
        audit.purge(NOON + 366 * DAY)


@pytest.mark.process
def test_processes_that_write_and_purge_at_once_make_one_chain(
    audit: Audit, tmp_path: Path
) -> None:
    for day in range(30):
        audit.note(Action.CANCEL, OFFICER, NOON - day * DAY)
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        for done in [pool.submit(add_many, tmp_path, 20) for _ in range(3)]:
            done.result()
    audit.note(Action.REGISTER, OFFICER, NOON + 366 * DAY)
    assert audit.verify().ok
    assert audit.recent(1)[0].n == 91


# A year


def test_lines_go_after_a_year_and_the_rest_stays_whole(audit: Audit) -> None:
    for day in range(4):
        audit.note(ACTIONS[day], OFFICER, NOON + day * DAY)
    head = audit.verify().head
    assert audit.purge(NOON + 365 * DAY) == 0
    assert audit.purge(NOON + 367 * DAY) == 2
    assert [line.action for line in audit.recent(9)] == ["cancel", "lift"]
    audit.note(Action.RETIRE, None, NOON + 367 * DAY)
    verdict = audit.verify(head)
    assert (verdict.ok, verdict.lines) == (True, 3)
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o600


def test_a_line_of_a_wrong_clock_does_not_keep_those_after_it_for_longer(audit: Audit) -> None:
    for day in (0, 9999, 1, 400, 9999, 401):
        audit.note(Action.REGISTER, OFFICER, NOON + day * DAY)
    head = audit.verify().head
    assert audit.purge(NOON + 500 * DAY) == 3
    assert [line.n for line in audit.recent(9)] == [6, 5, 4]
    assert audit.verify(head).ok


def test_a_line_of_a_clock_that_was_set_back_ends_no_other_before_its_time(audit: Audit) -> None:
    for day in (400, 0, 401):
        audit.note(Action.REGISTER, OFFICER, NOON + day * DAY)
    assert audit.purge(NOON + 500 * DAY) == 0
    assert audit.purge(NOON + 400 * DAY + 366 * DAY) == 2


def test_the_anchor_holds_the_first_line_that_is_left(audit: Audit) -> None:
    for day in range(4):
        audit.note(ACTIONS[day], OFFICER, NOON + day * DAY)
    audit.purge(NOON + 367 * DAY)
    anchor, third, fourth = audit.path.read_bytes().splitlines(keepends=True)
    assert json.loads(anchor)["anchor"] == 2
    write(audit, [anchor, fourth])
    assert fault(audit) == (AuditFault.MISSING, 3)
    write(audit, [third, fourth])
    assert fault(audit) == (AuditFault.MISSING, 1)
    write(audit, [anchor.replace(b'"hash":"', b'"hash":"A'), third, fourth])
    assert fault(audit) == (AuditFault.CHANGED, 3)


def test_numbers_go_on_when_all_lines_are_gone(audit: Audit, lines: list[bytes]) -> None:
    head = audit.verify().head
    assert audit.purge(NOON + 400 * DAY) == 5
    assert audit.verify().head == head
    assert audit.purge(NOON + 400 * DAY) == 0
    audit.note(Action.RETIRE, None, NOON + 400 * DAY)
    assert [line.n for line in audit.recent(9)] == [6]
    assert fault(audit, head) == (None, None)


def test_a_purge_that_is_interrupted_has_changed_nothing(
    audit: Audit, lines: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = audit.path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", fail)
    with pytest.raises(CommandError, match="cannot be written"):
        audit.purge(NOON + 400 * DAY)
    assert audit.path.read_bytes() == before


# From an older layout


def test_what_an_older_layout_counted_begins_the_chain(audit: Audit) -> None:
    audit.take_over([(NOON // DAY - 1, "register", 7, "registrar", 12)])
    audit.take_over([])
    audit.note(Action.CANCEL, None, NOON)
    old = audit.recent(2)[1]
    assert (old.day, old.action, old.account, old.total) == ("2026-03-16", "register", 7, 12)
    assert audit.verify().lines == 2
