"""A key for each week of slips: made ahead, published in time, gone when no slip is good."""

import pytest

from issuer.keys.paper_keys import (
    WEEK,
    destroy_ended_paper_keys,
    list_paper_keys,
    make_paper_keys,
    paper_key_for,
)
from issuer.publication.making import make_missing_keys, publish
from issuer.retention import overdue, run_retention
from schemas import jws
from schemas.jws import InvalidJws, Typ
from schemas.kinds import DAY, HOUR
from tests.support.issuers import NOON, Service
from tests.support.statements import begin_with_sunset

THIS_WEEK = NOON - NOON % WEEK


def kids(issuer: Service) -> set[str]:
    return set(issuer.authority.bundle().paper_by_kid)


def publish_at(issuer: Service, now: int) -> None:
    make_missing_keys(issuer.authority, now)
    publish(issuer.authority, now)


def test_the_key_follows_from_the_beginning_of_a_slip(issuer: Service) -> None:
    make_paper_keys(issuer.home, nbf=NOON, until=NOON + WEEK)
    of_this_week = paper_key_for(issuer.home, THIS_WEEK)
    assert of_this_week is not None
    assert paper_key_for(issuer.home, THIS_WEEK + WEEK - 1) == of_this_week
    assert paper_key_for(issuer.home, THIS_WEEK + WEEK) != of_this_week
    assert paper_key_for(issuer.home, THIS_WEEK - 1) is None


def test_a_key_counts_for_its_week_and_as_long_as_its_last_slip(issuer: Service) -> None:
    (key, *_) = list_paper_keys(issuer.home, NOON)
    assert (key.window.nbf, key.window.exp) == (THIS_WEEK, THIS_WEEK + 2 * WEEK)


def test_what_is_there_is_not_made_again(issuer: Service) -> None:
    assert make_paper_keys(issuer.home, nbf=NOON, until=NOON + 3 * WEEK) > 0
    before = {file.kid for file in list_paper_keys(issuer.home, NOON)}
    assert make_paper_keys(issuer.home, nbf=NOON, until=NOON + 3 * WEEK) == 0
    assert {file.kid for file in list_paper_keys(issuer.home, NOON)} == before


def test_a_bundle_lists_the_keys_of_all_slips_that_begin_in_its_life(issuer: Service) -> None:
    bundle = issuer.authority.bundle()
    listed = {key.window.nbf: key for key in bundle.paper_keys}
    wanted = range(THIS_WEEK, bundle.exp, WEEK)
    assert set(wanted) <= listed.keys()
    for key in bundle.paper_keys:
        assert set(key.jwk) == {"kty", "crv", "x", "y", "kid", "nbf", "exp"}


def test_paper_keys_and_service_keys_have_none_in_common(issuer: Service) -> None:
    bundle = issuer.authority.bundle()
    assert kids(issuer)
    assert not kids(issuer) & {key["kid"] for key in bundle.service_keys}


def test_every_bundle_of_three_weeks_knows_the_key_of_its_day(issuer: Service) -> None:
    before = kids(issuer)
    for day in range(0, 22, 3):
        now = NOON + day * DAY
        publish_at(issuer, now)
        today = paper_key_for(issuer.home, now)
        assert today is not None
        assert today.kid in kids(issuer)
        assert len(kids(issuer)) <= 3
    assert not kids(issuer) & before


def test_a_key_whose_slips_are_over_is_destroyed(issuer: Service) -> None:
    (key, *_) = list_paper_keys(issuer.home, NOON)
    assert destroy_ended_paper_keys(issuer.home, key.window.exp - 1) == 0
    assert key.path.exists()
    assert run_retention(issuer.authority, key.window.exp)["paper_keys"] == 1
    assert not key.path.exists()


@pytest.mark.process
def test_a_key_that_outlives_its_slips_is_found(issuer: Service) -> None:
    (key, *_) = list_paper_keys(issuer.home, NOON)
    late = key.window.exp + DAY
    assert "1 paper keys outlived their slips" in overdue(issuer.home, late)
    run_retention(issuer.authority, late)
    assert overdue(issuer.home, late) == []


def test_a_key_that_was_removed_after_a_theft_leaves_the_bundle_at_once(issuer: Service) -> None:
    stolen = paper_key_for(issuer.home, NOON)
    assert stolen is not None
    kid = stolen.kid
    stolen.path.unlink()
    assert publish(issuer.authority, NOON + 60)
    assert kid not in kids(issuer)
    another = paper_key_for(issuer.home, NOON)
    assert another is not None
    assert another.kid in kids(issuer)


def test_the_sunset_leaves_no_key(issuer: Service) -> None:
    run_retention(issuer.authority, issuer.authority.sunset)
    assert not list(issuer.home.keys.glob("paper-*"))


def test_no_key_is_made_for_slips_after_the_sunset(issuer: Service) -> None:
    for file in list_paper_keys(issuer.home, NOON):
        file.path.unlink()
    sunset = NOON + 2 * HOUR
    begin_with_sunset(issuer, sunset)
    publish_at(issuer, NOON + HOUR)
    assert [file.window.nbf for file in list_paper_keys(issuer.home, NOON)] == [THIS_WEEK]


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.PAPER])
def test_what_a_paper_key_signs_is_accepted_as_nothing_else(issuer: Service, typ: Typ) -> None:
    file = paper_key_for(issuer.home, NOON)
    assert file is not None
    signed = jws.parse(file.key.sign({"x": 1}))
    public = file.key.private.public_key()
    assert jws.verify(signed, typ=Typ.PAPER, key=public) == {"x": 1}
    with pytest.raises(InvalidJws):
        jws.verify(signed, typ=typ, key=public)
