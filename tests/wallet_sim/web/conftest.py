"""A served wallet: in this process, with an issuer in memory, and as a real one for a browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright
from starlette.types import ASGIApp

from tests.support.asgi import Reply
from tests.support.browser import Watched, chromium, visit
from tests.support.issuer_in_memory import Phone
from tests.support.processes import RealIssuer
from tests.support.visitor import ORIGIN, Visitor
from tests.support.wallet_server import WalletServer, wallet_server
from wallet_sim.web.app import create_app, make_house
from wallet_sim.web.guard import Keys
from wallet_sim.web.house import House


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
        path = f"/p/{person}/start"
        form = visitor.get(path).form(path)
        form["code"] = phone.link_to(code or phone.slip.code)
        assert visitor.post(path, form).status == 303

    return activate


@pytest.fixture
def check_in(visitor: Visitor) -> Callable[..., Reply]:
    """Sends the text of a venue's code, as a person's page does; what they see then."""

    def check_in(code: str, person: int = 1) -> Reply:
        path = f"/p/{person}/venue"
        form = visitor.get(path).form(path)
        return visitor.follow(visitor.post(path, form | {"code": code}))

    return check_in


# In a browser. All that holds Playwright ends with this package.


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with chromium(playwright, camera=None) as browser:
        yield browser


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Opens watched pages, each in a context of its own; arguments as for ``visit``."""
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(visit(browser, **how))


@pytest.fixture(scope="package")
def real_issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealIssuer]:
    """A served one, shared by all tests that do not stop it."""
    with RealIssuer.found(tmp_path_factory.mktemp("issuer")).serving() as issuer:
        yield issuer


@pytest.fixture
def served(tmp_path: Path) -> Iterator[WalletServer]:
    """An empty wallet as a process of its own."""
    with wallet_server(tmp_path) as server:
        yield server
