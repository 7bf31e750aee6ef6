"""Results become codes or withdrawals; nothing else of them is kept."""

import json
from datetime import datetime
from typing import Any

import pytest

from issuer.registration.codes import Grant, IssuedCode, cancel_code
from issuer.registration.registrar import Registrar
from issuer.registration.withdrawals import WITHDRAWALS, Withdrawn, withdrawn_until
from issuer.rules.policy import default_policy_text, parse_policy
from schemas.activation import format_code
from schemas.codec import encode, from_json
from schemas.encoding import b64url_decode
from schemas.hints import HintForm
from schemas.kinds import DAY, HOUR, MINUTE, Kind
from schemas.problems import ApiProblem, Problem
from schemas.references import derive_rid
from tests.support.issuers import NOON, Service

POLICY = parse_policy(default_policy_text())
GIVING = {name: rule for name, rule in POLICY.evidence.items() if not rule.withdraws}
REFERENCE = "880317300134"


def register(issuer: Service, **changes: Any) -> IssuedCode | Withdrawn:
    """Register a test taken an hour ago, but for what the test changes."""
    result = {
        "evidence": "pcr_negative",
        "at": issuer.now - HOUR,
        "birthday": "03-17",
        "reference": REFERENCE,
    } | changes
    with issuer.authority.store.transaction(issuer.now) as tx:
        return issuer.authority.registrar.register(tx, **result, now=issuer.now)


def refusal(issuer: Service, **changes: Any) -> Problem:
    with pytest.raises(ApiProblem) as caught:
        register(issuer, **changes)
    return caught.value.fault


def code_of(issuer: Service, **changes: Any) -> str:
    issued = register(issuer, **changes)
    assert isinstance(issued, IssuedCode)
    return issued.code


def grant_of(issuer: Service, code: str) -> Grant:
    payload = issuer.authority.store.get(Kind.CODE, code.encode(), issuer.now)
    assert payload is not None
    return from_json(Grant, payload)


def rid_of(issuer: Service, reference: str = REFERENCE) -> str:
    return derive_rid(issuer.home.reference_key.read_bytes(), reference)


def withdrawn(issuer: Service, reference: str = REFERENCE) -> int | None:
    with issuer.authority.store.transaction(issuer.now) as tx:
        return withdrawn_until(tx, rid_of(issuer, reference))


def lift(issuer: Service, evidence: str, reference: str = REFERENCE) -> int | None:
    with issuer.authority.store.transaction(issuer.now) as tx:
        return issuer.authority.registrar.lift(tx, reference=reference, evidence=evidence)


def cancel(issuer: Service, code: str) -> None:
    with issuer.authority.store.transaction(issuer.now) as tx:
        cancel_code(tx, code)


def cancel_refusal(issuer: Service, code: str) -> Problem:
    with pytest.raises(ApiProblem) as caught:
        cancel(issuer, code)
    return caught.value.fault


# Evidence


@pytest.mark.parametrize("evidence", GIVING)
def test_evidence_gives_its_status_until_the_window_in_which_it_ends(
    issuer: Service, evidence: str
) -> None:
    rule, taken = GIVING[evidence], NOON - HOUR
    grant = grant_of(issuer, code_of(issuer, evidence=evidence, at=taken))
    window = POLICY.calendar.window_at(taken + rule.period - 1)
    assert (grant.status, grant.until) == (rule.gives, window.exp)


def test_a_code_is_valid_for_72_hours(issuer: Service) -> None:
    issued = register(issuer)
    assert isinstance(issued, IssuedCode)
    assert issued.expires_at == NOON + 72 * HOUR


def test_every_code_is_another(issuer: Service) -> None:
    codes = {code_of(issuer, reference=f"P{number}") for number in range(50)}
    assert len(codes) == 50


def test_neither_a_code_nor_a_result_prints_itself(issuer: Service) -> None:
    issued = register(issuer)
    assert isinstance(issued, IssuedCode)
    assert issued.code not in repr(issued)
    assert REFERENCE not in repr(grant_of(issuer, issued.code))
    assert "reference_key" not in repr(issuer.authority.registrar)


@pytest.mark.parametrize(("evidence", "days"), [("positive", 10), ("contact", 14)])
def test_evidence_that_withdraws_gives_no_code(issuer: Service, evidence: str, days: int) -> None:
    result = register(issuer, evidence=evidence, birthday=None)
    assert result == Withdrawn(NOON - HOUR + days * DAY)
    assert withdrawn(issuer) == NOON - HOUR + days * DAY
    assert withdrawn(issuer, "ANOTHER") is None


