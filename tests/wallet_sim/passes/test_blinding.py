"""Blinding against the RFCs' vectors, and against keys and answers that are wrong."""

from hashlib import sha256
from random import Random
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from schemas.token import TOKEN_INPUT_BYTES, token_input
from tests.support.keys import rsa_key
from tests.support.vectors import rfc9474, rfc9578
from wallet_sim.passes.blinding import BlindingError, _blind_with, _uniform, blind, finalize

KEY = rsa_key(0)
ALL = pytest.mark.parametrize("vector", rfc9474(), ids=lambda v: v["name"])
WITH_SALT = pytest.mark.parametrize(
    "vector", [v for v in rfc9474() if v["sLen"] == "0x30"], ids=lambda v: v["name"]
)
WITHOUT_SALT = pytest.mark.parametrize(
    "vector", [v for v in rfc9474() if v["sLen"] == "0x00"], ids=lambda v: v["name"]
)
TOKENS = pytest.mark.parametrize("vector", rfc9578(), ids=lambda v: v["nonce"].hex()[:8])


def number(vector: dict[str, Any], name: str) -> int:
    return int(vector[name], 16)


def message_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["input_msg"])


@ALL
def test_a_message_is_blinded_as_in_rfc_9474(vector: dict[str, Any]) -> None:
    n = number(vector, "n")
    blinded = _blind_with(
        message_of(vector),
        n=n,
        salt=bytes.fromhex(vector["salt"]),
        r=pow(number(vector, "inv"), -1, n),
    )
    assert blinded.message.hex() == vector["blinded_msg"]
    assert int.from_bytes(blinded.inverse, "big") == number(vector, "inv")


@WITH_SALT
def test_a_blind_signature_of_rfc_9474_is_finalized(vector: dict[str, Any]) -> None:
    n = number(vector, "n")
    inverse = number(vector, "inv").to_bytes(512, "big")
    blind_signature = bytes.fromhex(vector["blind_sig"])
    signature = finalize(message_of(vector), blind_signature, n=n, inverse=inverse)
    assert signature.hex() == vector["sig"]


@WITHOUT_SALT
def test_a_signature_without_salt_is_of_another_variant_and_refused(
    vector: dict[str, Any],
) -> None:
    inverse = number(vector, "inv").to_bytes(512, "big")
    with pytest.raises(BlindingError, match="the signature is wrong"):
        finalize(
            message_of(vector),
            bytes.fromhex(vector["blind_sig"]),
            n=number(vector, "n"),
            inverse=inverse,
        )


@TOKENS
def test_a_token_of_rfc_9578_is_requested_and_finished(vector: dict[str, bytes]) -> None:
    key = serialization.load_pem_private_key(vector["skS"], None)
    assert isinstance(key, rsa.RSAPrivateKey)
    n = key.public_key().public_numbers().n
    message = token_input(
        nonce=vector["nonce"],
        challenge=sha256(vector["token_challenge"]).digest(),
        key_id=sha256(vector["pkS"]).digest(),
    )
    r = int.from_bytes(vector["blind"], "big")
    blinded = _blind_with(message, n=n, salt=vector["salt"], r=r)
    assert vector["token_request"][3:] == blinded.message
    signature = finalize(message, vector["token_response"], n=n, inverse=blinded.inverse)
    assert message + signature == vector["token"]
    assert len(message) == TOKEN_INPUT_BYTES


@given(message=st.binary(max_size=200))
def test_whatever_is_blinded_and_signed_becomes_a_signature_that_verifies(message: bytes) -> None:
    blinded = blind(message, n=KEY.n)
    answer = KEY.sign_raw(blinded.message)
    signature = finalize(message, answer, n=KEY.n, inverse=blinded.inverse)
    assert len(signature) == 256
    assert signature != answer


def test_one_message_blinded_twice_gives_values_with_nothing_in_common() -> None:
    first, second = blind(b"m", n=KEY.n), blind(b"m", n=KEY.n)
    assert first.message != second.message
    assert first.inverse != second.inverse


