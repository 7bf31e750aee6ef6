"""The console in a real browser: signed in, typed into, printed, gone back in, looked at.

Pictures of all screens are left in tests/screenshots, for people to look at.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from issuer.console.app import PAGES
from issuer.documents.notice_list import parse_list
from issuer.keys.tracing import export_key, tracing_seeds
from issuer.notices.publishing import publications, withdraw_notice
from issuer.oversight.approvals import sweep_approvals
from issuer.staff import Role, Staff
from schemas.activation import parse_activation_url
from schemas.catalogues import sentence
from schemas.hour_keys import public_half
from schemas.hours import begin_of, day_at, hour_at
from schemas.languages import Language
from schemas.trace import format_trace, seal_trace
from shell.clock import system_clock
from shell.fresh import FreshFile
from tests.support.browser import (
    LAPTOP,
    PHONE,
    Watched,
    axe_violations,
    chromium,
    screenshot,
    visit,
)
from tests.support.clerk import PASSWORD
from tests.support.exports import venue_key
from tests.support.processes import RealIssuer, run_real

ALMATY = ZoneInfo("Asia/Almaty")
Open = Callable[..., Page]
LOOKS: dict[str, tuple[bool, tuple[int, int]]] = {
    "kk": (False, PHONE),
    "ru": (True, LAPTOP),
    "en": (False, PHONE),
}
"""By language: whether it is dark, and how large the window is."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It ends with this module: the tests of others run event loops of their own."""
    with sync_playwright() as playwright, chromium(playwright, camera=None) as browser:
        yield browser


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealIssuer]:
    with RealIssuer.found(tmp_path_factory.mktemp("console")).serving() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def keys(issuer: RealIssuer) -> dict[Role, str]:
    staff = Staff(issuer.home.staff)
    return {role: staff.add(f"A {role}", role, system_clock()) for role in Role}


@pytest.fixture
def look(browser: Browser) -> Iterator[Callable[..., Watched]]:
    with ExitStack() as stack:
        yield lambda **how: stack.enter_context(visit(browser, **how))


def sign_in(
    page: Page, issuer: RealIssuer, role: Role, keys: dict[Role, str], *, name: str | None = None
) -> None:
    """By the password; the first time by the key, and a password is chosen."""
    page.goto(f"{issuer.url}/console")
    for word in (PASSWORD, keys[role]):
        page.fill("[name=name]", name or f"A {role}")
        page.fill("[name=password]", word)
        page.click("main button.main")
        if not page.url.endswith("/sign-in"):
            break
    if page.url.endswith("/password"):
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=again]", PASSWORD)
        page.click("main button.main")
    assert not page.url.endswith(("/sign-in", "/password"))


def code_on(page: Page) -> str:
    """What the slip's picture opens."""
    source = page.get_attribute("img.slip", "src") or ""
    picture = Image.open(BytesIO(base64.b64decode(source.partition(",")[2])))
    [code] = zxingcpp.read_barcodes(picture)
    return code.text


def never() -> NoReturn:
    pytest.fail("there is no list")


def is_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def test_a_registrar_registers_and_the_slips_code_activates_a_wallet(
    look: Callable[..., Watched], issuer: RealIssuer, keys: dict[Role, str], tmp_path: Path
) -> None:
    seen = look(viewport=LAPTOP)
    page = seen.page
    sign_in(page, issuer, Role.REGISTRAR, keys)
    page.goto(f"{issuer.url}/console/register")
    page.focus("main form button.main")
    page.keyboard.press("Enter")
    page.locator("img.slip").wait_for()
    link = code_on(page)
    screenshot(page, "console-slip")
    assert axe_violations(page) == []
    done = run_real("qupia-wallet", "activate", "-", "--home", tmp_path / "wallet", given=link)
    assert done.status == 0, done
    page.emulate_media(media="print")
    shown = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.checkVisibility()"
        " && e.getBoundingClientRect().height && !e.children.length).map(e => e.tagName)"
    )
    screenshot(page, "console-slip-print")
    assert shown == ["IMG"]
    page.emulate_media(media="screen")
    code = parse_activation_url(link).code
    page.click("main a.button:last-child")
    page.go_back(wait_until="commit")
    page.wait_for_timeout(500)
    assert page.locator("img.slip").count() == 0
    assert code not in page.content()


def test_whoever_signed_out_is_nobody_also_by_the_back_button(
    look: Callable[..., Watched], issuer: RealIssuer, keys: dict[Role, str]
) -> None:
    page = look().page
    sign_in(page, issuer, Role.OFFICER, keys)
    page.goto(f"{issuer.url}/console/keys")
    page.click("form.sign-out button")
    assert page.url.endswith("/console/sign-in")
    page.go_back()
    assert page.url.endswith("/console/sign-in")


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("lang", list(LOOKS))
def test_no_page_is_hard_to_read_or_wider_than_the_window(
    lang: str, role: Role, look: Callable[..., Watched], issuer: RealIssuer, keys: dict[Role, str]
) -> None:
    dark, size = LOOKS[lang]
    seen = look(locale=lang, dark=dark, viewport=size)
    page = seen.page
    sign_in(page, issuer, role, keys)
    seen.forget()  # The first time, the password that was not chosen yet was refused.
    wrong: list[Any] = []
    for one in PAGES:
        if role in one.roles and "{" not in one.path:
            page.goto(issuer.url + one.path)
            screenshot(page, f"console-{role}-{one.path.rsplit('/', 1)[1]}-{lang}")
            wrong += [(one.path, line) for line in axe_violations(page)]
            wrong += [(one.path, "wide")] if is_wide(page) else []
    assert wrong == []
    seen.assert_quiet()


@pytest.fixture
def export(issuer: RealIssuer, tmp_path: Path) -> Iterator[Path]:
    """A venue's file with its keys of the last six hours; what came of it is gone at the end."""
    this, now = hour_at(system_clock()), system_clock()
    own = export_key(tracing_seeds(issuer.home), day_at(now), now)
    assert own is not None
    keys = {hour: venue_key(hour, tmp_path.name) for hour in range(this - 6, this)}
    sealed = seal_trace(keys, iss=issuer.url, day=day_at(now), authority_key=public_half(own))
    path = tmp_path / "hours.json"
    path.write_bytes(format_trace(sealed))
    yield path
    with issuer.opened() as authority:
        for publication in publications(authority, system_clock()):
            withdraw_notice(authority, publication.name, None, system_clock())
    sweep_approvals(issuer.home, system_clock(), everyone=True)


@pytest.mark.parametrize("lang", list(LOOKS))
def test_two_officers_publish_a_notice_and_one_withdraws_it(
    lang: str, look: Callable[..., Watched], issuer: RealIssuer, keys: dict[Role, str], export: Path
) -> None:
    dark, size = LOOKS[lang]
    notices, how = f"{issuer.url}/console/notices", {"locale": lang, "dark": dark}
    seen = look(viewport=size, **how)
    first, second = seen.page, look(viewport=size, **how).page
    sign_in(first, issuer, Role.OFFICER, keys)
    key = Staff(issuer.home.staff).add(f"Second {lang}", Role.OFFICER, system_clock())
    sign_in(second, issuer, Role.OFFICER, {Role.OFFICER: key}, name=f"Second {lang}")
    seen.forget()

    first.goto(notices)
    first.set_input_files("[type=file]", export)
    expect(first.locator("#export")).to_have_value(export.read_text())
    this = hour_at(system_clock())
    begins, ends = (datetime.fromtimestamp(begin_of(this - ago), ALMATY) for ago in (4, 1))
    for name, moment in (("from", begins), ("to", ends)):
        first.fill(f"[name={name}_date]", moment.strftime("%Y-%m-%d"))
        first.fill(f"[name={name}_time]", moment.strftime("%H:%M"))
    screenshot(first, f"console-notices-bring-{lang}")
    first.click("main form button.main")
    first.locator("[role=status]").wait_for()
    first.goto(notices)
    assert first.locator("[value=agree]").count() == 0

    second.goto(notices)
    second.locator("form:has([value=agree]) button").scroll_into_view_if_needed()
    screenshot(second, f"console-notices-agree-{lang}")
    assert sentence("notice_advice", Language(lang)) in second.inner_text("main")
    assert axe_violations(second) == [] and not is_wide(second)
    second.click("form:has([value=agree]) button")
    second.locator("[role=status]").wait_for()
    second.go_back()
    expect(second.locator("[value=agree]")).to_have_count(0)

    first.goto(notices)
    first.locator("table").scroll_into_view_if_needed()
    screenshot(first, f"console-notices-published-{lang}")
    assert axe_violations(first) == [] and not is_wide(first)
    listed = FreshFile(issuer.home.notices, parse_list)
    assert len((listed.get() or never()).hours) == 3
    first.click("form:has([value=withdraw]) button")
    first.locator("main form button.danger").wait_for()
    screenshot(first, f"console-notices-sure-{lang}")
    first.click("main form button.danger")
    first.locator("[role=status]").wait_for()
    assert (listed.get() or never()).hours == ()
    seen.assert_quiet()


@pytest.mark.parametrize("lang", list(LOOKS))
def test_open_pages_are_easy_to_read(
    lang: str, look: Callable[..., Watched], issuer: RealIssuer
) -> None:
    dark, size = LOOKS[lang]
    seen = look(locale=lang, dark=dark, viewport=size)
    for path in ("/", "/api", "/transparency", "/activate", "/console/sign-in"):
        seen.page.goto(issuer.url + path)
        screenshot(seen.page, f"console-{path.rsplit('/', 1)[1] or 'start'}-{lang}")
        assert axe_violations(seen.page) == []
        assert not is_wide(seen.page)
    seen.assert_quiet()


def test_the_code_of_a_slips_link_is_shown_and_never_sent(
    look: Callable[..., Watched], issuer: RealIssuer
) -> None:
    [code] = issuer.codes(1)
    shown = "-".join(code.replace("-", "")[i : i + 4] for i in range(0, 16, 4))
    seen = look()
    seen.page.goto(f"{issuer.url}/activate#{shown}.{issuer.root}")
    assert seen.page.inner_text("#code") == shown
    assert shown not in "".join(seen.requests).replace(f"#{shown}", "")
    for wrong in ("x", f"{shown}", f"{shown}.x", "<img src=x>", f"{shown}.{issuer.root}x"):
        other = look()
        other.page.goto(f"{issuer.url}/activate#{wrong}")
        assert not other.page.is_visible("#with-code")
        other.assert_quiet()
