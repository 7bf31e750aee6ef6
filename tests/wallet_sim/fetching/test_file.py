"""The one file: private, whole, pruned, and never lost."""

import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.bundle_faults import BundleFault
from schemas.encoding import b64url_encode
from schemas.evidence import MOST_PAIRS, EvidencePair
from shell import files
from shell.errors import CommandError
from tests.support.issuer_in_memory import Time
from tests.support.wallets import FRESH, WINDOW, wallet
from tests.support.world import NOON
from wallet_sim.fetching.file import WalletFile
from wallet_sim.passes.state import Pass, Wallet

USED = Pass(b"used device key of 32 bytes.....", b"used signature", shown=NOON)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def file(tmp_path: Path, time: Time) -> WalletFile:
    return WalletFile(tmp_path / "home", time)


def path_of(file: WalletFile) -> Path:
    return file.home / "wallet.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_wallet_that_was_never_used_is_empty_and_leaves_no_folder(file: WalletFile) -> None:
    assert file.load() == Wallet()
    assert not file.home.exists()


def test_what_was_stored_is_there_for_the_next_command(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))
    assert WalletFile(file.home, file.clock).load() == wallet(FRESH)


def test_file_and_folder_are_for_their_owner_alone(file: WalletFile) -> None:
    file.home.mkdir(mode=0o755)
    file.update(lambda _: wallet(FRESH))
    assert mode(file.home) == 0o700
    assert {mode(path) for path in file.home.iterdir()} == {0o600}


def test_a_file_that_others_can_read_is_refused(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))
    path_of(file).chmod(0o644)
    with pytest.raises(CommandError, match=r"others can read .*; run: chmod 600"):
        file.load()


def test_a_folder_that_others_can_read_is_refused(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))
    file.home.chmod(0o755)
    with pytest.raises(CommandError, match=r"others can read .*; run: chmod 700"):
        file.load()


def test_a_folder_with_other_things_in_it_is_not_closed_to_others(file: WalletFile) -> None:
    file.home.mkdir(mode=0o755)
    file.home.chmod(0o755)
    (file.home / "photo.jpg").write_bytes(b"x")
    with pytest.raises(CommandError, match="holds other files"):
        file.update(lambda _: wallet(FRESH))
    assert mode(file.home) == 0o755


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"format": 2}',
        b'{"format": 0, "wallet": {}}',
        b'{"format": true, "wallet": {}}',
        b'{"format": 2, "format": 2, "wallet": {}}',
        b"[" * 100_000,
    ],
)
def test_a_damaged_file_is_one_line_that_says_what_to_do_and_stays_as_it_is(
    file: WalletFile, content: bytes
) -> None:
    file.home.mkdir(mode=0o700)
    files.write_private(path_of(file), content)
    with pytest.raises(CommandError, match=r"is damaged, and nothing .* put back a copy") as caught:
        file.update(lambda _: wallet(FRESH))
    assert "\n" not in caught.value.message
    assert path_of(file).read_bytes() == content


def test_a_file_of_which_any_part_is_missing_is_damaged_and_not_half_a_wallet(
    file: WalletFile,
) -> None:
    file.update(lambda _: wallet(FRESH))
    whole = path_of(file).read_bytes()
    for length in range(0, len(whole), 7):
        files.write_private(path_of(file), whole[:length])
        with pytest.raises(CommandError, match="is damaged"):
            file.load()


def test_a_file_of_a_newer_program_is_left_alone(file: WalletFile) -> None:
    file.home.mkdir(mode=0o700)
    files.write_private(path_of(file), b'{"format": 3}')
    with pytest.raises(CommandError, match="newer program"):
        file.load()


def test_a_file_of_an_older_program_is_left_alone_and_says_what_to_do(file: WalletFile) -> None:
    file.home.mkdir(mode=0o700)
    files.write_private(path_of(file), b'{"format": 1, "wallet": {}}')
    with pytest.raises(CommandError, match=r"older program.*; move it away and activate") as caught:
        file.load()
    assert "\n" not in caught.value.message
    assert path_of(file).exists()


