"""A device is set up by hand, by code, by link or by file, and says what is wrong when it fails."""

import socket
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, expect

from schemas.bundle_faults import BundleRejected
from schemas.trust import accept_bundle
from shell.pictures import read_codes, save_qr
from tests.support.browser import Watched, wait_until
from tests.support.bundle_server import BundleServer
from tests.support.catalogues import PAGE_TEXTS
from tests.support.door import ADMITTED, Door, setup_link
from tests.support.films import Scene, frame, write_film
from tests.support.hostile_answers import WEB_PAGE, hostile_bundles
from tests.support.keyboards import KAZAKH, RUSSIAN, scan_with
from tests.support.processes import RealIssuer, free_port, run_real
from tests.support.world import NOON, World
from verifier.serving import PAGE

OpenPage = Callable[..., Watched]


@pytest.fixture
def door(open_page: OpenPage, venue_page: str) -> Door:
    """A page that is opened for the first time, at noon."""
    door = Door.of(open_page(now=NOON))
    door.page.goto(venue_page)
    door.wait_for("setup")
    return door


def fill_in(page: Page, url: str, root: str) -> None:
    """Type both into the form and send it."""
    page.locator("#setup-url").fill(url)
    page.locator("#setup-root").fill(root)
    page.locator("#setup-root").press("Enter")


def start(page: Page) -> None:
    """Take the kind of venue that is chosen."""
    page.get_by_role("button", name=PAGE_TEXTS["start"]["en"]).click()


def assert_told(page: Page, name: str, language: str = "en") -> None:
    expect(page.locator("#alert")).to_have_text(PAGE_TEXTS[name][language])


# By hand


def test_address_and_thumbprint_are_typed_and_the_kind_of_venue_is_chosen(
    door: Door, world: World, issuer: BundleServer
) -> None:
    page = door.page
    fill_in(page, f" {issuer.origin}/ ", f" {world.pin} ")
    kinds = page.locator("#venue-kinds label")
    expect(kinds).to_have_text(["everyone", "first-only", "no-hint"])
    expect(page.locator("#venue-authority")).to_contain_text(world.iss)
    expect(page.get_by_label("everyone")).to_be_checked()
    page.get_by_label("first-only").check()
    start(page)
    door.wait_for("scanning")
    expect(page.locator("#heading")).to_have_text("first-only")
    assert door.judge(world.code(NOON)) == ADMITTED
    door.dismiss()
    assert door.judge(world.code(NOON, status="blue")).reason == "status_not_admitted"


def test_what_cannot_be_an_address_or_a_thumbprint_is_told_before_anybody_is_asked(
    door: Door, world: World, issuer: BundleServer
) -> None:
    addresses = ["", "qupia", "ftp://127.0.0.1", f"{issuer.origin}/path", "https://a@b.example"]
    for address in [*addresses, "http://192.0.2.1", "http://qupia.example:8000"]:
        fill_in(door.page, address, world.pin)
        door.wait_for("setup", fault="bad_address")
    assert_told(door.page, "bad_address")
    for root in ("", world.pin[:-1], f"{world.pin}A", "ж" * 43):
        fill_in(door.page, issuer.origin, root)
        door.wait_for("setup", fault="bad_thumbprint")
    assert issuer.asked == []


def test_a_thumbprint_of_somebody_else_is_refused_and_can_be_mended(
    door: Door, issuer: BundleServer, world: World
) -> None:
    fill_in(door.page, issuer.origin, World(iss="https://other.example").pin)
    door.wait_for("setup", fault="unknown_root")
    fill_in(door.page, issuer.origin, world.pin)
    expect(door.page.locator("#venue-form")).to_be_visible()
    assert "fault" not in door.attributes
    assert door.page.locator("#alert").text_content() == ""


