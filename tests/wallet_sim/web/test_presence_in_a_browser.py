"""Scan-then-show in a real browser: the camera, the venue's page and a real issuer.

Pictures of all screens are left in tests/screenshots, for people to look at.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from schemas.catalogues import sentence
from schemas.hours import hour_at
from schemas.kinds import HOUR, MINUTE
from schemas.languages import Language
from shell.clock import system_clock
from shell.pictures import save_qr
from tests.support.browser import (
    Visit,
    Watched,
    chromium,
    lose_camera,
    occupy_camera,
    screenshot,
    visit,
    wait_until,
)
from tests.support.door import ADMITTED, Door, Verdict
from tests.support.films import Scene, hard, write_film
from tests.support.processes import RealIssuer
from tests.support.real_venue import RealVenue, publish, withdraw
from tests.support.venue_server import VenueServer, venue_server
from tests.support.wallet_pages import THEMES, activate, faults, fresh, tab_to
from tests.support.wallet_server import WalletServer
from wallet_sim.both import visits_of
from wallet_sim.fetching.file import WalletFile
from wallet_sim.presence.state import Visits

NAME = "Кафе «Сәуле»"
NOT_BOUND = Verdict("refuse", "not_bound")
BAD_PROOF = Verdict("refuse", "bad_proof")


@pytest.fixture(scope="module")
def venue_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueServer]:
    with venue_server(tmp_path_factory.mktemp("venue")) as server:
        yield server


@pytest.fixture
def strict_door(
    open_browser: Visit, venue_page: VenueServer, real_issuer: RealIssuer
) -> Callable[..., Door]:
    """Another device at the strict door of a venue of that name."""

    def strict_door(name: str = NAME) -> Door:
        door = Door.of(open_browser())
        door.set_up(venue_page.url, issuer=real_issuer.url, root=real_issuer.root)
        door.show_code("strict", name)
        return door

    return strict_door


@pytest.fixture
def venue(real_issuer: RealIssuer) -> RealVenue:
    return RealVenue(real_issuer)


@contextmanager
def looking_at(playwright: Playwright, film: Path, *scenes: Scene) -> Iterator[Browser]:
    """A browser whose camera sees these scenes, again and again."""
    write_film(film, scenes)
    with chromium(playwright, camera=film) as browser:
        yield browser


@pytest.fixture
def page(open_browser: Visit, served: WalletServer, real_issuer: RealIssuer) -> Page:
    """A wallet with passes, on a device without a camera."""
    page = open_browser().page
    page.goto(served.address)
    activate(page, real_issuer)
    return page


def visits(served: WalletServer, person: int = 1) -> Visits:
    home = served.home if person == 1 else served.home / "people" / str(person)
    return visits_of(WalletFile(home, system_clock)).load()


def shown_to(door: Door, page: Page) -> Verdict:
    """What a door says to the code that is on the wallet's screen."""
    before = len(door.verdicts())
    door.choose_picture(screenshot(page, "wallet-en-bound"))
    verdict = door.next_verdict(before)
    door.dismiss()
    return verdict


def paste(page: Page, code: str, person: int = 1) -> None:
    """Check in with the text of a code."""
    page.goto(f"{page.url.partition('/p/')[0]}/p/{person}/venue")
    page.locator("#code-text").fill(code)
    page.locator("main form button").last.click()
    page.wait_for_url("**/here")


# The whole way


def test_from_the_venues_code_to_a_pass_that_only_this_venue_admits(
    playwright: Playwright,
    served: WalletServer,
    real_issuer: RealIssuer,
    strict_door: Callable[..., Door],
    tmp_path: Path,
) -> None:
    door, elsewhere = strict_door(), strict_door("Baiterek")
    code = door.check_in_text
    assert code is not None
    film = tmp_path / "code.y4m"
    with looking_at(playwright, film, hard(code, frames=5)) as browser, visit(browser) as seen:
        page = seen.page
        page.goto(served.address)
        activate(page, real_issuer)
        page.locator(".card form .main").click()
        page.locator("#code").wait_for()
        assert shown_to(door, page) == NOT_BOUND
        held = fresh(served)
        page.get_by_text("The venue asks to scan its code first").click()
        page.wait_for_url("**/here")
        expect(page.locator("#venue")).to_have_text(NAME)
        expect(page.locator("#split-view")).to_have_count(0)
        assert fresh(served) == held
        page.locator("main form .main").click()
        page.locator("#code").wait_for()
        assert shown_to(door, page) == ADMITTED
        assert shown_to(elsewhere, page) == BAD_PROOF
        assert fresh(served) == held - 1
        assert visits(served).stay is not None
        assert seen.errors + seen.violations == []
    assert len(served.log.read_text().splitlines()) == 1
    files = [path.read_bytes() for path in served.home.rglob("*") if path.is_file()]
    secrets = (NAME.encode(), ascii(NAME)[1:-1].encode(), code.encode())
    assert not [one for one in secrets for data in files if one in data]