@pytest.mark.parametrize("evidence", ["fraud", "antibodies", "", "PCR_NEGATIVE", "pcr_negative "])
def test_evidence_that_the_policy_does_not_name_is_invalid(issuer: Service, evidence: str) -> None:
    assert refusal(issuer, evidence=evidence) is Problem.INVALID


@pytest.mark.parametrize("evidence", POLICY.evidence)
def test_evidence_of_the_future_is_invalid(issuer: Service, evidence: str) -> None:
    assert refusal(issuer, evidence=evidence, at=NOON + 1) is Problem.INVALID
    register(issuer, evidence=evidence, at=NOON)


@pytest.mark.parametrize("evidence", POLICY.evidence)
def test_evidence_counts_to_its_last_second(issuer: Service, evidence: str) -> None:
    period = POLICY.evidence[evidence].period
    assert refusal(issuer, evidence=evidence, at=NOON - period) is Problem.INVALID
    register(issuer, evidence=evidence, at=NOON - period + 1)


# Birthday and reference


@pytest.mark.parametrize("birthday", [None, "", "3-17", "02-30", "13-01", "00-10", "17-03-"])
@pytest.mark.parametrize("hint", ["month", "day"])
def test_a_hint_needs_a_birthday(issuer: Service, hint: str, birthday: str | None) -> None:
    registrar = Registrar(POLICY, HintForm(hint), issuer.home.reference_key.read_bytes())
    with (
        pytest.raises(ApiProblem) as caught,
        issuer.authority.store.transaction(NOON) as tx,
    ):
        registrar.register(
            tx, evidence="no_record", at=NOON, birthday=birthday, reference=None, now=NOON
        )
    assert caught.value.fault is Problem.INVALID


@pytest.mark.parametrize(("hint", "kept"), [("none", None), ("month", "02"), ("day", "02-29")])
def test_only_the_hint_is_kept_of_a_birthday(issuer: Service, hint: str, kept: str | None) -> None:
    key = issuer.home.reference_key.read_bytes()
    registrar = Registrar(POLICY, HintForm(hint), key)
    with issuer.authority.store.transaction(NOON) as tx:
        issued = registrar.register(
            tx, evidence="no_record", at=NOON, birthday="02-29", reference=REFERENCE, now=NOON
        )
    assert isinstance(issued, IssuedCode)
    payload = issuer.authority.store.get(Kind.CODE, issued.code.encode(), NOON)
    assert payload is not None
    grant = from_json(Grant, payload)
    assert grant.row is not None
    # Nothing else is sealed into it.
    assert json.loads(payload) == {
        "status": "blue",
        "holder": kept,
        "until": grant.until,
        "rid": rid_of(issuer),
        "row": encode(grant.row),
    }


def test_without_hints_no_birthday_is_needed(issuer: Service) -> None:
    assert grant_of(issuer, code_of(issuer, birthday=None)).holder is None
    assert grant_of(issuer, code_of(issuer, birthday="nonsense", at=NOON)).holder is None


def test_what_a_code_holds_names_neither_person_nor_evidence(issuer: Service) -> None:
    code = code_of(issuer, evidence="vaccinated_full", reference="KZ-PASSPORT-77")
    payload = issuer.authority.store.get(Kind.CODE, code.encode(), NOON)
    assert payload is not None
    for secret in (b"PASSPORT", b"vaccinated", b"03-17", str(NOON - HOUR).encode(), code.encode()):
        assert secret not in payload


@pytest.mark.parametrize("evidence", POLICY.evidence)
def test_evidence_that_lasts_over_14_days_or_withdraws_needs_a_reference(
    issuer: Service, evidence: str
) -> None:
    rule = POLICY.evidence[evidence]
    if rule.withdraws or rule.period > 14 * DAY:
        assert refusal(issuer, evidence=evidence, reference=None) is Problem.INVALID
    else:
        assert (
            len(
                b64url_decode(
                    grant_of(issuer, code_of(issuer, evidence=evidence, reference=None)).rid
                )
            )
            == 32
        )


@pytest.mark.parametrize("reference", ["", " ", "- -", "x" * 65, "a\0b", "\u202e"])
def test_a_reference_that_is_none_is_invalid(issuer: Service, reference: str) -> None:
    assert refusal(issuer, reference=reference) is Problem.INVALID


def test_a_reference_is_kept_as_a_keyed_hash_however_it_is_written(issuer: Service) -> None:
    for number, written in enumerate(("kz 880-317", "KZ880317", "ｋｚ８８０３１７", "kz–880 317")):
        grant = grant_of(issuer, code_of(issuer, reference=written, at=NOON - number))
        assert grant.rid == rid_of(issuer, "KZ880317")


