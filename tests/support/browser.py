"""A real Chromium for tests of the venue's page: its camera, its clock, and what it says and asks.

::

    with chromium(playwright, camera=film) as browser, visit(browser, now=NOON) as seen:
        seen.page.goto(url)
        screenshot(seen.page, "start")
        seen.assert_quiet()

While Playwright runs in a process, ``asyncio.run`` refuses to run in the same thread: its loop
counts as running. Fixtures that hold it must therefore end with the tests of the page.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    Playwright,
    Request,
    WebError,
)

from tests.support import waiting

ROOT = Path(__file__).parents[2]
AXE = ROOT / "verifier/web/node_modules/axe-core/axe.min.js"
SCREENSHOTS = ROOT / "tests/screenshots"

PHONE = (360, 640)
TABLET = (820, 1180)
LAPTOP = (1366, 768)
"""CSS pixels, width and height."""

_FLAGS = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
_CLIPBOARD = ["clipboard-read", "clipboard-write"]
_WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


# Browsers


def chromium_path() -> str:
    """The system's Chromium, or the one that the variable ``CHROMIUM`` names."""
    name = os.environ.get("CHROMIUM", "chromium")
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"there is no {name}; install Debian's chromium, or name one: CHROMIUM=/path")
    return path


@contextmanager
def chromium(playwright: Playwright, *, camera: Path | None) -> Iterator[Browser]:
    """A browser whose only camera shows the film ``camera``; with None it has no camera.

    Chromium takes a film that it cannot read for no camera either; see :func:`occupy_camera`.
    """
    device = "--use-fake-device-for-media-stream"
    if camera is None:
        flags = [f"{device}=device-count=0"]
    else:
        flags = [device, f"--use-file-for-fake-video-capture={camera}"]
    if os.geteuid() == 0:
        flags.append("--no-sandbox")  # Chromium's sandbox does not work for root.
    browser = playwright.chromium.launch(executable_path=chromium_path(), args=[*_FLAGS, *flags])
    try:
        yield browser
    finally:
        browser.close()


# Pages


@dataclass
class Watched:
    """A page and all that was said and asked in its context, by workers too."""

    context: BrowserContext
    page: Page
    console: list[str] = field(default_factory=list)
    """``type: text``."""
    errors: list[str] = field(default_factory=list)
    """Exceptions that nobody caught."""
    requests: list[str] = field(default_factory=list)
    """Addresses, those that a service worker asked for too."""
    failed: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    """Of the Content-Security-Policy."""

    @property
    def complaints(self) -> list[str]:
        """Whatever must not happen on a page that works and has its network."""
        said = [line for line in self.console if line.startswith(("error:", "warning:"))]
        failed = [f"no answer: {url}" for url in self.failed]
        return said + self.errors + failed + self.violations

    def assert_quiet(self) -> None:
        assert self.complaints == []

    def forget(self) -> None:
        """Begin to watch anew."""
        for what in (self.console, self.errors, self.requests, self.failed, self.violations):
            what.clear()

    def hear(self, message: ConsoleMessage) -> None:
        text = f"{message.type}: {message.text}"
        (self.violations if "Content Security Policy" in text else self.console).append(text)


Visit = Callable[..., Watched]
"""Opens a watched page; arguments as for :func:`visit`."""


@contextmanager
def visit(
    browser: Browser,
    *,
    locale: str = "en",
    dark: bool = False,
    reduced_motion: bool = False,
    viewport: tuple[int, int] = PHONE,
    may_use_camera: bool = True,
    now: int | None = None,
    zone: str = "Asia/Almaty",
    **more: Any,
) -> Iterator[Watched]:
    """An empty page in a context of its own: storage, service workers and permissions.

    From ``now`` on the page's time runs as the real one does; see :func:`set_clock`. ``more`` goes
    to Playwright's ``new_context``.
    """
    width, height = viewport
    context = browser.new_context(
        locale=locale,
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce" if reduced_motion else "no-preference",
        viewport={"width": width, "height": height},
        timezone_id=zone,
        service_workers="allow",
        **more,
    )
    context.set_default_timeout(waiting.PATIENCE * 1000)
    # What is not named here is denied.
    context.grant_permissions([*_CLIPBOARD, "camera"] if may_use_camera else _CLIPBOARD)
    context.add_init_script(_TELL_VIOLATIONS)
    try:
        page = context.new_page()
        if now is not None:
            context.clock.install(time=now)
        yield _watch(Watched(context, page))
    finally:
        context.close()


