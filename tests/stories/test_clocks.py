"""Clocks that are wrong or set back: one clear line each, and nothing is lost."""

import re

import pytest

from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR, MINUTE
from tests.support.town import Citizen, Town, Venue

AUTOMATIC = "automatic date and time"


@pytest.fixture
def citizen(town: Town) -> Citizen:
    return town.activated(evidence="vaccinated_full", reference="N1")


@pytest.fixture
def venue(town: Town) -> Venue:
    return town.venue()


# The wallet's clock


@pytest.mark.parametrize(
    "error", [-40 * DAY, -2 * DAY, -5 * MINUTE, 5 * MINUTE, 3 * DAY, 400 * DAY]
)
def test_a_wallet_with_a_wrong_clock_is_activated_and_let_in(
    town: Town, venue: Venue, error: int
) -> None:
    citizen = town.citizen()
    citizen.clock_error = error
    outcome = citizen.run("activate", "-", given=town.slip())
    assert outcome.status == 0
    assert any("clock" in warning for warning in outcome.warnings)
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    citizen.clock_error = 0
    citizen.done("sync")
    assert citizen.done("status")["clock_offset"] == 0
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    assert len(town.net.posted("/v1/entitlements")) <= 2


@pytest.mark.parametrize("error", [-30, 30])
def test_a_small_difference_is_not_corrected_and_does_not_matter(
    town: Town, venue: Venue, error: int
) -> None:
    citizen = town.citizen()
    citizen.clock_error = error
    assert citizen.run("activate", "-", given=town.slip()).warnings == []
    assert citizen.done("status")["clock_offset"] == 0
    assert venue.scan(citizen.show()).outcomes == ["admit"]


@pytest.mark.parametrize("error", [-DAY, -30 * DAY])
def test_a_wallet_s_clock_that_is_set_back_offline_costs_nothing(
    town: Town, citizen: Citizen, venue: Venue, error: int
) -> None:
    before = citizen.file.load()
    citizen.clock_error = error
    town.net.is_cut = True
    assert "Check the date and time" in citizen.refused("show")
    citizen.run("status")
    citizen.refused("sync", status=2)
    citizen.clock_error = 0
    assert citizen.file.load() == before
    assert venue.scan(citizen.show()).outcomes == ["admit"]


def test_a_proof_of_a_wrong_clock_is_refused_with_the_way_to_set_it(
    town: Town, citizen: Citizen, venue: Venue
) -> None:
    citizen.clock_error = -3 * MINUTE
    behind = venue.run("scan", citizen.show(), "--lang", "en")
    assert (behind.status, AUTOMATIC in behind.out) == (1, True)
    # A proof is drawn some seconds after its half minute began; until then the one before stays.
    assert re.search("([34] minutes|210 seconds) old", behind.out)
    citizen.clock_error = 3 * MINUTE
    ahead = venue.run("scan", citizen.show(), "--lang", "en")
    assert (ahead.status, AUTOMATIC in ahead.out) == (1, True)
    assert re.search("([23] minutes|150 seconds)", ahead.out)
    citizen.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]


# The venue's clock


def test_a_venue_whose_clock_is_before_the_bundle_cannot_check(
    citizen: Citizen, venue: Venue
) -> None:
    code = citizen.show()
    venue.clock_error = -120
    assert venue.scan(code).outcomes == ["from_the_future"]
    venue.clock_error = -121
    scanned = venue.scan(code)
    assert (scanned.outcomes, scanned.status) == (["clock_behind"], 2)
    assert venue.done("status")["next"] == "clock"
    venue.done("sync")
    assert AUTOMATIC in venue.run("status").out
    venue.clock_error = 0
    assert venue.scan(code).outcomes == ["admit"]


