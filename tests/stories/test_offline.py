"""Nobody is called when a pass is shown or checked: there is no network to call over."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

from schemas.activation import Activation, format_activation_url
from tests.support.processes import PROGRAMS, RealIssuer, RealWallet, run_real
from tests.support.town import Town
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def parties(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallet and a venue that had a network once: folders ``wallet`` and ``venue``."""
    folder = tmp_path_factory.mktemp("offline")
    issuer = RealIssuer.found(folder)
    [code] = issuer.codes(1)
    with issuer.serving():
        wallet = RealWallet(issuer, folder / "wallet", code)
        wallet.activate()
        wallet.sync()
        words = ("setup", issuer.url, "--root", issuer.root, "--home", folder / "venue")
        assert run_real("qupia-verifier", *words).status == 0
    return folder


def without_network(*words: str | Path) -> dict[str, object]:
    """Run a command in a network namespace of its own, in which nothing is up."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("there is no unshare program on this machine")
    if subprocess.run([unshare, "-n", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a network namespace of one's own is not permitted here")
    program, *rest = words
    done = subprocess.run(
        [unshare, "-n", PROGRAMS / program, *rest, "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_a_pass_is_shown_and_admitted_in_a_world_without_network(parties: Path) -> None:
    picture = parties / "pass.png"
    shown = without_network("qupia-wallet", "show", "--png", picture, "--home", parties / "wallet")
    assert shown["status"] == "green"
    scanned = without_network("qupia-verifier", "scan", picture, "--home", parties / "venue")
    assert (scanned["outcome"], scanned["source"]) == ("admit", str(picture))
    status = without_network("qupia-verifier", "status", "--home", parties / "venue")
    assert status["next"] == "nothing"


def test_the_wallet_and_the_venue_open_no_socket(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    citizen, venue = town.activated(), town.venue()
    town.net.services.clear()

    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    codes = [citizen.show() for _ in range(8)]
    assert venue.scan(*codes, codes[0], "x").outcomes == ["admit"] * 8 + [
        "already_shown",
        "not_a_pass",
    ]
    citizen.done("status")
    venue.done("status")


def test_scanning_does_not_load_the_web_client(parties: Path) -> None:
    script = (
        "import sys; sys.argv = ['qupia-verifier', 'scan', 'x', '--home', sys.argv[1]]\n"
        "from verifier.commands.app import main\n"
        "try: main()\n"
        "except SystemExit: print([m for m in ('httpx', 'shell.fetching') if m in sys.modules])"
    )
    done = subprocess.run(
        [PROGRAMS / "python", "-c", script, parties / "venue"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_slip_works_for_whoever_types_it_into_the_real_command(tmp_path: Path) -> None:
    """The way of the story with nothing but the commands, over a real connection."""
    issuer = RealIssuer.found(tmp_path)
    [code] = issuer.codes(1)
    link = format_activation_url(Activation(issuer.url, code, issuer.root))
    home = ("--home", tmp_path / "wallet", "--json")
    with issuer.serving():
        outcome = run_real("qupia-wallet", "activate", "-", *home, given=link)
        assert outcome.members["passes"] == 16
        again = run_real("qupia-wallet", "activate", "-", *home, given=link)
        assert (again.status, "--replace" in again.error) == (1, True)
        held = run_real("qupia-wallet", "data", *home).members["issuer"]
        assert [entry["what"] for entry in held] == ["batch", "batch"]
    outcome = run_real("qupia-wallet", "sync", *home)
    assert (outcome.status, outcome.error.startswith("no answer from")) == (2, True)
    assert run_real("qupia-wallet", "show", *home).members["remaining"] == 7
