"""WCAG 2.2 AA on every screen of the page, in each language: by axe-core, and what it cannot see.

Pictures of all screens are left in tests/screenshots, for people to look at.
"""

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import combinations
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import Page, expect

from schemas.kinds import HOUR
from tests.support.browser import (
    LAPTOP,
    PHONE,
    TABLET,
    Watched,
    axe_violations,
    let_pass,
    lose_camera,
    screenshot,
)
from tests.support.bundle_server import BundleServer, serving
from tests.support.catalogues import PAGE_TEXTS
from tests.support.door import Door
from tests.support.screens import SCREENS, VERDICTS, Tour
from tests.support.world import NOON, World

SCANNER_ENDS_MS = 600
"""For longer than the half second in which a scanner's last keys come."""

LANGUAGES = ("kk", "ru", "en")

OWN_SIZE = {"kk": PHONE, "ru": TABLET, "en": LAPTOP}
ZOOMED = (320, 256)
"""What WCAG 1.4.10 asks for: a window of 1280 × 1024 at 400 %. Less zoom leaves more room."""
PHONES = (PHONE, (640, 360))
SIZES = (*PHONES, ZOOMED)


@pytest.fixture(scope="module")
def town() -> World:
    return World(hint="month", tracing=True)


@pytest.fixture(scope="module")
def authority(town: World) -> Iterator[BundleServer]:
    with serving(town.bundle(NOON), NOON) as server:
        yield server


@pytest.fixture
def scanning(
    open_page: Callable[..., Watched], venue_page: str, town: World, authority: BundleServer
) -> Callable[..., Door]:
    """A door that scans; arguments as for ``visit``."""

    def scanning(**how: Any) -> Door:
        door = Door.of(open_page(**{"now": NOON, **how}))
        door.set_up(venue_page, issuer=authority.origin, root=town.pin)
        return door

    return scanning


# Every screen


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_screen_is_hard_to_read_to_touch_or_to_zoom(
    lang: str,
    open_page: Callable[..., Watched],
    venue_page: str,
    town: World,
    authority: BundleServer,
) -> None:
    page = open_page(now=NOON, locale=lang).page
    tour = Tour(Door(page), url=venue_page, issuer=authority, town=town)
    seen, wrong = [], []
    for name in tour.screens():
        seen.append(name)
        wrong += [f"{name}: {what}" for what in faults(page, lang, name)]
    assert wrong == []
    assert tuple(seen) == SCREENS


def faults(page: Page, lang: str, name: str) -> Iterator[str]:
    """What is wrong with the screen that is shown, at all sizes and in both themes."""
    for size in (*SIZES, OWN_SIZE[lang]):
        resize(page, size)
        yield from (f"at {size}: {what}" for what in crops(page))
        if size in PHONES and name in VERDICTS and scrolls(page):
            yield f"must be scrolled at {size}"
        if size != ZOOMED:
            look_at(page, name)
            screenshot(page, f"{lang}-{name}-{size[0]}x{size[1]}")
    for size in (PHONE, ZOOMED):
        resize(page, size)
        page.evaluate(SPACE_TEXT)
        spaced = [what for what in crops(page) if not what.endswith("is broken")]
        yield from (f"with spaced text at {size}: {what}" for what in spaced)
        page.evaluate("document.adoptedStyleSheets = []")
    resize(page, OWN_SIZE[lang])
    page.emulate_media(color_scheme="dark")
    look_at(page, name)
    screenshot(page, f"{lang}-{name}-dark")
    yield from (f"dark: {line}" for line in axe_violations(page))
    page.emulate_media(color_scheme="light")
    yield from (f"light: {line}" for line in axe_violations(page))


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def look_at(page: Page, name: str) -> None:
    """Scroll to what a screen is about, where that stands further down."""
    if name in BELOW:
        page.locator(BELOW[name]).scroll_into_view_if_needed()


BELOW = {"check_in": "#check-in-until", "check_in_settings": "#check-in-save", "trace": "#trace-no"}


def crops(page: Page) -> list[str]:
    """Texts that are cropped, leave the page or their button, and targets that are too small.

    We aim at 44 pixels; WCAG 2.5.8 asks for 24.
    """
    return list(page.evaluate(CROPS))


