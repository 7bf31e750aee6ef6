"""DPoP: a proof is good for one method, one address, one body and two minutes, and for one key."""

import hmac
import json
from hashlib import sha256
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from issuer.api.dpop import LONGEST_PROOF, check_proof
from schemas.encoding import b64url_decode, b64url_encode
from schemas.jws import Typ
from schemas.problems import ApiProblem, Problem
from tests.support.keys import ec_key
from tests.support.texts import compact, signed, to_json
from tests.support.world import NOON

KEY, OTHER = ec_key("account"), ec_key("another account")
URL = "https://qupia.example/v1/passes"
BODY = b'{"entitlement":"a.b.c"}'
HEADER = {"alg": "ES256", "typ": "dpop+jwt", "jwk": KEY.jwk}
CLAIMS = {
    "htm": "POST",
    "htu": URL,
    "iat": NOON,
    "jti": "one",
    "bh": b64url_encode(sha256(BODY).digest()),
}


def proof(*, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """A right proof but for what the test changes; members that are None are left out."""
    members = {name: value for name, value in (CLAIMS | claims).items() if value is not None}
    head = {n: value for n, value in (HEADER | (header or {})).items() if value is not None}
    return signed(to_json(head), to_json(members), KEY)


def check(text: str, *, method: str = "POST", url: str = URL, body: bytes = BODY) -> str:
    return check_proof(text, method=method, url=url, body=body, now=NOON)


def assert_refused(text: str, **call: Any) -> None:
    with pytest.raises(ApiProblem) as caught:
        check(text, **call)
    assert (caught.value.fault, caught.value.status) == (Problem.BAD_DPOP, 401)


def test_a_proof_gives_the_thumbprint_of_its_key() -> None:
    assert check(proof()) == KEY.kid


def test_a_proof_is_good_for_its_method_only() -> None:
    assert_refused(proof(), method="GET")
    assert_refused(proof(htm="post"))


@pytest.mark.parametrize(
    "url",
    [
        "https://qupia.example/v1/me",
        "https://qupia.example/v1/passes/",
        "http://qupia.example/v1/passes",
        "https://other.example/v1/passes",
        "https://qupia.example:443/v1/passes",
        "https://qupia.example/v1/passes?a=b",
    ],
)
def test_a_proof_is_good_for_its_address_only(url: str) -> None:
    assert_refused(proof(), url=url)
    assert_refused(proof(htu=url))


def test_a_body_that_was_swapped_on_the_way_is_noticed() -> None:
    assert_refused(proof(), body=BODY + b" ")
    assert_refused(proof(), body=b"")


def test_the_body_is_compared_before_the_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_arguments: Any, **_more: Any) -> None:
        raise AssertionError("the signature was looked at first")

    monkeypatch.setattr("schemas.jws.verify", never)
    assert_refused(proof(), body=b"swapped")


@pytest.mark.parametrize("offset", [-60, -1, 0, 1, 60])
def test_a_clock_may_be_a_minute_off(offset: int) -> None:
    assert check(proof(iat=NOON + offset)) == KEY.kid


@pytest.mark.parametrize("offset", [-61, 61, -86400, 10**9])
def test_a_clock_that_is_more_than_a_minute_off_is_refused(offset: int) -> None:
    assert_refused(proof(iat=NOON + offset))


@pytest.mark.parametrize("typ", [typ.value for typ in Typ if typ is not Typ.DPOP])
def test_no_other_kind_of_signed_text_is_a_proof(typ: str) -> None:
    assert_refused(proof(header={"typ": typ}))


@pytest.mark.parametrize("typ", ["JWT", "DPOP+JWT", "application/dpop+jwt", "", None])
def test_the_type_is_compared_exactly(typ: str | None) -> None:
    assert_refused(proof(header={"typ": typ}))


@pytest.mark.parametrize("alg", ["none", "None", "ES384", "RS256", "PS256", "", None, ["ES256"]])
def test_no_other_algorithm_is_taken(alg: object) -> None:
    assert_refused(proof(header={"alg": alg}))


def test_a_proof_without_signature_is_refused() -> None:
    header, payload = to_json(HEADER | {"alg": "none"}), to_json(CLAIMS)
    assert_refused(compact(header, payload, b""))


def test_the_public_key_is_no_secret_for_hs256() -> None:
    pem = KEY.public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for secret in (pem, json.dumps(KEY.jwk).encode(), b64url_decode(KEY.jwk["x"])):
        for alg in ("HS256", "ES256"):
            head = b64url_encode(to_json(HEADER | {"alg": alg}))
            message = f"{head}.{b64url_encode(to_json(CLAIMS))}"
            tag = hmac.digest(secret, message.encode(), "sha256")
            assert_refused(f"{message}.{b64url_encode(tag)}")


