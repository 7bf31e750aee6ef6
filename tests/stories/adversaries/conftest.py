"""A venue, a phone and a monitor for each story."""

from pathlib import Path

import pytest

from tests.support.clients import Begin, Clients


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    return lambda world: Clients(tmp_path / "venue", world)
