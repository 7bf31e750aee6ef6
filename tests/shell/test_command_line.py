import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import pytest
import typer

from schemas.languages import Language
from shell.clock import system_clock
from shell.command_line import (
    AtOption,
    JsonOption,
    LocalLanguageOption,
    answer,
    clock_at,
    home_option,
    home_path,
    language_here,
    new_app,
    read_secret,
    run,
    time_argument,
)
from shell.errors import CommandError

Command = Callable[..., object]


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def started(command: Command, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of a program with this one command."""
    app = new_app("A program.")
    app.command()(command)
    monkeypatch.setattr(sys, "argv", ["program", *arguments])
    with pytest.raises(SystemExit) as ended:
        run(app, "program")
    assert isinstance(ended.value.code, int)
    return ended.value.code


def raising(error: BaseException) -> Command:
    def command() -> NoReturn:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (CommandError("do this"), 2, "error: do this\n"),
        (CommandError("refused", exit_code=1), 1, "error: refused\n"),
        (
            OSError(28, "No space left on device", "file"),
            2,
            "error: No space left on device: file\n",
        ),
        (typer.Abort(), 2, "error: stopped\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else None,
)
def test_an_error_is_one_line_and_an_exit_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    status: int,
    line: str,
) -> None:
    assert started(raising(error), monkeypatch) == status
    assert capsys.readouterr() == ("", line)


def test_a_fault_of_ours_is_one_line_without_what_it_was_about(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert started(raising(ValueError("900101300126")), monkeypatch) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: internal error ValueError at test_command_line.py:")
    assert "900101300126" not in line


@pytest.mark.parametrize("status", [0, 1, 2])
def test_a_command_gives_its_exit_status(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    assert started(lambda: status, monkeypatch) == status


def test_new_files_are_for_their_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "file"
    started(lambda: path.touch(), monkeypatch)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({}, Language.EN),
        ({"LANG": "kk_KZ.UTF-8"}, Language.KK),
        ({"LANG": "ru"}, Language.RU),
        ({"LANG": "C.UTF-8"}, Language.EN),
        ({"LANG": "de_DE.UTF-8"}, Language.EN),
        ({"LANG": "ru_RU", "LC_ALL": "kk_KZ"}, Language.KK),
        ({"LANG": "ru_RU", "LC_MESSAGES": "kk_KZ"}, Language.KK),
        ({"LANG": "ru_RU", "LC_ALL": ""}, Language.RU),
    ],
)
def test_the_language_is_that_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], language: Language
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert language_here() is language


def test_common_options_come_from_arguments_or_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    got: list[object] = []

    def command(
        *,
        home: Annotated[Path | None, home_option("PROGRAM_HOME")] = None,
        at: AtOption = None,
        as_json: JsonOption = False,
        language: LocalLanguageOption,
    ) -> None:
        got.extend([home, at, as_json, language])

    monkeypatch.setenv("PROGRAM_HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "ru_RU.UTF-8")
    assert started(command, monkeypatch, "--json", "--at", "2026-03-17T07:00Z") == 0
    assert got == [tmp_path, "2026-03-17T07:00Z", True, Language.RU]


def test_without_a_home_the_platforms_folder_is_used(tmp_path: Path) -> None:
    assert home_path(tmp_path, "venue") == tmp_path
    assert home_path(None, "venue").parts[-2:] == ("qupia", "venue")


def test_at_stops_the_clock() -> None:
    assert clock_at("2026-03-17T07:00:00Z")() == 1_773_730_800
    assert clock_at(None) is system_clock


def test_a_time_of_another_form_is_told() -> None:
    with pytest.raises(CommandError, match="a time looks like"):
        time_argument("noon")


def test_an_answer_is_one_json_object_or_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    answer(as_json=True, members={"name": "Құпия"}, text="hello")
    answer(as_json=False, members={"name": "Құпия"}, text="hello")
    assert capsys.readouterr().out == '{"name": "Құпия"}\nhello\n'


@pytest.mark.parametrize(
    "line", [" a secret \nmore\n", "\ufeffa secret\r\n\r\n", "\ufeff a secret", "a secret\n\n"]
)
def test_a_secret_comes_from_standard_input(monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))
    assert read_secret("-", "code") == "a secret"


@pytest.mark.parametrize(
    ("given", "typed"), [("a secret", "x\n"), ("-", ""), ("-", " \n"), ("-", "\ufeff\r\n")]
)
def test_a_secret_in_an_argument_or_none_at_all_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str, typed: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    with pytest.raises(CommandError, match="code: ") as error:
        read_secret(given, "code")
    assert "a secret" not in error.value.message


def test_a_secret_that_is_no_utf8_is_never_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xe9\n"), "ascii"))

    def tell() -> None:
        raise CommandError(read_secret("-", "code"))

    assert started(tell, monkeypatch) == 2
    assert capsys.readouterr().err == "error: caf\ufffd\n"


def test_what_was_typed_in_the_wrong_place_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def take(code: str) -> None:
        """One argument."""

    assert started(take, monkeypatch, "-", "7K3M-9QX2-VT00-1C5H") == 2
    assert "unexpected extra argument" in (error := capsys.readouterr().err)
    assert "7K3M" not in error
