"""Check-in at the venue's page: the code beside the scanner, bound passes, and traced hours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, expect

from schemas.check_in import DEFAULT_HOURS, CheckInCode, grid_at, parse_check_in
from schemas.encoding import b64url_encode
from schemas.hour_keys import public_half
from schemas.hours import date_of, day_at, hour_at, tracing_ends
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.languages import Language
from schemas.presentation import slot_at
from schemas.refusals import Reason, Refused
from schemas.trace import NotATrace, open_trace, parse_trace
from shell.pictures import read_codes
from tests.support.browser import (
    LAPTOP,
    PHONE,
    TABLET,
    Visit,
    Watched,
    clear_storage,
    let_pass,
    screenshot,
    set_clock,
    wait_until,
)
from tests.support.bundle_server import BundleServer, serving
from tests.support.door import ADMITTED, Door, Verdict
from tests.support.kept_page import NO_STORAGE, change_record, reload_offline, wait_until_kept
from tests.support.notices import (
    close_settings,
    open_settings,
    sentence,
    text,
    version,
    wait_for_version,
)
from tests.support.page_folder import PageFolder, page_folder
from tests.support.venue_server import VenueServer
from tests.support.world import NOON, World

NAME = "Кафе «Сәуле»"
TODAY = "2026-03-17"
UTC_MIDNIGHT = 1_773_792_000
"""2026-03-18, 00:00 UTC."""

VERSION_12 = 65
"""Modules on a side, without the border (ISO/IEC 18004)."""

LOCAL_MIDNIGHT = UTC_MIDNIGHT - 5 * HOUR
"""The same date's beginning in Almaty, where windows change."""

NOT_BOUND = Verdict("refuse", "not_bound")
BAD_PROOF = Verdict("refuse", "bad_proof")
LOW_ORDER = b64url_encode(bytes(32))

BeginAt = Callable[..., Door]


@pytest.fixture
def world() -> World:
    return World(tracing=True)


