"""What the page trusts and for how long: updates, clocks, storage and other tabs, in a browser."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Request, expect

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault
from schemas.durations import duration_text
from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.presentation import slot_at
from schemas.refusals import Reason, Refused
from tests.support.browser import Visit, clear_storage, let_pass, set_clock, wait_until
from tests.support.bundle_server import BundleServer, serving
from tests.support.door import ADMITTED, Door, Verdict, setup_link
from tests.support.hostile_answers import hostile_bundles
from tests.support.kept_page import FULL_STORAGE, NO_STORAGE, change_record, fill_storage, stored
from tests.support.notices import (
    close_settings,
    facts,
    fault_text,
    network_is_back,
    notices,
    open_settings,
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
from tests.support.world import NOON, World

UP_TO_DATE = text("up_to_date")


@pytest.fixture
def door(open_page: Visit, venue_page: str, issuer: BundleServer, world: World) -> Door:
    """Set up at noon with the first bundle."""
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_comparison(door)
    return door


@pytest.fixture
def own_page(tmp_path: Path) -> Iterator[PageFolder]:
    """The page from a folder that the test may change."""
    with page_folder(tmp_path) as page:
        yield page


def wait_for_comparison(door: Door) -> None:
    """The first update has come to its end."""
    unknown = sentence("clock_unknown")

    def is_compared() -> bool:
        told = facts(door)
        return bool(told) and unknown not in told

    wait_until(door.page, is_compared, "the first update")


def admits(door: Door, world: World, now: int = NOON) -> bool:
    return decide(door, world.code(now)) == ADMITTED


def refusal(door: Door, code: str) -> str | None:
    return decide(door, code).reason


def decide(door: Door, code: str) -> Verdict:
    """Pasted, which takes less time than keys."""
    before = len(door.verdicts())
    door.paste(code)
    verdict = door.next_verdict(before)
    door.dismiss()
    return verdict


# Updates


def test_the_age_of_the_keys_shows_and_old_ones_say_so(
    door: Door, issuer: BundleServer, world: World
) -> None:
    assert notices(door) == [sentence("keys_fresh", hours=0)]
    issuer.date = NOON + 25 * HOUR
    let_pass(door.page, 25 * HOUR)
    wait_for_notice(door, sentence("keys_old", hours=25, left=46))
    assert admits(door, world, NOON + 25 * HOUR)
    issuer.body = world.bundle(NOON + 25 * HOUR)
    issuer.date += HOUR
    let_pass(door.page, HOUR)
    wait_for_notice(door, sentence("keys_fresh", hours=1))


def test_what_an_issuer_must_not_serve_changes_nothing(
    door: Door, issuer: BundleServer, world: World
) -> None:
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    for name, (fault, data) in hostile_bundles(world, NOON).items():
        issuer.body = data
        assert (name, update(door)) == (name, fault_text(fault))
        failed = f"{text('last_update_failed')} {fault_text(fault)}"
        assert notices(door) == [sentence("keys_fresh", hours=0), failed]
        assert version(door) == 2
    assert admits(door, world)


@pytest.mark.parametrize("lang", ["kk", "ru"])
def test_a_failed_update_is_told_in_the_language_of_the_door(
    lang: str, open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone", lang=lang)
    issuer.body = world.bundle(NOON, batch_size=9)
    network_is_back(door)
    told = fault_text(BundleFault.PIN_CHANGED, lang)
    wait_for_notice(door, f"{text('last_update_failed', lang)} {told}")


def test_two_bundles_of_one_version_are_kept_as_evidence(
    door: Door, issuer: BundleServer, world: World, tmp_path: Path
) -> None:
    button = door.page.locator("#save-evidence")
    one, other = issuer.body, world.bundle(NOON + 1, version=1)
    issuer.body = other
    open_settings(door)
    assert button.is_hidden()
    door.page.locator("#update-now").click()
    button.wait_for()
    with door.page.expect_download() as saving:
        button.click()
    assert saving.value.suggested_filename == "evidence.json"
    (pair,) = json.loads(Path(saving.value.path()).read_text())["pairs"]
    assert pair == {"fault": "split_view", "held": one.decode(), "offered": other.decode()}
    close_settings(door)
    assert admits(door, world)


def test_a_page_asks_for_no_more_than_it_needs_and_tells_nothing(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    seen = open_page(now=NOON)
    asked: list[tuple[str, str]] = []

    def note(one: Request) -> None:
        if one.url.startswith(issuer.origin):
            asked.append((one.method, one.url))

    seen.context.on("request", note)
    # Another header in the value of this one: what an issuer might try.
    issuer.content_type = "application/jose\r\nSet-Cookie: venue=1; SameSite=None; Secure"
    door = Door.of(seen)
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_comparison(door)
    bundle, health = issuer.origin + TRUST_BUNDLE_PATH, f"{issuer.origin}/healthz"
    assert asked == [("GET", bundle), ("GET", health), ("HEAD", bundle)]
    issuer.body = world.bundle(NOON)
    asked.clear()
    assert update(door) == UP_TO_DATE
    assert asked == [("GET", health), ("HEAD", bundle), ("GET", bundle)]
    asked.clear()
    assert update(door) == UP_TO_DATE
    assert asked == [("GET", health), ("HEAD", bundle)]
    telling = {"cookie", "referer", "if-none-match", "if-modified-since", "authorization"}
    assert [headers for headers in issuer.headers if telling & headers.keys()] == []
    assert seen.context.cookies() == []
    seen.assert_quiet()


def test_a_redirect_is_not_followed(door: Door, issuer: BundleServer, world: World) -> None:
    with serving(world.bundle(NOON), NOON) as elsewhere:
        issuer.status, issuer.location = 302, elsewhere.origin + TRUST_BUNDLE_PATH
        assert update(door) == text("unreachable")
        assert elsewhere.asked == []
    assert admits(door, world)


def test_an_issuer_that_says_what_is_wrong_is_quoted(door: Door, issuer: BundleServer) -> None:
    issuer.status, issuer.body = 503, b'{"code":"not_ready"}'
    assert update(door) not in ("", UP_TO_DATE, text("unreachable"), text("not_an_issuer"))
    issuer.body = b"<html>Bad gateway</html>"
    assert update(door) == text("not_an_issuer")


def test_an_answer_without_an_end_is_too_large(
    open_page: Visit, venue_page: str, world: World, issuer: BundleServer
) -> None:
    door = Door.of(open_page(now=NOON))
    with endless() as origin:
        door.page.goto(setup_link(venue_page, issuer=origin, root=world.pin))
        door.wait_for("setup", fault="too_large")


def test_the_largest_bundle_is_judged_beside_the_door(
    door: Door, issuer: BundleServer, world: World
) -> None:
    issuer.body = padded(world)
    assert len(issuer.body) == BUNDLE_LIMIT
    network_is_back(door)
    for _ in range(3):
        assert admits(door, world)
    wait_for_version(door, world.version)
    assert admits(door, world)


def test_a_full_grid_of_birthdays_is_taken(open_page: Visit, venue_page: str) -> None:
    world = World(hint="day")
    door = Door.of(open_page(now=NOON))
    with serving(padded(world), NOON) as issuer:
        assert len(issuer.body) > BUNDLE_LIMIT - 4
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        assert admits(door, world)


def test_an_issuer_that_hangs_keeps_nobody_waiting(
    door: Door, issuer: BundleServer, world: World
) -> None:
    asked = len(issuer.asked)
    issuer.hang()
    issuer.body = world.bundle(NOON)
    network_is_back(door)
    wait_until(door.page, lambda: len(issuer.asked) > asked)
    for _ in range(3):
        assert admits(door, world)
    assert version(door) == 1
    issuer.go_on()
    wait_for_version(door, 2)


def test_what_is_chosen_during_a_slow_update_stays(
    door: Door, issuer: BundleServer, world: World, tmp_path: Path
) -> None:
    newer = tmp_path / "newer.jws"
    newer.write_bytes(world.bundle(NOON))
    asked = len(issuer.asked)
    issuer.hang()
    network_is_back(door)
    wait_until(door.page, lambda: len(issuer.asked) > asked)
    open_settings(door)
    door.page.locator("#load-keys").set_input_files(newer)
    wait_for_version(door, 2)
    door.page.locator("#venue-kind").select_option("first-only")
    close_settings(door)
    wait_until(door.page, lambda: heading(door) == "first-only")
    issuer.stop()
    wait_for_notice(door, f"{text('last_update_failed')} {text('unreachable')}")
    assert version(door) == 2
    assert heading(door) == "first-only"
    assert refusal(door, world.code(NOON, status="blue")) == "status_not_admitted"


def test_a_set_up_that_is_removed_during_a_slow_update_stays_removed(
    door: Door, issuer: BundleServer, world: World
) -> None:
    issuer.body = world.bundle(NOON)
    asked = len(issuer.asked)
    issuer.hang()
    network_is_back(door)
    wait_until(door.page, lambda: len(issuer.asked) > asked)
    remove_set_up(door)
    issuer.go_on()
    wait_until(door.page, lambda: len(issuer.asked) > asked + 1)
    door.page.wait_for_load_state("networkidle")
    assert door.state == "setup"
    assert stored(door) == []


def test_a_kind_of_venue_that_disappears_admits_nobody(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="no-hint")
    world.policies.pop()
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    wait_for_notice(door, text("venue_kind_gone"))
    assert refusal(door, world.code(NOON)) == "status_not_admitted"
    open_settings(door)
    door.page.locator("#venue-kind").select_option("everyone")
    close_settings(door)
    wait_for_no_notice(door, text("venue_kind_gone"))
    assert admits(door, world)


def test_a_key_is_retired_from_the_next_scan_on(
    door: Door, issuer: BundleServer, world: World
) -> None:
    before = world.issue(NOON)
    world.retire(before.window)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    assert refusal(door, world.show(before, slot_at(NOON))) == "key_retired"
    assert admits(door, world)


def test_a_root_is_followed_and_the_one_before_is_not_gone_back_to(
    door: Door, issuer: BundleServer, world: World
) -> None:
    before = world.bundle(NOON)
    world.rotate_root(NOON)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    assert version(door) == 1
    issuer.body = before
    assert update(door) == fault_text(BundleFault.ROLLBACK)
    assert admits(door, world)


def test_a_log_begun_anew_is_told_until_a_person_has_read_it(
    door: Door, issuer: BundleServer, world: World
) -> None:
    world.replace_log(NOON, is_lost=True)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    wait_for_notice(door, sentence("log_replaced"))
    open_settings(door)
    door.page.locator("#warnings-read").click()
    door.page.locator("#warnings-read").wait_for(state="hidden")
    close_settings(door)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    assert sentence("log_replaced") not in (door.page.locator("#notices").text_content() or "")


def test_a_training_issuer_is_named_and_admits_nobody(open_page: Visit, venue_page: str) -> None:
    world = World(specimen=True)
    door = Door.of(open_page(now=NOON))
    with serving(world.bundle(NOON), NOON) as issuer:
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        wait_for_notice(door, sentence("training"))
        assert refusal(door, world.code(NOON)) == "specimen"


def test_the_end_of_the_system_is_told_while_the_page_is_open(
    open_page: Visit, venue_page: str, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    world.move_sunset(NOON + HOUR, NOON)
    with serving(world.bundle(NOON), NOON) as issuer:
        door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
        assert admits(door, world)
        let_pass(door.page, HOUR)
        wait_for_notice(door, reason_text("sunset"))
        assert refusal(door, world.code(NOON + HOUR)) == "sunset"


# The clock


def test_a_clock_that_is_set_back_and_forward_is_believed_at_once(door: Door, world: World) -> None:
    code = world.code(NOON)
    set_clock(door.page, NOON - 10 * 60)
    assert refusal(door, code) == "clock_behind"
    set_clock(door.page, NOON + 80 * HOUR)
    assert refusal(door, code) == "bundle_expired"
    set_clock(door.page, NOON + 5)
    assert admits(door, world)


def test_the_clock_may_be_two_minutes_behind_the_bundle(door: Door, world: World) -> None:
    door.page.clock.set_fixed_time(NOON - 120)
    assert admits(door, world, NOON - 120)
    door.page.clock.set_fixed_time(NOON - 121)
    assert refusal(door, world.code(NOON - 121)) == "clock_behind"
    let_pass(door.page, 5)
    [first, *_] = notices(door)
    assert first.startswith(reason_text("clock_behind").partition("{")[0])


@pytest.mark.parametrize("seconds", [-40, 300])
def test_a_wrong_clock_is_told_with_its_difference(
    seconds: int, open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON + 600))
    door.page.clock.set_fixed_time(NOON + 600)
    issuer.date = NOON + 600 - seconds
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    name = "clock_ahead" if seconds > 0 else "clock_behind"
    # The thread that asks has a clock that goes on.
    near = {
        sentence(name, difference=duration_text(abs(seconds) + by, Language.EN))
        for by in (-1, 0, 1)
    }
    wait_until(door.page, lambda: bool(near & set(notices(door))), "a warning")
    assert near & set(facts(door))


def test_a_clock_that_is_behind_by_an_hour_is_told_once_and_with_its_time_zone(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON - HOUR))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_comparison(door)
    told = Refused(Reason.CLOCK_BEHIND, seconds=HOUR).text(Language.EN)
    assert "1 hour behind" in told and sentence("clock_zone") in told
    assert notices(door) == [told]


@pytest.mark.parametrize(("ahead", "is_taken"), [(HOUR, True), (96 * HOUR, False)])
def test_a_set_up_with_a_wrong_clock_says_so(
    ahead: int,
    is_taken: bool,
    open_page: Visit,
    venue_page: str,
    issuer: BundleServer,
    world: World,
) -> None:
    page = open_page(now=NOON + ahead).page
    page.goto(venue_page)
    page.locator("#setup-url").fill(issuer.origin)
    page.locator("#setup-root").fill(world.pin)
    page.locator("#setup-form").get_by_role("button", name=text("get_keys")).click()
    told = page.locator("#venue-clock" if is_taken else "#alert")
    expect(told).to_contain_text("1 hour ahead" if is_taken else "4 days ahead")


def test_a_clock_that_is_nearly_right_is_no_reason_to_warn(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    issuer.date = NOON - 20
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_comparison(door)
    assert notices(door) == [sentence("keys_fresh", hours=0)]
    right = sentence("clock_right", difference="0").partition("0")[0]
    assert [line for line in facts(door) if line.startswith(right)]


def test_a_clock_that_is_put_right_is_compared_anew_by_itself(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON + HOUR))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_until(door.page, lambda: len(notices(door)) == 2, "a warning")
    set_clock(door.page, NOON)
    let_pass(door.page, 5)
    wait_until(door.page, lambda: len(notices(door)) == 1, "the end of the warning")
    wait_for_comparison(door)


def test_a_date_that_cannot_be_stops_nobody(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    issuer.date = 0
    door = Door.of(open_page(now=NOON))
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_until(door.page, lambda: len(notices(door)) == 2, "a warning")
    assert admits(door, world)


# Storage


def test_a_storage_that_is_cleared_while_the_page_is_open_is_filled_again(
    door: Door, world: World
) -> None:
    clear_storage(door.page)
    assert stored(door) == []
    assert admits(door, world)
    # The service worker goes with the storage; the page starts the thread anew that was under it.
    assert update(door) == UP_TO_DATE
    assert text("not_kept") not in notices(door)
    door.page.reload()
    door.wait_for("scanning")
    assert admits(door, world)


def test_a_storage_that_was_cleared_before_a_start_is_explained(door: Door) -> None:
    clear_storage(door.page)
    door.page.reload()
    door.wait_for("setup")
    assert door.page.get_by_text(text("setup_was_there")).is_visible()


def test_a_browser_that_stores_nothing_keeps_the_door_while_it_is_open(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    own_page.put_before("trust.worker", NO_STORAGE)
    seen = open_page(now=NOON)
    seen.context.add_init_script(NO_STORAGE)
    door = Door.of(seen)
    door.set_up(own_page.url, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_notice(door, text("not_kept"))
    assert admits(door, world)
    issuer.body = world.bundle(NOON)
    for _ in range(2):
        assert update(door) == UP_TO_DATE
        assert version(door) == 2
    issuer.body = world.bundle(NOON, version=1)
    assert update(door) == UP_TO_DATE
    assert version(door) == 2
    assert text("not_kept") in notices(door)
    assert seen.errors == []


def test_a_full_storage_does_not_bring_old_keys_back(
    open_page: Visit, own_page: PageFolder, issuer: BundleServer, world: World
) -> None:
    own_page.put_before("trust.worker", FULL_STORAGE)
    door = Door.of(open_page(now=NOON))
    door.set_up(own_page.url, issuer=issuer.origin, root=world.pin, policy="everyone")
    wait_for_comparison(door)
    before = world.issue(NOON)
    world.retire(before.window)
    issuer.body = world.bundle(NOON)
    fill_storage(door, True)
    for _ in range(2):
        assert update(door) == UP_TO_DATE
        assert version(door) == 2
        assert text("storage_full") in notices(door)
    assert refusal(door, world.show(before, slot_at(NOON))) == "key_retired"
    fill_storage(door, False)
    assert update(door) == UP_TO_DATE
    assert text("storage_full") not in notices(door)
    door.page.reload()
    door.wait_for("scanning")
    assert version(door) == 2


DAMAGES = [
    "record.data[record.data.length >> 1] ^= 1",
    "record.data = record.data.slice(9)",
    "delete record.data",
    "delete record.state",
    "record.state.anchor = 'A'.repeat(43)",
    "record.state.digest = 'A'.repeat(43)",
    "record.format = 'none'",
    "record.checkIn = {mode: 'open', name: ''}",
    "record.checkIn = {mode: 'strict'}",
    "record.checkIn = null",
]


def test_a_damaged_record_is_told_and_repaired_by_the_same_set_up(
    door: Door, venue_page: str, issuer: BundleServer, world: World
) -> None:
    link = setup_link(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    for damage in DAMAGES:
        change_record(door, damage)
        door.page.reload()
        door.wait_for("setup", fault="damaged")
        assert door.page.locator("#alert").text_content() == text("damaged")
        door.page.goto(link)
        door.wait_for("scanning")
        assert "fault" not in door.attributes
        # An update that is under way would mend the next damage before it is seen.
        wait_for_comparison(door)
    door.page.reload()
    door.wait_for("scanning")
    assert admits(door, world)


def test_removing_the_set_up_removes_all_of_it_after_a_question(
    door: Door, venue_page: str, issuer: BundleServer, world: World
) -> None:
    first = issuer.body
    issuer.body = world.bundle(NOON + 1, version=1)
    assert update(door) == fault_text(BundleFault.SPLIT_VIEW)
    assert stored(door) == ["evidence", "venue"]
    open_settings(door)
    door.page.locator("#remove").click()
    door.page.locator("#remove-no").click()
    close_settings(door)
    assert door.state == "scanning"
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    remove_set_up(door)
    door.wait_for("setup")
    wait_until(door.page, lambda: stored(door) == [])
    issuer.body = first
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    assert version(door) == 1


# Tabs


def test_one_tab_at_a_time_checks_visitors(door: Door, venue_page: str, world: World) -> None:
    other = another_tab(door, venue_page)
    wait_until(door.page, lambda: is_elsewhere(door), "the first tab's rest")
    assert not is_elsewhere(other)
    door.page.locator("#scan-here").click()
    wait_until(other.page, lambda: is_elsewhere(other), "the second tab's rest")
    assert not is_elsewhere(door)
    # Whoever scans in a tab means that tab.
    assert admits(other, world)
    wait_until(door.page, lambda: is_elsewhere(door), "the first tab's rest")


def test_a_tab_in_the_background_takes_no_other_tabs_place(
    door: Door, venue_page: str, world: World
) -> None:
    other = Door(door.page.context.new_page())
    other.page.add_init_script("Object.defineProperty(document, 'hidden', {get: () => true});")
    other.page.goto(venue_page)
    wait_for_comparison(other)
    assert not is_elsewhere(door)
    assert admits(door, world)


def test_what_one_tab_learns_all_tabs_trust(
    door: Door, venue_page: str, issuer: BundleServer, world: World
) -> None:
    before = world.issue(NOON)
    other = another_tab(door, venue_page)
    older = world.bundle(NOON)
    world.retire(before.window)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    wait_for_version(other, 3)
    assert refusal(other, world.show(before, slot_at(NOON))) == "key_retired"
    issuer.body = older
    assert update(other) == UP_TO_DATE
    assert version(other) == 3


def test_a_root_that_one_tab_follows_all_tabs_follow(
    door: Door, venue_page: str, issuer: BundleServer, world: World
) -> None:
    before = world.issue(NOON)
    other = another_tab(door, venue_page)
    world.retire(before.window)
    world.rotate_root(NOON)
    issuer.body = world.bundle(NOON)
    assert update(door) == UP_TO_DATE
    wait_until(door.page, lambda: refusal_of_pass(other, world, before) == "key_retired")


def test_a_tab_that_is_set_up_scans_and_the_others_follow(
    open_page: Visit, venue_page: str, issuer: BundleServer, world: World
) -> None:
    door = Door.of(open_page(now=NOON))
    door.page.goto(venue_page)
    door.wait_for("setup")
    other = another_tab(door, venue_page, state="setup")
    door.set_up(venue_page, issuer=issuer.origin, root=world.pin, policy="everyone")
    other.wait_for("scanning")
    assert is_elsewhere(other)
    assert not is_elsewhere(door)


def test_a_set_up_that_is_removed_is_removed_in_all_tabs(
    door: Door, venue_page: str, world: World
) -> None:
    other = another_tab(door, venue_page)
    open_settings(other)
    remove_set_up(door)
    door.wait_for("setup")
    other.wait_for("setup")
    assert other.page.locator("dialog[open]").count() == 0
    assert stored(door) == []
    for one in (door, other):
        one.page.reload()
        one.wait_for("setup")


# Helpers


def heading(door: Door) -> str | None:
    return door.page.locator("#heading").text_content()


def is_elsewhere(door: Door) -> bool:
    told = door.page.locator("#hint").text_content() == text("other_tab")
    assert door.page.locator("#scan-here").is_visible() is told
    return told


def another_tab(door: Door, url: str, *, state: str = "scanning") -> Door:
    other = Door(door.page.context.new_page())
    other.page.goto(url)
    other.wait_for(state)
    return other


def refusal_of_pass(door: Door, world: World, a_pass: Any) -> str | None:
    return refusal(door, world.show(a_pass, slot_at(NOON)))


def remove_set_up(door: Door) -> None:
    open_settings(door)
    door.page.locator("#remove").click()
    door.page.locator("#remove-yes").click()
    door.wait_for("setup")


def padded(world: World) -> bytes:
    """A bundle of the greatest size; its padding means nothing."""
    payload = world.payload(NOON)
    room = BUNDLE_LIMIT - len(world.sign(payload | {"padding": ""}))
    data = world.sign(payload | {"padding": "x" * (room * 3 // 4 - 1024)})
    # The proof's length is known when it is made, and white space after it is ignored.
    return data.ljust(BUNDLE_LIMIT, b"\n")


@contextmanager
def endless() -> Iterator[str]:
    """An issuer whose bundle has no end; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Endless)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Endless(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response_only(200)
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"a" * 65536)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass
