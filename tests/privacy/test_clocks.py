"""A phone's clock shows in nothing: not in the times of proofs, nor by what an issuer sets."""

from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from benchmarks.privacy.real_figures import follows_phone, iat_errors
from benchmarks.privacy.real_marks import clock_of_wallet, corrections, marks
from schemas.kinds import HOUR
from tests.support.street import street
from tests.support.world import World
from wallet_sim.fetching import client
from wallet_sim.passes.account import dpop_proof

ERRORS = (0.0, 1.4, 17.0, -29.0, 44.0, -50.0, 300.0, HOUR, -2 * HOUR)
"""Seconds by which clocks of phones are fast: well set, badly set, in another time zone."""

MOST_MARKS = 5


def test_the_time_of_a_proof_is_the_issuers_however_wrong_a_phone_is(tmp_path: Path) -> None:
    with street(tmp_path) as place:
        for error in ERRORS:
            phone = place.activated(error=error)
            phone.ask_what_is_held()
            phone.ask_for_passes()
    own = [request for request in place.wire.requests if request.is_of_wallet]
    assert len(own) >= 3 * len(ERRORS)
    assert not follows_phone(own), iat_errors(own)


def test_a_wallet_that_dates_its_proofs_by_its_own_clock_is_found(tmp_path: Path) -> None:
    def dated_by_phone(*key: Any, now: int, **call: Any) -> str:
        return dpop_proof(*key, now=now + 17, **call)

    with street(tmp_path) as place, patch.object(client, "dpop_proof", dated_by_phone):
        place.activated(error=17)
    assert follows_phone(place.wire.requests)


# Marks


@cache
def world() -> World:
    return World()


@pytest.mark.parametrize("error", [0, 17, -29])
def test_an_issuer_can_set_a_clock_that_doors_admit_in_five_ways_at_most(error: int) -> None:
    assert 1 <= marks(clock_of_wallet(error), error, world()) <= MOST_MARKS


def test_corrections_are_whole_half_minutes_whatever_the_answers_before() -> None:
    assert {correction % 30 for correction in corrections(clock_of_wallet(0))} == {0}


@pytest.mark.parametrize(("step", "found"), [(30, 5), (10, 15), (6, 25)])
def test_a_clock_that_is_set_in_finer_steps_is_found(step: int, found: int) -> None:
    def learn(correction: int, wrong_by: int) -> int:
        return round(wrong_by / step) * step

    assert marks(learn, 0, world()) == found