def test_an_outbreak_reaches_the_wallet_and_a_mistake_is_taken_back(
    page: Page, served: WalletServer, real_issuer: RealIssuer
) -> None:
    venue, hour = RealVenue(real_issuer, "Alatau"), last_hour()
    venue.receive(served.home, hour)
    name = publish(real_issuer, venue.export(hour), hour)
    fetch_until(page, served, lambda: page.locator("#warnings").count() == 1)
    expect(page.locator("#warnings")).to_contain_text(sentence("notice_advice", Language.EN))
    withdraw(real_issuer, name)
    fetch_until(page, served, lambda: page.locator("#warnings").count() == 0)


def last_hour() -> int:
    """The one that is over."""
    return hour_at(system_clock()) - 1


def fetch_until(page: Page, served: WalletServer, is_so: Callable[[], bool]) -> None:
    """Fetch as a person does, and look at the card until the list has been matched."""
    page.goto(f"{served.origin}/p/1")
    page.get_by_text("Fetch passes", exact=True).click()

    def look() -> bool:
        page.goto(f"{served.origin}/p/1")
        return is_so()

    wait_until(page, look, "the list of warnings")


# Once


def test_reload_back_and_double_click_check_in_once_and_burn_one_pass(
    playwright: Playwright,
    served: WalletServer,
    real_issuer: RealIssuer,
    venue: RealVenue,
    tmp_path: Path,
) -> None:
    if -system_clock() % HOUR < 2 * MINUTE:
        pytest.skip("this would cross into another hour, in which a code checks in anew")
    film = tmp_path / "code.y4m"
    scene = hard(venue.code(), frames=5)
    with looking_at(playwright, film, scene) as browser, visit(browser) as seen:
        page = seen.page
        page.goto(served.address)
        activate(page, real_issuer)
        held = fresh(served)
        page.locator('main a[href$="/venue"]').click()
        page.wait_for_url("**/here")
        once = visits(served)
        page.reload()
        page.go_back()
        page.wait_for_url("**/venue")
        expect(page.locator("#start")).to_be_visible()
        page.wait_for_timeout(1_500)
        page.reload()
        page.wait_for_timeout(1_500)
        assert page.url.endswith("/venue")
        page.locator("#start").click()  # the very same code once more
        page.wait_for_url("**/here")
        assert visits(served) == once
        page.locator("main form .main").dblclick()
        page.locator("#code").wait_for()
        page.reload()
        page.wait_for_url("**/again")
        page.go_back()
        page.go_forward()
        assert fresh(served) == held - 1
        assert visits(served) == once


def test_two_people_on_one_device_check_in_apart(
    page: Page, served: WalletServer, real_issuer: RealIssuer, venue: RealVenue
) -> None:
    page.locator(".people a").last.click()
    page.locator("input[name=name]").fill("Апа")
    page.keyboard.press("Enter")
    page.wait_for_url("**/p/2")
    activate(page, real_issuer, 2)
    paste(page, venue.code())
    page.goto(f"{served.origin}/p/2/here")
    page.wait_for_url("**/p/2/venue")
    assert visits(served, 2).days == ()
    paste(page, RealVenue(real_issuer, "Baiterek").code(), 2)
    page.locator("main form .main").click()
    page.locator("#code").wait_for()
    page.goto(f"{served.origin}/p/1/here")
    expect(page.locator("#venue")).to_have_text(NAME)
    page.get_by_text("Check out", exact=True).click()
    page.wait_for_url("**/p/1")
    assert visits(served).stay is None
    assert visits(served, 2).stay is not None


