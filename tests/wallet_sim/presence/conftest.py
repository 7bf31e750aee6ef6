"""What the phone's authority publishes."""

import pytest

from schemas.bundle import TrustBundle
from tests.support.world import NOON, World


@pytest.fixture
def bundle(world: World) -> TrustBundle:
    """At noon."""
    return world.accepted(NOON)
