"""How an issuer is founded: what is made, and what makes nothing."""

from pathlib import Path

import pytest

from issuer.home import Home
from issuer.keys.roots import load_chain
from tests.support.commands import Run
from tests.support.issuers import URL


def test_init_says_what_was_made(command: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    arguments = ("init", "--name", "Test", "--url", URL, "--hint", "none", "--home", home)
    members = command(*arguments, "--json").members
    assert members == {"root": members["root"], "url": URL, "home": str(home)}
    assert load_chain(Home(home)).anchor == members["root"]
    assert (home / "ROOT.pem").exists()
    again = command(*arguments)
    assert (again.status, again.error) == (
        2,
        f"there is an issuer in {home} already; choose another --home",
    )


def test_init_for_people_names_the_next_thing_to_do(command: Run, tmp_path: Path) -> None:
    outcome = command("init", "--name", "Т", "--url", URL, "--home", tmp_path / "home")
    assert outcome.status == 0
    assert outcome.out.endswith("offline, then run: qupia-issuer serve\n")
    assert "ends on          2026-09-13" in outcome.out


def test_init_finds_its_home_in_the_environment(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUPIA_ISSUER_HOME", str(tmp_path / "home"))
    assert command("init", "--name", "T", "--url", URL, "--json").members["home"] == str(
        tmp_path / "home"
    )
    assert command("retention", "status", "--json").members["last_run"] is None


def test_init_says_how_many_look_alike_and_keeps_the_number_of_people(
    command: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    words = ("init", "--name", "T", "--url", URL, "--people", "20000", "--home", home, "--json")
    told = command(*words)
    assert (told.members["people"], told.members["smallest_cell"]) == (20_000, 773)
    assert told.warnings == [
        "of 20000 people only about 773 have passes that look alike, under 1000: a door sees "
        "fewer still; a coarser hint or fewer statuses would help"
    ]
    checked = command("policy", "check", "--home", home, "--json")
    assert checked.members["smallest_cell"] == 773


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--url", URL], "Missing option '--name'; try: qupia-issuer --help"),
        (["--name", "T"], "Missing option '--url'; try: qupia-issuer --help"),
        (["--name", "", "--url", URL], "give a name of 1 to 200 printable characters"),
        (["--name", "T", "--url", "http://a.example"], "--url: http is for this machine only"),
        (["--name", "T", "--url", URL, "--hint", "week"], "Invalid value for '--hint': "),
        (["--name", "T", "--url", URL, "--sunset", "never"], "the sunset is a date: YYYY-MM-DD"),
        (["--name", "T", "--url", URL, "--sunset", "2026-03-01"], "the sunset is a day in the"),
        (["--name", "T", "--url", URL, "--people", "0"], "Invalid value for '--people': "),
        (["--name", "T", "--url", URL, "--people", "-5"], "Invalid value for '--people': "),
        (["--name", "T", "--url", URL, "--people", "1.5"], "Invalid value for '--people': "),
        (["--name", "T", "--url", URL, "--people", "all"], "Invalid value for '--people': "),
        (["--name", "T", "--url", URL, "--people", "9" * 30], "Invalid value for '--people': "),
        (["--name", "T", "--url", URL, "--people", "2000"], "of 2000 people only about 77 have"),
        (["--name", "T", "--url", URL, "--more"], "No such option: --more"),
        (["--name", "T", "--url", URL, "more"], "Got unexpected extra argument"),
    ],
)
def test_init_with_wrong_arguments_is_one_line_and_makes_nothing(
    command: Run, tmp_path: Path, arguments: list[str], line: str
) -> None:
    outcome = command("init", *arguments, "--home", tmp_path / "home")
    assert outcome.status == 2
    assert outcome.error.startswith(line)
    assert not (tmp_path / "home").exists()