# The camera


def test_another_code_is_told_and_looking_goes_on_until_the_right_one_comes(
    playwright: Playwright,
    served: WalletServer,
    real_issuer: RealIssuer,
    venue: RealVenue,
    tmp_path: Path,
) -> None:
    scenes = (hard("QP1:ABC", frames=30), hard(venue.code(), frames=30))
    film = tmp_path / "codes.y4m"
    with looking_at(playwright, film, *scenes) as browser, visit(browser) as seen:
        page = seen.page
        page.goto(served.address)
        activate(page, real_issuer)
        page.goto(f"{served.origin}/p/1/venue")
        expect(page.locator("#hint")).to_have_text(
            "This is another code. Look for the venue's check-in code."
        )
        page.wait_for_url("**/here")


def test_out_of_sight_the_camera_is_off_and_nothing_is_sent(
    playwright: Playwright, served: WalletServer, real_issuer: RealIssuer, tmp_path: Path
) -> None:
    film = tmp_path / "wall.y4m"
    with looking_at(playwright, film, Scene(frames=2)) as browser, visit(browser) as seen:
        page = seen.page
        page.goto(served.address)
        activate(page, real_issuer)
        page.goto(f"{served.origin}/p/1/venue")
        wait_until(page, lambda: count_frames(seen) > 1, "pictures")
        page.evaluate(_LEAVE)
        assert page.evaluate("document.querySelector('video').srcObject") is None
        page.wait_for_timeout(500)
        sent = count_frames(seen)
        page.wait_for_timeout(1_000)
        assert count_frames(seen) == sent
        page.evaluate(_COME_BACK)
        wait_until(page, lambda: count_frames(seen) > sent, "pictures again")
        page.locator("#stop").click()
        expect(page.locator("#view")).to_be_hidden()
        expect(page.locator("#start")).to_be_visible()
        page.locator("#start").click()
        expect(page.locator("#view")).to_be_visible()
        lose_camera(page)
        expect(page.locator("#fault")).to_contain_text("The camera has stopped")
        # The pictures stay on this device.
        assert [url for url in seen.requests if not url.startswith(served.origin)] == []


def count_frames(seen: Watched) -> int:
    return sum(url.endswith("/p/1/frame") for url in seen.requests)


