"""Fourteen days of a town: everyone who shared an hour with a patient is warned, nobody else."""

import random

import pytest

from schemas.kinds import DAY, HOUR
from tests.support.processes import run_real
from tests.support.world import NOON
from wallet_sim.demo.outbreak import (
    DAYS,
    PATIENTS,
    VENUES,
    WALLETS,
    OutbreakFigures,
    Outing,
    VisitPlan,
)

NIGHT = NOON + 10 * HOUR
"""22:00 UTC."""


@pytest.mark.process
def test_an_outbreak_warns_just_those_who_were_there_and_leaves_nothing_behind() -> None:
    ended = run_real("qupia-wallet", "demo", "--outbreak", "--json")
    assert ended.status == 0, ended
    told = ended.members
    assert (told["wallets"], told["venues"], told["days"]) == (WALLETS, VENUES, DAYS)
    assert told["warned"] == told["overlapped"] > 0
    assert told["warned_wrongly"] == told["records_left"] == 0
    # Enough happened that a wrong rule would have shown.
    assert told["visits"] > 4 * WALLETS
    assert told["hours_published"] > 2 * PATIENTS


def outing(arrives: int, leaves: int, *, venue: int = 1, checks_out: bool = True) -> Outing:
    return Outing(arrives, leaves, venue, checks_out)


def test_a_stay_over_midnight_meets_a_patient_of_the_next_date() -> None:
    stay, patient = outing(NIGHT, NIGHT + 3 * HOUR), outing(NIGHT + 2 * HOUR, NIGHT + 3 * HOUR)
    assert stay.meets(patient) == {(NIGHT + 2 * HOUR) // HOUR}


def test_two_at_different_venues_never_meet() -> None:
    assert not outing(NIGHT, NIGHT + HOUR).meets(outing(NIGHT, NIGHT + HOUR, venue=2))


def test_who_does_not_check_out_is_counted_for_three_hours() -> None:
    stay = outing(NIGHT, NIGHT + 60, checks_out=False)
    assert stay.meets(outing(NIGHT + 2 * HOUR, NIGHT + 3 * HOUR))
    assert not stay.meets(outing(NIGHT + 3 * HOUR, NIGHT + 4 * HOUR))


def test_a_town_goes_out_on_all_fourteen_days_and_over_midnight() -> None:
    start = NIGHT - NIGHT % DAY
    outings = [o for each in VisitPlan(start, random.Random(1)).outings.values() for o in each]
    assert {(o.arrives - start) // DAY for o in outings} == set(range(DAYS))
    assert any(o.arrives // DAY < (o.leaves - 1) // DAY for o in outings)


@pytest.mark.parametrize(
    ("overlapped", "warned", "warned_wrongly", "records_left"),
    [(0, 0, 0, 0), (3, 2, 0, 0), (3, 4, 1, 0), (3, 3, 1, 0), (3, 3, 0, 1)],
)
def test_an_outcome_that_is_not_as_it_must_be_fails(
    overlapped: int, warned: int, warned_wrongly: int, records_left: int
) -> None:
    town = {"wallets": 5, "venues": 1, "days": 1, "visits": 9, "hours_published": 2}
    outcome = OutbreakFigures(
        **town,
        overlapped=overlapped,
        warned=warned,
        warned_wrongly=warned_wrongly,
        records_left=records_left,
    )
    assert not outcome.is_right
