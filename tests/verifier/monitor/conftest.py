"""An authority whose log a monitor follows from run to run."""

from collections.abc import Callable

import pytest

from tests.support.followed_log import Followed


@pytest.fixture
def follow_new() -> Callable[..., Followed]:
    return Followed.new


@pytest.fixture
def followed() -> Followed:
    return Followed.new()