def test_the_blinded_value_is_no_function_of_salt_and_message_alone() -> None:
    first = _blind_with(b"m", n=KEY.n, salt=bytes(48), r=3)
    second = _blind_with(b"m", n=KEY.n, salt=bytes(48), r=5)
    assert first.message != second.message


def test_blinds_and_inverses_are_never_printed() -> None:
    blinded = blind(b"m", n=KEY.n)
    assert blinded.inverse.hex() not in repr(blinded)
    assert str(blinded.inverse) not in repr(blinded)


def test_a_message_that_shares_a_factor_with_the_modulus_is_refused() -> None:
    # Every encoded message ends in 0xbc, so it shares the factor 2 with any even modulus.
    with pytest.raises(BlindingError, match="not coprime"):
        blind(b"m", n=KEY.n - 1)


def test_a_blind_that_is_not_invertible_is_refused_and_not_drawn_again() -> None:
    with pytest.raises(BlindingError, match="not invertible"):
        _blind_with(b"m", n=KEY.n, salt=bytes(48), r=KEY.p)


def test_a_modulus_that_is_too_short_for_the_salt_is_refused() -> None:
    with pytest.raises(BlindingError, match="too short"):
        blind(b"m", n=(1 << 760) + 1)


@given(st.integers(min_value=2, max_value=70_000))
def test_a_blind_is_at_least_one_and_below_the_modulus(n: int) -> None:
    assert 1 <= _uniform(n, Random(1).randbytes) < n


def test_every_blind_is_drawn_as_often_as_any_other() -> None:
    """Every two-byte draw once: each number from 1 to 999 comes equally often, no other comes."""
    drawn: dict[int, int] = {}
    for value in range(1 << 10):
        draws = iter([(value << 6).to_bytes(2, "big"), (1 << 6).to_bytes(2, "big")])
        r = _uniform(1000, lambda _, draws=draws: next(draws))
        drawn[r] = drawn.get(r, 0) + 1
    rejected = 1 + (1 << 10) - 1000
    assert drawn == dict.fromkeys(range(2, 1000), 1) | {1: 1 + rejected}


def test_a_value_outside_the_range_is_drawn_again() -> None:
    draws = iter([bytes(256), b"\xff" * 256, KEY.modulus, bytes(255) + b"\x07"])
    assert _uniform(KEY.n, lambda length: next(draws)) == 7


@pytest.mark.parametrize(
    "answer",
    [b"", bytes(255), bytes(257), KEY.modulus, b"\xff" * 256],
    ids=["empty", "short", "long", "the modulus", "above the modulus"],
)
def test_an_answer_of_the_wrong_length_or_range_is_refused(answer: bytes) -> None:
    blinded = blind(b"m", n=KEY.n)
    with pytest.raises(BlindingError, match="wrong length or is too large"):
        finalize(b"m", answer, n=KEY.n, inverse=blinded.inverse)


@pytest.mark.parametrize("answer", [bytes(256), bytes(255) + b"\x01"], ids=["zero", "one"])
def test_a_trivial_answer_is_refused(answer: bytes) -> None:
    blinded = blind(b"m", n=KEY.n)
    with pytest.raises(BlindingError, match="the signature is wrong"):
        finalize(b"m", answer, n=KEY.n, inverse=blinded.inverse)


def test_an_answer_under_another_key_is_refused() -> None:
    blinded = blind(b"m", n=KEY.n)
    answer = rsa_key(1).sign_raw(blinded.message)
    with pytest.raises(BlindingError):
        finalize(b"m", answer, n=KEY.n, inverse=blinded.inverse)


def test_the_answer_to_another_message_is_refused() -> None:
    first, second = blind(b"first", n=KEY.n), blind(b"second", n=KEY.n)
    with pytest.raises(BlindingError, match="the signature is wrong"):
        finalize(b"first", KEY.sign_raw(second.message), n=KEY.n, inverse=first.inverse)