_LEAVE = """() => {
  Object.defineProperty(document, "visibilityState", {configurable: true, value: "hidden"});
  document.dispatchEvent(new Event("visibilitychange"));
}"""
_COME_BACK = """() => {
  delete document.visibilityState;
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_when_the_program_has_stopped_the_scanner_says_so(
    playwright: Playwright, served: WalletServer, real_issuer: RealIssuer, tmp_path: Path
) -> None:
    film = tmp_path / "wall.y4m"
    with looking_at(playwright, film, Scene(frames=2)) as browser, visit(browser) as seen:
        page = seen.page
        page.goto(served.address)
        activate(page, real_issuer)
        page.goto(f"{served.origin}/p/1/venue")
        wait_until(page, lambda: count_frames(seen) > 0, "pictures")
        served.stop()
        expect(page.locator("#fault")).to_contain_text("does not answer. Start it again")


def test_a_device_without_a_camera_says_so_and_takes_a_picture(
    page: Page, served: WalletServer, venue: RealVenue, tmp_path: Path
) -> None:
    page.goto(f"{served.origin}/p/1/venue")
    expect(page.locator("#fault")).to_contain_text("This device has no camera")
    picture = tmp_path / "code.png"
    picture.write_bytes(b"no picture")
    page.locator("#picture").set_input_files(picture)
    expect(page.locator("#fault")).to_contain_text("No check-in code was found")
    save_qr(venue.code(), picture)
    page.locator("#picture").set_input_files(picture)
    page.wait_for_url("**/here")
    expect(page.locator("#venue")).to_have_text(NAME)


def test_a_camera_that_is_refused_or_taken_is_told_in_words(
    playwright: Playwright, served: WalletServer, real_issuer: RealIssuer, tmp_path: Path
) -> None:
    film = tmp_path / "wall.y4m"
    with looking_at(playwright, film, Scene(frames=2)) as browser:
        with visit(browser, may_use_camera=False) as seen:
            seen.page.goto(served.address)
            activate(seen.page, real_issuer)
            seen.page.goto(f"{served.origin}/p/1/venue")
            expect(seen.page.locator("#fault")).to_contain_text("does not let this page use")
        with visit(browser) as seen:
            occupy_camera(seen)
            seen.page.goto(served.address)
            seen.page.goto(f"{served.origin}/p/1/venue")
            expect(seen.page.locator("#fault")).to_contain_text("Another program is using")


# Reach


def test_without_scripts_the_text_of_the_code_is_enough(
    open_browser: Visit, page: Page, served: WalletServer, venue: RealVenue
) -> None:
    plain = open_browser(java_script_enabled=False).page
    plain.goto(served.address)
    plain.goto(f"{served.origin}/p/1/venue")
    expect(plain.locator("#scanner")).to_be_hidden()
    plain.locator("#code-text").fill(venue.code())
    plain.locator("main form button").click()
    expect(plain.locator("#venue")).to_have_text(NAME)
    plain.locator("main form .main").click()
    expect(plain.locator("#code")).to_be_visible()


def test_checking_in_and_out_can_be_done_with_keys_alone(
    page: Page, served: WalletServer, venue: RealVenue
) -> None:
    tab_to(page, 'main a[href$="/venue"]')
    page.keyboard.press("Enter")
    page.wait_for_url("**/venue")
    for control in ("#start", "#picture"):
        tab_to(page, control)
    tab_to(page, "#code-text")
    page.keyboard.insert_text(venue.code())
    tab_to(page, "main > form button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/here")
    tab_to(page, "main form .main")
    page.keyboard.press("Enter")
    page.locator("#modules").wait_for(state="attached")
    page.goto(f"{served.origin}/p/1")
    tab_to(page, "#stay button")
    page.keyboard.press("Space")
    expect(page.locator("main .notice.good")).to_contain_text("Checked out")


@pytest.mark.parametrize("lang", THEMES)
def test_no_screen_of_presence_is_hard_to_read_or_touch(
    lang: str,
    playwright: Playwright,
    served: WalletServer,
    real_issuer: RealIssuer,
    tmp_path: Path,
) -> None:
    how = {"locale": lang, "dark": THEMES[lang] == "dark", "reduced_motion": True}
    film = tmp_path / "wall.y4m"
    with looking_at(playwright, film, Scene(frames=2)) as browser, visit(browser, **how) as seen:
        seen.page.goto(served.address)
        wrong = [
            f"{name}: {what}"
            for name in screens(seen.page, served, RealVenue(real_issuer, f"{NAME} {lang}"))
            for what in faults(seen.page, f"wallet-{lang}-{name}")
        ]
        assert wrong == []
        assert seen.errors + seen.violations == []


_IS_SEEING = "document.querySelector('video').currentTime > 0"


def screens(page: Page, served: WalletServer, venue: RealVenue) -> Iterator[str]:
    """The names of all screens that have to do with visits, each while it is shown."""
    person = f"{served.origin}/p/1"
    activate(page, venue.issuer)
    page.goto(f"{person}/venue")
    wait_until(page, lambda: bool(page.evaluate(_IS_SEEING)), "a picture of the camera")
    yield "venue"
    lose_camera(page)
    page.locator("#fault").wait_for()
    yield "venue_fault"
    page.locator("#code-text").fill("QV1:ABC")
    page.locator("main > form button").click()
    page.locator("#problem").wait_for()
    yield "venue_error"
    paste(page, venue.code(sees_other_keys=True))
    yield "here_split_view"
    page.goto(f"{person}/venue")
    yield "venue_while_in"
    page.goto(f"{person}/here")
    page.locator("main form .main").click()
    page.locator("#code").wait_for()
    yield "bound"
    hour = last_hour()
    venue.receive(served.home, hour)
    publish(venue.issuer, venue.export(hour), hour)
    page.goto(person)
    page.locator('form[action$="/sync"] button').click()

    def is_warned() -> bool:
        page.goto(person)
        return page.locator("#warnings").count() == 1

    wait_until(page, is_warned, "the warning")
    yield "warned"
    page.goto(f"{person}/data")
    yield "data_visits"
    page.goto(person)
    page.locator("#stay button").click()
    page.locator("main .notice.good").wait_for()
    yield "checked_out"