def test_an_address_at_which_no_authority_answers_is_told_apart(
    door: Door, issuer: BundleServer, world: World
) -> None:
    fill_in(door.page, f"http://127.0.0.1:{free_port()}", world.pin)
    door.wait_for("setup", fault="unreachable")
    assert_told(door.page, "unreachable")
    issuer.status, issuer.body, issuer.content_type = 404, WEB_PAGE, "text/html"
    fill_in(door.page, issuer.origin, world.pin)
    door.wait_for("setup", fault="not_an_issuer")
    issuer.status = 200
    fill_in(door.page, issuer.origin, world.pin)
    door.wait_for("setup", fault="not_a_bundle")
    issuer.status, issuer.location = 302, "https://other.example/"
    fill_in(door.page, issuer.origin, world.pin)
    door.wait_for("setup", fault="unreachable")


def test_every_hostile_answer_is_refused_with_its_fault_and_sets_nothing_up(
    door: Door, issuer: BundleServer, world: World
) -> None:
    good = world.bundle(NOON)
    faults = {}
    for name, (_, data) in hostile_bundles(world, NOON).items():
        try:
            accept_bundle(data, state=world.state(), now=NOON)
        except BundleRejected as rejected:
            issuer.body = data
            fill_in(door.page, issuer.origin, world.pin)
            # A change of what was pinned is none for a device that has pinned nothing yet.
            door.wait_for("setup", fault=rejected.fault.value)
            faults[name] = rejected.fault
    assert len(faults) >= 10
    door.page.reload()
    door.wait_for("setup")
    issuer.body = good
    fill_in(door.page, issuer.origin, world.pin)
    start(door.page)
    door.wait_for("scanning")


def test_a_complaint_follows_the_language(door: Door, world: World) -> None:
    fill_in(door.page, "qupia", world.pin)
    assert_told(door.page, "bad_address")
    door.page.locator("#language-first").select_option("kk")
    assert_told(door.page, "bad_address", "kk")
    expect(door.page.locator("html")).to_have_attribute("lang", "kk")


# By code


def test_the_issuer_s_own_code_sets_up_by_camera_and_by_picture(
    tmp_path: Path,
    launch: Callable[[Path | None], Browser],
    open_page: OpenPage,
    venue_page: str,
) -> None:
    issuer, picture, film = RealIssuer.found(tmp_path), tmp_path / "setup.png", tmp_path / "f.y4m"
    words = ("bundle", "--home", issuer.home.path, "--setup-qr", picture)
    assert run_real("qupia-issuer", *words).status == 0
    [text] = read_codes(picture)
    write_film(film, [Scene(text, frames=3)])
    with issuer.serving():
        page = open_page(browser=launch(film)).page
        page.goto(venue_page)
        page.locator("#setup-scan").click()
        start(page)
        page.locator('html[data-state="scanning"]').wait_for(state="attached")

        door = Door.of(open_page())
        door.page.goto(venue_page)
        door.choose_picture(picture)
        start(door.page)
        door.wait_for("scanning")


def test_a_set_up_code_can_be_pasted(door: Door, world: World, issuer: BundleServer) -> None:
    door.paste(f"QS1:{issuer.origin}#{world.pin}")
    expect(door.page.locator("#venue-form")).to_be_visible()
    door.page.reload()
    door.wait_for("scanning")


@pytest.mark.parametrize("layout", [{}, RUSSIAN, KAZAKH], ids=["US", "Russian", "Kazakh"])
def test_a_scanner_reads_a_set_up_code_whatever_the_keyboard_s_layout(
    door: Door, world: World, issuer: BundleServer, layout: Mapping[str, str]
) -> None:
    scan_with(door.page, layout, f"QS1:{issuer.origin}#{world.pin}")
    expect(door.page.locator("#venue-form")).to_be_visible()