def test_a_proof_of_another_key_than_it_names_is_refused() -> None:
    assert_refused(signed(to_json(HEADER), to_json(CLAIMS), OTHER))


def test_a_signature_in_der_is_refused() -> None:
    head, payload, signature = (b64url_decode(part) for part in proof().split("."))
    r, s = int.from_bytes(signature[:32]), int.from_bytes(signature[32:])
    assert_refused(compact(head, payload, encode_dss_signature(r, s)))


@pytest.mark.parametrize("crit", [[], ["exp"], ["b64"], "exp", None])
def test_an_extension_that_must_be_understood_is_refused(crit: object) -> None:
    header = HEADER | {"crit": crit, "b64": True, "exp": 1}
    assert_refused(signed(to_json(header), to_json(CLAIMS), KEY))


def test_a_private_key_in_the_header_is_refused() -> None:
    d = b64url_encode(KEY.private.private_numbers().private_value.to_bytes(32))
    assert_refused(proof(header={"jwk": KEY.jwk | {"d": d}}))


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "text",
        [],
        {},
        KEY.jwk | {"kty": "RSA"},
        KEY.jwk | {"crv": "P-384"},
        KEY.jwk | {"crv": "secp256k1"},
        KEY.jwk | {"y": KEY.jwk["x"]},
        KEY.jwk | {"x": "A" * 43, "y": "A" * 43},
        KEY.jwk | {"x": KEY.jwk["x"] + "A"},
        KEY.jwk | {"x": KEY.jwk["x"] + "="},
        KEY.jwk | {"x": 5},
        {"kty": "oct", "k": "AAAA"},
        {name: value for name, value in KEY.jwk.items() if name != "y"},
    ],
    ids=lambda jwk: json.dumps(jwk)[:40],
)
def test_a_key_that_is_no_point_on_p256_in_its_one_form_is_refused(jwk: object) -> None:
    assert_refused(proof(header={"jwk": jwk}))


def test_a_thumbprint_does_not_depend_on_further_members_of_the_key() -> None:
    assert check(proof(header={"jwk": KEY.jwk | {"kid": "mine", "use": "sig"}})) == KEY.kid


@pytest.mark.parametrize("name", ["htm", "htu", "iat", "jti", "bh"])
def test_every_claim_is_required(name: str) -> None:
    assert_refused(proof(**{name: None}))


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": str(NOON)},
        {"iat": NOON + 0.5},
        {"iat": True},
        {"iat": -1},
        {"iat": 10**400},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 129},
        {"htm": ["POST"]},
        {"htu": {}},
        {"bh": 5},
        {"bh": ""},
        {"bh": CLAIMS["bh"] + "="},
        {"bh": str(CLAIMS["bh"]).lower()},
        {"bh": "é" * 43},
    ],
    ids=str,
)
def test_a_claim_of_another_form_is_refused(claims: dict[str, Any]) -> None:
    assert_refused(proof(**claims))


def test_duplicate_members_are_refused() -> None:
    twice = to_json(CLAIMS).replace(b'"jti"', b'"htm":"POST","jti"')
    assert_refused(signed(to_json(HEADER), twice, KEY))
    header = to_json(HEADER).replace(b'"typ"', b'"alg":"ES256","typ"')
    assert_refused(signed(header, to_json(CLAIMS), KEY))


def test_the_longest_proof_is_taken_and_one_character_more_is_not() -> None:
    # A header of three bytes more is four characters longer.
    spare = LONGEST_PROOF - len(proof(header={"pad": ""}))
    texts = [proof(header={"pad": "x" * (spare * 3 // 4 + more)}) for more in range(-4, 8)]
    longest = max((text for text in texts if len(text) <= LONGEST_PROOF), key=len)
    assert LONGEST_PROOF - 4 < len(longest) <= LONGEST_PROOF
    assert check(longest) == KEY.kid
    assert_refused(next(text for text in texts if len(text) > LONGEST_PROOF))


def test_deep_nesting_is_refused() -> None:
    deep = b'{"a":' * 400 + b"1" + b"}" * 400
    assert_refused(compact(to_json(HEADER), deep, bytes(64)))


def test_what_pyjwt_makes_is_taken() -> None:
    text = jwt.encode(
        CLAIMS, KEY.private, algorithm="ES256", headers={"typ": "dpop+jwt", "jwk": KEY.jwk}
    )
    assert check(text) == KEY.kid


@given(
    st.text(max_size=200) | st.binary(max_size=200).map(b64url_encode).map(lambda t: f"{t}..{t}")
)
def test_any_text_is_a_proof_or_refused(text: str) -> None:
    assert_refused(text)


@given(st.integers(0, len(proof()) - 1), st.sampled_from("Az09-_.=é"))
def test_no_character_of_a_proof_can_be_changed(position: int, character: str) -> None:
    right = proof()
    if right[position] != character:
        assert_refused(right[:position] + character + right[position + 1 :])
