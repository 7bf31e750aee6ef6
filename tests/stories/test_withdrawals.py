"""Withdrawn, ended and lifted: issuing stops and resumes, and what is held dies on the second."""

import shutil

import pytest

from issuer.staff import Role
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR, MINUTE
from tests.support.town import Citizen, Town

IIN = "900317300011"
WITHDRAWN = "Passes are paused for now"


@pytest.fixture
def citizen(town: Town) -> Citizen:
    """Somebody vaccinated, with passes for today and tomorrow."""
    return town.activated(evidence="vaccinated_full", reference=IIN, ago=30 * DAY)


def resumes(citizen: Citizen) -> bool:
    """Whether the issuer hands out passes; the wallet must not have the current window's."""
    outcome = citizen.run("sync")
    assert outcome.status == 0 or WITHDRAWN in outcome.error
    return outcome.status == 0


# When what a wallet holds dies


@pytest.mark.parametrize(
    ("since_midnight", "alive_for"),
    [(0, 48 * HOUR), (12 * HOUR, 36 * HOUR), (24 * HOUR - 1, 24 * HOUR + 1)],
    ids=["at midnight", "at noon", "in the last second of a day"],
)
@pytest.mark.process
def test_what_is_held_dies_with_the_next_window_and_within_48_hours(
    town: Town, since_midnight: int, alive_for: int
) -> None:
    midnight = town.window_end()
    town.until(midnight)
    town.clock.now = midnight + since_midnight
    town.work()
    citizen = town.activated(evidence="vaccinated_full", reference=IIN)
    withdrawn_at = town.clock.now
    town.withdraw(IIN, "positive")
    assert citizen.done("sync")["fetched"] == 0

    end = withdrawn_at + alive_for
    town.until(end - 1)
    venue = town.venue()
    last = citizen.show()
    assert venue.scan(last).outcomes == ["admit"]
    assert WITHDRAWN in citizen.refused("sync")
    town.until(end)
    assert venue.scan(last).outcomes == ["expired"]
    citizen.refused("show")
    assert WITHDRAWN in citizen.refused("sync")
    citizen.refused("show")


@pytest.mark.process
def test_a_wallet_that_syncs_after_the_withdrawal_gets_nothing_for_the_next_window(
    town: Town, citizen: Citizen
) -> None:
    """Tomorrow's passes are there; those of the day after are what the withdrawal stops."""
    town.until(town.window_end() + HOUR)
    town.withdraw(IIN, "positive")
    assert WITHDRAWN in citizen.refused("sync")
    assert citizen.done("status")["remaining"] == 8
    town.until(town.window_end())
    assert WITHDRAWN in citizen.refused("sync")
    citizen.refused("show")


# Stopping and resuming


@pytest.mark.parametrize(("evidence", "days"), [("positive", 10), ("contact", 14)])
@pytest.mark.process
def test_issuing_resumes_in_the_second_in_which_the_withdrawal_dies(
    town: Town, citizen: Citizen, evidence: str, days: int
) -> None:
    until = town.withdraw(IIN, evidence)
    assert until == town.clock.now + days * DAY
    town.until(until - 1)
    assert not resumes(citizen)
    town.until(until)
    assert resumes(citizen)
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


@pytest.mark.process
def test_a_laboratory_s_positive_result_withdraws_an_older_entitlement(
    town: Town, citizen: Citizen
) -> None:
    town.until(town.clock.now + 5 * DAY)
    answer = town.register("positive", reference=IIN, ago=2 * DAY)
    assert answer == {"withdrawn_until": format_time(town.clock.now + 8 * DAY)}
    assert not resumes(citizen)


@pytest.mark.process
def test_a_withdrawal_counts_for_every_wallet_of_the_person_and_for_nobody_else(
    town: Town, citizen: Citizen
) -> None:
    second = town.activated("second", evidence="recovered", reference=IIN)
    other = town.activated("other", evidence="recovered", reference="900317300021")
    town.until(town.clock.now + 2 * DAY)
    town.withdraw(f" {IIN[:6]}-{IIN[6:]} ".lower(), "contact")
    assert not resumes(citizen)
    assert not resumes(second)
    assert resumes(other)


def test_a_new_code_does_not_help_a_person_who_is_withdrawn(town: Town) -> None:
    town.withdraw(IIN, "positive")
    citizen = town.citizen()
    outcome = citizen.run("activate", "-", given=town.slip(reference=IIN))
    assert outcome.status == 0
    assert any(WITHDRAWN in warning for warning in outcome.warnings)
    citizen.refused("show")


@pytest.mark.process
def test_lifting_one_withdrawal_leaves_the_other_in_force(town: Town, citizen: Citizen) -> None:
    positive = town.withdraw(IIN, "positive")
    town.withdraw(IIN, "contact")
    town.until(town.clock.now + 3 * DAY)
    assert town.withdraw(IIN, "contact", "--lift") == positive
    assert not resumes(citizen)
    assert town.withdraw(IIN, "positive", "--lift") is None
    assert resumes(citizen)
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


@pytest.mark.process
def test_fraud_is_withdrawn_and_lifted_by_officers_alone_and_lasts_beyond_14_days(
    town: Town, citizen: Citizen
) -> None:
    service = town.service
    body = {"reference": IIN, "evidence": "fraud", "at": format_time(town.clock.now)}
    registrar, officer = service.staff(Role.REGISTRAR), service.staff(Role.OFFICER)
    assert service.post("/v1/withdrawals", body, key=registrar).code == (403, "not_allowed")
    assert service.post("/v1/withdrawals", body, key=officer).status == 200
    town.until(town.clock.now + 30 * DAY)
    assert not resumes(citizen)

    lift = "/v1/withdrawals/lift"
    assert service.post(lift, body, key=registrar).code == (403, "not_allowed")
    assert service.post(lift, body, key=officer).json == {"withdrawn_until": None}
    assert resumes(citizen)


def test_a_withdrawal_is_not_shortened_by_one_of_an_earlier_day(
    town: Town, citizen: Citizen
) -> None:
    until = town.withdraw(IIN, "positive")
    assert town.withdraw(IIN, "positive", "--at", format_time(town.clock.now - DAY)) == until


# Ended by the owner


@pytest.mark.process
def test_what_its_owner_ended_stays_ended_for_whoever_kept_a_copy(
    town: Town, citizen: Citizen
) -> None:
    copy = town.citizen("copy")
    shutil.copytree(citizen.home, copy.home)
    citizen.done("end")
    assert citizen.done("data") == {"wallet": [], "issuer": []}
    town.until(town.clock.now + 2 * DAY)
    assert "ended by its owner" in copy.refused("sync")
    town.until(town.clock.now + 28 * DAY)
    assert "ended by its owner" in copy.refused("sync")
    assert "ended" in {held["what"] for held in copy.done("data")["issuer"]}


def test_after_the_end_a_new_code_of_the_same_person_works(town: Town, citizen: Citizen) -> None:
    citizen.done("end")
    town.clock.now += MINUTE
    citizen.activate(town.slip(reference=IIN))
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


def test_the_wallet_sees_that_it_is_withdrawn_and_until_when(town: Town, citizen: Citizen) -> None:
    until = town.withdraw(IIN, "contact")
    assert until is not None
    held = citizen.done("data")["issuer"]
    assert {"what": "withdrawal", "dies": format_time(until)} in held