def scrolls(page: Page) -> bool:
    screen = page.locator("#verdict")
    return bool(screen.evaluate("(screen) => screen.scrollHeight > screen.clientHeight"))


def picture_of(page: Page, selector: str) -> Image.Image:
    data = page.locator(selector).screenshot(animations="disabled")
    return Image.open(BytesIO(data)).convert("L")


SPACE_TEXT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* {
    line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important;
  }
  p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
"""What WCAG 1.4.12 lets a reader do."""

CROPS = """() => {
  const wrong = [];
  const about = (node) => node.id ? `#${node.id}` : `${node.tagName} ${node.textContent.trim()}`;
  const isInside = (inner, outer) =>
    inner.left >= outer.left - 1 && inner.right <= outer.right + 1 &&
    inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1;
  const open = [...document.querySelectorAll("dialog[open]")].pop();
  const root = open ?? document.body;
  for (const scroller of [document.documentElement, root]) {
    if (scroller.scrollWidth > scroller.clientWidth) {
      wrong.push(`${about(scroller)} scrolls sideways`);
    }
  }
  const isShown = (node) => node.checkVisibility({visibilityProperty: true}) &&
    !node.closest("select, .language span");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const scrolled = open ? {x: open.scrollLeft, y: open.scrollTop} : {x: scrollX, y: scrollY};
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const holder = text.parentElement;
    if (text.data.trim() === "" || !isShown(holder)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    const box = range.getBoundingClientRect();
    if (box.left < -1 || box.right > innerWidth + 1) wrong.push(about(holder));
    // Nobody can scroll to what is before the beginning.
    if (box.top + scrolled.y < -1) wrong.push(`${about(holder)} begins too high`);
    const button = holder.closest("button, .file");
    if (button && !isInside(box, button.getBoundingClientRect())) {
      wrong.push(`${about(button)} is too small for its text`);
    }
    for (let place = holder; place !== root; place = place.parentElement) {
      if (getComputedStyle(place).overflowY !== "hidden") continue;
      if (!isInside(box, place.getBoundingClientRect())) wrong.push(about(holder));
    }
    if (holder.id !== "verdict-word") continue;
    for (const word of text.data.matchAll(/\\S+/g)) {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (range.getClientRects().length > 1) wrong.push(`${word[0]} is broken`);
    }
  }
  for (const target of root.querySelectorAll("button, .file, select, input:not(.file input)")) {
    if (!isShown(target.closest("label") ?? target) && target.tagName !== "SELECT") continue;
    const {width, height} = (target.closest(".switch") ?? target).getBoundingClientRect();
    if (height > 0 && Math.min(width, height) < 43.9) wrong.push(about(target));
  }
  return wrong;
}"""


def test_verdicts_without_colour_still_differ_by_shape_and_word(
    scanning: Callable[..., Door], town: World
) -> None:
    door = scanning()
    shapes, words = [], set()
    later = NOON + 100 * HOUR
    for code, now in ((town.code(NOON), NOON), ("HELLO", NOON), (town.code(NOON), later)):
        door.page.clock.set_fixed_time(now)
        door.judge(code)
        shapes.append(shape(picture_of(door.page, ".sign")))
        words.add(door.page.locator("#verdict-word").inner_text())
        door.dismiss()
    assert len(words) == 3
    for one, other in combinations(shapes, 2):
        assert ImageStat.Stat(ImageChops.difference(one, other)).mean[0] > 0.1 * 255


def shape(picture: Image.Image) -> Image.Image:
    """White where something is drawn on the background."""
    ground = picture.getpixel((0, 0))
    drawn = ImageChops.difference(picture, Image.new("L", picture.size, ground))
    return drawn.point([255 * (level > 64) for level in range(256)]).resize((100, 100))


# Long names


