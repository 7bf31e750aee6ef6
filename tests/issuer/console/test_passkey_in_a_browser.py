"""A passkey in Chromium, with an authenticator of its own: made by a link, asked for, refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from issuer.staff import Role, Staff
from schemas.catalogues import load_catalogue
from schemas.languages import Language
from shell.clock import system_clock
from tests.support.browser import LAPTOP, PHONE, axe_violations, chromium, screenshot, visit
from tests.support.clerk import PASSWORD
from tests.support.processes import RealIssuer, run_real

say = load_catalogue("issuer.console").say
LOOKS = {"kk": (False, PHONE), "ru": (True, LAPTOP), "en": (False, PHONE)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, chromium(playwright, camera=None) as browser:
        yield browser


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealIssuer]:
    """At a name, because browsers take no passkeys at an address of numbers."""
    folder = tmp_path_factory.mktemp("passkey")
    with RealIssuer.found(folder, host="localhost").serving() as issuer:
        yield issuer


class Key:
    """The authenticator of one page, over the DevTools protocol (domain WebAuthn)."""

    def __init__(self, page: Page) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._devtools.send("WebAuthn.enable", {"enableUI": False})
        self.insert()

    def insert(self) -> None:
        options = {
            "protocol": "ctap2",
            "transport": "usb",
            "hasResidentKey": False,
            "hasUserVerification": False,
            "isUserVerified": False,
            "automaticPresenceSimulation": True,
        }
        made: dict[str, Any] = self._devtools.send(
            "WebAuthn.addVirtualAuthenticator", {"options": options}
        )
        self.id = made["authenticatorId"]

    def replace(self) -> None:
        """Another key is at hand than the one that was registered."""
        self._devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": self.id})
        self.insert()


def officer(issuer: RealIssuer, name: str) -> None:
    staff = Staff(issuer.home.staff)
    staff.add(name, Role.OFFICER, system_clock())
    staff.choose_password(staff.accounts()[-1], PASSWORD)


def link(issuer: RealIssuer, name: str) -> str:
    told = run_real("qupia-issuer", "staff", "passkey", name, "--home", issuer.home.path, "--json")
    return str(told.members["link"])


def make(page: Page, address: str) -> None:
    page.goto(address)
    page.click("main button.main")
    page.click("main button.main")
    page.locator('[role="status"]').wait_for()


def sign_in(page: Page, issuer: RealIssuer, name: str) -> None:
    page.goto(f"{issuer.url}/console/sign-in")
    page.fill("[name=name]", name)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")


@pytest.mark.parametrize("language", [*Language])
def test_an_officer_makes_a_passkey_and_signs_in_with_it(
    browser: Browser, issuer: RealIssuer, language: Language
) -> None:
    name = f"Officer {language}"
    officer(issuer, name)
    dark, size = LOOKS[language]
    with visit(browser, locale=language.value, dark=dark, viewport=size) as seen:
        page = seen.page
        key = Key(page)
        sign_in(page, issuer, name)
        expect(page.locator("main .bad").first).to_contain_text(say("passkey_none", language))
        looked_at(page, f"passkey-none-{language}")

        address = link(issuer, name)
        page.goto(address)
        assert "#" not in page.url
        looked_at(page, f"passkey-link-{language}")
        page.click("main button.main")
        looked_at(page, f"passkey-make-{language}")
        page.click("main button.main")
        page.locator('[role="status"]').wait_for()
        looked_at(page, f"passkey-made-{language}")

        sign_in(page, issuer, name)
        assert page.url.endswith("/console/passkey")
        looked_at(page, f"passkey-prove-{language}")
        page.click("main button.main")
        page.locator("nav.menu li").first.wait_for()
        seen.assert_quiet()

        # With another key at hand the browser itself finds nothing to prove with.
        key.replace()
        page.locator(".sign-out button").click()
        sign_in(page, issuer, name)
        page.click("main button.main")
        page.locator("#passkey-failed").wait_for()
        looked_at(page, f"passkey-failed-{language}")
        page.goto(f"{issuer.url}/console/keys")
        assert page.url.endswith("/console/passkey")


def test_a_link_works_once_and_its_token_goes_along_with_a_change_of_language(
    browser: Browser, issuer: RealIssuer
) -> None:
    officer(issuer, "Twice")
    address = link(issuer, "Twice")
    with visit(browser) as seen:
        page = seen.page
        Key(page)
        page.goto(address)
        page.click('a[hreflang="ru"]')
        page.click("main button.main")
        page.click("main button.main")
        page.locator('[role="status"]').wait_for()
        page.goto(f"{issuer.url}/healthz")
        page.goto(address)
        page.click("main button.main")
        over = say("passkey_link_over", Language.RU)
        expect(page.locator('[role="alert"]').first).to_contain_text(over)
        token = address.partition("#")[2]
        assert token not in "".join(seen.requests).replace(f"#{token}", "")
    assert token not in issuer.log.read_text()


def looked_at(page: Page, name: str) -> None:
    screenshot(page, name)
    assert axe_violations(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
