"""Two venues of the phone's authority."""

import pytest

from schemas.bundle import TrustBundle
from tests.support.world import NOON, World
from tests.wallet_sim.presence.venues import Venue


@pytest.fixture
def bundle(world: World) -> TrustBundle:
    """What the authority publishes at noon."""
    return world.accepted(NOON)


@pytest.fixture
def venue(world: World) -> Venue:
    return Venue(world)


@pytest.fixture
def other_venue(world: World) -> Venue:
    return Venue(world, "Baiterek")
