"""At the door: codes come by camera, scanner, paste, text and picture, and each gets one verdict.

A tab that is hidden, a second camera and a torch are things that a headless Chromium does not have;
they are put into the page by its test. All else is the browser's own.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from schemas.activation import Activation, format_activation_url
from schemas.catalogues import sentence
from schemas.door_texts import check_id
from schemas.languages import Language
from schemas.presentation import SLOT_SECONDS, slot_at
from schemas.refusals import Reason, Refused
from tests.support.browser import (
    Watched,
    free_camera,
    let_pass,
    lose_camera,
    occupy_camera,
    set_hidden,
    wait_until,
)
from tests.support.bundle_server import BundleServer, serving
from tests.support.catalogues import PAGE_TEXTS
from tests.support.door import ADMITTED, Door, Verdict
from tests.support.films import Scene, frame, hard, write_film
from tests.support.keyboards import LAYOUTS, scan_with, typed_on
from tests.support.processes import RealIssuer, run_real
from tests.support.world import NOON, World

STATUS = {"en": "Green", "ru": "Зелёный", "kk": "Жасыл"}
NOT_A_PASS = Verdict("refuse", "not_a_pass")
NO_CODE = Verdict("cannot_check", "no_code")
ALREADY_SHOWN = Verdict("refuse", "already_shown")
SMALL = (640, 360)
FILMED = {"height": 300, "frames": 5}

OpenDoor = Callable[..., Door]


@pytest.fixture(scope="module")
def town() -> World:
    """Its passes tell the month of birth: March."""
    return World(hint="month")


@pytest.fixture(scope="module")
def authority(town: World) -> Iterator[BundleServer]:
    with serving(town.bundle(NOON), NOON) as server:
        yield server


@pytest.fixture
def prepared(open_page: Callable[..., Watched], venue_page: str) -> Callable[..., Watched]:
    """A page at noon that is not opened yet."""
    return lambda **how: open_page(**{"now": NOON, **how})


@pytest.fixture
def open_door(
    prepared: Callable[..., Watched], venue_page: str, town: World, authority: BundleServer
) -> OpenDoor:
    """A door that scans; ``seen`` is a page that was prepared, else arguments as for ``visit``."""

    def open_door(seen: Watched | None = None, *, lang: str | None = None, **how: Any) -> Door:
        door = Door.of(seen or prepared(**how))
        door.set_up(venue_page, issuer=authority.origin, root=town.pin, lang=lang)
        return door

    return open_door


@pytest.fixture
def film(tmp_path: Path, launch: Callable[[Path | None], Browser]) -> Callable[..., Browser]:
    """A browser whose camera shows these scenes again and again."""

    def film(*scenes: Scene, **how: Any) -> Browser:
        path = tmp_path / "film.y4m"
        write_film(path, scenes, **how)
        return launch(path)

    return film


def filmed(text: str, marker: int) -> Scene:
    return Scene(text, height=300, frames=4, marker=marker)


# The camera


def test_a_pass_goes_from_the_laboratory_over_the_wallet_into_the_camera_and_is_admitted(
    tmp_path: Path, venue_page: str, open_page: Callable[..., Watched], film: Callable[..., Browser]
) -> None:
    issuer = RealIssuer.found(tmp_path)
    [code] = issuer.codes(1)
    link = format_activation_url(Activation(issuer.url, code, issuer.root))
    home = ("--home", tmp_path / "wallet")
    with issuer.serving():
        assert run_real("qupia-wallet", "activate", "-", *home, given=link).status == 0
        text = run_real("qupia-wallet", "show", "--text", *home).out.strip()
        door = Door.of(open_page(browser=film(hard(text, frames=3))))
        door.set_up(venue_page, issuer=issuer.url, root=issuer.root)
        assert door.next_verdict() == ADMITTED


def test_a_blurred_tilted_noisy_code_of_half_the_picture_s_height_is_read(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    seen = prepared(browser=film(hard(town.code(NOON), frames=3)))
    assert open_door(seen).next_verdict() == ADMITTED
    expect(seen.page.locator("#verdict-hint")).to_have_text("check ID: born in March")
    seen.assert_quiet()


def test_each_code_that_stays_around_is_judged_once_and_a_refused_one_again_when_renewed(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    slot, held = slot_at(NOON), town.issue(NOON)
    texts = [
        town.show(held, slot - 10),
        town.show(held, slot),
        town.show(held, slot + 1),
        town.code(NOON),
        "https://example.org/menu",
    ]
    scenes = [filmed(text, marker) for marker, text in enumerate(texts)]
    seen = prepared(browser=film(*scenes, size=SMALL))
    door = open_door(seen)
    door.follow_scenes()
    for number in range(3):
        door.next_verdict(number)
        # Without a touch before, a browser closes a dialog on Escape and asks nobody.
        door.dismiss()
    judged = [kept.verdict for kept in door.verdicts()]
    assert judged == [Verdict("refuse", "stale"), ADMITTED, ADMITTED]
    before = len(door.scenes())
    wait_until(seen.page, lambda: len(door.scenes()) > before + 2 * len(texts))
    assert len(door.verdicts()) == 3
    # A foreign code is a hint each time it is seen, and never a refusal.
    hint = seen.page.locator("#hint")
    for told in (PAGE_TEXTS["already_checked"]["en"], PAGE_TEXTS["foreign_code"]["en"]):
        wait_until(seen.page, lambda told=told: hint.text_content() == told, told)
    seen.assert_quiet()


def test_a_code_that_was_away_is_judged_again(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    scenes = Scene(town.code(NOON), **FILMED), Scene(frames=19)
    door = open_door(prepared(browser=film(*scenes, fps=5, size=SMALL)))
    assert door.next_verdict(0) == ADMITTED
    door.dismiss()
    assert door.next_verdict(1) == ALREADY_SHOWN


def test_a_foreign_code_beside_a_pass_does_not_hide_it(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, tmp_path: Path
) -> None:
    picture = tmp_path / "both.png"
    side_by_side("https://example.org/menu", town.code(NOON)).save(picture)
    door = open_door()
    door.choose_picture(picture)
    assert door.next_verdict() == ADMITTED


def test_two_codes_side_by_side_are_one_too_many(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    two = Scene(town.code(NOON), beside=town.code(NOON), height=450)
    seen = prepared(browser=film(two, fps=5))
    door = open_door(seen)
    expect(seen.page.locator("#hint")).to_have_text(PAGE_TEXTS["one_code"]["en"])
    assert door.verdicts() == []


# What may go wrong with the camera


def fault_of(page: Page) -> str:
    """The name of the text that tells why there is no camera."""
    told = page.locator("#camera-fault-text")
    expect(told).not_to_be_empty()
    return next(str(name) for name, text in PAGE_TEXTS.items() if text["en"] == told.text_content())


def try_again(page: Page) -> None:
    page.get_by_role("button", name=PAGE_TEXTS["try_again"]["en"]).click()


def films(page: Page) -> bool:
    return bool(page.evaluate("document.querySelector('video').srcObject?.active ?? false"))


def test_a_refused_camera_is_explained_and_scanning_goes_on_without_it(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World
) -> None:
    seen = prepared(may_use_camera=False)
    door = open_door(seen)
    assert fault_of(seen.page) == "camera_refused"
    assert door.judge(town.code(NOON)) == ADMITTED
    door.dismiss()
    seen.context.grant_permissions(["camera"])
    try_again(seen.page)
    wait_until(seen.page, lambda: films(seen.page))
    expect(seen.page.locator("#camera-fault")).to_be_hidden()
    seen.assert_quiet()


def test_a_missing_camera_is_explained_also_in_another_language(
    launch: Callable[[Path | None], Browser], open_door: OpenDoor, town: World
) -> None:
    door = open_door(browser=launch(None))
    page = door.page
    assert fault_of(page) == "camera_missing"
    page.locator("#open-settings").click()
    page.locator("#language").select_option("kk")
    page.keyboard.press("Escape")
    told = page.locator("#camera-fault-text")
    expect(told).to_have_text(PAGE_TEXTS["camera_missing"]["kk"])
    page.locator("#camera-again").click()
    expect(told).to_have_text(PAGE_TEXTS["camera_missing"]["kk"])
    assert door.judge(town.code(NOON)) == ADMITTED


def test_a_browser_that_knows_no_cameras_is_told_as_a_device_without_one(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World
) -> None:
    seen = prepared()
    seen.context.add_init_script(
        "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
    )
    door = open_door(seen)
    assert fault_of(seen.page) == "camera_missing"
    assert door.judge(town.code(NOON)) == ADMITTED
    seen.assert_quiet()


def test_a_busy_camera_works_once_the_other_program_has_ended(
    prepared: Callable[..., Watched], open_door: OpenDoor
) -> None:
    seen = prepared()
    occupy_camera(seen)
    open_door(seen)
    assert fault_of(seen.page) == "camera_busy"
    free_camera(seen.page)
    try_again(seen.page)
    wait_until(seen.page, lambda: films(seen.page))
    seen.assert_quiet()


def test_a_camera_that_is_lost_while_scanning_can_be_opened_again(open_door: OpenDoor) -> None:
    page = open_door().page
    wait_until(page, lambda: films(page))
    lose_camera(page)
    assert fault_of(page) == "camera_lost"
    try_again(page)
    wait_until(page, lambda: films(page))


def test_a_camera_that_shows_only_black_is_explained_until_it_shows_something(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    black = Scene(brightness=-255, frames=60)
    seen = prepared(browser=film(black, Scene(frames=30), fps=5, size=SMALL))
    page = open_door(seen).page
    fault = page.locator("#camera-fault")
    wait_until(page, fault.is_visible, "an explanation")
    assert fault_of(page) == "camera_dark"
    wait_until(page, fault.is_hidden, "a picture")
    assert films(page)


def test_a_camera_that_shows_nothing_is_opened_again_and_then_explained(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World
) -> None:
    seen = prepared()
    seen.context.add_init_script(_STILL_CAMERA)
    door = open_door(seen)
    wait_until(door.page, door.page.locator("#camera-fault").is_visible, "an explanation")
    assert fault_of(door.page) == "camera_still"
    assert door.page.evaluate("opened") == 2
    assert door.judge(town.code(NOON)) == ADMITTED
    seen.assert_quiet()


_STILL_CAMERA = """
  window.opened = 0;
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = async (wanted) => {
    opened += 1;
    await open(wanted);
    // A canvas that nobody draws on gives a track without a frame.
    return document.createElement("canvas").captureStream(0);
  };
