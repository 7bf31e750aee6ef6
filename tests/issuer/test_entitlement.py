"""Entitlements: what activation gives, once, and what the issuer takes back as its own."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from issuer.entitlement import EntitlementClaims, sign_entitlement, verify_entitlement
from issuer.keys.grid import list_keys
from issuer.keys.keyring import (
    SigningKey,
    entitlement_key_path,
    statement_key_path,
)
from issuer.keys.roots import load_signer
from schemas.encoding import parse_time
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.problems import ApiProblem, Problem
from tests.support.issuers import NOON, URL, Service
from tests.support.keys import EcKey, ec_key
from tests.support.texts import compact, signed, to_json

OWN, WALLET, OTHER = ec_key("entitlement"), ec_key("wallet"), ec_key("other wallet")
KEY = SigningKey(OWN.private, Typ.ENTITLEMENT)
ENTITLEMENT = EntitlementClaims(
    jti="A" * 22, jkt=WALLET.kid, status="green", holder="03", rid="B" * 43, until=NOON + DAY
)
CLAIMS = {
    "iss": URL,
    "aud": URL,
    "cnf": {"jkt": WALLET.kid},
    "jti": "A" * 22,
    "status": "green",
    "holder": "03",
    "rid": "B" * 43,
    "exp": NOON + DAY,
}
HEADER = {"alg": "ES256", "kid": OWN.kid, "typ": "qupia-entitlement+jwt"}


def text(*, header: dict[str, Any] | None = None, key: EcKey = OWN, **claims: Any) -> str:
    return signed(to_json(HEADER | (header or {})), to_json(CLAIMS | claims), key)


def verify(entitlement: str, *, jkt: str = WALLET.kid) -> EntitlementClaims:
    return verify_entitlement(entitlement, key=KEY, url=URL, jkt=jkt)


def assert_refused(entitlement: str, **expected: str) -> None:
    with pytest.raises(ApiProblem) as caught:
        verify(entitlement, **expected)
    assert (caught.value.fault, caught.value.status) == (Problem.NOT_ALLOWED, 401)


def test_what_is_signed_is_what_is_read() -> None:
    assert verify(sign_entitlement(ENTITLEMENT, key=KEY, url=URL)) == ENTITLEMENT
    assert verify(text()) == ENTITLEMENT


def test_an_entitlement_says_when_it_ends_but_not_when_it_was_made() -> None:
    signed_text = sign_entitlement(ENTITLEMENT, key=KEY, url=URL)
    claims = jwt.decode(signed_text, options={"verify_signature": False})
    assert claims == CLAIMS | {"pad": claims["pad"]}
    assert set(claims["pad"]) == {" "}
    assert jwt.get_unverified_header(signed_text) == HEADER


def test_an_entitlement_is_good_for_its_own_wallet_key_only() -> None:
    assert_refused(text(), jkt=OTHER.kid)


@pytest.mark.parametrize("name", ["iss", "aud"])
@pytest.mark.parametrize("value", ["https://other.example", URL + "/", "", None, [URL]])
def test_an_entitlement_of_or_for_another_issuer_is_refused(name: str, value: object) -> None:
    assert_refused(text(**{name: value}))


@pytest.mark.parametrize("name", list(CLAIMS))
def test_every_claim_is_required(name: str) -> None:
    claims = {member: value for member, value in CLAIMS.items() if member != name}
    assert_refused(signed(to_json(HEADER), to_json(claims), OWN))


@pytest.mark.parametrize("typ", [typ.value for typ in Typ if typ is not Typ.ENTITLEMENT])
def test_nothing_else_that_the_entitlement_key_might_sign_is_an_entitlement(typ: str) -> None:
    assert_refused(text(header={"typ": typ}))


@pytest.mark.parametrize(
    "header", [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["exp"]}, {"typ": "JWT"}], ids=str
)
def test_an_entitlement_with_another_header_is_refused(header: dict[str, Any]) -> None:
    assert_refused(text(header=header))


def test_an_entitlement_without_signature_is_refused() -> None:
    assert_refused(compact(to_json(HEADER | {"alg": "none"}), to_json(CLAIMS), b""))


def test_duplicate_claims_are_refused() -> None:
    twice = to_json(CLAIMS).replace(b'"jti"', b'"status":"blue","jti"')
    assert_refused(signed(to_json(HEADER), twice, OWN))


def signing_keys(issuer: Service) -> dict[str, EcKey | SigningKey]:
    """Every P-256 key that plays a part at an issuer."""
    home = issuer.home
    signer, _ = load_signer(home, issuer.authority.chain, NOON)
    return {
        "root": SigningKey.load(home.root_key, Typ.ROOT),
        "signer": signer,
        "entitlement": SigningKey.load(entitlement_key_path(home), Typ.ENTITLEMENT),
        "statement": SigningKey.load(statement_key_path(home), Typ.RETENTION),
        "account": WALLET,
    }


def sign_as(key: EcKey | SigningKey, typ: Typ, payload: dict[str, Any]) -> str:
    header = {"alg": "ES256", "typ": typ.value}
    return jwt.encode(payload, key.private, algorithm="ES256", headers=header)


def test_of_all_keys_and_types_one_pair_makes_an_entitlement(issuer: Service) -> None:
    keys = signing_keys(issuer)
    own = keys["entitlement"]
    assert isinstance(own, SigningKey)
    taken = []
    for name, key in keys.items():
        for typ in Typ:
            try:
                verify_entitlement(sign_as(key, typ, CLAIMS), key=own, url=URL, jkt=WALLET.kid)
                taken.append((name, typ))
            except ApiProblem as error:
                assert error.fault is Problem.NOT_ALLOWED
    assert taken == [("entitlement", Typ.ENTITLEMENT)]


def test_of_all_keys_and_types_the_api_takes_one_pair(issuer: Service) -> None:
    wallet = issuer.activated()
    claims = wallet.claims
    answers = {}
    for name, key in signing_keys(issuer).items():
        for typ in Typ:
            wallet.entitlement = sign_as(key, typ, claims)
            answers[name, typ] = wallet.me().status
    assert [pair for pair, status in answers.items() if status == 200] == [
        ("entitlement", Typ.ENTITLEMENT)
    ]
    assert set(answers.values()) == {200, 401}


@pytest.mark.parametrize("alg", ["RS256", "RS384", "PS256", "PS384"])
def test_no_jwt_is_accepted_under_a_pass_key(issuer: Service, alg: str) -> None:
    wallet = issuer.activated()
    claims = wallet.claims
    pass_key = list_keys(issuer.home.pass_keys)[0].load()
    public = pass_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for typ in Typ:
        wallet.entitlement = jwt.encode(claims, pass_key, algorithm=alg, headers={"typ": typ.value})
        rules = {"verify_exp": False, "verify_aud": False}
        assert jwt.decode(wallet.entitlement, public, algorithms=[alg], options=rules) == claims
        assert wallet.me().code == (401, "not_allowed")


def test_a_proof_under_a_pass_key_is_refused(issuer: Service) -> None:
    wallet = issuer.activated()
    body = to_json({"entitlement": wallet.entitlement})
    pass_key = list_keys(issuer.home.pass_keys)[0].load()
    right = jwt.decode(wallet.proof("/v1/me", body), options={"verify_signature": False})
    for alg in ("RS256", "PS384"):
        headers = {"typ": "dpop+jwt", "jwk": wallet.account.jwk}
        text = jwt.encode(right, pass_key, algorithm=alg, headers=headers)
        assert wallet.post("/v1/me", body, proof=text).code == (401, "bad_dpop")


# Activation


def test_activation_gives_the_claims_of_the_code(found: Callable[..., Service]) -> None:
    issuer = found(hint="month")
    wallet = issuer.wallet()
    answer = wallet.activate(issuer.code(evidence="no_record", birthday="02-29")).json
    claims = wallet.claims
    assert (answer["status"], answer["holder"]) == ("blue", "02")
    assert (claims["status"], claims["holder"]) == ("blue", "02")
    assert parse_time(answer["until"]) == claims["exp"]
    assert claims["cnf"] == {"jkt": wallet.account.kid}
    assert (claims["iss"], claims["aud"]) == (URL, URL)


def test_a_code_is_taken_as_people_type_it(issuer: Service) -> None:
    code = issuer.code()
    typed = f" {code[:4]} {code[4:8]}-{code[8:]} ".lower().replace("0", "o").replace("1", "l")
    assert issuer.wallet().activate(typed).status == 200


def test_a_retry_with_the_same_key_gets_exactly_the_same_claims(issuer: Service) -> None:
    wallet, code = issuer.wallet(), issuer.code()
    wallet.activate(code)
    first = wallet.claims
    issuer.clock.now += 10 * MINUTE - 1
    assert wallet.activate(code).status == 200
    assert wallet.claims == first


def test_another_key_is_told_that_the_code_is_used(issuer: Service) -> None:
    code = issuer.code()
    issuer.wallet().activate(code)
    assert issuer.wallet().activate(code).code == (409, "code_used")


def test_ten_minutes_after_activation_the_code_is_unknown_to_everyone(issuer: Service) -> None:
    wallet, code = issuer.wallet(), issuer.code()
    wallet.activate(code)
    issuer.clock.now += 10 * MINUTE
    assert wallet.activate(code).code == (404, "code_unknown")
    assert issuer.wallet().activate(code).code == (404, "code_unknown")


def test_a_retry_does_not_prolong_the_ten_minutes(issuer: Service) -> None:
    wallet, code = issuer.wallet(), issuer.code()
    wallet.activate(code)
    issuer.clock.now += 9 * MINUTE
    wallet.activate(code)
    issuer.clock.now += MINUTE
    assert wallet.activate(code).code == (404, "code_unknown")


def test_a_code_lives_for_72_hours(issuer: Service) -> None:
    first, second = issuer.code(), issuer.code()
    issuer.clock.now += 72 * HOUR - 1
    assert issuer.wallet().activate(first).status == 200
    issuer.clock.now += 1
    assert issuer.wallet().activate(second).code == (404, "code_unknown")


@pytest.mark.parametrize(
    "code", ["0000-0000-0000-0000", "0000", "x", "ÄÖÜß-ÄÖÜß-ÄÖÜß-ÄÖÜß", "U" * 16, "0" * 17]
)
def test_what_is_no_code_is_unknown(issuer: Service, code: str) -> None:
    assert issuer.wallet().activate(code).code == (404, "code_unknown")


@pytest.mark.parametrize(
    ("evidence", "days"),
    [
        ("pcr_negative", 3),
        ("no_record", 7),
        ("vaccinated_first", 21),
        ("recovered", 90),
        ("vaccinated_full", 365),
    ],
)
@pytest.mark.parametrize("taken", [NOON, NOON - 12 * HOUR, NOON - 12 * HOUR - 1, NOON - DAY])
def test_an_entitlement_ends_with_the_window_in_which_its_evidence_ends(
    issuer: Service, evidence: str, days: int, taken: int
) -> None:
    wallet = issuer.activated(evidence=evidence, at_seconds=taken)
    window = issuer.authority.policy.calendar.window_at(taken + days * DAY - 1)
    assert wallet.claims["exp"] == window.exp
    assert 0 <= wallet.claims["exp"] - (taken + days * DAY) < DAY


def test_two_entitlements_have_different_names(issuer: Service) -> None:
    assert issuer.activated().claims["jti"] != issuer.activated().claims["jti"]


def test_one_person_has_one_rid_and_whoever_gave_no_reference_has_one_each(
    issuer: Service,
) -> None:
    first = issuer.activated(reference="880317 300-134").claims["rid"]
    assert issuer.activated(reference="880317300134", evidence="no_record").claims["rid"] == first
    nobody = {issuer.activated(reference=None).claims["rid"] for _ in range(3)}
    assert len(nobody | {first}) == 4
