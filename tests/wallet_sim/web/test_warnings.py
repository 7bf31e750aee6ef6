"""Warnings on the card, and what the page of what is held says of visits."""

from collections.abc import Callable
from threading import Event, Thread

import pytest

from schemas.catalogues import sentence
from schemas.encoding import b64url_encode
from schemas.hours import hour_at, tracing_ends
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.languages import Language
from schemas.paths import NOTICES_PATH
from schemas.problems import Problem
from shell.times import local_time
from tests.support.asgi import Reply
from tests.support.issuer_in_memory import OTHER_CODE, Phone
from tests.support.living import live
from tests.support.venue_in_memory import Venue
from tests.support.visitor import Visitor
from tests.support.waiting import PATIENCE
from tests.support.world import NOON, World
from wallet_sim.both import visits_of
from wallet_sim.passes.schedule import QUIET
from wallet_sim.presence import notices
from wallet_sim.presence.state import Visits
from wallet_sim.web.background import look_after
from wallet_sim.web.house import House

EN = Language.EN
FIRST = hour_at(NOON)
TITLE = sentence("notice_title", Language.EN, begins=local_time(NOON), ends=local_time(NOON + HOUR))
DIES = tracing_ends("2026-03-17")


@pytest.fixture
def visited(
    visitor: Visitor,
    activate: Callable[..., None],
    check_in: Callable[..., Reply],
    venue: Venue,
    world: World,
    house: House,
    phone: Phone,
) -> Visitor:
    """Somebody who was at the venue from noon on, and has heard an empty list."""
    activate()
    check_in(venue.code(NOON, bundle=world.accepted(NOON)))
    live(house, phone)
    return visitor


@pytest.fixture
def publish(phone: Phone, house: House) -> Callable[..., None]:
    """Publishes a list, and lets the wallets hear it half a day later."""

    def publish(*notices: object, **overrides: object) -> None:
        phone.clock.now += 12 * HOUR
        phone.issuer.publish_notices(*notices, **overrides)  # type: ignore[arg-type]
        for _ in house.people.all():
            live(house, phone)

    return publish


Publish = Callable[..., None]


def press(visitor: Visitor, page: str, action: str, person: int = 1) -> Reply:
    form = visitor.get(f"/p/{person}{page}").form(f"/p/{person}/{action}")
    return visitor.follow(visitor.post(f"/p/{person}/{action}", form))


# The card


def test_a_match_is_a_warning_at_the_top_of_the_card(
    visited: Visitor, venue: Venue, publish: Publish
) -> None:
    assert 'id="warnings"' not in visited.get("/p/1").html
    publish(venue.notice(FIRST))
    seen = visited.get("/p/1")
    assert 'id="warnings" role="alert"' in seen.html
    assert "! Warning" in seen.text
    assert TITLE in seen.text
    assert f"This warning goes on {local_time(DIES).spelt(EN)}" in seen.text
    assert sentence("notice_advice", Language.EN) in seen.text
    assert seen.html.index('id="warnings"') < seen.html.index('id="who"')


@pytest.mark.parametrize("language", Language)
def test_a_warning_is_told_in_the_readers_language(
    visited: Visitor, venue: Venue, publish: Publish, language: Language
) -> None:
    publish(venue.notice(FIRST))
    seen = visited.get(f"/p/1?lang={language}")
    assert sentence("notice_advice", language) in seen.text


def test_hours_in_a_row_are_one_warning_and_the_advice_stands_once(
    visited: Visitor, venue: Venue, publish: Publish
) -> None:
    publish(*venue.notices(NOON, NOON + 2 * HOUR))
    seen = visited.get("/p/1")
    assert seen.text.count(sentence("notice_advice", Language.EN)) == 1
    assert f"{local_time(NOON).spelt(EN)} – {local_time(NOON + 3 * HOUR).spelt(EN)}" in seen.text


def test_a_place_never_visited_warns_of_nothing(
    visited: Visitor, other_venue: Venue, publish: Publish
) -> None:
    publish(other_venue.notice(FIRST))
    assert 'id="warnings"' not in visited.get("/p/1").html


def test_a_withdrawn_notice_takes_its_warning_away(
    visited: Visitor, venue: Venue, publish: Publish
) -> None:
    publish(venue.notice(FIRST))
    assert 'id="warnings"' in visited.get("/p/1").html
    publish()
    assert 'id="warnings"' not in visited.get("/p/1").html


