"""Scan, then show: checked in by the form alone, and a pass that works at that venue only."""

import json
from collections.abc import Callable

import pytest

from schemas.bundle import TrustBundle
from schemas.check_in import parse_check_in
from schemas.encoding import b64url_encode
from schemas.kinds import HOUR, MINUTE
from schemas.refusals import Reason, Refused
from shell.times import local_time
from tests.support.asgi import Reply
from tests.support.issuer_in_memory import OTHER_CODE, Phone
from tests.support.venue_in_memory import Venue
from tests.support.visitor import Visitor
from tests.support.world import NOON, World
from verifier.door.verification import Venue as Door
from verifier.door.verification import verify
from wallet_sim.both import check_out_here, visits_of
from wallet_sim.presence.state import Visits
from wallet_sim.web.background import look_after
from wallet_sim.web.house import House

CheckIn = Callable[..., Reply]

UNTIL = local_time(NOON + 3 * HOUR)[-5:]
"""When a stay that begins at noon ends by itself, on the clock of whoever reads it."""


@pytest.fixture
def ready(visitor: Visitor, activate: Callable[..., None], phone: Phone) -> Visitor:
    """With three fresh passes, and without an issuer from now on."""
    activate()
    phone.issuer.unreachable = True
    return visitor


@pytest.fixture
def bundle(world: World) -> TrustBundle:
    return world.accepted(NOON)


@pytest.fixture
def code(venue: Venue, bundle: TrustBundle) -> str:
    """What the venue shows at noon, for four hours."""
    return venue.code(NOON, bundle=bundle)


def press(visitor: Visitor, page: str, action: str, **fields: str) -> Reply:
    """Send a form of one of the first person's pages."""
    form = visitor.get(f"/p/1{page}").form(f"/p/1/{action}")
    return visitor.follow(visitor.post(f"/p/1/{action}", form | fields))


def visits(phone: Phone) -> Visits:
    return visits_of(phone.file).load()


def fresh(phone: Phone) -> int:
    batch = phone.wallet.batch_at(phone.clock())
    return len(batch.fresh) if batch is not None else 0


def shown(house: House, phone: Phone) -> str:
    """The code that is on the first person's page now."""
    stage = house.on_stage(house.people.all()[0])
    assert stage is not None
    return stage.present(phone.clock())


def judge(text: str, venue: Venue, bundle: TrustBundle, now: int) -> Reason | None:
    """What the strict door of ``venue`` says to a code; None where it admits."""
    code = parse_check_in(venue.code(now - 2 * MINUTE, bundle=bundle))
    door = Door(code.bindings(), strict=True)
    try:
        verify(text, bundle=bundle, policy=bundle.policies[0], now=now, venue=door)
    except Refused as refused:
        return refused.reason
    return None


# Checking in


def test_the_code_checks_in_and_its_name_is_shown_as_nothing_more_than_that(
    ready: Visitor, check_in: CheckIn, code: str, venue: Venue, phone: Phone
) -> None:
    seen = check_in(code)
    assert venue.name in seen.text
    assert "Nobody has checked the name" in seen.text
    assert f"checked in until {UNTIL}" in seen.text
    assert "split-view" not in seen.html
    stay = visits(phone).stay
    assert stay is not None
    assert (stay.began, stay.until) == (NOON, NOON + 3 * HOUR)


def test_a_code_without_a_name_says_so(
    ready: Visitor, check_in: CheckIn, venue: Venue, bundle: TrustBundle
) -> None:
    assert "The code names no venue" in check_in(venue.code(NOON, bundle=bundle, name="")).text


def test_a_name_is_escaped(
    ready: Visitor, check_in: CheckIn, venue: Venue, bundle: TrustBundle
) -> None:
    seen = check_in(venue.code(NOON, bundle=bundle, name="<b>Café</b>"))
    assert "<b>" not in seen.html
    assert "<b>Café</b>" in seen.text


def test_a_name_is_shown_that_this_version_of_unicode_does_not_know(
    ready: Visitor, check_in: CheckIn, venue: Venue, bundle: TrustBundle
) -> None:
    seen = check_in(venue.code(NOON, bundle=bundle, name="Кафе \U0001fae8"))
    assert "Кафе \U0001fae8" in seen.text


def test_a_venue_that_sees_other_keys_is_told_loudly(
    ready: Visitor, check_in: CheckIn, venue: Venue
) -> None:
    seen = check_in(venue.code(NOON))
    assert 'id="split-view" role="alert">! This venue sees other keys' in seen.html


