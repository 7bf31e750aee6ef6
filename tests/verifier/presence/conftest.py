"""A venue's device at noon."""

from pathlib import Path

import pytest

from tests.support.venue_device import VenueDevice


@pytest.fixture
def venue(tmp_path: Path) -> VenueDevice:
    return VenueDevice(tmp_path / "home")
