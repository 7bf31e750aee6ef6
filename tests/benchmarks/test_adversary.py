"""Guesses are judged rightly, detectors find what is planted, and nothing where nothing is."""

from dataclasses import dataclass

import numpy as np
import pytest

from benchmarks.privacy.adversary import Guess, judge, pass_to_person, two_passes
from benchmarks.privacy.controls import PLANTED, control
from benchmarks.privacy.lives import alone, live
from benchmarks.privacy.logs import Requests, Scans
from benchmarks.privacy.measures import summed_up, wilson
from benchmarks.privacy.parameters import Parameters
from benchmarks.privacy.systems import system

SMALL = Parameters(people=3_000, venues=40, days=6)


@dataclass(frozen=True)
class Knowing:
    """An adversary that is told the truth, or chooses at random."""

    person: dict[float, int]

    def name(self, requests: Requests, scans: Scans) -> Guess:
        alike = np.flatnonzero(requests.cell == scans.cell[0])
        true = np.array([self.person.get(at, -1) for at in scans.at])
        return Guess(alike, (alike[None, :] == true[:, None]) + 1e-9)

    def link(self, scans: Scans, others: Scans, *, same_day: bool) -> Guess:
        return Guess(np.arange(len(others)), np.full((len(scans), len(others)), 1 / len(others)))


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_a_sure_guess_that_is_right_is_worth_all_bits() -> None:
    guess = Guess(np.arange(8), np.eye(8)[[3]])
    outcome = judge(guess, np.arange(8)[None, :] == 3, 1 / 8, rng())
    assert (outcome.right.all(), outcome.bits.tolist()) == (True, [3.0])


def test_where_all_are_alike_any_of_them_is_chosen_and_nothing_is_learned() -> None:
    rows = 4_000
    guess = Guess(np.arange(8), np.full((rows, 8), 1 / 8))
    outcome = judge(guess, np.broadcast_to(np.arange(8) == 3, (rows, 8)), 1 / 8, rng())
    assert outcome.right.mean() == pytest.approx(1 / 8, abs=0.02)
    assert outcome.bits.max() == outcome.bits.min() == 0


def test_a_candidate_that_is_ruled_out_is_no_hit() -> None:
    nothing = judge(Guess(np.arange(2), np.zeros((1, 2))), np.array([[True, True]]), 0.5, rng())
    assert not nothing.right.any()


def test_an_interval_is_that_of_the_textbook() -> None:
    assert wilson(10, 100) == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert wilson(0, 10)[0] == pytest.approx(0)


def test_another_adversary_takes_the_place_of_the_first() -> None:
    logs, truth = live(SMALL).logs()
    rows = alone(truth)[:500]
    times, counts = np.unique(logs.scans.at, return_counts=True)
    once = rows[np.isin(logs.scans.at[rows], times[counts == 1])]
    told = Knowing(dict(zip(logs.scans.at.tolist(), truth.person.tolist(), strict=True)))
    assert summed_up(pass_to_person(told, logs, truth, once, rng())).success == 1.0
    assert summed_up(two_passes(told, logs, truth, once, rng(), days=1)).is_chance


@pytest.mark.parametrize("planted", PLANTED)
def test_what_is_planted_is_found_and_nothing_where_nothing_is(planted: str) -> None:
    row = control(SMALL, planted)
    assert row["found"] is True
    assert row["without"]["within"] is True


def test_a_code_that_never_changes_is_followed_and_a_pass_is_not() -> None:
    found = {row["measure"]: row for row in system(SMALL, "dcc")}
    assert {row["success"] for row in found.values()} == {1.0}
    qupia = {row["measure"]: row for row in system(SMALL, "qupia_month")}
    person = qupia["pass_to_person"]
    assert person["low"] <= person["guessing"] <= person["high"]
    assert qupia["two_days"]["low"] > qupia["two_days"]["guessing"]  # Habits alone link.


def test_one_seed_gives_the_same_figures() -> None:
    first = system(SMALL, "qupia_day")
    live.cache_clear()
    assert system(SMALL, "qupia_day") == first
