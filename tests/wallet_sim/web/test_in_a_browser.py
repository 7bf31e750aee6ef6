"""The wallet's pages in a real browser, with a real issuer and the venue's page.

Pictures of all screens are left in tests/screenshots, for people to look at.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from schemas.trust import TrustState, accept_bundle
from shell.clock import system_clock
from shell.pictures import qr_version, read_codes
from tests.support.browser import Visit, screenshot, wait_until
from tests.support.door import ADMITTED, Door
from tests.support.processes import RealIssuer
from tests.support.venue_server import venue_server
from tests.support.wallet_pages import THEMES, activate, faults, fresh, link_of, tab_to, wallet_of
from tests.support.wallet_server import WalletServer
from verifier.door.verification import verify
from wallet_sim.passes.state import Wallet


@pytest.fixture
def page(open_browser: Visit, served: WalletServer) -> Page:
    """An opened, empty wallet."""
    page = open_browser().page
    page.goto(served.address)
    return page


def read_screen(page: Page, name: str) -> str:
    """The text of the one code that a camera sees on the screen, as soon as it is there."""
    seen: list[str] = []

    def is_there() -> bool:
        seen[:] = read_codes(screenshot(page, name))
        return len(seen) == 1

    wait_until(page, is_there, "a code on the screen")
    return seen[0]


def admits(issuer: RealIssuer, text: str) -> bool:
    """Whether a verifier with the issuer's newest bundle admits a code; refusals are raised."""
    data = issuer.call("GET", "/.well-known/qupia/trust-bundle").body
    now = system_clock()
    bundle = accept_bundle(data, state=TrustState(anchor=issuer.root), now=now).bundle
    verdict = verify(text, bundle=bundle, policy=bundle.policies[0], now=now)
    return bool(verdict)


# The whole way


def test_from_the_slip_to_the_door_to_the_end(
    page: Page, served: WalletServer, tmp_path: Path, open_browser: Visit
) -> None:
    with RealIssuer.found(tmp_path / "own").serving() as issuer:
        activate(page, issuer)
        assert page.url == f"{served.origin}/p/1"
        held = fresh(served)
        page.locator(".card form .main").click()
        text = read_screen(page, "wallet-en-code")
        assert qr_version(text) == 13
        assert admits(issuer, text)
        assert fresh(served) == held - 1
        with venue_server(tmp_path) as venue:
            door = Door.of(open_browser())
            door.set_up(venue.url, issuer=issuer.url, root=issuer.root)
            door.choose_picture(screenshot(page, "wallet-en-code"))
            assert door.next_verdict() == ADMITTED
        page.locator("main form button").click()
        wait_until(page, lambda: fresh(served) == held - 2, "a fresh pass")
        wait_until(
            page, lambda: read_screen(page, "wallet-en-code")[:100] != text[:100], "another code"
        )
    # The issuer is gone from here on.
    while fresh(served):
        left = fresh(served)
        page.locator("main form button").click()
        wait_until(page, lambda: fresh(served) == left - 1, "a fresh pass")  # noqa: B023
    page.locator("main form button").click()
    page.wait_for_url("**/again")
    page.locator("form button").click()
    expect(page.locator("#reused")).to_be_visible()
    assert admits_nothing_new(page, served)
    page.goto(f"{served.origin}/p/1/data")
    page.locator("main form button").click()
    expect(page.locator("main .notice.bad")).to_contain_text("The issuer did not answer")
    page.goto(f"{served.origin}/p/1/end")
    page.locator(".danger.large").click()
    expect(page.locator("main .notice.bad")).to_contain_text("nothing was erased")
    with issuer.serving():
        page.goto(f"{served.origin}/p/1/end")
        page.locator(".danger.large").click()
        expect(page.locator("main .notice.good")).to_contain_text("Ended")
    assert wallet_of(served) == Wallet()
    assert len(served.log.read_text().splitlines()) == 1


def admits_nothing_new(page: Page, served: WalletServer) -> bool:
    """The code is there without an issuer, and no pass was taken for it."""
    return bool(read_screen(page, "wallet-en-again-code")) and fresh(served) == 0


# A pass is taken by a form alone


def test_reload_back_double_click_and_looking_never_burn_a_pass(
    page: Page, served: WalletServer, real_issuer: RealIssuer
) -> None:
    activate(page, real_issuer)
    held = fresh(served)
    page.locator(".card form .main").dblclick()
    page.locator("#code").wait_for()
    assert fresh(served) == held - 1
    page.reload()
    page.wait_for_url("**/again")
    page.go_back()
    page.go_back()
    page.goto(f"{served.origin}/p/1/code")
    page.go_forward()
    assert fresh(served) == held - 1
    page.goto(f"{served.origin}/p/1/again")
    page.locator("form button").first.click()
    expect(page.locator("#reused")).to_be_visible()
    assert fresh(served) == held - 1


