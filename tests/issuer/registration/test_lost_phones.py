"""A phone was lost: its wallet gets nothing more, and its owner goes on with a new code."""

import pytest

from issuer.registration.withdrawals import withdrawn_until
from issuer.rules.values import FRAUD
from schemas.kinds import DAY, HOUR
from schemas.problems import ApiProblem, Problem
from tests.support.issuers import Service, Wallet

REFERENCE = "880317300134"


def lose(issuer: Service, reference: str = REFERENCE) -> None:
    with issuer.authority.store.transaction(issuer.now) as tx:
        issuer.authority.registrar.end_lost(tx, reference=reference, now=issuer.now)


def fetch(issuer: Service, wallet: Wallet) -> tuple[int, str]:
    return wallet.fetch(wallet.batch(issuer.pass_key(wallet))).code


def test_the_lost_wallet_gets_nothing_more(issuer: Service) -> None:
    wallet = issuer.activated(reference=REFERENCE)
    lose(issuer)
    assert fetch(issuer, wallet) == (403, "withdrawn")


def test_the_same_result_gives_a_new_code_and_passes(issuer: Service) -> None:
    issuer.activated(reference=REFERENCE)
    lose(issuer)
    again = issuer.activated(reference=REFERENCE)
    assert again.fetch(again.batch(issuer.pass_key(again))).status == 200


def test_a_second_phone_can_be_lost_too(issuer: Service) -> None:
    wallets = []
    for _ in range(3):
        wallets.append(issuer.activated(reference=REFERENCE))
        lose(issuer)
    assert [fetch(issuer, wallet) for wallet in wallets] == [(403, "withdrawn")] * 3


def test_nobody_else_is_concerned(issuer: Service) -> None:
    other = issuer.activated(reference="770101400321")
    lose(issuer)
    assert other.fetch(other.batch(issuer.pass_key(other))).status == 200


def test_a_code_that_was_not_used_yet_gives_nothing_either(issuer: Service) -> None:
    code = issuer.code(reference=REFERENCE)
    lose(issuer)
    wallet = issuer.wallet()
    wallet.activate(code)
    assert fetch(issuer, wallet) == (403, "withdrawn")


def test_losing_a_phone_does_not_end_a_withdrawal(issuer: Service) -> None:
    until = issuer.withdraw(REFERENCE, "positive")
    lose(issuer)
    wallet = issuer.activated(reference=REFERENCE)
    assert fetch(issuer, wallet) == (403, "withdrawn")
    with issuer.authority.store.transaction(issuer.now) as tx:
        assert withdrawn_until(tx, wallet.claims["rid"]) == until


def test_a_lifted_fraud_does_not_bring_a_lost_phone_back(issuer: Service) -> None:
    lost = issuer.activated(reference=REFERENCE)
    lose(issuer)
    issuer.withdraw(REFERENCE, FRAUD)
    with issuer.authority.store.transaction(issuer.now) as tx:
        issuer.authority.registrar.lift(tx, reference=REFERENCE, evidence=FRAUD)
    assert fetch(issuer, lost) == (403, "withdrawn")
    again = issuer.activated(reference=REFERENCE)
    assert again.fetch(again.batch(issuer.pass_key(again))).status == 200


def test_a_later_withdrawal_reaches_the_new_phone(issuer: Service) -> None:
    lose(issuer)
    wallet = issuer.activated(reference=REFERENCE)
    issuer.withdraw(REFERENCE, "contact")
    assert fetch(issuer, wallet) == (403, "withdrawn")


def test_it_holds_as_long_as_evidence_can_last(issuer: Service) -> None:
    wallet = issuer.activated(reference=REFERENCE)
    lose(issuer)
    rid = wallet.claims["rid"]
    with issuer.authority.store.transaction(issuer.now + 365 * DAY - HOUR) as tx:
        assert withdrawn_until(tx, rid) is not None


def test_what_is_no_reference_ends_nothing(issuer: Service) -> None:
    with pytest.raises(ApiProblem) as caught:
        lose(issuer, "\0")
    assert caught.value.fault is Problem.INVALID
