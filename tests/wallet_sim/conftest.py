"""A phone and an issuer, fresh for each test."""

from pathlib import Path

import pytest

from schemas.kinds import DAY
from tests.support.world import NOON, World
from tests.wallet_sim.issuer_in_memory import CODE, OTHER_CODE, IssuerInMemory, Phone, Time


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