def _watch(seen: Watched) -> Watched:
    def request_failed(request: Request) -> None:
        if request.failure == "net::ERR_ABORTED":
            return  # The page itself had read enough of it.
        seen.failed.append(f"{request.url} ({request.failure})")

    def error(error: WebError) -> None:
        seen.errors.append(str(error.error))

    seen.context.on("console", seen.hear)
    seen.context.on("weberror", error)
    seen.context.on("request", lambda request: seen.requests.append(request.url))
    seen.context.on("requestfailed", request_failed)
    return seen


def wait_until(page: Page, is_so: Callable[[], bool], what: str = "what was waited for") -> None:
    """Ask again and again; raises AssertionError when it is not so in time.

    Playwright's own ``wait_for_function`` breaks on pages whose policy forbids ``eval``.
    """
    waiting.wait_until(is_so, what, pause=lambda seconds: page.wait_for_timeout(seconds * 1000))


_TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => console.error(
  `Content Security Policy: ${event.effectiveDirective} ${event.blockedURI} ${event.sourceFile}`));
"""


# The camera


def occupy_camera(seen: Watched) -> None:
    """As if another program had the camera: a film is never taken, so this is the page's browser.

    It holds for pages that are opened or loaded afterwards, each until :func:`free_camera`.
    """
    seen.context.add_init_script("""
        navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException("Could not start video source", "NotReadableError");
        };
    """)


def free_camera(page: Page) -> None:
    """The other program has ended."""
    page.evaluate("delete navigator.mediaDevices.getUserMedia")


def lose_camera(page: Page) -> None:
    """As if the camera in use had been unplugged."""
    page.evaluate("""
        for (const track of document.querySelector("video").srcObject.getTracks()) {
          track.stop();
          track.dispatchEvent(new Event("ended"));
        }
    """)


# Storage


def clear_storage(page: Page) -> None:
    """As a browser does that needs the room: whatever the page's origin has stored is gone."""
    origin = page.evaluate("location.origin")
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
    session.detach()


# The clock


def set_clock(page: Page, now: int) -> None:
    """Set the clock of a page forward or back, as a person does; timers do not notice.

    It holds for all pages of the context and after a reload, too, but not for workers, which have
    the real time unless the page tells them its own. The page must have been opened with a clock.
    """
    page.clock.set_system_time(now)


def set_hidden(page: Page, *, hidden: bool) -> None:
    """As when another tab is looked at, or the screen is locked."""
    page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


def let_pass(page: Page, seconds: int) -> None:
    """As if the device had slept: timers that are due by then run once, now."""
    page.clock.fast_forward(seconds * 1000)


# Looking


def screenshot(page: Page, name: str) -> Path:
    """Save what is seen of the page now, for people to look at.

    While a browser goes from one page to the next there is nothing to be seen.
    """
    path = SCREENSHOTS / f"{name}.png"

    def is_taken() -> bool:
        page.wait_for_load_state()
        try:
            page.screenshot(path=path)
        except Error as error:
            if "Unable to capture screenshot" not in error.message:
                raise
            return False
        return True

    wait_until(page, is_taken, "a picture of the page")
    return path


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds wrong by WCAG 2.2 AA: a line for each rule and element."""
    # A script element would be against the page's policy; this comes in as a debugger's does.
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe_source())
    options = {"runOnly": {"type": "tag", "values": list(_WCAG)}}
    found = page.evaluate("(options) => axe.run(document, options)", options)
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(map(str, node['target']))}: "
        + " ".join(node["failureSummary"].split())
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


@cache
def _axe_source() -> str:
    return AXE.read_text(encoding="utf-8")