def test_the_code_is_renewed_by_itself_and_goes_when_it_may_stay_no_longer(
    open_browser: Visit, served: WalletServer, real_issuer: RealIssuer
) -> None:
    page = open_browser(now=system_clock()).page
    page.goto(served.address)
    activate(page, real_issuer)
    page.locator(".card form .main").click()
    page.locator("#code").wait_for()  # a clock moved before is moved for the page that was left
    modules = page.locator("#modules")
    renewed = '{"modules": 77, "drawn": "M4 4h1v1H4z", "left": 30, "stays": 200}'
    page.route("**/code.json", lambda route: route.fulfill(body=renewed))
    page.clock.fast_forward(31_000)
    wait_until(page, lambda: modules.get_attribute("d") == "M4 4h1v1H4z", "a new code")
    expect(page.locator("#seconds")).to_contain_text("New code in")
    page.clock.fast_forward(201_000)
    expect(page.locator("#over")).to_be_visible()
    assert modules.get_attribute("d") == ""
    page.unroute("**/code.json")
    page.locator("main form").evaluate("(form) => form.requestSubmit()")
    expect(page.locator("#code")).to_be_visible()
    served.stop()
    page.clock.fast_forward(80_000)
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#code")).to_be_hidden()


def test_whoever_comes_back_from_another_app_is_asked_before_the_code_is_seen_again(
    page: Page, served: WalletServer, real_issuer: RealIssuer
) -> None:
    activate(page, real_issuer)
    page.locator(".card form .main").click()
    page.locator("#code").wait_for()
    page.evaluate(_LEAVE)
    assert page.locator("#modules").get_attribute("d") == ""
    page.evaluate(_COME_BACK)
    page.wait_for_url("**/again")


_LEAVE = """() => {
  Object.defineProperty(document, "visibilityState", {configurable: true, value: "hidden"});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_COME_BACK = """() => {
  delete document.visibilityState;
  document.dispatchEvent(new Event("visibilitychange"));
}"""


# People


def test_each_person_shows_passes_of_their_own(
    page: Page, served: WalletServer, real_issuer: RealIssuer
) -> None:
    activate(page, real_issuer)
    page.locator(".people a").last.click()
    page.locator("input[name=name]").fill("Апа")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/2")
    expect(page.locator("#advice")).to_contain_text("empty")
    activate(page, real_issuer, 2)
    mine = fresh(served)
    page.locator(".card form .main").click()
    page.locator("#code").wait_for()
    assert fresh(served) == mine
    assert fresh(served, 2) == mine - 1
    page.locator(".people a").first.click()
    expect(page.locator("#left-now")).to_have_text(str(mine))


# Reach


def test_everything_can_be_done_with_keys_alone(
    page: Page, served: WalletServer, real_issuer: RealIssuer
) -> None:
    tab_to(page, ".card .main")
    page.keyboard.press("Enter")
    page.wait_for_url("**/start")
    tab_to(page, "textarea")
    page.keyboard.insert_text(link_of(real_issuer))
    tab_to(page, "main form .main")
    page.keyboard.press("Space")
    page.locator("#left-now").wait_for()
    tab_to(page, ".card form .main")
    page.keyboard.press("Enter")
    page.locator("#code").wait_for()
    tab_to(page, "main form button")
    assert fresh(served) > 0


@pytest.mark.parametrize("lang", THEMES)
def test_no_screen_is_hard_to_read_or_touch(
    lang: str, open_browser: Visit, served: WalletServer, real_issuer: RealIssuer
) -> None:
    seen = open_browser(locale=lang, dark=THEMES[lang] == "dark")
    seen.page.goto(served.address)
    wrong = [
        f"{name}: {what}"
        for name in screens(seen.page, served, real_issuer)
        for what in faults(seen.page, f"wallet-{lang}-{name}")
    ]
    assert wrong == []
    assert seen.errors + seen.violations == []


def screens(page: Page, served: WalletServer, issuer: RealIssuer) -> Iterator[str]:
    """The names of all screens, each while it is shown."""
    person = f"{served.origin}/p/1"
    yield "empty"
    page.goto(f"{person}/start")
    yield "start"
    page.locator("textarea").fill("nothing")
    page.evaluate("document.querySelector('main form').requestSubmit()")
    page.locator("#problem").wait_for()
    yield "start_error"
    activate(page, issuer)
    yield "activated"
    page.reload()
    yield "card"
    page.locator(".card form .main").click()
    page.locator("#code").wait_for()
    yield "code"
    page.reload()
    yield "again"
    page.locator("form button").first.click()
    page.locator("#reused").wait_for()
    yield "reused"
    page.goto(f"{person}/start")
    page.locator("textarea").fill(link_of(issuer))
    page.locator("main form .main").click()
    page.locator(".danger").wait_for()
    yield "replace"
    page.goto(f"{person}/data")
    page.locator("main form button").click()
    page.locator("section:nth-of-type(2) li").first.wait_for()
    yield "data"
    for name in ("end", "name"):
        page.goto(f"{person}/{name}")
        yield name
    page.goto(f"{served.origin}/people")
    yield "people"