@pytest.fixture
def set_up(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> Callable[..., Door]:
    """Another device at the door, set up at noon; arguments as for ``visit``."""

    def set_up(**how: Any) -> Door:
        door = Door.of(open_page(**{"now": NOON, **how}))
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        return door

    return set_up


@pytest.fixture
def door(set_up: Callable[..., Door]) -> Door:
    return set_up()


@pytest.fixture
def own_page(tmp_path: Path) -> Iterator[PageFolder]:
    """The page from a folder that the test may change."""
    with page_folder(tmp_path) as page:
        yield page


def bound(world: World, code: CheckInCode, now: int, *, hour: int | None = None) -> str:
    """A new pass, shown at ``now`` by somebody who has scanned the venue's code."""
    binding = code.bindings()[hour_at(now) if hour is None else hour]
    return world.show(world.issue(now), slot_at(now), venue=binding)


def judge(door: Door, code: str) -> Verdict:
    before = len(door.verdicts())
    door.paste(code)
    verdict = door.next_verdict(before)
    door.dismiss()
    return verdict


def wait_for_code(door: Door, is_wanted: Callable[[str | None], bool], what: str) -> None:
    wait_until(door.page, lambda: is_wanted(door.check_in_text), what)


def move(door: Door, now: int) -> None:
    """Set the clock, and let the page look at it; that takes five seconds of its time."""
    set_clock(door.page, now)
    let_pass(door.page, 5)


# The code


def test_nothing_is_shown_and_kept_for_it_until_somebody_chooses_so(door: Door) -> None:
    assert door.attributes["checkIn"] == "off"
    page = door.page
    for place in ("#check-in", "#open-check-in"):
        expect(page.locator(place)).to_be_hidden()
    open_settings(door)
    expect(page.locator("#check-in-mode")).to_have_value("off")
    expect(page.locator("#trace-form")).to_be_hidden()
    page.locator("#remove").click()
    expect(page.locator("#remove-seeds")).to_be_hidden()
    assert door.seed_dates() == []


@pytest.mark.parametrize("size", [PHONE, TABLET, LAPTOP, (640, 360)], ids=str)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_phone_reads_the_code_from_the_screen(
    set_up: Callable[..., Door],
    world: World,
    size: tuple[int, int],
    dark: bool,
    tmp_path: Path,
) -> None:
    door = set_up(viewport=size, dark=dark)
    door.show_code("shown", "ә" * 30)
    page, picture = door.page, tmp_path / "screen.png"
    page.locator("#check-in").scroll_into_view_if_needed()
    page.screenshot(path=picture)
    # On its side a phone has no room for all of it, and the button above helps.
    if size != (640, 360):
        assert read_codes(picture) == [door.check_in_text]
    _, _, side, _ = str(page.locator("#check-in-code").get_attribute("viewBox")).split()
    assert int(side) <= VERSION_12 + 8
    page.locator("#open-check-in").click()
    page.screenshot(path=picture)
    [read] = read_codes(picture)
    code = parse_check_in(read)
    assert (code.name, len(code.keys)) == ("ә" * 30, DEFAULT_HOURS)
    assert code.first_hour == hour_at(NOON - 2 * MINUTE)
    assert code.grid == grid_at(world.accepted(NOON), NOON)
    assert page.evaluate(_FITS)


_FITS = """() => {
  const {top, bottom, left, right} =
    document.querySelector("#check-in-large-code").getBoundingClientRect();
  return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth;
}"""


def test_the_code_is_told_to_those_who_do_not_see_it(door: Door) -> None:
    door.show_code("strict", NAME)
    picture = door.page.get_by_role("img", name=NAME)
    assert picture.get_attribute("data-code") == door.check_in_text
    shown = door.page.locator("#check-in")
    expect(shown).to_contain_text(NAME)
    expect(shown).to_contain_text(text("check_in_until").format(time="15:00"))
    expect(shown).to_contain_text(text("check_in_scan_first"))
    door.show_code("shown", NAME)
    expect(shown).to_contain_text(text("check_in_scan"))


@pytest.mark.parametrize("name", ["ә" * 31, "turned \u202eround", "a" * 61])
def test_a_name_that_no_code_can_carry_is_refused(door: Door, name: str) -> None:
    page = door.page
    open_settings(door)
    page.locator("#check-in-mode").select_option("shown")
    page.locator("#check-in-name").fill(name)
    page.keyboard.press("Enter")
    answer = page.locator("#check-in-answer")
    expect(answer).to_have_text(text("check_in_bad_name"))
    expect(page.locator("#check-in-name")).to_be_focused()
    page.locator("#language").select_option("kk")
    expect(answer).to_have_text(text("check_in_bad_name", "kk"))
    assert door.attributes["checkIn"] == "off"
    page.locator("#check-in-name").fill(f"  {'ә' * 15}   {'ә' * 14} ")
    page.keyboard.press("Enter")
    expect(answer).to_have_text(text("saved", "kk"))
    wait_for_code(door, bool, "a code")
    assert door.check_in.name == f"{'ә' * 15} {'ә' * 14}"


def test_each_device_has_keys_of_its_own(set_up: Callable[..., Door]) -> None:
    doors = [set_up(), set_up()]
    for door in doors:
        door.show_code("shown", NAME)
    one, other = (door.check_in for door in doors)
    assert (one.grid, one.first_hour) == (other.grid, other.first_hour)
    assert set(one.keys).isdisjoint(other.keys)


# Bound passes


def test_a_door_without_a_code_takes_unbound_passes_only(
    door: Door, set_up: Callable[..., Door], world: World
) -> None:
    other = set_up()
    other.show_code("strict", NAME)
    assert judge(door, bound(world, other.check_in, NOON)) == BAD_PROOF
    assert judge(door, world.code(NOON)) == ADMITTED


def test_a_door_that_shows_a_code_takes_bound_and_unbound_passes(
    door: Door, set_up: Callable[..., Door], world: World
) -> None:
    other = set_up()
    for one in (door, other):
        one.show_code("shown", NAME)
    assert judge(door, bound(world, door.check_in, NOON)) == ADMITTED
    assert judge(door, world.code(NOON)) == ADMITTED
    assert judge(door, bound(world, other.check_in, NOON)) == BAD_PROOF


def test_a_strict_door_takes_only_passes_bound_to_it(
    door: Door, set_up: Callable[..., Door], world: World, tmp_path: Path
) -> None:
    other = set_up()
    for one in (door, other):
        one.show_code("strict", NAME)
    door.page.locator("#check-in").scroll_into_view_if_needed()
    [read] = read_codes(screenshot(door.page, "check-in-strict"))
    a_pass = world.issue(NOON)
    unbound = world.show(a_pass, slot_at(NOON))
    assert judge(door, unbound) == NOT_BOUND
    binding = parse_check_in(read).bindings()[hour_at(NOON)]
    assert judge(door, world.show(a_pass, slot_at(NOON), venue=binding)) == ADMITTED
    assert judge(door, bound(world, other.check_in, NOON)) == BAD_PROOF
    # Of another hour of the same venue.
    assert judge(door, bound(world, door.check_in, NOON, hour=hour_at(NOON) + 1)) == BAD_PROOF
    assert judge(door, world.paper(NOON)) == ADMITTED


def test_behind_the_large_code_the_door_is_kept(door: Door, world: World) -> None:
    door.show_code("strict", NAME)
    door.page.locator("#open-check-in").click()
    door.type_code(bound(world, door.check_in, NOON))
    assert door.next_verdict() == ADMITTED
    door.dismiss()
    expect(door.page.locator("#check-in-large")).to_be_visible()


# Time


def test_the_code_is_made_anew_two_minutes_after_each_hour(door: Door, world: World) -> None:
    move(door, NOON + 2 * MINUTE)
    door.show_code("strict", NAME)
    for number in range(1, 7):
        before, begin = door.check_in_text, NOON + number * HOUR
        now = begin + 2 * MINUTE - 30
        move(door, now)
        assert door.check_in_text == before
        # The old code works in the hour that has begun already.
        assert before is not None
        assert judge(door, bound(world, parse_check_in(before), now)) == ADMITTED
        move(door, begin + 2 * MINUTE)
        wait_for_code(door, lambda shown, before=before: shown != before, "the next code")  # type: ignore[misc]
        assert door.check_in.first_hour == hour_at(begin)
        assert door.check_in.keys[:3] == parse_check_in(before).keys[1:]


def test_a_code_that_stays_the_same_is_left_alone(door: Door) -> None:
    move(door, NOON + 2 * MINUTE)
    door.show_code("shown", NAME)
    door.page.evaluate(_NOTE_CHANGES)
    for _ in range(12):
        let_pass(door.page, 5)
    door.page.wait_for_timeout(200)
    assert door.page.evaluate("qupiaTestChanges") == []


_NOTE_CHANGES = """() => {
  window.qupiaTestChanges = [];
  const what = {subtree: true, childList: true, characterData: true, attributeOldValue: true};
  new MutationObserver((changes) => {
    for (const {target, type, attributeName: name, oldValue} of changes) {
      if (type === "attributes" && target.getAttribute(name) === oldValue) continue;
      qupiaTestChanges.push(`${type} ${name} ${target.id}`);
    }
  }).observe(document.querySelector("#check-in"), what);
}"""


def test_a_device_that_slept_for_hours_judges_the_first_visitor_right(
    door: Door, world: World
) -> None:
    door.show_code("strict", NAME)
    code = door.check_in
    later = NOON + 2 * HOUR + 10 * MINUTE
    door.page.clock.set_fixed_time(later)
    assert judge(door, bound(world, code, later)) == ADMITTED


def test_over_midnight_in_both_calendars_bound_passes_go_on(
    open_page: Visit, venue_page: str, world: World
) -> None:
    start = LOCAL_MIDNIGHT - 30 * MINUTE
    with serving(world.bundle(start), start) as issuer:
        door = Door.of(open_page(now=start))
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        door.show_code("strict", NAME)
        bundle = world.accepted(start)
        evening = door.check_in
        assert evening.grid == grid_at(bundle, start)
        move(door, LOCAL_MIDNIGHT)
        wait_for_code(
            door, lambda _: door.check_in.grid == grid_at(bundle, LOCAL_MIDNIGHT), "a new grid"
        )
        assert judge(door, bound(world, evening, LOCAL_MIDNIGHT)) == ADMITTED
        for now in range(LOCAL_MIDNIGHT + HOUR, UTC_MIDNIGHT + 3 * HOUR, HOUR):
            move(door, now)
            first = hour_at(now - 2 * MINUTE)
            wait_for_code(
                door,
                lambda _, first=first: door.check_in.first_hour == first,  # type: ignore[misc]
                "the code of the hour",
            )
            assert judge(door, bound(world, door.check_in, now)) == ADMITTED
        assert door.seed_dates() == [TODAY, "2026-03-18"]


def test_when_daylight_saving_ends_no_hour_is_shown_twice(
    open_page: Visit, venue_page: str
) -> None:
    """2026-10-25 in Berlin: the clock shows 02:00 to 03:00 twice."""
    begin = 1_792_879_200
    town = World(tracing=True, zone="Europe/Berlin", start=begin)
    with serving(town.bundle(begin), begin) as issuer:
        door = Door.of(open_page(now=begin, zone="Europe/Berlin"))
        door.set_up(venue_page, issuer=issuer.origin, root=town.pin, policy="everyone")
        door.show_code("strict", NAME)
        seen = set()
        for now in range(begin + 3 * MINUTE, begin + 6 * HOUR, HOUR):
            move(door, now)
            first = hour_at(now)
            wait_for_code(
                door,
                lambda _, first=first: door.check_in.first_hour == first,  # type: ignore[misc]
                "the code of the hour",
            )
            seen.add(door.check_in.keys[0])
            assert judge(door, bound(town, door.check_in, now)) == ADMITTED
        assert len(seen) == 6


def test_a_seed_is_destroyed_14_days_after_its_date_began(
    door: Door, issuer: BundleServer, world: World
) -> None:
    door.show_code("shown", NAME)
    assert door.seed_dates() == [TODAY]
    end = tracing_ends(TODAY)
    issuer.date = end
    move(door, NOON + DAY)
    wait_until(door.page, lambda: len(door.seed_dates()) == 2, "the seed of the next day")
    move(door, end - 60)
    open_settings(door)
    # The settings ask anew, so all that was asked before has been answered.
    door.page.locator("#trace-form").wait_for()
    close_settings(door)
    assert TODAY in door.seed_dates()
    move(door, end)
    wait_until(door.page, lambda: TODAY not in door.seed_dates(), "the end of the seed")
    assert "2026-03-18" in door.seed_dates()


def test_a_page_that_is_opened_later_destroys_what_has_had_its_time(door: Door) -> None:
    door.show_code("shown", NAME)
    door.show_code("off")
    assert door.seed_dates() == [TODAY]
    set_clock(door.page, tracing_ends(TODAY))
    door.page.reload()
    door.wait_for("scanning")
    wait_until(door.page, lambda: door.seed_dates() == [], "the end of the seeds")
    open_settings(door)
    expect(door.page.locator("#trace-form")).to_be_hidden()


def test_a_page_that_stays_open_destroys_it_within_the_hour(door: Door) -> None:
    door.show_code("shown", NAME)
    door.show_code("off")
    # Timers that go on as ever, while the clock comes close without a jump that is noticed.
    door.page.clock.set_system_time(tracing_ends(TODAY) - 1)
    let_pass(door.page, 10)
    let_pass(door.page, HOUR)
    wait_until(door.page, lambda: door.seed_dates() == [], "the end of the seeds")


@pytest.mark.parametrize("mode", ["shown", "off"])
@pytest.mark.parametrize("is_opened_later", [False, True], ids=["open", "opened-later"])
def test_at_the_sunset_all_seeds_are_destroyed(
    open_page: Visit, venue_page: str, world: World, mode: str, is_opened_later: bool
) -> None:
    sunset = NOON + 2 * HOUR
    world.begin_with_sunset(sunset)
    door = Door.of(open_page(now=NOON))
    with serving(world.bundle(NOON), NOON) as issuer:
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        door.show_code("shown", NAME)
        door.show_code(mode, NAME)
        move(door, sunset - 60)
        open_settings(door)
        # The settings ask anew, so all that was asked before has been answered.
        door.page.locator("#trace-form").wait_for()
        close_settings(door)
        assert door.seed_dates() == [TODAY]
        set_clock(door.page, sunset)
        if is_opened_later:
            door.page.reload()
            door.wait_for("scanning")
        else:
            let_pass(door.page, HOUR)
        wait_until(door.page, lambda: door.seed_dates() == [], "the end of the seeds")
        # None is made for another code.
        let_pass(door.page, HOUR)
        open_settings(door)
        door.page.locator("#facts li").first.wait_for()
        expect(door.page.locator("#trace-form")).to_be_hidden()
        assert door.check_in_text is None
        assert door.seed_dates() == []


# What is kept


def test_a_reload_shows_the_same_code(door: Door) -> None:
    door.show_code("strict", NAME)
    before = door.check_in_text
    door.page.reload()
    door.wait_for("scanning")
    wait_for_code(door, lambda shown: shown == before, "the code of before")
    assert door.attributes["checkIn"] == "strict"
    open_settings(door)
    expect(door.page.locator("#check-in-name")).to_have_value(NAME)


def test_a_name_that_is_no_longer_accepted_leaves_the_door_strict(
    door: Door, issuer: BundleServer, world: World
) -> None:
    door.show_code("strict", NAME)
    change_record(door, "record.checkIn.name = 'turned \\u202eround'")
    issuer.body = world.bundle(NOON)
    door.page.reload()
    door.wait_for("scanning")
    wait_for_version(door, 2)
    wait_for_code(door, bool, "a code")
    assert (door.attributes["checkIn"], door.check_in.name) == ("strict", "")
    assert judge(door, world.code(NOON)) == NOT_BOUND
    # What the newer bundle was stored with is the same.
    door.page.reload()
    door.wait_for("scanning")
    wait_for_code(door, bool, "a code")
    assert (door.attributes["checkIn"], version(door)) == ("strict", 2)


def test_newer_keys_leave_the_choice_as_it_is(
    door: Door, issuer: BundleServer, world: World
) -> None:
    door.show_code("strict", NAME)
    before = door.check_in
    issuer.body = world.bundle(NOON)
    open_settings(door)
    door.page.locator("#update-now").click()
    expect(door.page.locator("#settings-answer")).to_have_text(text("up_to_date"))
    close_settings(door)
    assert door.attributes["checkIn"] == "strict"
    assert door.check_in.keys == before.keys


def test_removing_the_set_up_destroys_the_seeds_and_says_what_that_means(
    door: Door, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door.show_code("shown", NAME)
    before = door.check_in.keys
    open_settings(door)
    page = door.page
    page.locator("#trace-form").wait_for()
    page.locator("#remove").click()
    expect(page.locator("#remove-seeds")).to_have_text(text("remove_seeds"))
    page.locator("#remove-no").click()
    assert door.seed_dates() == [TODAY]
    page.locator("#remove").click()
    page.locator("#remove-yes").click()
    door.wait_for("setup")
    assert door.seed_dates() == []
    assert door.attributes["checkIn"] == "off"
    expect(page.locator("#check-in")).to_be_hidden()
    # Set up again, it is another venue's device.
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    assert door.attributes["checkIn"] == "off"
    door.show_code("shown", NAME)
    assert set(door.check_in.keys).isdisjoint(before)


def test_another_tab_shows_the_same_code_and_loses_it_with_the_set_up(
    door: Door, venue_page: str
) -> None:
    other = Door(door.page.context.new_page())
    other.page.goto(venue_page)
    other.wait_for("scanning")
    door.show_code("strict", NAME)
    wait_for_code(other, lambda shown: shown == door.check_in_text is not None, "the same code")
    open_settings(door)
    door.page.locator("#remove").click()
    door.page.locator("#remove-yes").click()
    other.wait_for("setup")
    let_pass(other.page, 10)
    expect(other.page.locator("#check-in")).to_be_hidden()
    assert door.seed_dates() == []


# Troubles


def test_there_is_no_code_while_no_pass_can_be_checked(
    door: Door, issuer: BundleServer, world: World
) -> None:
    door.show_code("strict", NAME)
    issuer.stop()
    later = NOON + 72 * HOUR
    move(door, later)
    told = door.page.locator("#check-in-fault")
    expect(told).to_have_text(text("check_in_unusable"))
    expect(door.page.locator("#check-in-code")).to_be_hidden()
    expect(door.page.locator("#open-check-in")).to_be_hidden()
    assert door.check_in_text is None
    issuer.body, issuer.date = world.bundle(later), later
    issuer.start()
    let_pass(door.page, HOUR)
    wait_for_code(door, bool, "a code")
    expect(told).to_be_hidden()


def test_a_browser_that_keeps_nothing_shows_no_code(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    for name in ("trust.worker", "presence.worker"):
        own_page.put_before(name, NO_STORAGE)
    seen = open_page(now=NOON)
    door = Door.of(seen)
    door.set_up(own_page.url, issuer=issuer.origin, root=world.pin, policy="everyone")
    open_settings(door)
    door.page.locator("#check-in-mode").select_option("strict")
    door.page.locator("#check-in-save").click()
    expect(door.page.locator("#check-in-fault")).to_have_text(text("check_in_not_kept"))
    close_settings(door)
    assert judge(door, world.code(NOON)) == NOT_BOUND
    assert seen.errors == []


def test_without_the_thread_of_the_keys_the_door_goes_on(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    own_page.put_before("presence.worker", "throw new Error('broken');\n")
    door = Door.of(open_page(now=NOON))
    door.set_up(own_page.url, issuer=issuer.origin, root=world.pin, policy="everyone")
    open_settings(door)
    door.page.locator("#check-in-mode").select_option("shown")
    door.page.locator("#check-in-save").click()
    expect(door.page.locator("#check-in-fault")).to_have_text(text("check_in_failed"))
    close_settings(door)
    assert judge(door, world.code(NOON)) == ADMITTED


def test_a_storage_that_was_cleared_lets_new_keys_be_made(door: Door, world: World) -> None:
    door.show_code("strict", NAME)
    before = door.check_in
    clear_storage(door.page)
    later = NOON + HOUR + 2 * MINUTE
    move(door, later)
    wait_for_code(
        door,
        lambda shown: shown is not None and door.check_in.keys[0] not in before.keys,
        "new keys",
    )
    assert judge(door, bound(world, door.check_in, later)) == ADMITTED


# Without a network


def test_all_of_it_works_without_a_network_and_asks_nobody(
    open_page: Visit, own_server: VenueServer, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    door = Door.of(seen)
    door.set_up(own_server.url, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_until_kept(door)
    own_server.stop()
    issuer.stop()
    seen.context.set_offline(True)
    # A code was never shown with a network, so the thread comes from what is kept.
    door.show_code("strict", NAME)
    assert judge(door, bound(world, door.check_in, NOON)) == ADMITTED
    reload_offline(door)
    door.wait_for("scanning")
    wait_for_code(door, bool, "a code")
    assert judge(door, bound(world, door.check_in, NOON)) == ADMITTED
    _, keys = opened(trace(door, "2026-03-17T12:00", "2026-03-17T13:00"), world)
    assert list(keys) == [hour_at(NOON)]
    assert (seen.errors, seen.violations) == ([], [])


def test_nothing_is_asked_for_while_codes_are_shown_and_hours_saved(
    issuer: BundleServer, world: World, open_page: Visit, venue_page: str
) -> None:
    seen: Watched = open_page(now=NOON)
    door = Door.of(seen)
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_until_kept(door)
    door.page.wait_for_load_state("networkidle")
    wait_until(door.page, lambda: "/healthz" in issuer.asked, "the first update")
    seen.forget()
    issuer.asked.clear()
    door.show_code("strict", NAME)
    assert judge(door, bound(world, door.check_in, NOON)) == ADMITTED
    door.page.locator("#open-check-in").click()
    door.page.keyboard.press("Escape")
    trace(door, "2026-03-17T12:00", "2026-03-17T13:00")
    asked = [url for url in seen.requests if "/assets/icon-" not in url]
    # The thread of the keys comes out of what the browser keeps.
    assert [
        url for url in asked if "/assets/presence.worker-" not in url and url[:5] != "blob:"
    ] == []
    assert issuer.asked == []
    seen.assert_quiet()


# Hours for the authority


def ask_for(door: Door, begin: str, end: str) -> None:
    """Say which hours, as a person does in the settings, in the time of Almaty."""
    page = door.page
    page.locator("#trace-form").wait_for()
    page.locator("#trace-from").fill(begin)
    page.locator("#trace-to").fill(end)
    page.locator("#trace-ask").click()


def trace(door: Door, begin: str, end: str) -> Download:
    """The file that the page saves of these hours."""
    page = door.page
    open_settings(door)
    ask_for(door, begin, end)
    with page.expect_download() as saving:
        page.locator("#trace-yes").click()
    expect(page.locator("#trace-answer")).to_have_text(text("trace_saved"))
    close_settings(door)
    return saving.value


def opened(file: Download, world: World) -> tuple[int, dict[int, bytes]]:
    """The day of the authority's key, and the private keys that it finds in the file."""
    found = parse_trace(Path(file.path()).read_bytes())
    assert found.iss == world.iss
    return found.day, open_trace(found, world.export_key(found.day))


def test_the_authority_opens_the_hours_that_were_named_and_no_others(
    door: Door, world: World
) -> None:
    door.show_code("shown", NAME)
    code = door.check_in
    later = NOON + 3 * HOUR + 10 * MINUTE
    move(door, later)
    file = trace(door, "2026-03-17T12:00", "2026-03-17T14:00")
    assert file.suggested_filename == "trace.json"
    day, keys = opened(file, world)
    assert day == day_at(later)
    assert {at: public_half(key) for at, key in keys.items()} == {
        at: code.key_at(at) for at in (hour_at(NOON), hour_at(NOON) + 1)
    }
    data = Path(file.path()).read_bytes()
    assert NAME not in json.dumps(json.loads(data), ensure_ascii=False)
    with pytest.raises(NotATrace):
        open_trace(parse_trace(data), world.hour_key(hour_at(later)))


def test_the_hours_are_named_and_nothing_is_saved_before_somebody_agrees(door: Door) -> None:
    door.show_code("shown", NAME)
    open_settings(door)
    page, saved = door.page, list[Download]()
    page.on("download", lambda file: saved.append(file))
    ask_for(door, "2026-03-17T04:30", "2026-03-17T12:01")
    question = page.locator("#trace-question")
    expect(question).to_contain_text("17 Mar 2026, 05:00 – 17 Mar 2026, 13:00 (8 h)")
    expect(question).to_contain_text(text("trace_missing_one").format(count=1))
    expect(question).to_contain_text(sentence("trace_consequence"))
    expect(page.locator("#trace-no")).to_be_focused()
    for lang in ("ru", "kk"):
        page.locator("#language").select_option(lang)
        expect(question).to_contain_text(sentence("trace_consequence", lang))
        expect(question).to_contain_text(text("trace_missing_one", lang).format(count=1))
    page.locator("#trace-no").click()
    expect(question).to_be_hidden()
    expect(page.locator("#trace-ask")).to_be_focused()
    assert saved == []


@pytest.mark.parametrize(
    ("begin", "end", "fault"),
    [
        ("", "2026-03-17T12:00", "trace_no_times"),
        ("2026-03-17T12:00", "", "trace_no_times"),
        ("2026-03-17T12:00", "2026-03-17T12:00", "trace_order"),
        ("2026-03-17T12:00", "2026-03-17T11:00", "trace_order"),
        ("2026-03-17T12:00", "2026-03-17T14:00", "trace_not_begun"),
        ("2026-03-16T12:00", "2026-03-16T14:00", "trace_no_seeds"),
    ],
)
def test_hours_that_cannot_be_traced_are_refused(
    door: Door, begin: str, end: str, fault: str
) -> None:
    door.show_code("shown", NAME)
    open_settings(door)
    ask_for(door, begin, end)
    expect(door.page.locator("#trace-answer")).to_have_text(text(fault))
    expect(door.page.locator("#trace-question")).to_be_hidden()
    door.page.locator("#language").select_option("ru")
    expect(door.page.locator("#trace-answer")).to_have_text(text(fault, "ru"))


def test_without_the_authoritys_key_nothing_is_sealed(
    door: Door, issuer: BundleServer, world: World
) -> None:
    door.show_code("shown", NAME)
    day = day_at(NOON)
    answer = door.page.locator("#trace-answer")
    for exports in ([], [{"day": day + 1, "x": LOW_ORDER}]):
        issuer.body = world.bundle(NOON, tracing_exports=exports)
        open_settings(door)
        door.page.locator("#update-now").click()
        expect(door.page.locator("#settings-answer")).to_have_text(text("up_to_date"))
        ask_for(door, "2026-03-17T12:00", "2026-03-17T13:00")
        expect(answer).to_have_text(text("no_authority_key"))
        close_settings(door)
    issuer.body = world.bundle(NOON, tracing_exports=[{"day": day, "x": LOW_ORDER}])
    open_settings(door)
    door.page.locator("#update-now").click()
    expect(door.page.locator("#settings-answer")).to_have_text(text("up_to_date"))
    ask_for(door, "2026-03-17T12:00", "2026-03-17T13:00")
    door.page.locator("#trace-yes").click()
    expect(answer).to_have_text(text("no_authority_key"))


@pytest.mark.parametrize("is_named_before", [False, True], ids=["asked", "named-before"])
@pytest.mark.parametrize(
    ("later", "reason"),
    [
        (NOON - HOUR, "clock_behind"),
        (NOON + 72 * HOUR, "bundle_expired"),
        (NOON + 80 * HOUR, "sunset"),
    ],
)
def test_nothing_is_sealed_by_a_bundle_that_is_of_no_use_at_the_door(
    open_page: Visit,
    venue_page: str,
    world: World,
    later: int,
    reason: str,
    is_named_before: bool,
) -> None:
    world.begin_with_sunset(NOON + 80 * HOUR)
    door, saved = Door.of(open_page(now=NOON)), list[Download]()
    door.page.on("download", lambda file: saved.append(file))
    with serving(world.bundle(NOON), NOON) as issuer:
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        door.show_code("shown", NAME)
        open_settings(door)
        page = door.page
        page.locator("#trace-form").wait_for()
        if is_named_before:
            ask_for(door, "2026-03-17T09:00", "2026-03-17T10:00")
            page.locator("#trace-question").wait_for()
        page.clock.set_fixed_time(later)
        if is_named_before:
            page.locator("#trace-yes").click()
        else:
            ask_for(door, "2026-03-17T09:00", "2026-03-17T10:00")
        for lang in ("en", "ru", "kk"):
            page.locator("#language").select_option(lang)
            told = Refused(Reason(reason), seconds=HOUR).text(Language(lang))
            expect(page.locator("#trace-answer")).to_have_text(told)
        expect(page.locator("#trace-question")).to_be_hidden()
        assert saved == []


def test_hours_can_be_traced_after_the_code_was_taken_down(door: Door, world: World) -> None:
    door.show_code("shown", NAME)
    code = door.check_in
    door.show_code("off")
    expect(door.page.locator("#check-in")).to_be_hidden()
    _, keys = opened(trace(door, "2026-03-17T12:00", "2026-03-17T13:00"), world)
    assert public_half(keys[hour_at(NOON)]) == code.key_at(hour_at(NOON))
    assert date_of(hour_at(NOON)) in door.seed_dates()