def test_a_warning_dies_with_its_date(
    visited: Visitor, venue: Venue, publish: Publish, phone: Phone
) -> None:
    publish(venue.notice(FIRST))
    phone.clock.now = DIES - 1
    assert 'id="warnings"' in visited.get("/p/1").html
    phone.clock.now = DIES
    assert 'id="warnings"' not in visited.get("/p/1").html
    assert "No sealed records" in visited.get("/p/1/data").text


def test_a_warning_stands_on_the_card_of_nobody_else(
    visited: Visitor,
    venue: Venue,
    publish: Publish,
    house: House,
    activate: Callable[..., None],
) -> None:
    house.people.add("Child")
    activate(2, OTHER_CODE)
    publish(venue.notice(FIRST))
    assert 'id="warnings"' in visited.get("/p/1").html
    for page in ("", "/data", "/venue"):
        seen = visited.get(f"/p/2{page}")
        assert TITLE not in seen.text
        assert 'id="warnings"' not in seen.html


def test_after_the_sunset_the_visits_go_although_no_page_is_opened(
    visited: Visitor, phone: Phone, house: House, world: World
) -> None:
    file = phone.home / "visits.json"
    held = visits_of(phone.file).load()
    assert held.days
    phone.clock.now = world.accepted(NOON).sunset
    look_after(house)
    look_after(house)
    data = file.read_text()
    assert not any(b64url_encode(record) in data for day in held.days for record in day.records)


def test_a_damaged_file_of_visits_is_told_and_passes_go_on(visited: Visitor, phone: Phone) -> None:
    (phone.home / "visits.json").write_text("{")
    seen = visited.get("/p/1")
    assert "visits.json is damaged" in seen.text
    assert "visits.json is damaged" in visited.get("/p/1/data").text
    assert 'id="code"' in visited.follow(visited.post("/p/1/show", seen.form("/p/1/show"))).html


# The list


def test_the_list_is_asked_for_soon_after_a_person_fetches(
    visited: Visitor, venue: Venue, house: House, phone: Phone
) -> None:
    phone.issuer.publish_notices(venue.notice(FIRST))
    live(house, phone)
    assert 'id="warnings"' not in visited.get("/p/1").html
    press(visited, "", "sync")
    assert house.awake.is_set()
    look_after(house)
    assert 'id="warnings"' in visited.get("/p/1").html


def test_whoever_gets_no_passes_any_more_is_warned_all_the_same(
    visited: Visitor, venue: Venue, publish: Publish, house: House, phone: Phone
) -> None:
    phone.issuer.refuse["/v1/passes"] = Problem.ENDED
    phone.clock.now += DAY
    live(house, phone)
    posted = len(phone.issuer.posted)
    publish(venue.notice(FIRST))
    assert 'id="warnings"' in visited.get("/p/1").html
    assert len(phone.issuer.posted) == posted


def test_whose_entitlement_has_run_out_is_warned_all_the_same(
    visited: Visitor, venue: Venue, publish: Publish, phone: Phone
) -> None:
    phone.clock.now += 8 * DAY
    assert phone.wallet.entitlement is None
    publish(venue.notice(FIRST))
    assert 'id="warnings"' in visited.get("/p/1").html


def test_a_list_that_does_not_come_is_told_where_visits_are_and_not_as_failed_passes(
    visited: Visitor, venue: Venue, publish: Publish, house: House, phone: Phone
) -> None:
    publish(venue.notice(FIRST))
    publish(venue.notice(FIRST), iss="https://evil.example")
    seen = visited.get("/p/1/data")
    assert "The last list of warnings did not come" in seen.text
    assert TITLE in seen.text
    card = visited.get("/p/1")
    assert 'id="warnings"' in card.html
    assert "did not come" not in card.text
    publish(venue.notice(FIRST))
    assert "did not come" not in visited.get("/p/1/data").text


def test_a_list_that_failed_is_asked_for_again_after_an_hour_or_two(
    visited: Visitor, house: House, phone: Phone
) -> None:
    phone.issuer.refuse[NOTICES_PATH] = Problem.NOT_READY
    press(visited, "", "sync")
    look_after(house)
    asked = [request.path for request in phone.issuer.requests].count(NOTICES_PATH)
    phone.issuer.refuse.clear()
    look_after(house)
    assert [request.path for request in phone.issuer.requests].count(NOTICES_PATH) == asked
    live(house, phone, HOUR - 5 * MINUTE)
    assert [request.path for request in phone.issuer.requests].count(NOTICES_PATH) == asked
    live(house, phone, HOUR)
    assert [request.path for request in phone.issuer.requests].count(NOTICES_PATH) == asked + 1