def test_names_of_200_letters_leave_room_for_the_camera_and_crop_no_verdict(
    open_page: Callable[..., Watched], venue_page: str
) -> None:
    name = dict.fromkeys(LANGUAGES, ("Санитарно-эпидемиологический надзор " * 6)[:200])
    town = World()
    status = {"id": "green", "name": name, "colour": "#1b7f3b"}
    other = {language: f"{text[:-2]}ка" for language, text in name.items()}
    blue = {"id": "blue", "name": other, "colour": "#1f5fbf"}
    policy = {"id": "everyone", "name": name, "admit": ["green"], "hint": "ask"}
    data = town.bundle(NOON, name=name, statuses=[status, blue], policies=[policy])
    with serving(data, NOON) as server:
        door = Door.of(open_page(now=NOON, locale="ru"))
        door.set_up(venue_page, issuer=server.origin, root=town.pin)
        page = door.page
        for width, height in SIZES:
            resize(page, (width, height))
            bar = page.locator("header").bounding_box()
            assert bar is not None
            assert bar["height"] <= 160
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert door.judge(town.code(NOON)).outcome == "admit"
        for size in SIZES:
            resize(page, size)
            assert crops(page) == []


# Keys


def focused(page: Page) -> str:
    """The id of what has the focus, its text where it has none; it must be seen to have it."""
    name, is_seen = page.evaluate("""() => {
      const place = document.activeElement;
      const ringed = place.closest(".file") ?? place;
      const box = ringed.getBoundingClientRect();
      const isSeen = getComputedStyle(ringed).outlineStyle !== "none" && box.width > 0
        && box.bottom > 0 && box.top < innerHeight;
      const words = place === document.body ? "nothing" : place.textContent.trim();
      return [place.id || place.name || words, isSeen];
    }""")
    assert is_seen, f"nobody sees that {name} has the focus"
    return str(name)


def tab(page: Page, *expected: str) -> None:
    """Press Tab once for each; they must be in this order."""
    reached = []
    for _ in expected:
        page.keyboard.press("Tab")
        reached.append(focused(page))
    assert reached == list(expected)


SETTINGS = (
    "venue-kind",
    "sound",
    "vibration",
    "stays",
    "check-in-mode",
    "check-in-name",
    "check-in-save",
    "update-now",
    "load-keys",
    "remove",
)
"""What the keys reach in the settings after the language, where no check-in code was ever shown."""


def test_a_device_is_set_up_used_and_cleared_with_keys_alone(
    open_page: Callable[..., Watched], venue_page: str, town: World, authority: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    page = door.page
    page.goto(venue_page)
    door.wait_for("setup")
    get_keys = PAGE_TEXTS["get_keys"]["en"]
    tab(page, "language-first", "setup-scan", "setup-picture", "setup-url")
    page.keyboard.type(authority.origin)
    tab(page, "setup-root")
    page.keyboard.type(town.pin)
    tab(page, get_keys, "setup-file")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.locator("#venue-form").wait_for()
    assert focused(page) == "venue"
    page.keyboard.press("ArrowDown")
    tab(page, PAGE_TEXTS["start"]["en"])
    page.keyboard.press("Space")
    door.wait_for("scanning")
    expect(page.locator("#heading")).to_have_text("first-only")
    assert focused(page) == "heading"

    tab(page, "open-settings", "picture", "open-text")
    page.keyboard.press("Enter")
    assert focused(page) == "text-code"
    page.keyboard.type(town.code(NOON))
    page.keyboard.press("Enter")
    assert door.next_verdict().outcome == "admit"
    for key in ("Enter", "Space", "Escape"):
        door.wait_for("verdict")
        assert focused(page) == "verdict-next"
        # An Enter that comes sooner belongs to the code before.
        page.wait_for_timeout(SCANNER_ENDS_MS)
        page.keyboard.press(key)
        door.wait_for("scanning")
        assert focused(page) == "open-text"
        if key != "Escape":
            door.type_code("HELLO")

    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "open-settings"
    page.keyboard.press("Space")
    assert focused(page) == "language"
    tab(page, *SETTINGS)
    page.keyboard.press("Enter")
    assert focused(page) == "remove-no"
    page.keyboard.press("Enter")
    assert focused(page) == "remove"
    page.keyboard.press("Escape")
    assert focused(page) == "open-settings"
    page.keyboard.press("Enter")
    tab(page, *SETTINGS)
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    assert focused(page) == "remove-yes"
    page.keyboard.press("Enter")
    door.wait_for("setup")
    assert focused(page) == "heading"


def test_the_focus_stays_where_a_button_goes_away(
    open_page: Callable[..., Watched], venue_page: str, scanning: Callable[..., Door]
) -> None:
    page = open_page().page
    page.goto(venue_page)
    Door(page).wait_for("setup")
    page.locator("#setup-scan").focus()
    page.keyboard.press("Enter")
    assert focused(page) == "setup-stop"
    page.keyboard.press("Enter")
    assert focused(page) == "setup-scan"
    page = scanning().page
    page.locator("video").wait_for()
    lose_camera(page)
    page.locator("#camera-again").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#camera-fault")).to_be_hidden()
    assert focused(page) == "heading"


# What is read out


def test_a_verdict_is_announced_with_its_word_and_what_to_do(
    scanning: Callable[..., Door], town: World
) -> None:
    door = scanning()
    assert door.judge(town.code(NOON)).outcome == "admit"
    assert announced(door.page) == ("ADMIT", "Green check ID: born in March")
    door.dismiss()
    assert door.judge("HELLO").outcome == "refuse"
    name, description = announced(door.page)
    assert name == "REFUSE"
    assert description.startswith("This is not a Qupia pass.")
    assert description.endswith("Q01")


def announced(page: Page) -> tuple[str, str]:
    """Name and description of the only alertdialog, as a screen reader gets them."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    [found] = [node for node in nodes if node.get("role", {}).get("value") == "alertdialog"]
    return found["name"]["value"], " ".join(found["description"]["value"].split())


def test_nothing_on_the_page_changes_in_a_quiet_minute(scanning: Callable[..., Door]) -> None:
    page = scanning().page
    hint = page.locator("#hint")
    expect(hint).to_have_text(PAGE_TEXTS["point_camera"]["en"])
    page.evaluate("""() => {
      window.qupiaTestChanges = [];
      new MutationObserver((changes) => {
        for (const {target, type, attributeName: name, oldValue} of changes) {
          if (type === "attributes" && target.getAttribute(name) === oldValue) continue;
          qupiaTestChanges.push(`${type} ${name} ${target.id}`);
        }
      }).observe(document, {
        subtree: true, childList: true, characterData: true, attributes: true,
        attributeOldValue: true,
      });
    }""")
    for _ in range(12):
        page.clock.run_for(5000)
    assert page.evaluate("qupiaTestChanges") == []


def test_without_a_picture_of_the_camera_nobody_is_asked_to_hold_a_code_before_it(
    scanning: Callable[..., Door],
) -> None:
    page = scanning().page
    hint = page.locator("#hint")
    expect(hint).to_have_text(PAGE_TEXTS["point_camera"]["en"])
    lose_camera(page)
    expect(hint).to_have_text(PAGE_TEXTS["ready"]["en"])


def test_without_network_nobody_is_comforted_whose_keys_are_of_no_use(
    scanning: Callable[..., Door],
) -> None:
    page = scanning().page
    page.context.set_offline(True)
    comfort = page.locator("#notices").get_by_text(PAGE_TEXTS["offline"]["en"])
    expect(comfort).to_have_count(1)
    page.clock.set_fixed_time(NOON + 100 * HOUR)
    let_pass(page, 5)
    page.locator("#door[data-usable='false']").wait_for()
    expect(comfort).to_have_count(0)


# What a person has chosen in the system


def test_nothing_moves_for_those_who_want_less_motion(
    scanning: Callable[..., Door], town: World
) -> None:
    door = scanning(reduced_motion=True)
    door.judge(town.code(NOON))
    assert door.page.evaluate("document.getAnimations().length") == 0


def test_forced_colours_leave_sign_word_and_buttons_to_be_seen(
    scanning: Callable[..., Door], town: World
) -> None:
    door = scanning(forced_colors="active")
    for code, outcome in ((town.code(NOON), "admit"), ("HELLO", "refuse")):
        let_pass(door.page, 5)
        assert door.judge(code).outcome == outcome
        for selector in (".sign", "#verdict-word", "#verdict-next"):
            darkest, lightest = picture_of(door.page, selector).getextrema()
            assert lightest - darkest > 128
        door.dismiss()
    for selector in ("#open-settings", "#open-text"):
        darkest, lightest = picture_of(door.page, selector).getextrema()
        assert lightest - darkest > 128