"""


def test_a_tab_that_nobody_sees_films_nothing(open_door: OpenDoor) -> None:
    page = open_door().page
    wait_until(page, lambda: films(page))
    set_hidden(page, hidden=True)
    wait_until(page, lambda: not films(page))
    set_hidden(page, hidden=False)
    wait_until(page, lambda: films(page))


def test_a_camera_that_is_wanted_twice_while_it_opens_runs_once(
    prepared: Callable[..., Watched], open_door: OpenDoor
) -> None:
    seen = prepared()
    # As when the browser asks its user for leave, and the tab is left and seen again meanwhile.
    seen.context.add_init_script("""
      window.streams = [];
      const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      let allow;
      const allowed = new Promise((resolve) => { allow = resolve; });
      window.allowInTurn = (order) => allow(order);
      let asked = 0;
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const number = asked++;
        const stream = await open(wanted);
        streams.push(stream);
        if ((await allowed)[0] !== number) await new Promise((resolve) => setTimeout(resolve, 50));
        return stream;
      };
    """)
    page = open_door(seen).page
    set_hidden(page, hidden=True)
    set_hidden(page, hidden=False)
    wait_until(page, lambda: page.evaluate("streams.length") == 2)
    page.evaluate("allowInTurn([1])")
    active = "streams.map((stream) => stream.active).join()"
    wait_until(page, lambda: page.evaluate(active).count("true") == 1)
    assert films(page)
    seen.assert_quiet()


def test_a_camera_can_be_chosen_and_lit(
    prepared: Callable[..., Watched], open_door: OpenDoor
) -> None:
    seen = prepared()
    seen.context.add_init_script(_TWO_CAMERAS)
    page = open_door(seen).page
    torch = page.locator("#torch")
    torch.click()
    expect(torch).to_have_attribute("aria-pressed", "true")
    torch.click()
    assert page.evaluate("lit") == [True, False]
    # A screen that is locked and unlocked again has the same light as before.
    torch.click()
    set_hidden(page, hidden=True)
    set_hidden(page, hidden=False)
    wait_until(page, lambda: page.evaluate("lit") == [True, False, True, True])
    expect(torch).to_have_attribute("aria-pressed", "true")
    page.evaluate("asked.length = 1")
    page.locator("#open-settings").click()
    choice = page.locator("#cameras")
    expect(choice.locator("option")).to_have_text(["Back", "Camera 2"])
    choice.select_option("front")
    wait_until(page, lambda: page.evaluate("asked.length") == 2)
    assert page.evaluate("asked[0].facingMode.ideal") == "environment"
    assert page.evaluate("asked[1].deviceId") == {"exact": "front"}
    page.reload()
    wait_until(page, lambda: page.evaluate("asked.length") == 1)
    assert page.evaluate("asked[0].deviceId") == {"exact": "front"}


_TWO_CAMERAS = """
  window.asked = [];
  window.lit = [];
  const devices = navigator.mediaDevices;
  const open = devices.getUserMedia.bind(devices);
  devices.getUserMedia = ({video}) => {
    asked.push(video);
    return open({video: true});
  };
  devices.enumerateDevices = async () => [
    {kind: "audioinput", deviceId: "ear", label: "Ear"},
    {kind: "videoinput", deviceId: "back", label: "Back"},
    {kind: "videoinput", deviceId: "front", label: ""},
  ];
  MediaStreamTrack.prototype.getCapabilities = () => ({torch: true});
  MediaStreamTrack.prototype.applyConstraints = async ({advanced}) => {
    lit.push(advanced[0].torch);
  };