def test_a_used_pass_is_gone_from_the_bytes_of_the_folder_after_five_minutes(
    file: WalletFile, time: Time
) -> None:
    file.update(lambda _: wallet(FRESH, USED))
    assert b64url_encode(USED.device_key).encode() in path_of(file).read_bytes()
    time.now += 301
    file.load()
    for path in file.home.iterdir():
        assert b64url_encode(USED.device_key).encode() not in path.read_bytes()
        assert b64url_encode(USED.signature).encode() not in path.read_bytes()


def test_a_window_that_is_over_is_gone_from_the_file(file: WalletFile, time: Time) -> None:
    file.update(lambda _: wallet(Pass(b"a device key of the first window", b"s")))
    time.now = WINDOW.exp
    file.load()
    key = b64url_encode(b"a device key of the first window").encode()
    assert key not in path_of(file).read_bytes()


def test_a_file_in_which_nothing_has_died_is_not_written_again(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))
    before = path_of(file).stat()
    file.load()
    after = path_of(file).stat()
    # Not when it was last read, which the load may change.
    assert after[:7] == before[:7]
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


def test_nothing_is_written_when_a_change_is_refused(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))

    def refuse(_: Wallet) -> Wallet:
        raise CommandError("no")

    with pytest.raises(CommandError):
        file.update(refuse)
    assert file.load() == wallet(FRESH)


def test_a_write_that_fails_leaves_the_old_wallet_and_no_draft(
    file: WalletFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.update(lambda _: wallet(FRESH))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        file.update(lambda held: replace(held, batches=()))
    monkeypatch.undo()
    assert file.load() == wallet(FRESH)
    assert sorted(path.name for path in file.home.iterdir()) == ["wallet.json", "wallet.lock"]


def test_what_a_killed_process_left_behind_is_destroyed(file: WalletFile) -> None:
    file.update(lambda _: wallet(FRESH))
    draft = file.home / ".wallet.json.1.abcd.draft"
    files.write_private(draft, b"a device key")
    file.load()
    assert not draft.exists()


def test_two_commands_at_once_lose_nothing(file: WalletFile) -> None:
    file.update(lambda _: Wallet())

    def count() -> None:
        for _ in range(20):
            file.update(lambda held: replace(held, clock_offset=held.clock_offset + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert file.load().clock_offset == 80


def test_erasing_leaves_nothing_of_the_wallet_and_can_be_done_twice(file: WalletFile) -> None:
    file.erase()
    file.update(lambda _: wallet(FRESH))
    file.keep_evidence(EvidencePair(BundleFault.SPLIT_VIEW, "one\n\nproof\n", "two\n\nproof\n"))
    file.erase()
    file.erase()
    assert [path.name for path in file.home.iterdir()] == ["wallet.lock"]
    assert file.load() == Wallet()


def test_contradicting_bundles_are_kept_privately_as_a_pair_and_once(file: WalletFile) -> None:
    pair = EvidencePair(BundleFault.SPLIT_VIEW, "one\n\nproof\n", "two\n\nproof\n")
    file.keep_evidence(pair)
    file.keep_evidence(pair)
    assert file.evidence() == [pair]
    folder = file.home / "evidence"
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_an_issuer_that_lies_without_end_does_not_fill_the_device(file: WalletFile) -> None:
    for number in range(MOST_PAIRS + 3):
        file.keep_evidence(EvidencePair(BundleFault.SPLIT_VIEW, "held", f"offered {number}"))
    assert len(file.evidence()) == MOST_PAIRS


def test_evidence_that_is_damaged_is_one_line_that_says_what_to_do(file: WalletFile) -> None:
    file.keep_evidence(EvidencePair(BundleFault.SPLIT_VIEW, "held", "offered"))
    [path] = (file.home / "evidence").iterdir()
    path.write_text("{")
    with pytest.raises(CommandError, match="is damaged; remove it"):
        file.evidence()