def test_another_code_is_told_from_a_set_up_code(
    door: Door, world: World, issuer: BundleServer, tmp_path: Path
) -> None:
    texts = [world.code(NOON), "QS1:", f"QS1:{issuer.origin}", f"QS1:{issuer.origin}#{world.pin}#"]
    for text in texts:
        door.paste("QS1:#")
        door.wait_for("setup", fault="bad_address")
        door.paste(text)
        door.wait_for("setup", fault="not_a_setup_code")
    save_qr("https://example.org/menu", tmp_path / "menu.png")
    door.paste("QS1:#")
    door.wait_for("setup", fault="bad_address")
    door.choose_picture(tmp_path / "menu.png")
    door.wait_for("setup", fault="not_a_setup_code")
    assert_told(door.page, "not_a_setup_code")
    frame(Scene()).save(tmp_path / "wall.png")
    door.choose_picture(tmp_path / "wall.png")
    door.wait_for("setup", fault="no_code_in_picture")
    assert_told(door.page, "no_code_in_picture")
    assert issuer.asked == []


def test_scanning_for_a_set_up_code_can_be_stopped_and_fails_like_any_camera(
    open_page: OpenPage, venue_page: str
) -> None:
    seen = open_page(may_use_camera=False)
    page = seen.page
    page.goto(venue_page)
    page.locator("#setup-scan").click()
    expect(page.locator("#camera-fault-text")).to_have_text(PAGE_TEXTS["camera_refused"]["en"])
    seen.context.grant_permissions(["camera"])
    page.locator("#camera-again").click()
    filming = "document.querySelector('video').srcObject !== null"
    wait_until(page, lambda: page.evaluate(filming))
    page.locator("#setup-stop").click()
    wait_until(page, lambda: not page.evaluate(filming))
    expect(page.locator("#viewfinder")).to_be_hidden()
    expect(page.locator("#setup-scan")).to_be_visible()


# By file


def test_a_file_sets_up_without_a_network(
    door: Door, world: World, issuer: BundleServer, tmp_path: Path
) -> None:
    page, file = door.page, tmp_path / "bundle.jws"
    file.write_bytes(world.bundle(NOON) + b" \r\n\n")
    page.context.set_offline(True)
    page.locator("#setup-file").set_input_files(file)
    door.wait_for("setup", fault="file_needs_root")
    page.locator("#setup-root").fill(world.pin)
    page.locator("#setup-file").set_input_files(file)
    start(page)
    door.wait_for("scanning")
    assert door.judge(world.code(NOON)) == ADMITTED
    assert issuer.asked == []


def test_a_file_that_is_no_bundle_is_refused(door: Door, world: World, tmp_path: Path) -> None:
    file = tmp_path / "bundle.jws"
    door.page.locator("#setup-root").fill(world.pin)
    for data, fault in ((b"", "not_a_bundle"), (b"a" * 5_000_000, "too_large")):
        file.write_bytes(data)
        door.page.locator("#setup-file").set_input_files(file)
        door.wait_for("setup", fault=fault)


# By link


def follow(door: Door, link: str) -> None:
    """As from another page, so that this page is loaded anew."""
    door.page.goto("about:blank")
    door.page.goto(link)


def test_a_link_sets_up_in_one_step_and_leaves_the_address(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON, locale="en"))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, lang="ru")
    assert door.page.url == venue_page
    assert (
        door.page.evaluate("location.href + JSON.stringify(history.state)") == f"{venue_page}null"
    )
    expect(door.page.locator("#heading")).to_have_text("everyone")
    expect(door.page.locator("html")).to_have_attribute("lang", "ru")


