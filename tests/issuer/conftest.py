"""An issuer for each test, copied from one that was founded once."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.issuers import Foundry, Service, pool_keys


@pytest.fixture(scope="session")
def foundry(tmp_path_factory: pytest.TempPathFactory) -> Foundry:
    return Foundry(tmp_path_factory.mktemp("founded"))


@pytest.fixture
def found(foundry: Foundry, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Makes issuers of any hint form; their further keys come from the pool, too."""
    services: list[Service] = []

    def make(**kind: str) -> Service:
        services.append(foundry.copy(tmp_path / f"issuer {len(services)}", **kind))
        return services[-1]

    with pool_keys(first=100):
        yield make
    for service in services:
        service.close()


@pytest.fixture
def issuer(found: Callable[..., Service]) -> Service:
    """An issuer without hints: two pass keys for each window."""
    return found()
