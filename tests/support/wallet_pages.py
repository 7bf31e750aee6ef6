"""A served wallet in a browser: what a person does there, and how a screen is looked over."""

from collections.abc import Iterator
from typing import Literal

from playwright.sync_api import Page

from schemas.activation import Activation, format_activation_url
from shell.clock import system_clock
from tests.support.browser import SCREENSHOTS, axe_violations
from tests.support.processes import RealIssuer
from tests.support.wallet_server import WalletServer
from wallet_sim.fetching.file import WalletFile
from wallet_sim.passes.state import Wallet

Theme = Literal["light", "dark"]
THEMES: dict[str, Theme] = {"kk": "light", "ru": "dark", "en": "light"}
"""By language: the colours are the same in all of them."""
ZOOMED = (320, 256)


def link_of(issuer: RealIssuer) -> str:
    [code] = issuer.codes(1)
    return format_activation_url(Activation(issuer.url, code, issuer.root))


def wallet_of(served: WalletServer, person: int = 1) -> Wallet:
    home = served.home if person == 1 else served.home / "people" / str(person)
    return WalletFile(home, system_clock).load()


def fresh(served: WalletServer, person: int = 1) -> int:
    batch = wallet_of(served, person).batch_at(system_clock())
    return len(batch.fresh) if batch is not None else 0


def activate(page: Page, issuer: RealIssuer, person: int = 1) -> None:
    """From a person's empty wallet to their first passes."""
    base = page.url.partition("/p/")[0]
    page.goto(f"{base}/p/{person}/start")
    page.locator("textarea").fill(link_of(issuer))
    page.locator("main form .main").click()
    page.locator("#left-now").wait_for()


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that element has the focus, and look that the focus can be seen."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none"
            return
    raise AssertionError(f"{selector} cannot be reached")


def faults(page: Page, name: str) -> Iterator[str]:
    """What is wrong with the screen that is shown, as it is and on a zoomed screen."""
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    yield from axe_violations(page)
    size = page.viewport_size
    assert size is not None
    page.set_viewport_size({"width": ZOOMED[0], "height": ZOOMED[1]})
    yield from page.evaluate(_FAULTS)
    page.set_viewport_size(size)
    yield from page.evaluate(_FAULTS)


_FAULTS = """() => {
  const wrong = [];
  const at = `at ${innerWidth}: `;
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(at + "scrolls sideways");
  for (const target of document.querySelectorAll("button, .button, summary, .links a, input")) {
    if (!target.checkVisibility() || target.type === "hidden") continue;
    const {width, height} = target.getBoundingClientRect();
    if (Math.min(width, height) < 43.9) wrong.push(at + target.outerHTML.slice(0, 80));
  }
  return wrong;
}"""
"""A page that must be scrolled in two directions, and targets smaller than 44 pixels."""
