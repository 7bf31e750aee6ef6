import os
import stat
from pathlib import Path

import pytest

from shell import files
from shell.errors import CommandError
from shell.files import (
    bare,
    check_private,
    check_private_tree,
    claim_directory,
    create_private,
    destroy,
    locked,
    make_private_directory,
    read_given,
    read_private,
    replace_private,
    write_private,
)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_is_replaced_in_one_step_and_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    write_private(path, b"new")
    assert (read_private(path), mode(path)) == (b"new", 0o600)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_content_and_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "file"
    write_private(path, b"old")
    monkeypatch.setattr(*((os, "fsync") if step == "fsync" else (Path, "replace")), fail)
    with pytest.raises(OSError, match="No space"):
        write_private(path, b"new")
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["file"])


def test_a_file_is_created_only_once(tmp_path: Path) -> None:
    path = tmp_path / "file"
    create_private(path, b"first")
    with pytest.raises(FileExistsError):
        create_private(path, b"second")
    assert (read_private(path), names(tmp_path)) == (b"first", ["file"])


@pytest.mark.parametrize("bits", [0o040, 0o020, 0o010, 0o004, 0o002, 0o001])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, bits: int) -> None:
    path = tmp_path / "file"
    write_private(path, b"x")
    path.chmod(0o600 | bits)
    for call in (check_private, read_private):
        with pytest.raises(CommandError, match=f"run: chmod 600 '{path}'"):
            call(path)


def test_a_tree_is_checked_to_its_leaves(tmp_path: Path) -> None:
    home = tmp_path / "home"
    make_private_directory(home / "inner")
    write_private(home / "inner" / "file", b"x")
    home.chmod(0o700)
    check_private_tree(home)
    (home / "inner").chmod(0o750)
    with pytest.raises(CommandError, match=f"run: chmod 700 '{home / 'inner'}'"):
        check_private_tree(home)


def test_a_directory_is_private_and_may_be_left_out_of_backups(tmp_path: Path) -> None:
    make_private_directory(tmp_path / "kept")
    make_private_directory(tmp_path / "dying", in_backups=False)
    assert mode(tmp_path / "dying") == 0o700
    assert names(tmp_path / "kept") == []
    tag = (tmp_path / "dying" / "CACHEDIR.TAG").read_text()
    assert tag.startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_file_that_is_far_too_large_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "READ_LIMIT", 3)
    write_private(tmp_path / "file", b"four")
    with pytest.raises(CommandError, match="too large to be ours"):
        read_private(tmp_path / "file")


@pytest.mark.parametrize(
    "text", [b"two\r\nlines", b"\xef\xbb\xbftwo\r\nlines", b"\n\xef\xbb\xbf two\r\nlines\r\n\r\n"]
)
def test_a_given_text_comes_without_what_editors_put_around_it(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "file").write_bytes(text)
    assert bare(text) == read_given(tmp_path / "file", limit=9) == b"two\r\nlines"


def test_of_a_given_text_that_is_too_long_enough_is_read_to_see_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    assert 9 < len(read_given(tmp_path / "file", limit=9)) < 2_000


def test_only_a_folder_without_other_peoples_files_is_claimed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for _ in range(2):
        claim_directory(home)
        assert mode(home) == 0o700
    home.chmod(0o755)
    (home / "letter").touch()
    with pytest.raises(CommandError, match="holds other files; name an empty folder with --home"):
        claim_directory(home)
    assert mode(home) == 0o755
    claim_directory(home, known=[home / "letter"])
    assert mode(home) == 0o700


def test_a_file_that_is_replaced_is_overwritten(tmp_path: Path) -> None:
    path, kept = tmp_path / "file", tmp_path / "the same blocks"
    replace_private(path, b"what was there")
    os.link(path, kept)
    replace_private(path, b"what is there")
    assert path.read_bytes() == b"what is there"
    assert len(kept.read_bytes()) == len(b"what was there")
    assert kept.read_bytes() != b"what was there"
    assert not list(tmp_path.glob(".*"))


def test_a_destroyed_file_is_overwritten_and_gone(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    write_private(path, b"a secret")
    os.link(path, link)
    destroy(path)
    assert not path.exists()
    assert len(link.read_bytes()) == 8
    assert link.read_bytes() != b"a secret"
    destroy(path)


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path) as first:
        assert first
        with locked(path, wait=False) as second:
            assert not second
    with locked(path, wait=False) as third:
        assert third
