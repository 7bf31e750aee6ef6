"""A phone and an issuer, fresh for each test, and the phone's commands."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.kinds import DAY
from tests.support.world import NOON, World
from tests.wallet_sim.issuer_in_memory import CODE, OTHER_CODE, IssuerInMemory, Phone, Time
from tests.wallet_sim.typed import Outcome, Run, Typed, link_to
from wallet_sim.commands import app


@pytest.fixture
def world() -> World:
    return World(batch_size=3, tracing=True)


@pytest.fixture
def issuer(world: World) -> IssuerInMemory:
    until = world.calendar.window_at(NOON + 6 * DAY).exp
    return IssuerInMemory(world, Time(), {CODE: until, OTHER_CODE: until})


@pytest.fixture
def phone(tmp_path: Path, issuer: IssuerInMemory) -> Phone:
    """Both clocks are the same until a test takes them apart."""
    return Phone(tmp_path / "wallet", issuer, issuer.clock)


@pytest.fixture
def mask() -> Iterator[None]:
    """Commands make everything private from the start; tests put that back."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def run(
    phone: Phone, mask: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run ``qupia-wallet`` on the phone; ``given`` is piped into it, ``typed`` comes by hand."""

    def command(*words: str, given: str = "", typed: str | None = None) -> Outcome:
        monkeypatch.setattr(app, "TOOLS", phone.tools())
        monkeypatch.setattr(sys, "argv", ["qupia-wallet", *words, "--home", str(phone.home)])
        monkeypatch.setattr(sys, "stdin", io.StringIO(given) if typed is None else Typed(typed))
        capsys.readouterr()
        with pytest.raises(SystemExit) as caught:
            app.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        return Outcome(int(str(caught.value.code or 0)), said.out, said.err)

    monkeypatch.setenv("LC_ALL", "C")
    return command


@pytest.fixture
def link(phone: Phone) -> str:
    return link_to(phone, CODE)


@pytest.fixture
def filled(run: Run, link: str) -> Run:
    """The same, after an activation."""
    assert run("activate", "-", given=link).status == 0
    return run
