"""The page without a network: it starts, checks visitors for days, and comes back by itself."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image
from playwright.sync_api import Browser

from schemas.kinds import HOUR
from tests.support.browser import Visit, let_pass, set_clock, set_hidden, wait_until
from tests.support.bundle_server import BundleServer
from tests.support.door import ADMITTED, Door, Verdict, setup_link
from tests.support.films import Scene, frame, write_film
from tests.support.kept_page import reload_offline, wait_until_kept
from tests.support.notices import (
    network_is_back,
    notices,
    reason_text,
    sentence,
    text,
    update,
    version,
    wait_for_no_notice,
    wait_for_notice,
    wait_for_version,
)
from tests.support.page_folder import PageFolder, page_folder
from tests.support.venue_server import VenueServer
from tests.support.world import NOON, World

EXPIRED = Verdict("cannot_check", "bundle_expired")
NEW_WORDS = "JavaScript-ті қосыңыз!"
OLD_WORDS = "JavaScript-ті қосыңыз."


def set_up(door: Door, url: str, issuer: BundleServer, world: World) -> None:
    door.set_up(url, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_until_kept(door)


def judge(door: Door, code: str) -> Verdict:
    verdict = door.judge(code)
    door.dismiss()
    return verdict


# Installing


def test_the_page_can_be_installed(open_page: Visit, venue_page: str) -> None:
    seen = open_page()
    seen.page.goto(venue_page)
    wait_until_kept(Door(seen.page))
    session = seen.context.new_cdp_session(seen.page)
    found = session.send("Page.getAppManifest")
    assert found["url"] == f"{venue_page}manifest.webmanifest"
    assert found["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A context of a test is a private window to the browser, which is all that it complains of.
    assert [one["errorId"] for one in errors] in ([], ["in-incognito"])


def test_the_manifest_names_icons_that_are_what_it_says(venue_page: str) -> None:
    with urlopen(f"{venue_page}manifest.webmanifest") as answer:
        assert answer.headers["Content-Type"].startswith("application/manifest+json")
        manifest = json.load(answer)
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == (
        "./",
        "./",
        "standalone",
    )
    purposes = []
    for icon in manifest["icons"]:
        purposes += icon.get("purpose", "any").split()
        if icon["type"] == "image/png":
            with urlopen(venue_page + icon["src"]) as answer, Image.open(answer) as picture:
                assert f"{picture.width}x{picture.height}" == icon["sizes"]
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    assert {"any", "maskable"} == set(purposes)


# Without any network


def test_after_one_visit_a_door_is_kept_without_a_network_until_the_keys_expire(
    open_page: Visit, own_server: VenueServer, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    set_up(door, own_server.url, issuer, world)
    own_server.stop()
    issuer.stop()
    seen.context.set_offline(True)
    reload_offline(door)
    door.wait_for("scanning")
    wait_for_notice(door, text("offline"))
    for hours in (0, 23, 71):
        now = NOON + hours * HOUR
        set_clock(door.page, now)
        assert judge(door, world.code(now)) == ADMITTED
    set_clock(door.page, NOON + 72 * HOUR)
    assert judge(door, world.code(NOON + 71 * HOUR)) == EXPIRED
    reload_offline(door)
    wait_for_notice(door, reason_text("bundle_expired"))
    assert (seen.errors, seen.violations) == ([], [])
    # The network returns, and the door works without anybody doing anything.
    issuer.body, issuer.date = world.bundle(NOON + 72 * HOUR), NOON + 72 * HOUR
    issuer.start()
    seen.context.set_offline(False)
    wait_for_no_notice(door, reason_text("bundle_expired"))
    assert notices(door) == [sentence("keys_fresh", hours=0)]
    assert judge(door, world.code(NOON + 72 * HOUR)) == ADMITTED


def test_a_cache_that_was_emptied_is_filled_again_with_the_next_visit(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    set_up(door, venue_page, issuer, world)
    wait_until_kept(door)
    before = seen.page.evaluate(_CACHED)
    assert seen.page.evaluate(_EMPTY_CACHE) == []
    seen.page.reload()
    door.wait_for("scanning")
    wait_until(seen.page, lambda: seen.page.evaluate(_CACHED) == before, "a full cache")
    seen.context.set_offline(True)
    reload_offline(door)
    assert judge(door, world.code(NOON)) == ADMITTED


_CACHED = """async () => {
  const [name] = await caches.keys();
  return (await (await caches.open(name)).keys()).map(({url}) => url).sort();
}"""
_EMPTY_CACHE = """async () => {
  const [name] = await caches.keys();
  const cache = await caches.open(name);
  await Promise.all((await cache.keys()).map((key) => cache.delete(key)));
  return (await cache.keys()).map(({url}) => url);
}"""


def test_a_page_that_nobody_sees_asks_the_authority_at_most_hourly(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    assert update(door) == text("up_to_date")
    before = len(issuer.asked)
    set_hidden(door.page, hidden=True)
    for _ in range(3):
        door.page.evaluate("dispatchEvent(new Event('online'))")
        let_pass(door.page, 300)
    assert len(issuer.asked) == before
    set_hidden(door.page, hidden=False)
    wait_until(door.page, lambda: len(issuer.asked) > before, "the update that was put off")


def test_a_page_whose_script_does_not_come_says_so_in_three_languages(
    open_page: Visit, venue_page: str
) -> None:
    seen = open_page()
    seen.context.route("**/*.js", lambda route: route.abort())
    seen.page.goto(venue_page)
    told = seen.page.locator("#unstarted p")
    assert [one.get_attribute("lang") for one in told.all()] == ["kk", "ru", "en"]
    wait_until(seen.page, told.last.is_visible, "an explanation")


def test_a_page_in_a_browser_that_lacks_something_says_so_at_once(
    open_page: Visit, venue_page: str
) -> None:
    seen = open_page()
    seen.context.add_init_script("delete window.WebAssembly")
    seen.page.goto(venue_page)
    wait_until(seen.page, seen.page.locator("#unstarted").is_visible, "an explanation")
    assert seen.page.locator("html").get_attribute("data-state") is None


def test_staff_are_told_once_that_a_sound_needs_a_touch(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    told = door.page.locator("#sound-needs-touch")
    wait_until(door.page, told.is_visible, "the advice")
    door.page.locator("#hint").click()
    wait_until(door.page, told.is_hidden, "the touch")
    door.page.reload()
    door.wait_for("scanning")
    assert told.is_hidden()


def test_a_page_in_its_own_language_starts_without_a_network(
    open_page: Visit, own_server: VenueServer, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    link = {"issuer": issuer.origin, "root": world.pin, "policy": "everyone"}
    door.set_up(own_server.url, **link, lang="kk")
    wait_until_kept(door)
    own_server.stop()
    door.page.context.set_offline(True)
    reload_offline(door)
    door.wait_for("scanning")
    wait_for_notice(door, text("offline", "kk"))


def test_a_camera_reads_codes_without_a_network(
    launch: Callable[[Path | None], Browser],
    open_page: Visit,
    own_server: VenueServer,
    issuer: BundleServer,
    world: World,
    tmp_path: Path,
) -> None:
    film = tmp_path / "door.y4m"
    write_film(film, [Scene(world.code(NOON), height=600)], fps=5)
    door = Door.of(open_page(browser=launch(film), now=NOON))
    door.page.goto(own_server.url)
    wait_until_kept(door)
    set_up(door, own_server.url, issuer, world)
    own_server.stop()
    issuer.stop()
    door.page.context.set_offline(True)
    door.page.reload()
    assert door.next_verdict() == ADMITTED


def test_a_page_that_was_only_just_loaded_reads_pictures_without_a_network(
    open_page: Visit,
    own_server: VenueServer,
    issuer: BundleServer,
    world: World,
    tmp_path: Path,
) -> None:
    picture = tmp_path / "code.png"
    frame(Scene(world.code(NOON), height=600)).save(picture)
    door = Door.of(open_page(now=NOON, may_use_camera=False))
    set_up(door, own_server.url, issuer, world)
    own_server.stop()
    door.page.context.set_offline(True)
    door.choose_picture(picture)
    assert door.next_verdict() == ADMITTED


def test_keys_that_expire_while_the_page_is_open_are_told_without_any_action(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    issuer.stop()
    let_pass(door.page, 72 * HOUR)
    wait_for_notice(door, reason_text("bundle_expired"))
    assert door.page.locator("#door").get_attribute("data-usable") == "false"


def test_a_page_that_was_never_there_does_not_start_without_its_server(
    open_page: Visit, own_server: VenueServer
) -> None:
    own_server.stop()
    page = open_page().page
    with pytest.raises(Exception, match="ERR_CONNECTION_REFUSED"):
        page.goto(own_server.url)


def test_without_a_network_a_set_up_says_so_and_a_key_file_works(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World, tmp_path: Path
) -> None:
    keys = tmp_path / "keys.jws"
    keys.write_bytes(issuer.body + b"\n")
    seen = open_page(now=NOON)
    door = Door.of(seen)
    door.page.goto(venue_page)
    wait_until_kept(door)
    seen.context.set_offline(True)
    door.page.goto(setup_link(venue_page, issuer=issuer.origin, root=world.pin))
    door.wait_for("setup", fault="unreachable")
    assert door.page.locator("#alert").text_content() == text("unreachable")
    door.page.locator("#setup-file").set_input_files(keys)
    door.page.locator("#venue-form button[type=submit]").click()
    door.wait_for("scanning")
    assert judge(door, world.code(NOON)) == ADMITTED
    # The address was there, so a network that comes is used.
    issuer.body = world.bundle(NOON)
    seen.context.set_offline(False)
    wait_for_version(door, 2)


def test_a_device_that_is_never_online_is_set_up_and_renewed_by_files(
    open_page: Visit, venue_page: str, world: World, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.jws", tmp_path / "2.jws"
    first.write_bytes(world.bundle(NOON))
    second.write_bytes(world.bundle(NOON))
    door = Door.of(open_page(now=NOON))
    door.page.goto(venue_page)
    door.wait_for("setup")
    door.page.locator("#setup-root").fill(world.pin)
    door.page.locator("#setup-file").set_input_files(first)
    door.page.locator("#venue-form button[type=submit]").click()
    door.wait_for("scanning")
    door.page.locator("#open-settings").click()
    assert door.page.locator("#update-now").is_hidden()
    door.page.locator("#load-keys").set_input_files(second)
    wait_for_version(door, 2)
    assert door.page.locator("#settings-answer").text_content() == text("up_to_date")


def test_a_network_that_goes_while_a_verdict_stands_changes_nothing(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    assert door.judge(world.code(NOON)) == ADMITTED
    door.page.context.set_offline(True)
    wait_for_notice(door, text("offline"))
    assert door.attributes["outcome"] == "admit"
    door.dismiss()
    assert judge(door, world.code(NOON)) == ADMITTED
    door.page.context.set_offline(False)
    wait_for_no_notice(door, text("offline"))


# Updates by itself


def test_keys_are_renewed_every_hour(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    for wanted in (2, 3):
        issuer.body = world.bundle(NOON)
        let_pass(door.page, HOUR)
        wait_for_version(door, wanted)


def test_a_failure_is_told_until_an_update_works_again(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    failed = f"{text('last_update_failed')} {text('unreachable')}"
    issuer.stop()
    network_is_back(door)
    wait_for_notice(door, failed)
    issuer.start()
    network_is_back(door)
    wait_for_no_notice(door, failed)


def test_an_issuer_that_was_not_reached_is_asked_again_before_the_hour_is_over(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    set_up(door, venue_page, issuer, world)
    issuer.stop()
    network_is_back(door)
    wait_for_notice(door, f"{text('last_update_failed')} {text('unreachable')}")
    issuer.body = world.bundle(NOON)
    issuer.start()
    let_pass(door.page, 5 * 60)
    wait_for_version(door, 2)


# A newer page


@pytest.fixture
def own_page(tmp_path: Path) -> Iterator[PageFolder]:
    """The page from a folder that the test may change."""
    with page_folder(tmp_path) as page:
        yield page


def words(door: Door) -> str:
    """What stands in the version of the page that is open."""
    return str(door.page.locator("noscript").text_content())


def wait_for_newer_page(door: Door) -> None:
    wait_until(door.page, lambda: NEW_WORDS in words(door), "the newer page")


@pytest.mark.parametrize("is_first_visit", [True, False])
def test_a_newer_page_is_offered_and_taken_when_asked_for(
    is_first_visit: bool,
    open_page: Visit,
    own_page: PageFolder,
    issuer: BundleServer,
    world: World,
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    set_up(door, own_page.url, issuer, world)
    if not is_first_visit:
        door.page.reload()
        door.wait_for("scanning")
    take = door.page.locator("#use-new-page")
    assert take.is_hidden()
    own_page.change(OLD_WORDS, NEW_WORDS)
    assert door.judge(world.code(NOON)) == ADMITTED
    let_pass(door.page, HOUR)
    take.wait_for()
    wait_for_notice(door, text("new_page"))
    door.wait_for("scanning")
    assert judge(door, world.code(NOON + HOUR)) == ADMITTED
    assert NEW_WORDS not in words(door)
    # All of it is there already: nothing that goes wrong now can leave half of a page.
    own_page.server.stop()
    take.click()
    wait_for_newer_page(door)
    door.wait_for("scanning")
    assert take.is_hidden()
    assert version(door) == 1
    assert judge(door, world.code(NOON + HOUR)) == ADMITTED


def test_a_newer_page_can_be_taken_in_one_tab_after_the_other(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    set_up(door, own_page.url, issuer, world)
    other = Door(seen.context.new_page())
    other.page.goto(own_page.url)
    other.wait_for("scanning")
    own_page.change(OLD_WORDS, NEW_WORDS)
    let_pass(door.page, HOUR)
    for one in (door, other):
        assert NEW_WORDS not in words(one)
        one.page.locator("#use-new-page").click()
        wait_for_newer_page(one)
        one.wait_for("scanning")


def test_a_newer_page_is_no_reason_to_forget_the_set_up(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    set_up(door, own_page.url, issuer, world)
    own_page.change(OLD_WORDS, NEW_WORDS)
    seen.page.close()
    later = Door(seen.context.new_page())
    for _ in range(2):
        later.page.goto(own_page.url)
        later.wait_for("scanning")
        wait_until_kept(later)
    assert judge(later, world.code(NOON)) == ADMITTED
