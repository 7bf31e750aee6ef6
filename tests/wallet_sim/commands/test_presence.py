"""``checkin``, ``checkout``, ``visits``, ``alerts``, and what other commands say of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.bundle import TrustBundle
from schemas.check_in import parse_check_in
from schemas.encoding import parse_body_time
from schemas.hours import hour_at
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.notices import Notice
from schemas.paths import NOTICES_PATH, TRUST_BUNDLE_PATH
from schemas.problems import Problem
from schemas.refusals import Reason, Refused
from schemas.trust import accept_bundle
from shell import progress
from shell.pictures import save_qr
from tests.support.commands import Run, Terminal
from tests.support.issuer_in_memory import CODE, Phone
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON
from verifier.door.verification import Venue as StrictVenue
from verifier.door.verification import verify
from wallet_sim.both import visits_of
from wallet_sim.presence.state import Visits

FIRST = hour_at(NOON)
AT = NOON + 12 * MINUTE


@pytest.fixture
def code(filled: Run, phone: Phone, venue: Venue) -> str:
    """What the venue shows to a phone that has just been activated, at twelve past."""
    phone.clock.now = AT
    return venue.code(AT, bundle=trusted(phone))


def trusted(phone: Phone) -> TrustBundle:
    data, state = phone.issuer.bundle(), phone.issuer.world.state()
    return accept_bundle(data, state=state, now=phone.clock()).bundle


def visits(phone: Phone) -> Visits:
    return visits_of(phone.file).load()


@pytest.fixture
def warned(filled: Run, phone: Phone, code: str, venue: Venue) -> Run:
    """The next day the hour of the visit is published, and the wallet fetches its passes."""
    filled("checkin", "-", given=code)
    phone.clock.now += DAY
    phone.issuer.publish_notices(venue.notice(FIRST))
    assert filled("sync").status == 0
    return filled


# Checking in and out


def test_checking_in_shows_the_venues_name_and_says_how_to_leave(
    filled: Run, code: str, venue: Venue
) -> None:
    outcome = filled("checkin", "-", given=code + "\r\n")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(f"Checked in: {venue.name}. Is this where you are?")
    assert "qupia-wallet checkout" in outcome.out


def test_checking_in_gives_programs_all_they_need(filled: Run, code: str, venue: Venue) -> None:
    assert filled("checkin", "-", "--json", given=code).members == {
        "arrived": "2026-03-17T07:10:00Z",
        "until": "2026-03-17T10:00:00Z",
        "hours": 3,
        "venue": venue.name,
        "split_view": False,
    }


def test_a_code_without_a_name_says_so(filled: Run, phone: Phone, code: str, venue: Venue) -> None:
    nameless = venue.code(AT, bundle=trusted(phone), name="")
    assert "The code names no venue" in filled("checkin", "-", given=nameless).out


def test_a_picture_of_the_code_is_as_good(filled: Run, tmp_path: Path, code: str) -> None:
    picture = tmp_path / "venue.png"
    save_qr(code, picture)
    assert filled("checkin", str(picture), "--json").members["hours"] == 3


def test_a_picture_without_a_code_is_refused(filled: Run, tmp_path: Path, code: str) -> None:
    picture = tmp_path / "pass.png"
    save_qr("https://qupia.example", picture)
    outcome = filled("checkin", str(picture))
    assert outcome.status == 1
    assert "no check-in code of a venue" in outcome.err


@pytest.mark.parametrize("argument", ["whole", "lower case", "without prefix", "of no file"])
@pytest.mark.parametrize("command", [("checkin",), ("show", "--venue")])
def test_a_code_in_the_arguments_is_refused_and_not_repeated(
    filled: Run, phone: Phone, code: str, command: tuple[str, ...], argument: str
) -> None:
    text = {
        "whole": code,
        "lower case": code.lower(),
        "without prefix": code[4:],
        "of no file": "nothing.png",
    }[argument]
    outcome = filled(*command, text)
    assert (outcome.status, outcome.out) == (2, "")
    assert "write - and give it on standard input, or name a picture" in outcome.err
    assert text[:20] not in outcome.err
    assert len(outcome.err.splitlines()) == 1
    assert visits(phone).days == ()


def test_an_empty_input_is_one_line(filled: Run) -> None:
    outcome = filled("checkin", "-")
    assert outcome.status == 2
    assert "standard input was empty" in outcome.err


@pytest.mark.parametrize(
    ("hours", "said"),
    [(-5, "This code worked until"), (2, "This code begins at")],
    ids=["over", "not yet"],
)
@pytest.mark.parametrize("command", [("checkin", "-"), ("show", "--venue", "-")])
def test_a_code_of_another_time_says_what_may_be_wrong(
    filled: Run, phone: Phone, venue: Venue, command: tuple[str, ...], hours: int, said: str
) -> None:
    outcome = filled(*command, given=venue.code(NOON + hours * HOUR))
    assert (outcome.status, outcome.out) == (1, "")
    assert said in outcome.err
    assert phone.wallet.batches[0].fresh != ()
    assert len(phone.wallet.batches[0].fresh) == 4


def test_a_damaged_code_changes_nothing(filled: Run, phone: Phone, code: str) -> None:
    for text in (code[:-40], code[:99], code.replace("0", "é"), "QV1:" + "0" * 300):
        outcome = filled("checkin", "-", given=text)
        assert outcome.status == 1
        assert "or it is damaged" in outcome.err
    assert visits(phone).days == ()


def test_an_empty_wallet_cannot_check_in(run: Run, venue: Venue) -> None:
    outcome = run("checkin", "-", given=venue.code(NOON))
    assert outcome.status == 2
    assert "qupia-wallet activate" in outcome.err


def test_old_keys_are_to_be_renewed_first(filled: Run, phone: Phone, venue: Venue) -> None:
    phone.clock.now += 3 * DAY
    outcome = filled("checkin", "-", given=venue.code(phone.clock()))
    assert outcome.status == 1
    assert "out of date, so nothing was sealed. Run: qupia-wallet sync" in outcome.err
    assert filled("sync").status == 0
    assert filled("checkin", "-", given=venue.code(phone.clock())).status == 0


def test_other_keys_at_the_venue_are_a_warning(filled: Run, phone: Phone, venue: Venue) -> None:
    outcome = filled("checkin", "-", "--json", given=venue.code(NOON))
    assert outcome.status == 0
    assert outcome.members["split_view"] is True
    assert "This venue sees other keys than your wallet" in outcome.err


def test_leaving_says_what_was_deleted(filled: Run, phone: Phone, code: str) -> None:
    filled("checkin", "-", given=code)
    phone.clock.now += HOUR
    assert filled("checkout", "--json").members == {"left": "2026-03-17T08:12:00Z", "deleted": 1}
    again = filled("checkout", "--json")
    assert (again.status, again.members) == (0, {"left": None, "deleted": 0})
    assert "No stay is open" in filled("checkout").out


def test_a_stay_that_was_forgotten_ends_by_itself(filled: Run, phone: Phone, code: str) -> None:
    filled("checkin", "-", given=code)
    assert filled("visits", "--json").members["stay"] is not None
    phone.clock.now += 3 * HOUR
    assert filled("visits", "--json").members["stay"] is None
    assert "No stay is open" in filled("checkout").out


def test_visits_tells_all_that_can_be_known(filled: Run, phone: Phone, code: str) -> None:
    assert filled("visits").out == "No sealed records.\n"
    filled("checkin", "-", given=code)
    assert filled("visits", "--json").members == {
        "dates": [{"date": "2026-03-17", "records": 8, "dies": "2026-03-31T00:00:00Z"}],
        "stay": {"since": "2026-03-17T07:12:00Z", "until": "2026-03-17T10:00:00Z"},
    }
    said = filled("visits").out
    assert "2026-03-17 (UTC): 8 sealed records" in said
    assert "A stay is open since" in said
    phone.clock.now = parse_body_time("2026-03-31T00:00:00Z")
    assert filled("visits", "--json").members == {"dates": [], "stay": None}


def test_neither_checking_in_nor_out_uses_the_network(filled: Run, phone: Phone, code: str) -> None:
    before = list(phone.issuer.requests)
    phone.issuer.unreachable = True
    for words in (("checkin", "-"), ("visits",), ("checkout",), ("show", "--venue", "-")):
        assert filled(*words, given=code).status == 0
    assert phone.issuer.requests == before


@pytest.mark.parametrize("language", ["kk", "ru", "en"])
def test_all_that_is_said_is_said_in_three_languages(
    filled: Run, phone: Phone, code: str, venue: Venue, language: str
) -> None:
    spoken = ("--lang", language)
    phone.issuer.publish_notices(venue.notice(FIRST))
    outcomes = [
        filled("checkin", "-", *spoken, given=code),
        filled("visits", *spoken),
        filled("alerts", *spoken),
        filled("status", *spoken),
        filled("data", *spoken),
        filled("checkout", *spoken),
        filled("show", "--text", "--venue", "-", *spoken, given=code),
    ]
    assert [outcome.status for outcome in outcomes] == [0] * 7
    if language != "en":
        for outcome in outcomes[:-1]:
            lines = outcome.out.splitlines()
            assert all(any("\u0400" <= c <= "\u04ff" for c in line) for line in lines if line)


# Warnings


def test_a_fetch_of_passes_brings_the_warning(warned: Run, phone: Phone) -> None:
    said = warned("sync")
    assert "You have a warning. Read it: qupia-wallet alerts" in said.out
    assert warned("sync", "--json").members["alerts"] == 1


def test_alerts_says_when_and_what_to_do(warned: Run) -> None:
    outcome = warned("alerts")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("Possible contact with an infection: 17 March 2026, ")
    assert "get tested" in outcome.out
    assert "This warning goes on 31 March 2026" in outcome.out


def test_alerts_gives_programs_all_they_need(warned: Run, phone: Phone) -> None:
    members = warned("alerts", "--json").members
    assert members == {
        "alerts": [
            {
                "begins": "2026-03-17T07:10:00Z",
                "ends": "2026-03-17T08:00:00Z",
                "dies": "2026-03-31T00:00:00Z",
            }
        ],
        "checked_at": members["checked_at"],
        "notices": 1,
    }
    assert parse_body_time(members["checked_at"]) == phone.clock()


def test_hours_in_a_row_are_one_alert_and_a_date_begins_another(
    filled: Run, phone: Phone, venue: Venue
) -> None:
    phone.clock.now = late = parse_body_time("2026-03-17T22:10:00Z")
    filled("checkin", "-", given=venue.code(late))
    phone.issuer.publish_notices(*venue.notices(late, late + 2 * HOUR))
    phone.clock.now += 4 * HOUR
    alerts = filled("alerts", "--json").members["alerts"]
    assert [(alert["begins"][5:16], alert["ends"][5:16]) for alert in alerts] == [
        ("03-17T22:10", "03-18T00:00"),
        ("03-18T00:00", "03-18T01:00"),
    ]
    assert [alert["dies"][5:10] for alert in alerts] == ["03-31", "04-01"]


def test_without_a_match_alerts_says_so(filled: Run, other_venue: Venue, phone: Phone) -> None:
    phone.issuer.publish_notices(other_venue.notice(FIRST))
    outcome = filled("alerts")
    assert outcome.status == 0
    assert outcome.out.startswith("No warnings: none of the published hours")
    assert "hours in it: 1" in outcome.out


def test_status_points_at_a_warning_before_all_else(warned: Run) -> None:
    outcome = warned("status")
    assert outcome.out.startswith("You have a warning.")
    assert warned("status", "--json").members["alerts"] == 1


def test_a_withdrawn_notice_takes_the_warning_away(warned: Run, phone: Phone) -> None:
    phone.issuer.publish_notices()
    assert warned("alerts", "--json").members["alerts"] == []
    assert warned("status", "--json").members["alerts"] == 0


def test_without_network_alerts_tells_what_is_known_and_exits_2(warned: Run, phone: Phone) -> None:
    phone.issuer.unreachable = True
    outcome = warned("alerts", "--json")
    assert outcome.status == 2
    assert len(outcome.members["alerts"]) == 1
    assert "no answer" in outcome.err


def test_a_list_that_is_not_believed_is_told_with_its_help_desk_code(
    warned: Run, phone: Phone
) -> None:
    phone.issuer.publish_notices(version=1)
    outcome = warned("alerts", "--json")
    assert outcome.status == 1
    assert len(outcome.members["alerts"]) == 1
    assert "(Q63)" in outcome.err


def test_an_empty_wallet_has_nobody_to_ask(run: Run, phone: Phone) -> None:
    outcome = run("alerts", "--json")
    assert outcome.status == 2
    assert outcome.members == {"alerts": [], "checked_at": None, "notices": None}
    assert phone.issuer.requests == []
    assert "No list of warnings has come yet" in run("alerts").out


def test_a_list_that_does_not_come_never_fails_the_fetch_of_passes(
    filled: Run, phone: Phone
) -> None:
    spoilers: list[Callable[[], object]] = [
        lambda: phone.issuer.refuse.update({NOTICES_PATH: Problem.FAILED}),
        lambda: phone.issuer.lost.add(NOTICES_PATH),
        lambda: phone.issuer.publish_notices(iss="https://another.example"),
    ]
    for spoil in spoilers:
        phone.clock.now += DAY
        spoil()
        outcome = filled("sync", "--json")
        assert (outcome.status, outcome.members["current"]) == (0, True)
        assert "The list of warnings did not come" in outcome.err
        phone.issuer.refuse.clear()
        phone.issuer.lost.clear()


def test_a_damaged_file_of_visits_never_fails_the_fetch_of_passes(
    filled: Run, phone: Phone
) -> None:
    filled("sync")
    (phone.home / "visits.json").write_bytes(b"{")
    phone.clock.now += DAY
    outcome = filled("sync", "--json")
    assert (outcome.status, outcome.members["current"]) == (0, True)
    assert "visits.json is damaged" in outcome.err
    assert filled("visits").status == 2


def test_who_is_refused_passes_is_warned_all_the_same(
    filled: Run, phone: Phone, code: str, venue: Venue
) -> None:
    filled("checkin", "-", given=code)
    phone.issuer.publish_notices(venue.notice(FIRST))
    phone.clock.now += DAY
    phone.issuer.refuse["/v1/passes"] = Problem.WITHDRAWN
    outcome = filled("sync")
    assert (outcome.status, outcome.out) == (1, "")
    assert "warning: You have a warning" in outcome.err


@pytest.mark.parametrize("command", ["sync", "alerts"])
def test_when_the_entitlement_has_ended_warnings_still_come(
    filled: Run, phone: Phone, venue: Venue, command: str
) -> None:
    phone.clock.now = phone.issuer.codes[CODE] - HOUR
    filled("sync")
    now = phone.clock()
    assert filled("checkin", "-", given=venue.code(now)).status == 0
    phone.clock.now += DAY + HOUR
    assert phone.wallet.entitlement is None
    phone.issuer.publish_notices(venue.notice(hour_at(now)))
    filled(command)
    assert [warning.hour for warning in visits(phone).warnings] == [hour_at(now)]


def test_a_list_by_a_new_signer_renews_the_bundle_once(filled: Run, phone: Phone) -> None:
    world = phone.issuer.world
    world.notices_key = world._key("notices 2")
    phone.issuer.publish()
    before = len(phone.issuer.requests)
    assert filled("alerts").status == 0
    asked = [request.path for request in phone.issuer.requests[before:]]
    assert asked == [TRUST_BUNDLE_PATH, NOTICES_PATH]


# Nothing is uploaded


def test_the_list_is_asked_for_in_the_same_words_whether_there_are_visits_or_not(
    filled: Run, phone: Phone, code: str, venue: Venue
) -> None:
    def asked(command: str) -> list[tuple[str, str, bytes, dict[str, str]]]:
        before = len(phone.issuer.requests)
        filled(command)
        return [(r.method, r.path, r.body, dict(r.headers)) for r in phone.issuer.requests[before:]]

    phone.issuer.publish_notices(venue.notice(FIRST))
    without = asked("alerts"), asked("sync")
    filled("checkin", "-", given=code)
    filled("checkout")
    assert visits(phone).days
    assert (asked("alerts"), asked("sync")) == without
    assert visits(phone).warnings
    assert (asked("alerts"), asked("sync")) == without
    assert without[0] == [("GET", TRUST_BUNDLE_PATH, b"", {}), ("GET", NOTICES_PATH, b"", {})]


def test_nothing_that_is_sent_over_two_weeks_says_anything_of_visits(
    filled: Run, phone: Phone, venue: Venue
) -> None:
    """All requests of fourteen days: only the calls for passes have a body, as without visits."""
    for _ in range(14):
        phone.clock.now += DAY
        filled("sync")
        filled("checkin", "-", given=venue.code(phone.clock()))
        phone.issuer.publish_notices(venue.notice(hour_at(phone.clock())))
        filled("alerts")
        filled("checkout")
    assert visits(phone).warnings
    records = [record for day in visits(phone).days for record in day.records]
    assert {request.path for request in phone.issuer.posted} <= {"/v1/entitlements", "/v1/passes"}
    for request in phone.issuer.requests:
        assert request.method == "POST" or (request.body, dict(request.headers)) == (b"", {})
        assert not any(record in request.body for record in records)


# Passes for one venue


def refusal(phone: Phone, text: str, code: str) -> Reason | None:
    """Why a strict venue that shows ``code`` refuses a pass; None when it is admitted."""
    bundle, venue = trusted(phone), StrictVenue(parse_check_in(code).bindings(), strict=True)
    try:
        verify(text, bundle=bundle, policy=bundle.policies[0], now=phone.clock(), venue=venue)
    except Refused as refused:
        return refused.reason
    return None


def test_a_bound_pass_is_admitted_at_its_venue_and_nowhere_else(
    filled: Run, phone: Phone, code: str, other_venue: Venue
) -> None:
    elsewhere = other_venue.code(AT, bundle=trusted(phone))
    bound = filled("show", "--text", "--venue", "-", given=code).out
    assert refusal(phone, bound, code) is None
    assert refusal(phone, bound, elsewhere) is Reason.BAD_PROOF
    assert refusal(phone, filled("show", "--text").out, code) is Reason.NOT_BOUND


def test_at_the_turn_of_an_hour_a_pass_is_bound_to_the_new_one(
    filled: Run, phone: Phone, code: str
) -> None:
    for now in (NOON + HOUR - 1, NOON + HOUR):
        phone.clock.now = now
        bound = filled("show", "--text", "--venue", "-", given=code).out
        assert refusal(phone, bound, code) is None


def test_a_bound_pass_says_where_it_works(filled: Run, code: str) -> None:
    outcome = filled("show", "--venue", "-", given=code)
    assert outcome.status == 0
    assert "This pass works at the venue of the scanned code only, until" in outcome.out


def test_a_picture_binds_as_well(filled: Run, tmp_path: Path, code: str) -> None:
    save_qr(code, tmp_path / "venue.png")
    outcome = filled("show", "--venue", str(tmp_path / "venue.png"), "--text")
    assert outcome.out.startswith("QP1:")


def test_showing_stores_nothing_of_the_venue(filled: Run, phone: Phone, code: str) -> None:
    before = visits(phone)
    filled("show", "--venue", "-", given=code)
    assert visits(phone) == before
    assert not (phone.home / "visits.json").exists()


def test_watch_ends_with_the_hours_of_the_code(filled: Run, phone: Phone, venue: Venue) -> None:
    phone.clock.now = NOON + 57 * MINUTE
    code = venue.code(NOON, hours=1)
    outcome = filled("show", "--watch", "--text", "--venue", "-", given=code)
    lines = outcome.out.splitlines()
    assert len([line for line in lines if line.startswith("QP1:")]) == 6
    assert lines[-1].startswith("The hours of the venue's code are over")
    assert outcome.status == 0


def test_watch_goes_on_into_the_next_hour_of_the_code(
    filled: Run, phone: Phone, venue: Venue
) -> None:
    phone.clock.now = NOON + 57 * MINUTE
    outcome = filled("show", "--watch", "--text", "--venue", "-", given=venue.code(NOON))
    assert len([line for line in outcome.out.splitlines() if line.startswith("QP1:")]) == 10
    assert "This pass was shown for five minutes" in outcome.out


# What is held, and its end


def test_data_lists_visits_stay_and_warnings_with_their_end(
    warned: Run, phone: Phone, venue: Venue
) -> None:
    warned("checkin", "-", given=venue.code(phone.clock()))
    held = {
        (entry["what"], entry.get("date"), entry["dies"][:13])
        for entry in warned("data", "--json").members["wallet"]
    }
    assert {
        ("visits", "2026-03-17", "2026-03-31T00"),
        ("visits", "2026-03-18", "2026-04-01T00"),
        ("stay", None, "2026-03-18T10"),
        ("warnings", "2026-03-17", "2026-03-31T00"),
    } <= held
    said = warned("data").out
    assert "sealed records of visits on 2026-03-17 (UTC), some of them empty (8): until" in said
    assert "how far the lists of warnings were seen" in said


@pytest.mark.parametrize("command", ["end", "erase"])
def test_ending_and_erasing_destroy_visits_too(warned: Run, phone: Phone, command: str) -> None:
    assert warned(command).status == 0
    assert sorted(path.name for path in phone.home.iterdir()) == ["visits.lock", "wallet.lock"]
    assert warned("visits", "--json").members == {"dates": [], "stay": None}


def test_a_damaged_wallet_can_still_be_erased_with_its_visits(warned: Run, phone: Phone) -> None:
    for name in ("wallet.json", "visits.json"):
        (phone.home / name).write_bytes(b"{")
    assert warned("erase").status == 0
    assert sorted(path.name for path in phone.home.iterdir()) == ["visits.lock", "wallet.lock"]


def test_end_keeps_visits_when_the_issuer_is_not_reached(warned: Run, phone: Phone) -> None:
    before = visits(phone)
    phone.issuer.unreachable = True
    assert warned("end").status == 2
    assert visits(phone) == before


def test_a_new_code_of_the_same_authority_keeps_visits_and_warnings(
    warned: Run, phone: Phone
) -> None:
    before = visits(phone)
    link = phone.link_to("0000111122223333")
    assert warned("activate", "-", "--replace", given=link).status == 0
    assert visits(phone) == before


# Waiting


@pytest.mark.parametrize(("patience", "drawn"), [(0.0, True), (60.0, False)])
def test_a_bar_is_drawn_on_standard_error_for_those_who_wait(
    filled: Run,
    phone: Phone,
    code: str,
    monkeypatch: pytest.MonkeyPatch,
    patience: float,
    drawn: bool,
) -> None:
    filled("checkin", "-", given=code)
    phone.issuer.publish_notices(*(Notice(FIRST, bytes(32), bytes(32)) for _ in range(100)))
    screen = Terminal()
    monkeypatch.setattr(progress, "PATIENCE", patience)
    outcome = filled("alerts", "--json", screen=screen)
    assert outcome.members["notices"] == 100
    assert ("comparing with the list" in screen.getvalue()) is drawn