"""


# Scanners, keys and paste


def test_a_scanner_types_and_a_hand_pastes_and_nothing_stays_in_a_field(
    open_door: OpenDoor, town: World
) -> None:
    door = open_door()
    page = door.page
    assert door.judge(town.code(NOON)) == ADMITTED
    # The next visitor does not wait for the verdict of the one before.
    door.type_code(town.code(NOON))
    assert door.next_verdict(1) == ADMITTED
    door.paste(town.code(NOON))
    assert door.next_verdict(2) == ADMITTED
    door.dismiss()
    door.paste("a menu")
    assert door.next_verdict(3) == NOT_A_PASS
    door.dismiss()
    enter_text(page, town.code(NOON))
    page.keyboard.press("Enter")
    assert door.next_verdict(4) == ADMITTED
    door.dismiss()
    enter_text(page, town.code(NOON))
    page.keyboard.press("Escape")
    expect(page.locator("#text-entry")).to_be_hidden()
    assert (field_values(page), len(door.verdicts())) == ("", 5)


def enter_text(page: Page, text: str) -> None:
    page.locator("#open-text").click()
    page.locator("#text-code").fill(text)


def field_values(page: Page) -> str:
    """What stands in all fields that somebody could write into."""
    fields = "input[type=text], input[type=url], input[type=file]"
    values = page.locator(fields).evaluate_all("(fields) => fields.map((field) => field.value)")
    return "".join(values)


def test_a_scanner_works_whatever_the_keyboard_s_layout(open_door: OpenDoor, town: World) -> None:
    door = open_door()
    for number, layout in enumerate(LAYOUTS.values()):
        scan_with(door.page, layout, town.code(NOON))
        assert door.next_verdict(2 * number) == ADMITTED
        door.dismiss()
        enter_text(door.page, typed_on(layout, town.code(NOON)))
        door.page.keyboard.press("Enter")
        assert door.next_verdict(2 * number + 1) == ADMITTED
        door.dismiss()


def test_a_code_that_the_scanner_s_layout_has_spoilt_blames_no_pass(
    open_door: OpenDoor, town: World
) -> None:
    door = open_door(lang="kk")
    scan_with(door.page, {}, town.paper(NOON).lower())
    assert door.next_verdict() == NO_CODE
    told = door.page.locator("#verdict-reason")
    expect(told).to_have_text(sentence("scanner_layout", Language.KK))


@pytest.mark.parametrize(
    "ends",
    [
        ("Enter", "Enter"),
        ("Enter", "Control+J"),
        ("Control+J",),
        ("Tab", "Enter"),
        ("Enter", "Tab"),
    ],
    ids="+".join,
)
def test_what_follows_a_code_neither_closes_the_verdict_nor_presses_a_button(
    open_door: OpenDoor, town: World, ends: tuple[str, ...]
) -> None:
    door = open_door()
    page = door.page
    page.keyboard.type(town.code(NOON))
    for end in ends:
        page.keyboard.press(end)
    assert door.next_verdict() == ADMITTED
    page.keyboard.press("Enter")
    assert door.state == "verdict"
    expect(page.locator("#verdict-next")).to_be_focused()
    let_pass(page, 1)
    page.keyboard.press("Enter")
    door.wait_for("scanning")
    assert door.verdicts()[1:] == []


def test_a_scan_that_is_not_judged_is_signalled_and_changes_nothing(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World
) -> None:
    seen = prepared()
    seen.context.add_init_script(_RECORD_SIGNALS)
    door = open_door(seen)
    page = door.page
    page.locator("#open-settings").click()
    for place in ("venue-kind", "check-in-name"):
        page.evaluate("tones.length = shakes.length = 0")
        page.locator(f"#{place}").focus()
        before = page.locator(f"#{place}").input_value()
        door.type_code(town.code(NOON))
        expect(page.locator("#settings #said")).to_have_text(PAGE_TEXTS["not_judged"]["en"])
        assert page.evaluate("tones.length > 0 && shakes.length > 0")
        assert page.locator(f"#{place}").input_value() == before
        let_pass(page, 6)
        expect(page.locator("#said")).to_be_hidden()
    assert door.verdicts() == []


def test_a_scanner_s_tab_in_the_field_for_texts_checks_the_code(
    open_door: OpenDoor, town: World
) -> None:
    door = open_door()
    enter_text(door.page, town.code(NOON))
    door.page.keyboard.press("Tab")
    assert door.next_verdict() == ADMITTED


def test_a_scanner_without_a_final_enter_is_understood(open_door: OpenDoor, town: World) -> None:
    door = open_door()
    door.page.keyboard.type(town.code(NOON))
    assert door.next_verdict() == ADMITTED


def test_keys_keep_their_meaning_for_whoever_has_no_pointer(open_door: OpenDoor) -> None:
    door = open_door()
    page = door.page
    page.locator("#open-text").focus()
    page.keyboard.press("Shift+Tab")
    expect(page.locator("#picture")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("#text-entry")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#text-entry")).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.locator("#text-entry")).to_be_visible()
    page.keyboard.press("Escape")
    assert door.verdicts() == []


# Pictures


def side_by_side(*texts: str, gap: int = 40) -> Image.Image:
    parts = [frame(Scene(text, height=480), size=(640, 640)) for text in texts]
    sheet = Image.new("L", (sum(part.width + gap for part in parts), 640), 200)
    for number, part in enumerate(parts):
        sheet.paste(part, (number * (640 + gap), 0))
    return sheet


def test_a_picture_file_of_any_kind_gets_a_verdict(
    open_door: OpenDoor, town: World, tmp_path: Path
) -> None:
    good = frame(Scene(town.code(NOON)))
    good.save(tmp_path / "good.jpg")
    code = frame(Scene(town.code(NOON), height=600), size=(720, 720))
    ink = Image.new("LA", code.size)
    ink.putalpha(code.point([255 if level < 128 else 0 for level in range(256)]))
    ink.save(tmp_path / "transparent.png")
    side_by_side(town.code(NOON), town.code(NOON)).save(tmp_path / "two.png")
    Image.new("1", (64_001, 1000)).save(tmp_path / "huge.png")
    for name, size in (("24.jpg", (6000, 4000)), ("48.jpg", (8000, 6000))):
        photo = Image.new("L", size, 90)
        photo.paste(frame(Scene(town.code(NOON))).resize((2560, 1440)), (1000, 900))
        photo.save(tmp_path / name)
    frame(Scene()).save(tmp_path / "wall.png")
    (tmp_path / "damaged.png").write_bytes((tmp_path / "two.png").read_bytes()[:3000])
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.png").write_text(town.code(NOON))
    frame(Scene("https://example.org/menu")).save(tmp_path / "menu.png")
    door = open_door()
    expected = {
        "good.jpg": ADMITTED,
        "transparent.png": ADMITTED,
        "two.png": ADMITTED,
        "24.jpg": ADMITTED,
        "48.jpg": ADMITTED,
        "huge.png": NO_CODE,
        "wall.png": NO_CODE,
        "damaged.png": NO_CODE,
        "empty.jpg": NO_CODE,
        "text.png": NO_CODE,
        "menu.png": NOT_A_PASS,
    }
    given = {}
    for number, name in enumerate(expected):
        door.choose_picture(tmp_path / name)
        given[name] = door.next_verdict(number)
        door.dismiss()
    assert given == expected
    assert field_values(door.page) == ""


# Verdicts


@pytest.mark.parametrize("lang", ["en", "ru", "kk"])
def test_a_verdict_says_all_that_is_needed_in_the_language_of_the_door(
    open_door: OpenDoor, town: World, lang: str
) -> None:
    language = Language(lang)
    door = open_door(lang=lang)
    assert door.judge(town.code(NOON)) == ADMITTED
    said = spoken(door.page)
    assert said == [sentence("outcome_admit", language), STATUS[lang], check_id("03", language)]
    door.dismiss()
    slot = slot_at(NOON) - 6
    refusals = {
        town.show(town.issue(NOON), slot): Refused(Reason.STALE, seconds=6 * SLOT_SECONDS),
        "hello": Refused(Reason.NOT_A_PASS),
        World(iss="https://other.example", first_key=100).code(NOON): Refused(Reason.UNKNOWN_KEY),
    }
    for text, refused in refusals.items():
        assert door.judge(text) == Verdict(refused.outcome, refused.reason)
        helpdesk = PAGE_TEXTS["helpdesk"][lang].format(code=refused.helpdesk)
        said = spoken(door.page)
        assert said == [
            sentence(f"outcome_{refused.outcome}", language),
            refused.text(language),
            helpdesk,
        ]
        door.dismiss()


def spoken(page: Page) -> list[str]:
    """The word of the verdict and what stands below it."""
    return page.locator("#verdict h2:visible, #verdict p:visible").all_text_contents()


def test_a_verdict_goes_by_itself_by_tap_and_by_key(open_door: OpenDoor) -> None:
    door = open_door(has_touch=True)
    page = door.page
    assert door.judge("hello") == NOT_A_PASS
    let_pass(page, 3)
    door.wait_for("scanning")
    assert door.attributes.keys().isdisjoint({"outcome", "reason"})
    ways = [
        partial(page.touchscreen.tap, 180, 60),
        partial(page.mouse.click, 180, 600),
        *(partial(page.keyboard.press, key) for key in ("Enter", "Space", "Escape")),
    ]
    for leave in ways:
        assert door.judge("hello") == NOT_A_PASS
        # What comes at once is still the scanner's.
        let_pass(page, 1)
        leave()
        door.wait_for("scanning")


def test_a_verdict_that_asks_for_an_id_stays_until_it_is_tapped_or_the_next_code_comes(
    film: Callable[..., Browser], town: World, open_door: OpenDoor, prepared: Callable[..., Watched]
) -> None:
    seen = prepared(browser=film(Scene(town.code(NOON), **FILMED), fps=5, size=SMALL))
    door = open_door(seen)
    assert door.next_verdict() == ADMITTED
    let_pass(seen.page, 60)
    assert door.state == "verdict"
    door.type_code(town.code(NOON))
    assert door.next_verdict(1) == ADMITTED
    seen.page.locator("#verdict").click()
    door.wait_for("scanning")


def test_the_last_verdict_can_be_called_back_for_half_a_minute(
    open_door: OpenDoor, town: World
) -> None:
    door = open_door()
    page = door.page
    again = page.get_by_role("button", name=PAGE_TEXTS["last_verdict"]["en"])
    expect(again).to_be_hidden()
    assert door.judge(town.code(NOON)) == ADMITTED
    said = spoken(page)
    door.dismiss()
    let_pass(page, 20)
    again.click()
    assert door.state == "verdict"
    assert spoken(page)[-len(said) :] == said
    expect(page.locator("#verdict-again")).to_have_text(PAGE_TEXTS["verdict_again"]["en"])
    door.dismiss()
    let_pass(page, 9)
    expect(again).to_be_visible()
    let_pass(page, 2)
    expect(again).to_be_hidden()
    # A visitor who comes next is told as ever.
    assert door.judge("hello") == NOT_A_PASS
    expect(page.locator("#verdict-again")).to_be_hidden()
    assert len(door.verdicts()) == 2


def test_a_verdict_stays_where_that_is_wanted(open_door: OpenDoor) -> None:
    door = open_door()
    page = door.page
    set_switch(page, "stays", on=True)
    door.judge("hello")
    let_pass(page, 60)
    assert door.attributes["state"] == "verdict"
    page.keyboard.press("Enter")
    door.wait_for("scanning")
    page.reload()
    door.judge("hello")
    let_pass(page, 60)
    assert door.attributes["state"] == "verdict"


def set_switch(page: Page, name: str, *, on: bool) -> None:
    page.locator("#open-settings").click()
    page.locator(f"#{name}").set_checked(on)
    page.keyboard.press("Escape")


def test_each_verdict_has_its_sound_and_its_shake_and_both_can_be_switched_off(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World, tmp_path: Path
) -> None:
    frame(Scene(), size=SMALL).save(tmp_path / "wall.png")
    seen = prepared()
    seen.context.add_init_script(_RECORD_SIGNALS)
    door = open_door(seen)
    page = door.page
    signals = []
    for number in range(3):
        page.evaluate("tones.length = shakes.length = 0")
        if number < 2:
            door.judge(["hello", town.code(NOON)][number])
        else:
            door.choose_picture(tmp_path / "wall.png")
            door.next_verdict(number)
        signals.append((page.evaluate("tones"), page.evaluate("shakes")))
        door.dismiss()
    assert [(bool(tones), bool(shakes)) for tones, shakes in signals] == [(True, True)] * 3
    assert len({json.dumps(tones) for tones, _ in signals}) == 3
    assert len({json.dumps(shakes) for _, shakes in signals}) == 3
    for name, kept in (("sound", "shakes"), ("vibration", "tones")):
        page.evaluate("tones.length = shakes.length = 0")
        set_switch(page, name, on=False)
        door.judge("hello")
        silent = {"shakes": "tones", "tones": "shakes"}[kept]
        assert page.evaluate(f"[{kept}.length > 0, {silent}.length]") == [True, 0]
        door.dismiss()
        set_switch(page, name, on=True)
    seen.assert_quiet()


_RECORD_SIGNALS = """
  window.tones = [];
  window.shakes = [];
  const param = () => ({value: 0, setValueAtTime: (hertz) => void tones.push(hertz)});
  const node = () => ({gain: param(), frequency: param(), connect() {}, start() {}, stop() {}});
  window.AudioContext = class {
    state = "running";
    currentTime = 0;
    destination = {};
    createGain = node;
    createOscillator = node;
    async resume() {}
  };
  Navigator.prototype.vibrate = (pattern) => Boolean(shakes.push(pattern));