def test_a_result_that_is_refused_leaves_nothing_behind(issuer: Service) -> None:
    before = issuer.authority.store.census(NOON)
    for changes in ({"evidence": "x"}, {"at": NOON + 1}, {"reference": ""}):
        refusal(issuer, **changes)
    assert issuer.authority.store.census(NOON) == before


# Repetitions


@pytest.mark.parametrize("evidence", POLICY.evidence)
def test_the_same_result_is_not_registered_twice(issuer: Service, evidence: str) -> None:
    register(issuer, evidence=evidence)
    assert refusal(issuer, evidence=evidence) is Problem.ALREADY_REGISTERED
    assert refusal(issuer, evidence=evidence, reference="8803 1730-0134", birthday="01-01") is (
        Problem.ALREADY_REGISTERED
    )


@pytest.mark.parametrize(
    "changes",
    [{"evidence": "no_record"}, {"at": NOON - HOUR - 1}, {"reference": "880317300124"}],
    ids=str,
)
def test_another_kind_time_or_person_is_another_result(
    issuer: Service, changes: dict[str, Any]
) -> None:
    register(issuer)
    assert isinstance(register(issuer, **changes), IssuedCode)


MORNING = NOON - 3 * HOUR
MIDNIGHT = int(
    datetime.fromtimestamp(NOON, POLICY.zone).replace(hour=0, minute=0, second=0).timestamp()
)


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (MORNING, MIDNIGHT),
        (MIDNIGHT, MORNING),
        (MORNING + 30, MORNING),
        (MORNING, MORNING + 59),
    ],
)
def test_a_result_told_with_and_without_its_hour_or_second_has_one_code(
    issuer: Service, first: int, again: int
) -> None:
    register(issuer, at=first)
    assert refusal(issuer, at=again) is Problem.ALREADY_REGISTERED


def test_two_results_of_a_day_are_two_and_neither_comes_again_without_its_hour(
    issuer: Service,
) -> None:
    for at in (MORNING, MORNING + HOUR):
        register(issuer, at=at)
    for at in (MORNING, MORNING + HOUR, MORNING + HOUR + 10, MIDNIGHT):
        assert refusal(issuer, at=at) is Problem.ALREADY_REGISTERED


def test_the_day_before_is_another_result(issuer: Service) -> None:
    register(issuer, at=MORNING)
    register(issuer, at=MIDNIGHT - DAY)


def test_a_cancelled_slip_frees_its_result_in_either_form(issuer: Service) -> None:
    for at in (MORNING, MIDNIGHT, MORNING):
        cancel(issuer, code_of(issuer, at=at))


def test_a_positive_result_told_again_with_its_hour_withdraws_for_longer(issuer: Service) -> None:
    register(issuer, evidence="positive", at=MIDNIGHT)
    longer = register(issuer, evidence="positive", at=MORNING)
    assert longer == Withdrawn(MORNING + 10 * DAY)
    for at in (MORNING, MIDNIGHT):
        assert refusal(issuer, evidence="positive", at=at) is Problem.ALREADY_REGISTERED


def test_results_without_a_reference_can_repeat(issuer: Service) -> None:
    first, second = (code_of(issuer, reference=None) for _ in range(2))
    assert grant_of(issuer, first).rid != grant_of(issuer, second).rid


def test_a_result_can_be_registered_again_after_72_hours(issuer: Service) -> None:
    changes = {"evidence": "no_record", "at": NOON - HOUR}
    register(issuer, **changes)
    issuer.clock.now += 72 * HOUR - 1
    assert refusal(issuer, **changes) is Problem.ALREADY_REGISTERED
    issuer.clock.now += 1
    register(issuer, **changes)


def test_activation_does_not_free_the_result(issuer: Service) -> None:
    issuer.wallet().activate(code_of(issuer))
    assert refusal(issuer) is Problem.ALREADY_REGISTERED


# Cancelling


def test_a_cancelled_code_is_void_and_frees_its_result(issuer: Service) -> None:
    code = code_of(issuer)
    cancel(issuer, format_code(code).lower())
    assert issuer.wallet().activate(code).code == (404, "code_unknown")
    assert code_of(issuer) != code


def test_a_code_without_a_reference_can_be_cancelled(issuer: Service) -> None:
    code = code_of(issuer, reference=None)
    cancel(issuer, code)
    assert issuer.wallet().activate(code).code == (404, "code_unknown")


