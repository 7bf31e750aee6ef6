"""A town is the same for the same seed, and its wallets do what the wallet's own functions say."""

import numpy as np
import pytest

from benchmarks.privacy import product
from benchmarks.privacy.lives import live
from benchmarks.privacy.parameters import DAY, HOUR, Parameters
from benchmarks.privacy.town import cells, make_town, months
from benchmarks.privacy.visits import make_visits
from benchmarks.privacy.wallets import corrected, shown_slots
from wallet_sim.passes.presentation import choose, shown_slot
from wallet_sim.passes.schedule import LATER, QUIET

SMALL = Parameters(people=1_500, venues=30, days=6)


def test_one_seed_is_one_town_and_another_seed_another() -> None:
    town, again = make_town(SMALL), make_town(SMALL)
    assert np.array_equal(town.household, again.household)
    assert np.array_equal(make_visits(town).at, make_visits(again).at)
    other = make_town(Parameters(people=1_500, venues=30, days=6, seed=2))
    assert not np.array_equal(town.birthday, other.birthday)


def test_nobody_goes_anywhere_without_a_status_or_before_it_was_activated() -> None:
    town = make_town(SMALL)
    visits = make_visits(town)
    assert town.valid[visits.person, visits.day].all()
    begun = np.nan_to_num(town.activated[visits.person, visits.day])
    assert (visits.at - visits.day * DAY >= begun).all()


def test_venues_draw_crowds_that_differ_much() -> None:
    visits = make_visits(make_town(SMALL))
    count = np.sort(np.bincount(visits.venue, minlength=SMALL.venues))
    assert count[-1] > 10 * np.median(count) > 0


@pytest.mark.parametrize(("hint", "count"), [("none", 1), ("month", 12), ("day", 366)])
def test_cells_are_those_of_status_and_hint(hint: str, count: int) -> None:
    town = make_town(SMALL)
    assert cells(town, hint).max() < 2 * count
    assert set(months(town)) == set(range(12))


def test_plans_fill_a_day_evenly() -> None:
    planned = np.sort(product.plan_times(4_000, seed=1)) / DAY
    even = (np.arange(4_000) + 0.5) / 4_000
    assert np.abs(planned - even).max() < 1.95 / np.sqrt(4_000)  # Kolmogorov-Smirnov, 0.1 %.


def test_later_is_within_two_hours() -> None:
    times = product.later_times(500, np.random.default_rng(1))
    assert times.min() >= 0 and times.max() < LATER
    assert times.max() - times.min() > HOUR


def test_nothing_is_asked_for_in_the_quiet_minutes_after_a_showing() -> None:
    life = live(SMALL)
    planned = life.fetched[:, 1:]
    visits = life.showings.visits
    for person, at in zip(visits.person[:3_000], visits.at[:3_000], strict=True):
        since = planned[person] - at
        assert not ((since >= 0) & (since < QUIET)).any() or not life.town.runs[person]


def test_no_pass_is_shown_before_it_came() -> None:
    life = live(Parameters(people=1_500, venues=30, days=6, open_share=0.5, now_share=0.5))
    visits = life.showings.visits
    assert (life.fetched[visits.person, visits.day] < visits.at).all()


def test_half_minutes_of_many_showings_are_those_of_the_wallet() -> None:
    rng = np.random.default_rng(1)
    showing = choose(
        product.HELD, now=product.START, again=False, agreed=False, below=lambda n: min(7, n - 1)
    )
    seconds = np.floor(rng.uniform(0, DAY, 500))
    many = shown_slots(product.START + seconds, np.full(500, 7.0))
    one_by_one = [shown_slot(showing, product.START + int(at)) for at in seconds]
    assert many.astype(int).tolist() == one_by_one


def test_a_clock_that_is_far_off_is_corrected_to_what_doors_admit() -> None:
    clock = corrected(np.array([0.0, 3.0, 300.0, -4_000.0]))
    assert clock[:2].tolist() == [0.0, 3.0]
    assert np.abs(clock[2:]).max() <= 30


def test_a_withdrawn_wallet_asks_as_often_as_any_other() -> None:
    ill = np.arange(200) % 2 == 1
    count = product.requests_when_withdrawn(200, ill, np.random.default_rng(1))
    assert set(count[ill]) == set(count[~ill]) == {2.0}
