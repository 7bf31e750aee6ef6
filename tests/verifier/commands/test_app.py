"""What all commands of a device share: before its set-up, mistyped, and over damage."""

from pathlib import Path

import pytest

from tests.support.commands import Run, complaint
from tests.support.world import NOON, World

# Before the set-up


def test_without_a_set_up_each_code_cannot_be_checked(run: Run, world: World) -> None:
    world.bundle(NOON)
    result = run("scan", "-", "--json", given=f"{world.code(NOON)}\n{world.code(NOON)}\n")
    assert result.status == 2
    assert [line["reason"] for line in result.lines] == ["no_bundle", "no_bundle"]


@pytest.mark.parametrize("arguments", [["sync"], ["import", "bundle.jws"]])
def test_before_the_set_up_a_command_says_what_to_do(run: Run, arguments: list[str]) -> None:
    assert complaint(run(*arguments)) == (
        "this device is not set up; run: qupia-verifier setup URL --root THUMBPRINT"
    )


def test_status_before_the_set_up_names_it(run: Run, tmp_path: Path) -> None:
    result = run("status")
    assert result.status == 0
    assert "qupia-verifier setup URL --root THUMBPRINT" in result.out
    assert run("status", "--json").members["next"] == "setup"
    assert not (tmp_path / "home").exists()


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["open"], "No such command"),
        (["scan"], "Missing argument"),
        (["scan", "x", "--lang", "de"], "Invalid value for '--lang'"),
        (["scan", "x", "--when", "now"], "No such option"),
        (["setup", "x"], "Missing option '--root'"),
        (["setup"], "Missing"),
        (["import"], "Missing argument"),
        (["sync", "now"], "unexpected extra argument"),
        (["--json", "status"], "No such option"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_2(
    run: Run, arguments: list[str], message: str
) -> None:
    line = complaint(run(*arguments))
    assert message in line
    assert line.endswith("try: qupia-verifier --help")


@pytest.mark.parametrize(
    "command",
    [
        "setup",
        "sync",
        "import",
        "status",
        "scan",
        "checkin",
        "trace",
        "retention run",
        "retention status",
        "retention verify",
    ],
)
def test_each_command_explains_itself_and_knows_home_json_and_lang(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.status == 0
    assert all(option in result.out for option in ("--home", "--json", "--lang"))


@pytest.mark.parametrize(
    ("locale", "word"), [("kk_KZ.UTF-8", "РҰҚСАТ ЕТІЛЕДІ"), ("ru_RU", "ПРОПУСТИТЬ")]
)
def test_the_language_is_that_of_the_machine(
    device: Run, world: World, monkeypatch: pytest.MonkeyPatch, locale: str, word: str
) -> None:
    monkeypatch.setenv("LANG", locale)
    assert word in device("scan", world.code(NOON)).out
    assert "ADMIT" in device("scan", world.code(NOON), "--lang", "en").out


# Damage


def test_a_file_that_others_can_read_stops_every_command(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "trust.json"
    path.chmod(0o644)
    for arguments in (["status"], ["scan", world.code(NOON)], ["sync"], ["import", "x"]):
        assert complaint(device(*arguments)) == (f"others can read {path}; run: chmod 600 '{path}'")


@pytest.mark.parametrize("name", ["trust.json", "settings.json"])
def test_a_damaged_file_is_one_line_that_says_what_to_do(
    device: Run, world: World, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "home" / name
    path.write_text("{")
    for arguments in (["status"], ["scan", world.code(NOON)]):
        assert complaint(device(*arguments)).startswith(f"{path} is missing or damaged; ")


def test_a_home_that_is_a_file_is_one_line(run: Run, world: World, bundle_file: Path) -> None:
    message = complaint(run("setup", bundle_file, "--root", world.pin, "--home", bundle_file))
    assert str(bundle_file) in message
