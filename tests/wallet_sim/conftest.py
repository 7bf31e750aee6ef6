"""A phone and an issuer, fresh for each test, and the phone's commands."""

from pathlib import Path
from typing import Any

import pytest

from schemas.kinds import DAY
from tests.support.commands import Outcome, Run, run_here
from tests.support.issuer_in_memory import CODE, OTHER_CODE, IssuerInMemory, Phone, Time
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON, World
from wallet_sim.commands import app


@pytest.fixture
def world() -> World:
    return World(batch_size=4, tracing=True)


@pytest.fixture
def issuer(world: World) -> IssuerInMemory:
    until = world.calendar.window_at(NOON + 6 * DAY).exp
    return IssuerInMemory(world, Time(), {CODE: until, OTHER_CODE: until})


@pytest.fixture
def phone(tmp_path: Path, issuer: IssuerInMemory) -> Phone:
    """Both clocks are the same until a test takes them apart."""
    return Phone(tmp_path / "wallet", issuer, issuer.clock)


@pytest.fixture
def run(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``qupia-wallet`` on the phone, in English unless the test sets another language."""
    monkeypatch.setenv("LC_ALL", "C")

    def run(*words: str, **how: Any) -> Outcome:
        monkeypatch.setattr(app, "TOOLS", phone.tools())
        at_home = (*words, "--home", str(phone.home))
        return run_here("qupia-wallet", *at_home, clock=phone.clock, environment={}, **how)

    return run


@pytest.fixture
def venue(world: World) -> Venue:
    """One of the phone's authority."""
    return Venue(world)


@pytest.fixture
def other_venue(world: World) -> Venue:
    return Venue(world, "Baiterek")


@pytest.fixture
def link(phone: Phone) -> str:
    return phone.link_to(CODE)


@pytest.fixture
def filled(run: Run, link: str) -> Run:
    """The same, after an activation."""
    assert run("activate", "-", given=link).status == 0
    return run