def test_the_same_link_again_changes_nothing_also_without_a_network(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    page = door.page
    link = partial(setup_link, venue_page, issuer=issuer.origin, root=world.pin)
    page.goto(link(policy="first-only"))
    door.wait_for("scanning")
    issuer.stop()
    for again in (link(policy="first-only"), link()):
        follow(door, again)
        door.wait_for("scanning")
        # In the page that is open already a link only changes the address.
        page.goto(again)
        wait_until(page, lambda: "#" not in page.url)
        expect(page.locator("#heading")).to_have_text("first-only")
        assert "fault" not in door.attributes
    follow(door, link(policy="no-hint"))
    expect(page.locator("#heading")).to_have_text("no-hint")


def test_a_link_that_contradicts_the_set_up_is_explained_and_changes_nothing(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    page = door.page
    link = partial(setup_link, venue_page, issuer=issuer.origin)
    page.goto(link(root=world.pin, policy="first-only"))
    door.wait_for("scanning")
    stranger = World(iss="https://other.example").pin
    for bad, fault in (
        (link(root=stranger), "other_root"),
        (link(root=world.pin, policy="cinema"), "unknown_policy"),
        (link(root="short"), "bad_thumbprint"),
        (setup_link(venue_page, issuer="http://192.0.2.1", root=world.pin), "bad_address"),
    ):
        follow(door, bad)
        door.wait_for("scanning", fault=fault)
        assert_told(page, fault)
        expect(page.locator("#heading")).to_have_text("first-only")
        assert "#" not in page.url
    assert door.judge(world.code(NOON)) == ADMITTED


def test_a_link_that_fails_fills_the_form(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    issuer.stop()
    door.page.goto(setup_link(venue_page, issuer=issuer.origin, root=world.pin))
    door.wait_for("setup", fault="unreachable")
    expect(door.page.locator("#setup-url")).to_have_value(issuer.origin)
    issuer.start()
    door.page.get_by_role("button", name=PAGE_TEXTS["get_keys"]["en"]).click()
    start(door.page)
    door.wait_for("scanning")


def test_a_link_to_a_kind_of_venue_that_does_not_exist_sets_nothing_up(
    open_page: OpenPage, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    page = door.page
    page.goto(setup_link(venue_page, issuer=issuer.origin, root=world.pin, policy="cinema"))
    door.wait_for("setup", fault="unknown_policy")
    assert_told(page, "unknown_policy")
    page.get_by_role("button", name=PAGE_TEXTS["get_keys"]["en"]).click()
    start(page)
    door.wait_for("scanning")


# The first sight


@pytest.mark.parametrize(
    ("locale", "language"), [("kk-KZ", "kk"), ("ru", "ru"), ("en-GB", "en"), ("de-DE", "en")]
)
def test_the_page_speaks_the_language_of_the_device_first(
    open_page: OpenPage, venue_page: str, locale: str, language: str
) -> None:
    page = open_page(locale=locale).page
    page.goto(venue_page)
    expect(page.locator("#heading")).to_have_text(PAGE_TEXTS["setup_heading"][language])
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page).to_have_title(PAGE_TEXTS["title"][language])


def own_address() -> str | None:
    """An address of this machine that is not for itself only; nothing is sent to find it."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


class _Static(SimpleHTTPRequestHandler):
    """Any static host."""

    def log_message(self, *_: object) -> None:
        """A test's server says nothing."""


def test_over_plain_http_the_page_explains_what_to_do(open_page: OpenPage, venue_page: str) -> None:
    seen, address = open_page(), own_address()
    if address is None:
        seen.context.add_init_script(
            "Object.defineProperty(window, 'isSecureContext', {value: false})"
        )
        assert_explained(seen, venue_page)
        return
    handler = partial(_Static, directory=PAGE)
    with ThreadingHTTPServer((address, 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,)).start()
        try:
            assert_explained(seen, f"http://{address}:{server.server_port}/")
        finally:
            server.shutdown()


def assert_explained(seen: Watched, url: str) -> None:
    page = seen.page
    page.goto(f"{url}#setup=https://qupia.example&root={'A' * 43}")
    page.locator('html[data-state="setup"]').wait_for(state="attached")
    for language in ("en", "ru", "kk"):
        page.locator("#language-first").select_option(language)
        assert_told(page, "insecure", language)
    expect(page.locator("form:visible, #door:visible, #viewfinder:visible")).to_have_count(0)
    page.keyboard.type("QS1:")
    page.keyboard.press("Enter")
    assert_told(page, "insecure", "kk")
    seen.assert_quiet()
