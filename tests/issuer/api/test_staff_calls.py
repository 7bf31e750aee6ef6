"""What laboratories and officers call."""

import re
from typing import Any

import pytest

from issuer.rules.policy import default_policy_text
from schemas.activation import parse_activation_url, parse_code
from schemas.encoding import format_time, parse_time
from schemas.kinds import DAY, HOUR
from tests.support.asgi import Reply
from tests.support.issuers import NOON, URL, Service

ALREADY, ROLE, CAP = (409, "already_registered"), (403, "not_allowed"), (429, "too_many")


def with_caps(issuer: Service, **caps: int) -> None:
    """Open the home again under other daily caps."""
    text = default_policy_text()
    for name, cap in caps.items():
        text = re.sub(rf"^{name} = \d+$", f"{name} = {cap}", text, flags=re.MULTILINE)
    issuer.home.policy.write_text(text)
    issuer.reopen()


def withdraw(
    issuer: Service, *, role: str = "registrar", lift: bool = False, **changes: Any
) -> Reply:
    body = {"reference": "P1", "evidence": "contact", "at": format_time(NOON)} | changes
    path = "/v1/withdrawals/lift" if lift else "/v1/withdrawals"
    return issuer.post(path, body, key=issuer.staff(role))


def test_a_registered_result_is_a_code_and_a_link_for_72_hours(issuer: Service) -> None:
    answer = issuer.register().json
    link = parse_activation_url(answer["activation_url"])
    assert link.code == parse_code(answer["code"])
    assert (link.issuer, link.root) == (URL, issuer.authority.anchor)
    assert parse_time(answer["expires_at"]) == NOON + 72 * HOUR
    assert issuer.wallet().activate(answer["code"]).status == 200


def test_a_positive_result_is_a_withdrawal(issuer: Service) -> None:
    answer = issuer.register(evidence="positive", birthday=None)
    assert answer.json == {"withdrawn_until": format_time(NOON - HOUR + 10 * DAY)}


def test_a_result_is_registered_once(issuer: Service) -> None:
    result = issuer.result()
    key = issuer.staff("registrar")
    assert issuer.post("/v1/codes", result, key=key).status == 200
    assert issuer.post("/v1/codes", result, key=key).code == ALREADY


def test_a_cancelled_slip_frees_its_result(issuer: Service) -> None:
    result, key = issuer.result(), issuer.staff("registrar")
    code = issuer.post("/v1/codes", result, key=key).json["code"]
    answer = issuer.post("/v1/codes/cancel", {"code": code.lower()}, key=key)
    assert answer.json == {"done": True}
    assert issuer.post("/v1/codes/cancel", {"code": code}, key=key).code == (404, "code_unknown")
    assert issuer.post("/v1/codes", result, key=key).status == 200


def test_a_used_slip_cannot_be_cancelled(issuer: Service) -> None:
    code = issuer.code()
    issuer.wallet().activate(code)
    reply = issuer.post("/v1/codes/cancel", {"code": code}, key=issuer.staff("registrar"))
    assert reply.code == (409, "code_used")


@pytest.mark.parametrize(("evidence", "days"), [("positive", 10), ("contact", 14)])
def test_a_withdrawal_says_until_when(issuer: Service, evidence: str, days: int) -> None:
    answer = withdraw(issuer, evidence=evidence)
    assert answer.json == {"withdrawn_until": format_time(NOON + days * DAY)}


def test_fraud_is_an_officers_decision(issuer: Service) -> None:
    assert withdraw(issuer, evidence="fraud").code == ROLE
    answer = withdraw(issuer, evidence="fraud", role="officer")
    assert answer.json == {"withdrawn_until": format_time(NOON + 365 * DAY)}


def test_lifting_says_what_still_withdraws(issuer: Service) -> None:
    withdraw(issuer, evidence="positive")
    withdraw(issuer, evidence="contact")
    first = withdraw(issuer, role="officer", lift=True, evidence="contact")
    assert first.json == {"withdrawn_until": format_time(NOON + 10 * DAY)}
    assert withdraw(issuer, role="officer", lift=True, evidence="positive").json == {
        "withdrawn_until": None
    }


def test_lifting_is_for_officers(issuer: Service) -> None:
    for role in ("registrar", "auditor"):
        assert withdraw(issuer, role=role, lift=True).code == ROLE


# Caps


def test_a_registrar_has_so_many_codes_a_day(issuer: Service) -> None:
    with_caps(issuer, codes_per_day=3, withdrawals_per_day=1)
    assert [issuer.register().status for _ in range(3)] == [200] * 3
    assert issuer.register().code == CAP
    issuer.clock.now = (NOON // DAY + 1) * DAY
    assert issuer.register().status == 200


def test_withdrawals_are_capped_by_either_call_together(issuer: Service) -> None:
    with_caps(issuer, codes_per_day=1, withdrawals_per_day=2)
    assert issuer.register(evidence="positive").status == 200
    assert withdraw(issuer).status == 200
    assert withdraw(issuer).code == CAP
    assert issuer.register(evidence="contact").code == CAP
    assert issuer.register().status == 200


def test_officers_are_not_capped(issuer: Service) -> None:
    with_caps(issuer, codes_per_day=1, withdrawals_per_day=1)
    for number in range(3):
        assert withdraw(issuer, role="officer", reference=f"P{number}").status == 200


def test_what_is_refused_counts_too_so_that_nobody_can_ask_who_was_registered(
    issuer: Service,
) -> None:
    with_caps(issuer, codes_per_day=2)
    result, key = issuer.result(), issuer.staff("registrar")
    issuer.post("/v1/codes", result, key=key)
    assert issuer.post("/v1/codes", result, key=key).code == ALREADY
    assert issuer.post("/v1/codes", result, key=key).code == CAP


def test_a_request_of_another_shape_does_not_count(issuer: Service) -> None:
    with_caps(issuer, codes_per_day=1)
    for _ in range(3):
        assert issuer.post("/v1/codes", {}, key=issuer.staff("registrar")).status == 400
    assert issuer.register().status == 200
