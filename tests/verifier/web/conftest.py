"""A browser for the tests of the venue's page, and the page itself, served as at a venue.

All that holds Playwright ends with this package, so that other tests may run event loops.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.support import engines
from tests.support.browser import Visit, Watched, chromium, visit
from tests.support.bundle_server import BundleServer, serving
from tests.support.engines import Node
from tests.support.films import Scene, write_film
from tests.support.venue_server import VenueServer, venue_server
from tests.support.world import NOON, World


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="package")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One for all tests that need no film: its camera sees a wall, in few and small frames."""
    wall = tmp_path_factory.mktemp("camera") / "wall.y4m"
    write_film(wall, [Scene()], fps=5, size=(320, 240))
    with chromium(playwright, camera=wall) as browser:
        yield browser


@pytest.fixture
def launch(playwright: Playwright) -> Iterator[Callable[[Path | None], Browser]]:
    """Starts a browser with that film as its camera, or with None and no camera."""
    with ExitStack() as stack:
        yield lambda camera: stack.enter_context(chromium(playwright, camera=camera))


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Visit]:
    """Opens watched pages, each in a context of its own; arguments as for ``visit``.

    ``browser`` is the common one unless told.
    """
    with ExitStack() as stack:

        def open_page(*, browser: Browser = browser, **how: Any) -> Watched:
            return stack.enter_context(visit(browser, **how))

        yield open_page


@pytest.fixture(scope="package")
def page_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueServer]:
    """Shared by all tests that do not stop it."""
    with venue_server(tmp_path_factory.mktemp("venue")) as server:
        yield server


@pytest.fixture
def venue_page(page_server: VenueServer) -> str:
    """The address of the page."""
    return page_server.url


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[VenueServer]:
    """The page from a server that the test may stop."""
    with venue_server(tmp_path) as server:
        yield server


@pytest.fixture(scope="package")
def node() -> Iterator[Node]:
    """The page's decisions without a browser."""
    with engines.node() as node:
        yield node


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def issuer(world: World) -> Iterator[BundleServer]:
    """Serves the first bundle of ``world``, at noon."""
    with serving(world.bundle(NOON), NOON) as server:
        yield server