def test_cancelling_frees_no_other_result(issuer: Service) -> None:
    code = code_of(issuer)
    register(issuer, reference="OTHER")
    cancel(issuer, code)
    assert refusal(issuer, reference="OTHER") is Problem.ALREADY_REGISTERED


def test_a_code_that_was_used_cannot_be_cancelled(issuer: Service) -> None:
    code = code_of(issuer)
    issuer.wallet().activate(code)
    assert cancel_refusal(issuer, code) is Problem.CODE_USED
    issuer.clock.now += 10 * MINUTE
    assert cancel_refusal(issuer, code) is Problem.CODE_UNKNOWN
    assert refusal(issuer, at=NOON - HOUR) is Problem.ALREADY_REGISTERED


@pytest.mark.parametrize("code", ["0000-0000-0000-0000", "", "not a code"])
def test_a_code_that_never_was_cannot_be_cancelled(issuer: Service, code: str) -> None:
    assert cancel_refusal(issuer, code) is Problem.CODE_UNKNOWN


def test_a_code_that_was_cancelled_or_is_over_cannot_be_cancelled(issuer: Service) -> None:
    first, second = code_of(issuer), code_of(issuer, reference="P2")
    cancel(issuer, first)
    assert cancel_refusal(issuer, first) is Problem.CODE_UNKNOWN
    issuer.clock.now += 72 * HOUR
    assert cancel_refusal(issuer, second) is Problem.CODE_UNKNOWN


# Withdrawals


def test_the_longer_of_two_withdrawals_of_a_kind_counts(issuer: Service) -> None:
    later = issuer.withdraw(REFERENCE, "positive", at=NOON)
    assert later == NOON + 10 * DAY
    assert issuer.withdraw(REFERENCE, "positive", at=NOON - 5 * DAY) == later
    assert withdrawn(issuer) == later
    issuer.clock.now += DAY
    assert issuer.withdraw(REFERENCE, "positive") == later + DAY


def test_the_longest_of_all_kinds_decides(issuer: Service) -> None:
    issuer.withdraw(REFERENCE, "positive")
    contact = issuer.withdraw(REFERENCE, "contact")
    assert withdrawn(issuer) == contact == NOON + 14 * DAY
    issuer.withdraw(REFERENCE, "fraud")
    assert withdrawn(issuer) == NOON + 365 * DAY


def test_a_withdrawal_ends_at_its_exact_second(issuer: Service) -> None:
    until = issuer.withdraw(REFERENCE, "positive")
    issuer.clock.now = until - 1
    assert withdrawn(issuer) == until
    issuer.clock.now = until
    assert withdrawn(issuer) is None


def test_fraud_lasts_as_long_as_the_longest_evidence(issuer: Service) -> None:
    longest = max(rule.period for rule in GIVING.values())
    assert issuer.withdraw(REFERENCE, "fraud") == NOON + longest == NOON + 365 * DAY


@pytest.mark.parametrize("evidence", WITHDRAWALS)
def test_a_withdrawal_cannot_begin_in_the_future_nor_be_over(
    issuer: Service, evidence: str
) -> None:
    period = POLICY.rule(evidence).period
    for at in (NOON + 1, NOON - period):
        with pytest.raises(ApiProblem) as caught:
            issuer.withdraw(REFERENCE, evidence, at=at)
        assert caught.value.fault is Problem.INVALID
    assert withdrawn(issuer) is None


@pytest.mark.parametrize("evidence", WITHDRAWALS)
def test_lifting_one_kind_leaves_the_others(issuer: Service, evidence: str) -> None:
    ends = {kind: issuer.withdraw(REFERENCE, kind) for kind in WITHDRAWALS}
    others = max(end for kind, end in ends.items() if kind != evidence)
    assert lift(issuer, evidence) == others == withdrawn(issuer)


def test_lifting_the_last_kind_ends_the_withdrawal(issuer: Service) -> None:
    issuer.withdraw(REFERENCE, "contact")
    assert lift(issuer, "positive") == NOON + 14 * DAY
    assert lift(issuer, "contact", "8803 1730 0134") is None
    assert withdrawn(issuer) is None


def test_lifting_for_one_person_leaves_the_others(issuer: Service) -> None:
    issuer.withdraw(REFERENCE, "contact")
    issuer.withdraw("P2", "contact")
    assert lift(issuer, "contact", "P2") is None
    assert withdrawn(issuer) is not None


def test_what_was_never_withdrawn_can_be_lifted(issuer: Service) -> None:
    assert lift(issuer, "fraud") is None
