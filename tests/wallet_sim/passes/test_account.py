"""DPoP proofs (RFC 9449): what is in them, and that the body is bound."""

from hashlib import sha256
from typing import Any

import pytest

from schemas import jws
from schemas.encoding import b64url_encode
from schemas.jwk import jwk_from_key, key_from_jwk
from schemas.validation import matches
from tests.support.world import NOON
from wallet_sim.passes.account import dpop_proof, load_private_key, new_private_key

KEY = new_private_key()
URL = "https://qupia.example/v1/passes"


def proof(**changes: Any) -> jws.UnverifiedJws:
    arguments: dict[str, Any] = {"method": "POST", "url": URL, "body": b"{}", "now": NOON}
    return jws.parse(dpop_proof(KEY, **arguments | changes))


def test_a_proof_carries_its_public_key_and_verifies_under_it() -> None:
    header = proof().unverified_header
    assert header["typ"] == "dpop+jwt"
    assert header["alg"] == "ES256"
    assert header["jwk"] == jwk_from_key(load_private_key(KEY).public_key())
    jws.verify(proof(), typ=jws.Typ.DPOP, key=key_from_jwk(header["jwk"]))


def test_the_private_half_is_not_in_a_proof() -> None:
    assert set(proof().unverified_header) == {"typ", "alg", "jwk"}
    assert set(proof().unverified_header["jwk"]) == {"kty", "crv", "x", "y"}


def test_a_proof_names_method_url_time_and_the_hash_of_the_body_as_sent() -> None:
    body = b'{"code":  "with spaces"}'
    claims = proof(body=body).unverified_payload
    assert matches("dpop", claims)
    assert set(claims) == {"htm", "htu", "iat", "jti", "bh"}
    assert (claims["htm"], claims["htu"], claims["iat"]) == ("POST", URL, NOON)
    assert claims["bh"] == b64url_encode(sha256(body).digest())


def test_no_two_proofs_have_the_same_jti() -> None:
    assert proof().unverified_payload["jti"] != proof().unverified_payload["jti"]


def test_a_stored_key_signs_like_the_one_that_was_made() -> None:
    key = new_private_key()
    assert len(key) == 32
    assert load_private_key(key).private_numbers().private_value == int.from_bytes(key, "big")


@pytest.mark.parametrize("scalar", [bytes(32), b"\xff" * 32])
def test_a_scalar_that_is_no_key_is_refused(scalar: bytes) -> None:
    with pytest.raises(ValueError):
        load_private_key(scalar)