def test_white_space_around_a_pasted_code_is_forgiven(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(f" \r\n{code}\r\n")
    assert visits(phone).stay is not None


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("page", ["/venue", "/here", "/frame", "/checkout"])
def test_looking_checks_nobody_in(ready: Visitor, phone: Phone, page: str, method: str) -> None:
    before = visits(phone)
    ready.send(method, f"/p/1{page}", headers={"sec-purpose": "prefetch"})
    assert visits(phone) == before


@pytest.mark.parametrize(
    ("hours", "text", "told"),
    [
        (0, "", "no check-in code"),
        (0, "QV1:ABC", "no check-in code"),
        (0, "QP1:ABC", "no check-in code"),
        (4, None, "This code worked until"),
        (-1, None, "This code begins at"),
    ],
)
def test_what_is_no_code_for_now_is_told_and_changes_nothing(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    phone: Phone,
    hours: int,
    text: str | None,
    told: str,
) -> None:
    phone.clock.now += hours * HOUR
    before = visits(phone)
    seen = check_in(code if text is None else text)
    assert (seen.status, visits(phone)) == (400, before)
    assert told in seen.text
    assert 'data-starts=""' in seen.html
    assert "qupia-wallet" not in seen.text


def test_a_wrong_code_leaves_whoever_is_checked_in_where_they_are(
    ready: Visitor, check_in: CheckIn, code: str, venue: Venue
) -> None:
    check_in(code)
    check_in("QV1:ABC")
    assert venue.name in ready.get("/p/1/here").text


def test_without_keys_of_the_authority_nothing_is_sealed(
    visitor: Visitor,
    activate: Callable[..., None],
    check_in: CheckIn,
    code: str,
    phone: Phone,
) -> None:
    phone.issuer.publish(tracing=[])
    activate()
    assert "nothing was sealed. Fetch passes in the wallet" in check_in(code).text
    assert visits(phone).days == ()


def test_an_empty_wallet_cannot_check_in_and_does_not_offer_it(
    visitor: Visitor, check_in: CheckIn, code: str
) -> None:
    assert "/venue" not in visitor.get("/p/1").html
    assert "This wallet is empty" in check_in(code).text


# Twice


def test_a_double_click_a_reload_and_the_way_back_check_in_once(
    ready: Visitor, code: str, phone: Phone
) -> None:
    form = ready.get("/p/1/venue").form("/p/1/venue") | {"code": code}
    ready.post("/p/1/venue", form)
    once = visits(phone)
    phone.clock.now += 10 * MINUTE
    assert ready.post("/p/1/venue", form).header("location") == "/p/1/here"
    for page in ("/here", "/venue", "/here"):
        ready.get(f"/p/1{page}")
    assert visits(phone) == once


def test_a_code_that_the_camera_reads_twice_checks_in_once(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(code)
    once = visits(phone)
    phone.clock.now += 10 * MINUTE
    assert "checked in until" in check_in(code).text
    assert visits(phone) == once


def test_in_the_next_hour_the_same_code_makes_the_stay_longer(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(code)
    phone.clock.now += HOUR
    check_in(code)
    stay = visits(phone).stay
    assert stay is not None
    assert stay.until == NOON + 4 * HOUR


def test_the_camera_starts_by_itself_only_where_nobody_is_checked_in(
    ready: Visitor, check_in: CheckIn, code: str
) -> None:
    assert 'data-starts="yes"' in ready.get("/p/1/venue").html
    check_in(code)
    seen = ready.get("/p/1/venue")
    assert 'data-starts=""' in seen.html
    assert f"checked in until {UNTIL}" in seen.text
    assert 'href="/p/1/here"' in seen.html


# A pass for this venue


def test_a_pass_shown_here_works_here_and_nowhere_else(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    other_venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    check_in(code)
    seen = press(ready, "/here", "show")
    assert "works only at the venue whose code you scanned" in seen.text
    assert fresh(phone) == 3
    text = shown(house, phone)
    assert judge(text, venue, bundle, NOON) is None
    assert judge(text, other_venue, bundle, NOON) is Reason.BAD_PROOF


def test_a_pass_shown_without_check_in_is_bound_to_nothing(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    check_in(code)
    seen = press(ready, "", "show")
    assert judge(shown(house, phone), venue, bundle, NOON) is Reason.NOT_BOUND
    assert 'href="/p/1/venue">The venue asks to scan its code first' in seen.html


def test_looking_and_going_back_take_no_pass_and_a_double_click_one(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    form = check_in(code).form("/p/1/show")
    ready.get("/p/1/here")
    assert fresh(phone) == 4
    for _ in range(2):
        assert 'id="code"' in ready.follow(ready.post("/p/1/show", form)).html
    ready.get("/p/1/here")
    assert fresh(phone) == 3


def test_the_proof_is_of_the_next_hour_when_the_hour_turns(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    check_in(code)
    phone.clock.now = NOON + HOUR - MINUTE
    press(ready, "/here", "show")
    drawn = set()
    for now in range(NOON + HOUR - MINUTE, NOON + HOUR + 2 * MINUTE, 30):
        phone.clock.now = now
        drawn.add(json.loads(ready.get("/p/1/code.json").html)["drawn"])
        assert judge(shown(house, phone), venue, bundle, now) is None
    assert len(drawn) == 6


def test_when_the_hours_of_the_code_are_over_the_page_asks_to_scan_again(
    ready: Visitor, check_in: CheckIn, venue: Venue, bundle: TrustBundle, phone: Phone
) -> None:
    phone.clock.now = NOON + HOUR - MINUTE
    form = check_in(venue.code(NOON, hours=1, bundle=bundle)).form("/p/1/show")
    seen = press(ready, "/here", "show")
    assert "hours of the venue's code are over. Scan the one it shows now" in seen.text
    assert json.loads(ready.get("/p/1/code.json").html)["stays"] == MINUTE
    phone.clock.now = NOON + HOUR
    assert ready.get("/p/1/code.json").status == 410
    assert ready.get("/p/1/here").header("location") == "/p/1/venue"
    form |= {"form": ready.get("/p/1").form("/p/1/show")["form"]}
    told = ready.post("/p/1/show", form)
    assert told.header("location") == "/p/1/venue"
    assert "hours of the venue's code are over" in ready.follow(told).text
    assert fresh(phone) == 3


def test_the_last_pass_is_bound_too_when_its_owner_agrees(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    for _ in range(4):
        press(ready, "", "show")
    phone.clock.now += 10 * MINUTE
    check_in(venue.code(phone.clock(), bundle=bundle))
    asked = press(ready, "/here", "show")
    assert "No fresh pass is left" in asked.text
    ready.follow(ready.post("/p/1/show", asked.form("/p/1/show")))
    assert judge(shown(house, phone), venue, bundle, phone.clock()) is None


def test_the_same_door_sees_the_same_bound_pass_again(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    check_in(code)
    press(ready, "/here", "show")
    phone.clock.now += 2 * MINUTE
    press(ready, "/again", "show")
    assert judge(shown(house, phone), venue, bundle, phone.clock()) is None
    assert fresh(phone) == 3


def test_whoever_has_no_entitlement_any_more_can_check_in_and_has_no_pass_to_show(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    assert phone.wallet.entitlement is not None
    form = ready.get("/p/1").form("/p/1/show")
    phone.file.update(lambda wallet: type(wallet)(authority=wallet.authority))
    seen = check_in(code)
    assert "checked in until" in seen.text
    assert "Show my pass here" not in seen.text
    told = ready.follow(ready.post("/p/1/show", form | {"here": "yes"}))
    assert "This wallet is empty" in told.text


# Leaving


def test_checking_out_forgets_the_venue_and_the_pass_that_is_bound_to_it(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(code)
    press(ready, "/here", "show")
    left = press(ready, "", "checkout")
    assert "Records of hours that have not begun: 2 deleted" in left.text
    assert visits(phone).stay is None
    assert ready.get("/p/1/here").header("location") == "/p/1/venue"
    assert ready.get("/p/1/code.json").status == 410
    assert 'id="stay"' not in ready.get("/p/1").html


def test_a_pass_that_is_bound_to_nothing_stays_when_somebody_checks_out(
    ready: Visitor, check_in: CheckIn, code: str
) -> None:
    check_in(code)
    press(ready, "", "show")
    press(ready, "", "checkout")
    assert ready.get("/p/1/code.json").status == 200


def test_checking_out_twice_is_no_failure(ready: Visitor, check_in: CheckIn, code: str) -> None:
    form = check_in(code).form("/p/1/checkout")
    for told in ("Checked out", "No stay is open"):
        assert told in ready.follow(ready.post("/p/1/checkout", form)).text


def test_the_card_says_since_when_and_until_when(
    ready: Visitor, check_in: CheckIn, code: str, venue: Venue
) -> None:
    check_in(code)
    seen = ready.get("/p/1")
    assert f"Since {local_time(NOON)[-5:]}, until {UNTIL} at the latest" in seen.text
    assert venue.name not in seen.text


def test_another_venue_takes_the_place_of_the_first(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    other_venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    check_in(code)
    press(ready, "/here", "show")
    seen = check_in(other_venue.code(NOON, bundle=bundle))
    assert ready.get("/p/1/code.json").status == 410
    assert other_venue.name in seen.text
    assert venue.name not in seen.text
    press(ready, "/here", "show")
    assert judge(shown(house, phone), other_venue, bundle, NOON) is None


def test_a_venue_is_forgotten_when_its_stay_or_the_pass_for_it_ends(
    ready: Visitor, check_in: CheckIn, code: str, house: House, phone: Phone
) -> None:
    [person] = house.people.all()
    check_in(code)
    phone.clock.now = NOON + 3 * HOUR - 1
    assert house.arrived(person) is not None
    phone.clock.now = NOON + 3 * HOUR
    assert house.arrived(person) is None
    check_in(code)
    press(ready, "/here", "show")
    phone.clock.now += 5 * MINUTE
    assert house.arrived(person) is None
    assert house.on_stage(person) is None
    assert visits(phone).stay is not None


def test_a_venue_that_is_over_is_forgotten_although_nobody_asks(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone, house: House
) -> None:
    check_in(code)
    [person] = house.people.all()
    assert house.room(person).arrival is not None
    phone.clock.now += 4 * HOUR
    look_after(house)
    assert house.room(person).arrival is None


def test_a_stay_that_a_command_has_ended_is_over_on_the_pages_too(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(code)
    check_out_here(phone.file)
    assert ready.get("/p/1/here").header("location") == "/p/1/venue"
    assert "checked in until" in check_in(code).text
    assert visits(phone).stay is not None


def test_whoever_starts_the_program_anew_scans_again(
    ready: Visitor, check_in: CheckIn, code: str, house: House
) -> None:
    check_in(code)
    house.leave(house.people.all()[0])  # What a program that starts remembers.
    assert ready.get("/p/1/here").header("location") == "/p/1/venue"
    assert "Check out" in ready.get("/p/1").text


# Who learns of it


def test_two_people_on_one_device_are_never_mixed(
    ready: Visitor,
    check_in: CheckIn,
    activate: Callable[..., None],
    code: str,
    venue: Venue,
    other_venue: Venue,
    bundle: TrustBundle,
    house: House,
    phone: Phone,
) -> None:
    child = house.people.add("Child")
    phone.issuer.unreachable = False
    activate(2, OTHER_CODE)
    check_in(code)
    for page in ("", "/venue", "/here", "/data"):
        seen = ready.follow(ready.get(f"/p/2{page}"))
        assert venue.name not in seen.html
        assert UNTIL not in seen.text
    form = ready.get("/p/2").form("/p/2/show")
    assert ready.post("/p/2/show", form | {"here": "yes"}).header("location") == "/p/2/venue"
    check_in(other_venue.code(NOON, bundle=bundle), person=2)
    assert venue.name in ready.get("/p/1/here").text
    mine, theirs = (house.people.file(one) for one in house.people.all())
    assert visits_of(mine).load().days != visits_of(theirs).load().days
    press(ready, "", "checkout")
    assert other_venue.name in ready.get("/p/2/here").text
    assert visits_of(house.people.file(child)).load().stay is not None


def test_neither_venue_nor_hour_stands_in_any_file_or_on_any_line(
    ready: Visitor,
    check_in: CheckIn,
    code: str,
    venue: Venue,
    phone: Phone,
    capsys: pytest.CaptureFixture[str],
) -> None:
    check_in(code)
    press(ready, "/here", "show")
    files = {path: path.read_bytes() for path in phone.home.rglob("*") if path.is_file()}
    spelled = [spelling for secret in secrets_of(code, venue) for spelling in spellings(secret)]
    assert [(path, one) for path, data in files.items() for one in spelled if one in data] == []
    while_open = [path.name for path, data in files.items() if b'"later"' in data]
    assert while_open == ["visits.json"]
    press(ready, "", "checkout")
    assert b'"later"' not in (phone.home / "visits.json").read_bytes()
    assert capsys.readouterr() == ("", "")


def secrets_of(code: str, venue: Venue) -> list[bytes]:
    """What would tell where somebody was."""
    read = parse_check_in(code)
    return [code.encode(), venue.name.encode(), *read.keys, *read.bindings().values()]


def spellings(secret: bytes) -> list[bytes]:
    """As files of a wallet might have it."""
    text = secret.decode("utf-8", "replace")
    return [
        secret,
        secret.hex().encode(),
        b64url_encode(secret).encode(),
        json.dumps(text)[1:-1].encode(),
    ]


def test_the_hour_of_a_stay_is_gone_with_it(
    ready: Visitor, check_in: CheckIn, code: str, phone: Phone
) -> None:
    check_in(code)
    phone.clock.now = NOON + 3 * HOUR
    ready.get("/p/1")
    held = json.loads((phone.home / "visits.json").read_bytes())["visits"]
    assert held["stay"] is None
    assert [set(day) for day in held["days"]] == [{"date", "records"}]
