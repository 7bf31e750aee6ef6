"""A town for each story, its issuer copied from one that was founded once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.issuers import Foundry, pool_keys
from tests.support.town import Town


@pytest.fixture(scope="session")
def foundry(tmp_path_factory: pytest.TempPathFactory) -> Foundry:
    return Foundry(tmp_path_factory.mktemp("founded"))


@pytest.fixture
def found(foundry: Foundry, tmp_path: Path) -> Iterator[Callable[..., Town]]:
    """Makes towns of any hint form; their further pass keys come from the pool, too."""
    towns: list[Town] = []

    def make(**kind: str) -> Town:
        folder = tmp_path / f"town {len(towns)}"
        folder.mkdir()
        towns.append(Town(folder, foundry.copy(folder / "issuer", **kind)))
        return towns[-1]

    with pool_keys(first=100):
        yield make
    for town in towns:
        town.service.close()


@pytest.fixture
def town(found: Callable[..., Town]) -> Town:
    """An authority without hints: two pass keys for each window."""
    return found()