class _Slow:
    """Stands in for the matching of a long list: it takes until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go_on = Event(), Event()

    def __call__(self, *how: object) -> tuple[object, ...]:
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        return _match(*how)  # type: ignore[arg-type]


_match = notices.match


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> _Slow:
    slow = _Slow()
    monkeypatch.setattr(notices, "match", slow)
    return slow


def test_while_a_long_list_is_matched_every_page_and_form_answers(
    visited: Visitor, venue: Venue, house: House, phone: Phone, slow: _Slow
) -> None:
    phone.clock.now += 12 * HOUR
    look_after(house)
    phone.clock.now += QUIET
    phone.issuer.publish_notices(venue.notice(FIRST))
    background = Thread(target=look_after, args=(house,))
    background.start()
    try:
        assert slow.begun.wait(PATIENCE)
        for page in ("", "/data", "/venue"):
            assert visited.get(f"/p/1{page}").status == 200
        assert press(visited, "", "sync").status == 200
        assert 'id="code"' in press(visited, "", "show").html
    finally:
        slow.go_on.set()
        background.join(PATIENCE)
    assert 'id="warnings"' in visited.get("/p/1").html


def test_what_was_erased_while_a_list_was_matched_does_not_come_back(
    visited: Visitor, venue: Venue, house: House, phone: Phone, slow: _Slow
) -> None:
    phone.clock.now += 12 * HOUR
    look_after(house)
    phone.clock.now += QUIET
    phone.issuer.publish_notices(venue.notice(FIRST))
    background = Thread(target=look_after, args=(house,))
    background.start()
    try:
        assert slow.begun.wait(PATIENCE)
        press(visited, "/erase", "erase")
    finally:
        slow.go_on.set()
        background.join(PATIENCE)
    assert not (phone.home / "visits.json").exists()
    assert 'id="warnings"' not in visited.get("/p/1").html


# What is held


def test_what_is_held_of_visits_is_listed_with_its_end(
    visited: Visitor, venue: Venue, publish: Publish, phone: Phone
) -> None:
    seen = visited.get("/p/1/data")
    gone = local_time(DIES).spelt(EN)
    held = f"2026-03-17 (UTC): 8 sealed records, some of them empty; gone on {gone}"
    assert held in seen.text
    assert "Nobody can read from them where and when, not even you" in seen.text
    since, until = (local_time(at)[-5:] for at in (NOON, NOON + 3 * HOUR))
    assert f"A stay is open since {since}; it ends by itself at {until}" in seen.text
    assert f"List of {local_time(NOON).spelt(EN)}, hours in it: 0" in seen.text
    assert "qupia-wallet" not in seen.text
    publish(venue.notice(FIRST))
    assert f"{TITLE}. This warning goes on" in visited.get("/p/1/data").text


def test_before_any_list_came_that_is_said(visitor: Visitor, activate: Callable[..., None]) -> None:
    activate()
    assert "No list of warnings has come yet" in visitor.get("/p/1/data").text


@pytest.mark.parametrize("how", ["end", "erase"])
def test_ending_and_erasing_take_the_visits_along(
    visited: Visitor, venue: Venue, publish: Publish, phone: Phone, how: str
) -> None:
    publish(venue.notice(FIRST))
    press(visited, f"/{how}", how)
    assert not (phone.home / "visits.json").exists()
    assert visits_of(phone.file).load() == Visits()
    assert 'id="warnings"' not in visited.get("/p/1").html


def test_a_person_is_not_removed_while_warnings_could_still_come(
    visitor: Visitor,
    activate: Callable[..., None],
    check_in: Callable[..., Reply],
    venue: Venue,
    world: World,
    house: House,
    phone: Phone,
) -> None:
    child = house.people.add("Child")
    activate(2, OTHER_CODE)
    check_in(venue.code(NOON, bundle=world.accepted(NOON)), person=2)
    phone.clock.now += 8 * DAY
    assert "not empty" in press(visitor, "/name", "remove", person=2).text
    press(visitor, "/erase", "erase", person=2)
    folder = house.people.file(child).home
    press(visitor, "/name", "remove", person=2)
    assert not folder.exists()
