"""A result becomes a slip of its class, once; of the person nothing is kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from issuer.authority import Authority
from issuer.keys.paper_keys import WEEK, paper_key_for
from issuer.paper import PaperSlip, issue, paper_window
from issuer.publication.making import publish
from issuer.retention import run_retention
from issuer.rules.policy import default_policy_text, parse_policy
from schemas.kinds import DAY, HOUR, Kind
from schemas.paper import LONGEST_PAPER, parse_paper
from schemas.problems import ApiProblem, Problem
from tests.support.issuers import NOON, Service
from tests.support.statements import begin_with_sunset
from verifier.door.verification import Verdict, verify

REFERENCE = "880317300134"
POLICY = parse_policy(default_policy_text())
MIDNIGHT = NOON - 12 * HOUR


def slip(issuer: Service | Authority, **changes: Any) -> PaperSlip:
    """A slip for a vaccination a week ago, but for what the test changes."""
    authority = issuer if isinstance(issuer, Authority) else issuer.authority
    result = {
        "evidence": "vaccinated_full",
        "at": NOON - 7 * DAY,
        "birthday": "03-17",
        "reference": REFERENCE,
        "now": NOON,
    }
    return issue(authority, **result | changes)


def refusal(issuer: Service, **changes: Any) -> Problem:
    with pytest.raises(ApiProblem) as caught:
        slip(issuer, **changes)
    return caught.value.fault


def register(issuer: Service, **changes: Any) -> object:
    result = {
        "evidence": "vaccinated_full",
        "at": NOON - 7 * DAY,
        "birthday": "03-17",
        "reference": REFERENCE,
        "now": NOON,
    }
    with issuer.authority.store.transaction(NOON) as tx:
        return issuer.authority.registrar.register(tx, **result | changes)


def held(issuer: Service) -> dict[str, int]:
    return {entry.kind.value: entry.held for entry in issuer.authority.store.census(NOON)}


# What it says


def test_a_slip_is_good_from_the_last_midnight_for_seven_days(issuer: Service) -> None:
    made = slip(issuer)
    assert (made.nbf, made.exp) == (MIDNIGHT, MIDNIGHT + 7 * DAY)
    assert (made.status, made.holder) == ("green", "03-17")


def test_the_text_says_the_same_and_nothing_else(issuer: Service) -> None:
    made = slip(issuer)
    assert parse_paper(made.jwt).unverified_pass.claims() == {
        "iss": issuer.authority.config.url,
        "nbf": made.nbf,
        "exp": made.exp,
        "status": made.status,
        "holder": made.holder,
    }
    assert set(parse_paper(made.jwt).unverified.unverified_header) == {"alg", "kid", "typ"}


def test_a_venue_admits_it_with_an_id_check(issuer: Service) -> None:
    bundle = issuer.authority.bundle()
    verdict = verify(slip(issuer).jwt, bundle=bundle, policy=bundle.policy(None), now=NOON)
    assert verdict == Verdict("green", "03-17", asks_hint=True, paper=True)


def test_a_slip_ends_with_the_window_in_which_its_evidence_ends(issuer: Service) -> None:
    made = slip(issuer, evidence="pcr_negative", at=NOON - 60 * HOUR)
    assert (made.nbf, made.exp) == (MIDNIGHT, MIDNIGHT + DAY)


def test_a_slip_ends_with_the_system(issuer: Service) -> None:
    sunset = MIDNIGHT + 3 * DAY
    begin_with_sunset(issuer, sunset)
    assert slip(issuer).exp == sunset
    assert refusal(issuer, now=sunset) is Problem.SUNSET


def test_the_slip_of_a_week_in_which_the_clocks_go_back_is_a_day_shorter() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    policy = parse_policy(default_policy_text().replace("Asia/Almaty", "Europe/Berlin"))
    for month, day, days in ((10, 20, 6), (3, 25, 7), (7, 1, 7)):
        noon = int(datetime(2026, month, day, 12, tzinfo=berlin).timestamp())
        window = paper_window(policy, until=noon + 30 * DAY, now=noon)
        ends = datetime.fromtimestamp(window.exp, berlin)
        assert (ends.hour, ends.minute, ends.toordinal()) == (
            0,
            0,
            datetime(2026, month, day, tzinfo=berlin).toordinal() + days,
        )
        assert window.exp - window.nbf <= LONGEST_PAPER


def test_evidence_that_ends_before_the_next_midnight_gives_none() -> None:
    with pytest.raises(ApiProblem) as caught:
        paper_window(POLICY, until=MIDNIGHT + 18 * HOUR, now=NOON)
    assert caught.value.fault is Problem.INVALID


# One text for each class


def test_slips_of_one_class_are_the_same_text(issuer: Service) -> None:
    texts = {slip(issuer, reference=f"P{n}", now=NOON + n).jwt for n in range(5)}
    assert len(texts) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"birthday": "03-18"},
        {"evidence": "no_record", "at": NOON - HOUR},
        {"evidence": "pcr_negative", "at": NOON - HOUR},
    ],
)
def test_another_class_has_another_text(issuer: Service, changes: dict[str, Any]) -> None:
    assert slip(issuer).jwt != slip(issuer, reference="P2", **changes).jwt


def test_the_text_outlives_a_restart(issuer: Service) -> None:
    before = slip(issuer).jwt
    issuer.reopen()
    assert slip(issuer, reference="P2").jwt == before


def test_several_processes_hand_out_one_text(issuer: Service) -> None:
    others = [Authority.open(issuer.home) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        made = pool.map(lambda n: slip(others[n % 4], reference=f"P{n}").jwt, range(16))
        texts = set(made)
    for other in others:
        other.store.close()
    assert len(texts) == 1


def test_the_text_stays_the_same_when_the_week_of_keys_ends_within_the_day(issuer: Service) -> None:
    """Weeks begin at midnight in UTC, five hours after that in Almaty."""
    turn = NOON - NOON % WEEK + WEEK
    assert paper_key_for(issuer.home, turn) is not None
    before = slip(issuer, now=turn - 1).jwt
    assert slip(issuer, reference="P2", now=turn + HOUR).jwt == before


@pytest.mark.process
def test_a_text_dies_when_its_slips_end(issuer: Service) -> None:
    made = slip(issuer)
    assert held(issuer)["paper"] == 1
    run_retention(issuer.authority, made.exp + DAY)
    with issuer.authority.store.transaction(made.exp + DAY) as tx:
        assert tx.get(Kind.PAPER, b"") is None
    assert {e.kind: e.held for e in issuer.authority.store.census(NOON)}[Kind.PAPER] == 0


def test_a_text_of_a_key_that_was_replaced_is_not_handed_out_again(issuer: Service) -> None:
    before = slip(issuer).jwt
    file = paper_key_for(issuer.home, MIDNIGHT)
    assert file is not None
    file.path.unlink()
    assert refusal(issuer, reference="P2") is Problem.NOT_READY
    publish(issuer.authority, NOON)
    after = slip(issuer, reference="P2").jwt
    assert after != before
    assert parse_paper(after).kid in issuer.authority.bundle().paper_by_kid


# Whose it is


def test_only_the_mark_of_the_result_is_kept_of_a_person(issuer: Service) -> None:
    before = held(issuer)
    slip(issuer)
    assert held(issuer) == before | {"row": 1, "paper": 1}


def test_a_result_gives_a_slip_or_a_code_and_only_once(issuer: Service) -> None:
    slip(issuer)
    assert refusal(issuer) is Problem.ALREADY_REGISTERED
    with pytest.raises(ApiProblem) as caught:
        register(issuer)
    assert caught.value.fault is Problem.ALREADY_REGISTERED
    register(issuer, reference="P2")
    assert refusal(issuer, reference="p-2") is Problem.ALREADY_REGISTERED


@pytest.mark.parametrize("evidence", ["positive", "contact"])
def test_whoever_is_withdrawn_gets_none(issuer: Service, evidence: str) -> None:
    register(issuer, evidence=evidence, at=NOON - HOUR, birthday=None)
    assert refusal(issuer) is Problem.WITHDRAWN
    assert held(issuer)["row"] == 1, "only that of the withdrawal"
    slip(issuer, reference="P2")


@pytest.mark.parametrize(
    "changes",
    [
        {"evidence": "positive"},
        {"evidence": "contact"},
        {"evidence": "fraud"},
        {"evidence": "unknown"},
        {"at": NOON + 1},
        {"at": NOON - 366 * DAY},
        {"reference": None},
        {"reference": " - "},
        {"birthday": "03"},
        {"birthday": "02-30"},
        {"birthday": None},
    ],
)
def test_what_cannot_be_a_slip_is_invalid(issuer: Service, changes: dict[str, Any]) -> None:
    before = held(issuer)
    assert refusal(issuer, **changes) is Problem.INVALID
    assert held(issuer) == before


def test_short_evidence_needs_no_reference(issuer: Service) -> None:
    free = {"evidence": "pcr_negative", "at": NOON - HOUR, "reference": None}
    assert slip(issuer, **free).jwt == slip(issuer, **free).jwt
    assert held(issuer)["row"] == 0


def test_a_birthday_is_needed_whatever_the_hints_of_phones_are(issuer: Service) -> None:
    assert issuer.authority.config.hint == "none"
    assert slip(issuer).holder == "03-17"


def test_it_is_noted_like_a_registration(issuer: Service) -> None:
    slip(issuer)
    assert refusal(issuer) is Problem.ALREADY_REGISTERED
    lines = issuer.authority.audit.recent(10)
    assert [(line.action, line.account) for line in lines] == [("paper", 0)]


def test_a_slip_does_not_print_itself(issuer: Service) -> None:
    made = slip(issuer)
    assert made.jwt not in repr(made)
    assert made.holder not in repr(made)