def test_a_venue_whose_clock_is_ahead_says_so_and_keeps_its_bundle(
    town: Town, citizen: Citizen, venue: Venue
) -> None:
    code = citizen.show()
    venue.clock_error = 4 * DAY
    scanned = venue.scan(code)
    assert (scanned.outcomes, scanned.status) == (["bundle_expired"], 2)
    assert "(Q47)" in venue.refused("sync")
    venue.clock_error = 0
    assert venue.scan(code).outcomes == ["admit"]
    venue.clock_error = 90
    assert venue.scan(code).outcomes == ["stale"]
    status = venue.done("sync")
    assert (status["clock_ahead_seconds"], status["next"]) == (90, "clock")
    venue.clock_error = 0
    assert venue.done("sync")["next"] == "nothing"


# The issuer's clock


@pytest.mark.process
def test_an_issuer_that_is_set_back_says_so_and_goes_on_afterwards(
    town: Town, citizen: Citizen, venue: Venue
) -> None:
    slip = town.slip("no_record")
    town.until(town.window_end(ahead=1) + 9 * HOUR)
    citizen.done("sync")
    held = town.office.done("retention", "status")["kinds"]
    right = town.now

    town.until(right - DAY)
    for command in ("status", "run"):
        [warning] = town.office.run("retention", command).warnings
        assert warning.startswith("the clock is 24 h before the last run")
    assert town.office.done("retention", "verify")["ok"]
    assert town.service.get("/healthz").status == 200

    town.until(right)
    assert town.office.run("retention", "status").warnings == []
    kinds = town.office.done("retention", "status")["kinds"]
    assert [kind["held"] for kind in kinds] == [kind["held"] for kind in held]
    venue.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    other = town.citizen("other")
    other.activate(slip)
    assert venue.scan(other.show()).outcomes == ["admit"]


@pytest.mark.process
def test_while_the_issuer_is_set_back_a_batch_is_still_signed_once(town: Town) -> None:
    town.until(town.window_end())
    wallet = town.service.activated(evidence="vaccinated_full", reference="N2")
    town.until(town.window_end())
    following = town.service.pass_key(wallet, ahead=1)
    assert wallet.fetch(wallet.batch(following)).status == 200
    key = town.service.pass_key(wallet)
    assert wallet.fetch().status == 200
    town.until(town.now - DAY)
    assert wallet.fetch(wallet.batch(following)).code == (422, "wrong_key")
    assert wallet.fetch(wallet.batch(key, label="another")).code == (409, "batch_already_issued")
    assert wallet.fetch(wallet.batch(key)).status == 200


def test_an_issuer_set_back_before_its_delegation_is_told_to_check_its_clock(town: Town) -> None:
    town.clock.now -= 2 * DAY
    assert "check the clock" in town.office.refused("bundle", status=2)
    town.clock.now += 2 * DAY
    town.office.done("bundle", "--out", str(town.folder / "bundle.jws"))


@pytest.mark.process
def test_wallets_and_venues_follow_an_issuer_that_is_set_right_again(
    town: Town, citizen: Citizen, venue: Venue
) -> None:
    """While the issuer is a day behind, wallets believe it; nothing of theirs is lost by that."""
    town.until(town.window_end(ahead=1) + 9 * HOUR)
    citizen.done("sync")
    venue.done("sync")
    right = town.now
    town.until(right - DAY)
    citizen.clock_error = venue.clock_error = DAY
    citizen.run("sync")
    venue.run("sync")
    assert venue.done("status")["clock_ahead_seconds"] == DAY
    citizen.clock_error = venue.clock_error = 0
    town.until(right)
    citizen.done("sync")
    venue.done("sync")
    assert citizen.done("status")["clock_offset"] == 0
    assert venue.scan(citizen.show()).outcomes == ["admit"]


def test_results_of_the_future_are_refused_with_a_line(town: Town) -> None:
    ahead = format_time(town.now + HOUR)
    words = ("register", "--evidence", "pcr_negative", "--at", ahead, "--birthday", "03-17")
    assert "future" in town.office.refused(*words, status=2)
