"""A served wallet in this process, whose issuer is in memory."""

from collections.abc import Callable

import pytest
from starlette.types import ASGIApp

from tests.support.visitor import Visitor
from tests.wallet_sim.issuer_in_memory import Phone
from wallet_sim.web.app import create_app, make_house
from wallet_sim.web.guard import Keys
from wallet_sim.web.house import House

ORIGIN = "http://127.0.0.1:8002"


@pytest.fixture
def house(phone: Phone) -> House:
    return make_house(phone.home, phone.tools())


@pytest.fixture
def keys() -> Keys:
    return Keys(ORIGIN)


@pytest.fixture
def app(house: House, keys: Keys) -> ASGIApp:
    return create_app(house, keys)


@pytest.fixture
def stranger(app: ASGIApp) -> Visitor:
    """Whoever reaches the port without the printed address."""
    return Visitor(app, ORIGIN)


@pytest.fixture
def visitor(app: ASGIApp, keys: Keys) -> Visitor:
    """The owner, at an empty wallet."""
    visitor = Visitor(app, ORIGIN)
    assert visitor.get(keys.address.removeprefix(ORIGIN)).status == 303
    return visitor


@pytest.fixture
def activate(phone: Phone, visitor: Visitor) -> Callable[..., None]:
    """Gives a person passes of the window and of the next, three each."""

    def activate(person: int = 1, code: str | None = None) -> None:
        from tests.wallet_sim.test_commands import link_to

        path = f"/p/{person}/start"
        form = visitor.get(path).form(path)
        form["code"] = link_to(phone, code or phone.slip.code)
        assert visitor.post(path, form).status == 303

    return activate
