"""A device is set up, again and with another root."""

from pathlib import Path

import pytest

from tests.support.commands import Run, complaint
from tests.support.world import NOON, World


def test_a_set_up_from_a_file_works_offline(run: Run, world: World, bundle_file: Path) -> None:
    result = run("setup", bundle_file, "--root", world.pin, "--json")
    assert (result.status, result.members["keys"], result.members["url"]) == (0, "fresh", None)
    assert run("scan", world.code(NOON)).status == 0
    assert complaint(run("sync")) == (
        "this device was set up from a file; run: qupia-verifier import FILE"
    )


def test_the_same_set_up_again_changes_nothing(
    device: Run, world: World, bundle_file: Path
) -> None:
    before = device("status").out
    again = device("setup", bundle_file, "--root", world.pin)
    assert (again.status, again.out) == (0, before)


def test_a_second_set_up_changes_the_policy_and_keeps_it(
    device: Run, world: World, bundle_file: Path
) -> None:
    blue = world.code(NOON, status="blue")
    assert device("scan", blue).status == 0
    device("setup", bundle_file, "--root", world.pin, "--policy", "first-only")
    assert device("scan", blue, "--json").members["reason"] == "status_not_admitted"
    device("setup", bundle_file, "--root", world.pin)
    assert device("status", "--json").members["policy"] == "first-only"


def test_another_root_is_refused_and_another_home_takes_it(device: Run, tmp_path: Path) -> None:
    other, path = World(iss="https://other.example", first_key=100), tmp_path / "other.jws"
    path.write_bytes(other.bundle(NOON))
    message = complaint(device("setup", "https://127.0.0.1:9", "--root", other.pin))
    assert message.endswith("is set up with another root; name another folder with --home")
    message = complaint(device("setup", path, "--root", other.pin))
    assert message.endswith("is set up with another root; name another folder with --home")
    home = tmp_path / "second"
    assert device("setup", path, "--root", other.pin, "--home", home).status == 0
    assert device("status", "--home", home, "--json").members["root"] == other.pin
    assert device("status", "--json").members["root"] != other.pin


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("http://qupia.example", "http is for this machine only; use https"),
        ("https://qupia.example/path", "the URL is an origin: no path, no query and no user"),
        ("ftp://qupia.example", "a URL looks like https://qupia.example"),
        ("nothing.jws", "there is no file nothing.jws; name a bundle file, or a URL such as"),
        ("qupia.example", "there is no file qupia.example; name a bundle file, or a URL such as"),
        (".", "Is a directory: ."),
    ],
)
def test_a_source_that_is_no_address_and_no_file_is_refused(
    run: Run, world: World, source: str, message: str
) -> None:
    assert complaint(run("setup", source, "--root", world.pin)).startswith(message)


@pytest.mark.parametrize("root", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "B"])
def test_a_root_is_a_thumbprint(run: Run, bundle_file: Path, root: str) -> None:
    assert complaint(run("setup", bundle_file, "--root", root)) == (
        "a root thumbprint has 43 letters and digits; ask the authority for it"
    )


def test_a_bundle_of_another_root_is_refused_in_the_language_of_the_device(
    run: Run, bundle_file: Path
) -> None:
    stranger = World(iss="https://other.example", first_key=100).pin
    english = run("setup", bundle_file, "--root", stranger)
    assert complaint(english, status=1).endswith("(Q42)")
    kazakh = run("setup", bundle_file, "--root", stranger, "--lang", "kk")
    assert "түпкі кілт" in complaint(kazakh, status=1)


def test_a_policy_that_does_not_exist_is_refused_with_those_that_do(
    run: Run, world: World, bundle_file: Path
) -> None:
    message = complaint(run("setup", bundle_file, "--root", world.pin, "--policy", "cinema"))
    assert message == (
        "there is no such policy; use --policy with one of: everyone, first-only, no-hint"
    )
    assert run("status", "--json").members["next"] == "setup"