"""


# Any text


def test_any_text_is_refused_and_leaves_nothing_on_the_page(
    prepared: Callable[..., Watched], open_door: OpenDoor, town: World
) -> None:
    code = town.code(NOON)
    odd = [
        "👩‍👩‍👧‍👦" * 50,
        "\0" * 20,
        "\0QP1:",
        "A" * 100_000,
        "QP1:" + "0" * 99_996,
        "‮צבעים‬ العربية" * 9,
        "<img src=x onerror=alert(1)><script>alert(2)</script>",
        "\ud800\udfff\udc00" + "\udfff" * 600,
        "QP1:" + "\udc00" * 588,
        "QP1:" + "é" * 588,
        "QP1:" + ":" * 588,
        "constructor __proto__",
        '{"setup":"https://example.org"}',
        "javascript:alert(3)",
        "\r\n" * 9,
        code + " ",
        " " + code,
        code + "\n\n",
        code.lower(),
        code[:-1],
        code + "0",
        code[:300] + "\n" + code[300:],
        "QS1:https://example.org#" + town.pin,
    ]
    seen = prepared()
    door = open_door(seen)
    for number, text in enumerate(odd):
        # Half of a pair of surrogates passes through JSON only.
        seen.page.evaluate(_PASTE, json.dumps(text))
        assert door.next_verdict(number) == NOT_A_PASS, text[:40]
        door.dismiss()
    left = seen.page.evaluate("document.documentElement.outerHTML + document.title + location.href")
    assert [text for text in odd if text.strip() and text.strip()[:300] in left] == []
    assert field_values(seen.page) == ""
    seen.assert_quiet()


_PASTE = """(text) => {
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", JSON.parse(text));
  const how = {clipboardData, bubbles: true};
  document.activeElement.dispatchEvent(new ClipboardEvent("paste", how));
}"""


def test_a_verdict_does_not_depend_on_the_noise_of_the_picture(
    open_door: OpenDoor, town: World, tmp_path: Path
) -> None:
    door = open_door()
    for number, turn in enumerate((0, 45, 90, 180, 270)):
        path = tmp_path / "turned.jpg"
        scene = replace(hard(town.code(NOON)), turn=turn, tilt=0)
        frame(scene, seed=number).save(path, quality=80)
        door.choose_picture(path)
        assert door.next_verdict(number) == ADMITTED
        door.dismiss()
