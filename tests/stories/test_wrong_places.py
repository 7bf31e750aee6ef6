"""Commands in wrong places, without input, out of order or twice: one line, nothing touched."""

from pathlib import Path

import pytest

from schemas.encoding import format_time
from tests.support.commands import Outcome
from tests.support.town import Device, Town

ROOT = "JUEfNT2lz85be9zwIQfgfgSfeEmvu-H9m4wsvgLdb6E"

COMMANDS = {
    "qupia-issuer": [
        ("keys", "list"),
        ("bundle",),
        ("retention", "run"),
        ("retention", "verify"),
        ("register", "--evidence", "pcr_negative", "--at", "2026-03-17T00:00Z"),
        ("init", "--name", "X", "--url", "https://x.example"),
        ("serve",),
    ],
    "qupia-verifier": [("sync",), ("import", "x"), ("setup", "x", "--root", ROOT), ("scan", "x")],
    "qupia-wallet": [("show",), ("sync",), ("end",), ("erase",), ("activate", "-")],
}
EVERY = [(program, words) for program, each in COMMANDS.items() for words in each]


@pytest.fixture
def stranger(town: Town) -> Path:
    """Somebody else's folder, which others may read."""
    folder = town.folder / "photos"
    folder.mkdir(mode=0o755)
    folder.chmod(0o755)
    (folder / "cat.png").write_bytes(b"cat")
    return folder


@pytest.mark.parametrize(("program", "words"), EVERY, ids=lambda value: " ".join(value[:2]))
def test_a_folder_of_somebody_else_is_neither_used_nor_changed(
    town: Town, stranger: Path, program: str, words: tuple[str, ...]
) -> None:
    device = Device(program, stranger, town.net, town.clock)
    outcome = device.run(*words, given=town.slip())
    assert outcome.status in (1, 2)
    assert "chmod" not in outcome.err, "nobody is told to close a folder that is not ours"
    assert [path.name for path in stranger.iterdir()] == ["cat.png"]
    assert stranger.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize(("program", "words"), EVERY, ids=lambda value: " ".join(value[:2]))
def test_a_file_in_the_place_of_a_folder_is_left_alone(
    town: Town, program: str, words: tuple[str, ...]
) -> None:
    place = town.folder / "place"
    place.write_text("mine")
    outcome = Device(program, place, town.net, town.clock).run(*words, given=town.slip())
    assert outcome.status in (1, 2)
    assert place.read_text() == "mine"


@pytest.mark.parametrize(("program", "words"), EVERY, ids=lambda value: " ".join(value[:2]))
def test_before_the_beginning_each_command_says_what_to_begin_with(
    town: Town, program: str, words: tuple[str, ...]
) -> None:
    outcome = Device(program, town.folder / "new", town.net, town.clock).run(*words, given="x")
    if words[0] in ("erase", "init"):
        assert outcome.status == 0
    elif program == "qupia-verifier" and words[0] == "scan":
        assert (outcome.status, "(Q01)" in outcome.out) == (1, True)
    else:
        assert outcome.status == 2
        hints = (
            "qupia-issuer init",
            "qupia-verifier setup",
            "activate",
            "there is no file",
            "code",
        )
        assert any(hint in outcome.err for hint in hints), outcome.err


@pytest.mark.parametrize("words", [("activate", "-"), ("show",), ("end",)])
def test_a_wallet_that_is_started_without_standard_input_copes(
    town: Town, words: tuple[str, ...]
) -> None:
    assert town.citizen().run(*words, given=None).status == 2


def test_a_scan_without_standard_input_was_given_no_code(town: Town) -> None:
    outcome = town.venue().run("scan", "-", given=None)
    assert outcome == Outcome(2, "", "error: no code was given; scan or paste one\n")


@pytest.mark.parametrize("out", [".", "..", "missing/codes.csv", ""])
def test_what_cannot_be_written_is_named_as_it_was_given(town: Town, out: str) -> None:
    place = str(town.folder / out) if out else ""
    for words in (("bundle", "--out", place), ("bundle", "--setup-qr", place)):
        error = town.office.refused(*words, status=2)
        assert ".draft" not in error
        assert Path(place).name in error or out in (".", "..", "")


def test_nothing_is_done_when_a_file_for_the_codes_cannot_be_made(town: Town) -> None:
    export = town.folder / "export.csv"
    export.write_text(
        "ИИН;Вид исследования;Результат;Дата забора\n900317300011;ПЦР;теріс;17.03.2026 10:00\n"
    )
    before = town.office.done("retention", "status")["kinds"]
    for place in ("missing/codes.csv", "export.csv", "."):
        town.office.refused("intake", str(export), "--out", str(town.folder / place), status=2)
    assert town.office.done("retention", "status")["kinds"] == before


def test_commands_done_twice_say_that_they_are_done(town: Town) -> None:
    registered = town.register(reference="N1")
    taken = format_time(town.now - 3600)
    words = ("register", "--evidence", "pcr_negative", "--birthday", "03-17", "--reference", "-")
    assert "already registered" in town.office.refused(*words, "--at", taken, given="N1")
    town.office.done("codes", "cancel", "-", given=registered["code"])
    assert "unknown" in town.office.refused("codes", "cancel", "-", given=registered["code"])
    citizen = town.activated()
    assert "--replace" in citizen.refused("activate", "-", given=town.slip())
    citizen.done("end")
    citizen.refused("end", status=2)
    citizen.done("erase")
    citizen.done("erase")
    town.office.done("staff", "add", "x", "--role", "officer")
    assert "remove it first" in town.office.refused(
        "staff", "add", "x", "--role", "officer", status=2
    )
    town.office.done("staff", "remove", "x")
    assert "no account" in town.office.refused("staff", "remove", "x", status=2)


def test_secrets_do_not_stand_in_arguments(town: Town) -> None:
    for device, words in (
        (town.office, ("codes", "cancel", "7K3M-9QX2-VT00-1C5H")),
        (town.office, ("withdraw", "--evidence", "contact", "--reference", "900317300011")),
        (town.citizen(), ("activate", town.slip())),
    ):
        error = device.refused(*words, status=2)
        assert "standard input" in error
        assert not any(secret in error for secret in ("7K3M", "900317300011", "activate#"))
