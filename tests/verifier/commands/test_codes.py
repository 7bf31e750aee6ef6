import io
import os
import pty
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.pictures import save_qr
from tests.support.keyboards import GERMAN, typed_on
from tests.vectors.make_scanners import PASS, SLIP
from verifier.commands.codes import LINE_LIMIT, codes_of, split_lines, without_echo
from verifier.door.decision import Code

NOTHING = io.BytesIO()


def typed(data: bytes) -> list[Code]:
    return list(codes_of(["-"], io.BytesIO(data)))


def cut(data: bytes, places: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    for start, end in pairwise(edges):
        yield data[start:end]


def test_lines_are_counted_and_empty_ones_skipped() -> None:
    codes = typed(b"one\r\n\r\n\ntwo\rthree\n\rfour")
    assert codes == [
        Code("line 1", "one"),
        Code("line 4", "two"),
        Code("line 5", "three"),
        Code("line 7", "four"),
    ]


def test_a_byte_order_mark_is_no_part_of_a_code() -> None:
    mark = b"\xef\xbb\xbf"
    # Lines of several files, one after the other; a space may be the end of a code.
    lines = mark + b"one \r\n" + mark + b"\r\ntwo\r\n"
    assert typed(lines) == [Code("line 1", "one "), Code("line 3", "two")]
    given_here = list(codes_of(["\ufeffone \r\n"], io.BytesIO(b"")))
    assert given_here == [Code("line 1", "one ")]


@given(
    st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b"\t"]), max_size=20).map(
        b"".join
    ),
    st.lists(st.integers(min_value=0, max_value=50), max_size=8),
)
def test_it_does_not_matter_where_the_input_is_cut(data: bytes, places: list[int]) -> None:
    assert list(split_lines(cut(data, places))) == list(split_lines([data]))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_a_line_is_given_as_soon_as_its_end_is_there(end: bytes) -> None:
    def scanner() -> Iterator[bytes]:
        yield b"one" + end
        raise AssertionError("it waited for the next code")

    assert next(split_lines(scanner())) == b"one"


def test_of_a_line_without_end_only_the_beginning_is_kept() -> None:
    chunks = (b"a" * 4096 for _ in range(10_000))
    [line] = split_lines(chunks)
    assert line == b"a" * LINE_LIMIT
    assert list(split_lines([b"a" * 100_000 + b"\nnext\n"])) == [b"a" * LINE_LIMIT, b"next"]


def test_bytes_that_are_no_characters_are_no_code() -> None:
    assert typed(b"QP1:\xff\n") == [Code("line 1", "QP1:\ufffd")]


def test_a_tab_ends_a_code_and_with_the_end_of_its_line_it_is_one_end() -> None:
    codes = typed(b"one\ttwo\t\r\nthree\t\nfour\r\n\tfive")
    assert codes == [
        Code("line 1", "one"),
        Code("line 2", "two"),
        Code("line 3", "three"),
        Code("line 4", "four"),
        Code("line 6", "five"),
    ]


def test_a_layout_s_keys_are_undone_and_a_spoilt_code_is_marked() -> None:
    lines = [typed_on(GERMAN, PASS), f"]Q1{SLIP}", SLIP.lower()]
    assert typed("\n".join(lines).encode()) == [
        Code("line 1", PASS),
        Code("line 2", SLIP),
        Code("line 3", None, is_garbled=True),
    ]


def test_nothing_typed_is_no_code() -> None:
    assert typed(b"") == typed(b"\n\r\n") == []


def test_a_picture_gives_its_code_and_its_path(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    save_qr("HELLO", path)
    assert list(codes_of([str(path)], NOTHING)) == [Code(str(path), "HELLO")]


def test_a_picture_without_a_code_is_said_to_have_none(tmp_path: Path) -> None:
    path = tmp_path / "empty.png"
    path.write_bytes(b"not a picture")
    assert list(codes_of([str(path)], NOTHING)) == [Code(str(path), None)]


def test_a_picture_that_cannot_be_read_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def read_codes(path: Path) -> list[str]:
        raise PermissionError(13, "Permission denied", str(path))

    path = tmp_path / "closed.png"
    path.touch()
    monkeypatch.setattr("verifier.commands.codes.read_codes", read_codes)
    assert list(codes_of([str(path), "a code"], NOTHING)) == [
        Code(str(path), None),
        Code("line 2", "a code"),
    ]
    assert f"{path} cannot be read: Permission denied" in capsys.readouterr().err


def test_an_argument_that_names_no_file_is_a_code() -> None:
    codes = ["QP1:" + "A/B" * 2000, "a\x00b", "/", ""]
    assert list(codes_of(codes, NOTHING)) == [
        Code("line 1", codes[0]),
        Code("line 2", codes[1]),
        Code("line 3", "/"),
    ]


def test_a_picture_name_that_names_no_file_is_warned_of_without_repeating_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert list(codes_of(["secret.PNG"], NOTHING)) == [Code("line 1", "secret.PNG")]
    warning = capsys.readouterr().err
    assert "argument 1 looks like a picture but names no file" in warning
    assert "secret" not in warning


def test_a_code_never_prints_itself() -> None:
    assert "QP1" not in repr(Code("line 1", "QP1:ABC"))


def test_a_terminal_does_not_show_what_a_scanner_types() -> None:
    """The other end of the terminal would read back whatever was echoed."""
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as raw, io.BufferedReader(raw) as terminal:
        codes = codes_of(["-"], terminal)
        scanner = threading.Timer(0.2, os.write, (master, b"QP1:ABC\n"))
        scanner.start()
        assert next(codes) == Code("line 1", "QP1:ABC")
        scanner.join()
        codes.close()
        os.write(master, b"shown\n")
        assert os.read(master, 100) == b"shown\r\n"
    os.close(master)


def test_a_terminal_gives_a_code_that_ends_with_a_tab_alone() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as raw, io.BufferedReader(raw) as terminal:
        codes = codes_of(["-"], terminal)
        scanner = threading.Timer(0.2, os.write, (master, b"QP1:ABC\t"))
        scanner.start()
        assert next(codes) == Code("line 1", "QP1:ABC")
        scanner.join()
        codes.close()
    os.close(master)


def test_the_echo_comes_back_after_an_error() -> None:
    master, slave = pty.openpty()
    with os.fdopen(slave, "rb", buffering=0) as terminal:
        with pytest.raises(KeyboardInterrupt), without_echo(terminal):
            raise KeyboardInterrupt
        os.write(master, b"shown\n")
        assert os.read(master, 100) == b"shown\r\n"
    os.close(master)
