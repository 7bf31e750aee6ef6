"""Pages of an issuer in memory, and the people who use them."""

from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette

from issuer.serving import create_all
from issuer.staff import Role, passwords
from tests.support.clerk import Clerk
from tests.support.issuers import Service


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is stored is argon2id all the same, of the least memory and one pass."""
    monkeypatch.setattr(
        passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


@pytest.fixture
def app(issuer: Service) -> Starlette:
    return create_all(issuer.authority, issuer.clock, step=0)


@pytest.fixture
def stranger(issuer: Service, app: Starlette) -> Clerk:
    """Nobody who is signed in."""
    return Clerk.at(issuer, app)


@pytest.fixture
def clerk(issuer: Service, app: Starlette) -> Callable[[Role], Clerk]:
    """Makes members of staff, signed in."""
    return lambda role: Clerk.of(issuer, role, app)


@pytest.fixture
def registrar(clerk: Callable[[Role], Clerk]) -> Clerk:
    return clerk(Role.REGISTRAR)


@pytest.fixture
def officer(clerk: Callable[[Role], Clerk]) -> Clerk:
    return clerk(Role.OFFICER)


@pytest.fixture
def auditor(clerk: Callable[[Role], Clerk]) -> Clerk:
    return clerk(Role.AUDITOR)
