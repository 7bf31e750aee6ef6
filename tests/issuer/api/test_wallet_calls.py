"""What a wallet is told about itself, and that it can be ended."""

from issuer.publication.making import make_missing_keys, publish, retire
from issuer.retention import run_retention
from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from tests.support.issuers import NOON, Service, Wallet
from tests.support.keys import ec_key
from tests.support.texts import to_json


def held(wallet: Wallet) -> list[dict[str, str]]:
    reply = wallet.me()
    assert reply.status == 200
    items: list[dict[str, str]] = reply.json["held"]
    return items


def batch(window_exp: int) -> dict[str, str]:
    return {
        "what": "batch",
        "window_ends": format_time(window_exp),
        "dies": format_time(window_exp + HOUR),
    }


def test_before_anything_is_fetched_nothing_is_held(issuer: Service) -> None:
    assert held(issuer.activated()) == []


def test_each_batch_is_shown_with_the_end_of_its_window_and_of_its_marker(issuer: Service) -> None:
    wallet = issuer.activated()
    keys = [issuer.pass_key(wallet, ahead=ahead) for ahead in (0, 1)]
    wallet.fetch(*map(wallet.batch, keys))
    shown = sorted(held(wallet), key=lambda item: item["dies"])
    assert shown == [batch(key.window.exp) for key in keys]


def test_a_marker_is_shown_until_it_dies_also_after_its_window(issuer: Service) -> None:
    wallet = issuer.activated()
    end = issuer.pass_key(wallet).window.exp
    wallet.fetch()
    issuer.clock.now = end + HOUR - 1
    run_retention(issuer.authority, issuer.now)
    make_missing_keys(issuer.authority, issuer.now)
    publish(issuer.authority, issuer.now)
    assert held(wallet) == [batch(end)]
    issuer.clock.now += 1
    assert held(wallet) == []


def test_the_batch_of_a_retired_key_is_shown(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch()
    retire(issuer.authority, key, issuer.now)
    assert held(wallet) == [batch(key.window.exp)]
    wallet.fetch()
    assert held(wallet) == [batch(key.window.exp)] * 2
    issuer.clock.now = key.window.exp + HOUR - 1
    assert held(wallet) == [batch(key.window.exp)] * 2


def test_another_wallets_batches_are_not_shown(issuer: Service) -> None:
    first, second = (
        issuer.activated(reference="P1"),
        issuer.activated(reference="P1", at_seconds=NOON),
    )
    first.fetch()
    assert held(second) == []


def test_withdrawal_and_end_are_shown(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    until = issuer.withdraw("P1", "contact")
    assert held(wallet) == [{"what": "withdrawal", "dies": format_time(until)}]
    wallet.end()
    ended = {"what": "ended", "dies": format_time(wallet.claims["exp"])}
    assert held(wallet) == [ended, {"what": "withdrawal", "dies": format_time(until)}]


def test_what_is_held_can_be_asked_after_the_entitlement_is_over(issuer: Service) -> None:
    wallet = issuer.activated(reference="P1")
    until = issuer.withdraw("P1", "contact")
    issuer.clock.now = wallet.claims["exp"] + DAY
    assert held(wallet) == [{"what": "withdrawal", "dies": format_time(until)}]


def test_another_key_is_told_nothing_and_ends_nothing(issuer: Service) -> None:
    wallet = issuer.activated()
    thief = Wallet(issuer, ec_key("thief"), wallet.entitlement)
    assert thief.me().code == (401, "not_allowed")
    assert thief.end().code == (401, "not_allowed")
    assert wallet.fetch().status == 200


def test_ending_forgets_nothing_that_prevents_a_second_batch(issuer: Service) -> None:
    wallet = issuer.activated()
    wallet.fetch()
    wallet.end()
    assert [item["what"] for item in held(wallet)] == ["batch", "ended"]


def test_a_proxy_that_swaps_the_body_is_noticed(issuer: Service) -> None:
    wallet, other = issuer.activated(), issuer.activated()
    honest = {"entitlement": wallet.entitlement, "batches": [wallet.batch(issuer.pass_key(wallet))]}
    swapped = honest | {"batches": [wallet.batch(issuer.pass_key(wallet), label="mine")]}
    proof = wallet.proof("/v1/passes", to_json(honest))
    assert wallet.post("/v1/passes", swapped, proof=proof).code == (401, "bad_dpop")
    assert wallet.post("/v1/passes", honest, proof=proof).status == 200
    assert other.post("/v1/passes", honest, proof=proof).status == 200, "a replay gains nothing"


def test_a_proof_for_one_call_is_not_good_for_another(issuer: Service) -> None:
    wallet = issuer.activated()
    body = to_json({"entitlement": wallet.entitlement})
    proof = wallet.proof("/v1/me", body)
    assert wallet.post("/v1/me/end", body, proof=proof).code == (401, "bad_dpop")


def test_the_address_in_a_proof_is_the_public_one(issuer: Service) -> None:
    wallet = issuer.activated()
    body = to_json({"entitlement": wallet.entitlement})
    local = wallet.proof("/v1/me", body, htu="http://127.0.0.1:8000/v1/me")
    assert wallet.post("/v1/me", body, proof=local).code == (401, "bad_dpop")


def test_two_proofs_or_two_keys_to_choose_from_are_none(issuer: Service) -> None:
    wallet = issuer.activated()
    body = to_json({"entitlement": wallet.entitlement})
    proof = ("DPoP", wallet.proof("/v1/me", body))
    once = issuer.call("POST", "/v1/me", chunks=(body,), headers=[proof])
    twice = issuer.call("POST", "/v1/me", chunks=(body,), headers=[proof, proof])
    assert once.status == 200
    assert twice.code == (401, "bad_dpop")
    key = ("Authorization", f"Bearer {issuer.staff('registrar')}")
    refused = issuer.call("POST", "/v1/codes", chunks=(b"{}",), headers=[key, key])
    assert refused.code == (401, "not_allowed")
