"""Day keys: complete when they appear, the same for everyone, gone with their day."""

import errno
import multiprocessing
import os
import stat
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from issuer.perishable import day_keys
from issuer.perishable.day_keys import DayKeys
from issuer.perishable.errors import StoreError
from issuer.perishable.sealing import DayKey
from schemas.kinds import DAY, Kind
from shell.errors import CommandError
from shell.files import create_private
from tests.support.perishable import MIDNIGHT, NOON, TODAY, YESTERDAY

PROCESSES = 4


def tag(key: DayKey | None) -> bytes:
    """What tells two keys apart."""
    assert key is not None
    return key.tag(Kind.CODE, b"the same identifier")


def test_a_day_key_is_a_private_file_of_32_bytes_that_backups_skip(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        DayKeys.open(tmp_path).find_or_make(TODAY, NOON)
    finally:
        os.umask(before)
    folder = tmp_path / "day-keys"
    file = folder / "2024-10-04.key"
    assert file.stat().st_size == 32
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    first_line = (folder / "CACHEDIR.TAG").read_text().splitlines()[0]
    assert first_line == "Signature: 8a477f597d28d172789f06886806bc55"
    assert sorted(path.name for path in folder.iterdir()) == ["2024-10-04.key", "CACHEDIR.TAG"]


def test_a_key_made_by_one_process_is_the_key_of_the_next(tmp_path: Path) -> None:
    made = DayKeys.open(tmp_path).find_or_make(TODAY, NOON)
    again = DayKeys.open(tmp_path)
    assert tag(again.find(TODAY, NOON)) == tag(made)
    assert tag(again.find_or_make(TODAY, NOON)) == tag(made)


def test_each_day_has_a_key_of_its_own(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    tomorrow = keys.find_or_make("2024-10-05", NOON)
    assert tag(keys.find_or_make(TODAY, NOON)) != tag(tomorrow)
    assert keys.days() == [TODAY, "2024-10-05"]


def test_a_day_without_a_key_has_none(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    assert keys.find(TODAY, NOON) is None
    assert keys.days() == []


def _make_at_once(home: Path, barrier: Barrier, answer: Connection) -> None:
    keys = DayKeys.open(home)
    barrier.wait()
    answer.send_bytes(tag(keys.find_or_make(TODAY, NOON)))


@pytest.mark.process
def test_processes_that_make_the_same_key_at_once_agree(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    receiver, sender = context.Pipe(duplex=False)
    started = [
        context.Process(target=_make_at_once, args=(tmp_path, barrier, sender))
        for _ in range(PROCESSES)
    ]
    for process in started:
        process.start()
    tags = {receiver.recv_bytes() for _ in started}
    for process in started:
        process.join()
    receiver.close()
    sender.close()
    assert tags == {tag(DayKeys.open(tmp_path).find(TODAY, NOON))}


def test_whoever_comes_second_takes_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beaten(path: Path, data: bytes) -> None:
        create_private(path, bytes(32))  # Another process, a moment before.
        create_private(path, data)

    monkeypatch.setattr(day_keys, "create_private", beaten)
    mine = tag(DayKeys.open(tmp_path).find_or_make(TODAY, NOON))
    assert mine == tag(DayKey(TODAY, bytes(32)))


def test_a_key_that_vanishes_while_it_is_made_gives_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_keys, "create_private", lambda path, data: None)
    with pytest.raises(StoreError, match="removed while it was made; try again"):
        DayKeys.open(tmp_path).find_or_make(TODAY, NOON)


def test_a_key_destroyed_by_another_process_is_noticed(tmp_path: Path) -> None:
    mine, theirs = DayKeys.open(tmp_path), DayKeys.open(tmp_path)
    before = tag(mine.find_or_make(TODAY, NOON))
    theirs.destroy_day(TODAY)
    assert mine.find(TODAY, NOON) is None
    after = tag(theirs.find_or_make(TODAY, NOON))
    assert tag(mine.find(TODAY, NOON)) == after != before


def test_a_key_file_with_other_content_is_read_again(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    before = tag(keys.find_or_make(TODAY, NOON))
    path = tmp_path / "day-keys" / f"{TODAY}.key"
    path.write_bytes(bytes(range(32)))
    os.utime(path, ns=(0, 1))
    assert tag(keys.find(TODAY, NOON)) != before


def test_a_key_is_not_used_past_its_day_though_its_file_is_there(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    keys.find_or_make(YESTERDAY, MIDNIGHT - 1)
    assert keys.find(YESTERDAY, MIDNIGHT - 1) is not None
    assert keys.find(YESTERDAY, MIDNIGHT) is None
    assert not keys._held, "the process still holds a key of a day that is over"


def test_an_idle_process_lets_go_of_the_keys_of_days_that_are_over(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    keys.find_or_make(YESTERDAY, MIDNIGHT - DAY)
    keys.find_or_make(TODAY, MIDNIGHT - DAY)
    keys.forget_finished(MIDNIGHT)
    assert set(keys._held) == {TODAY}


def test_no_key_is_made_for_a_day_that_is_over(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    with pytest.raises(ValueError, match="a day that is over"):
        keys.find_or_make(YESTERDAY, MIDNIGHT)
    assert keys.days() == []


def test_finished_days_are_those_before_today(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    for day in (YESTERDAY, TODAY):
        keys.find_or_make(day, MIDNIGHT - DAY)
    assert keys.finished(MIDNIGHT - 1) == []
    assert keys.finished(MIDNIGHT) == [YESTERDAY]


def test_a_destroyed_key_is_overwritten_in_every_name_it_has(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    keys.find_or_make(TODAY, NOON)
    path = tmp_path / "day-keys" / f"{TODAY}.key"
    secret, second_name = path.read_bytes(), tmp_path / "second-name"
    os.link(path, second_name)
    keys.destroy_day(TODAY)
    assert not path.exists()
    assert second_name.read_bytes() != secret
    keys.destroy_day(TODAY)  # Nothing happens when it is gone.


def test_the_draft_of_a_process_that_was_killed_is_removed_and_the_key_stays(
    tmp_path: Path,
) -> None:
    keys = DayKeys.open(tmp_path)
    made = tag(keys.find_or_make(TODAY, NOON))
    folder = tmp_path / "day-keys"
    os.link(folder / f"{TODAY}.key", folder / f".{TODAY}.key.4711.aabbccdd.draft")
    (folder / ".2024-10-05.key.4711.aabbccdd.draft").write_bytes(bytes(32))
    keys.remove_drafts()
    assert sorted(path.name for path in folder.iterdir()) == [f"{TODAY}.key", "CACHEDIR.TAG"]
    assert tag(DayKeys.open(tmp_path).find(TODAY, NOON)) == made


def test_a_damaged_key_is_named_in_one_line(tmp_path: Path) -> None:
    path = DayKeys.open(tmp_path).folder / f"{TODAY}.key"
    path.write_bytes(b"short")
    path.chmod(0o600)
    with pytest.raises(StoreError, match=r"2024-10-04\.key is damaged; remove it") as caught:
        DayKeys.open(tmp_path).find(TODAY, NOON)
    assert "\n" not in caught.value.message


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    DayKeys.open(tmp_path).find_or_make(TODAY, NOON)
    (tmp_path / "day-keys" / f"{TODAY}.key").chmod(0o644)
    with pytest.raises(CommandError, match="others can read"):
        DayKeys.open(tmp_path).find(TODAY, NOON)


def test_a_folder_that_cannot_be_made_gives_one_line(tmp_path: Path) -> None:
    (tmp_path / "day-keys").write_bytes(b"in the way")
    with pytest.raises(StoreError, match="the store cannot be written or read"):
        DayKeys.open(tmp_path)


def refuse_with(number: int) -> Callable[..., None]:
    def refuse(*arguments: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


@pytest.mark.parametrize(
    ("number", "reason"),
    [(errno.ENOSPC, "disk is full"), (errno.EROFS, "read-only"), (errno.EIO, "check the disk")],
)
def test_a_key_that_cannot_be_made_read_or_destroyed_gives_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, reason: str
) -> None:
    keys = DayKeys.open(tmp_path)
    keys.find_or_make(TODAY, NOON)
    for function in ("create_private", "destroy", "read_private"):
        monkeypatch.setattr(day_keys, function, refuse_with(number))
    with pytest.raises(StoreError, match=reason):
        keys.find_or_make("2024-10-05", NOON)
    with pytest.raises(StoreError, match=reason):
        DayKeys(keys.folder).find(TODAY, NOON)
    with pytest.raises(StoreError, match=reason):
        keys.destroy_day(TODAY)


def test_a_key_destroyed_between_looking_and_reading_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = DayKeys.open(tmp_path)
    monkeypatch.setattr(keys, "_look", lambda day: (1, 2, 3))
    assert keys.find(TODAY, NOON) is None


def test_a_folder_of_keys_that_is_gone_gives_one_line(tmp_path: Path) -> None:
    keys = DayKeys.open(tmp_path)
    (keys.folder / "CACHEDIR.TAG").unlink()
    keys.folder.rmdir()
    with pytest.raises(StoreError, match="check that its folder is there"):
        keys.days()
