"""The raw RSA operation: two implementations, one answer, and no wrong result ever leaves."""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from issuer.keys import rawrsa
from issuer.keys.rawrsa import (
    LibcryptoKey,
    LibcryptoMissing,
    PortableKey,
    RawKey,
    SigningFailed,
    load_raw_key,
)
from tests.support.keys import rsa_key
from tests.support.vectors import rfc9474, rfc9578

Implementation = Callable[[rsa.RSAPrivateKey], RawKey]
BOTH = pytest.mark.parametrize("implementation", [LibcryptoKey, PortableKey])
KEY = rsa_key(0)
LIBCRYPTO, PORTABLE = LibcryptoKey(KEY.private_key), PortableKey(KEY.private_key)
NUMBERS = KEY.private_key.private_numbers()


def number(text: str) -> int:
    return int(text, 16)


def vector_key(vector: dict[str, Any]) -> rsa.RSAPrivateKey:
    p, q, n, e, d = (number(vector[name]) for name in ("p", "q", "n", "e", "d"))
    public = rsa.RSAPublicNumbers(e, n)
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()


def broken_key(**wrong: int) -> rsa.RSAPrivateKey:
    members = {name: getattr(NUMBERS, name) for name in ("p", "q", "d", "dmp1", "dmq1", "iqmp")}
    numbers = rsa.RSAPrivateNumbers(**members | wrong, public_numbers=NUMBERS.public_numbers)
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)


def in_bytes(value: int) -> bytes:
    return value.to_bytes(256, "big")


@BOTH
@pytest.mark.parametrize("vector", rfc9474(), ids=lambda vector: vector["name"])
def test_the_blind_signatures_of_rfc_9474_come_out(
    implementation: Implementation, vector: dict[str, Any]
) -> None:
    key = implementation(vector_key(vector))
    length = (number(vector["n"]).bit_length() + 7) // 8
    message = number(vector["blinded_msg"]).to_bytes(length, "big")
    assert key.sign_raw(message) == number(vector["blind_sig"]).to_bytes(length, "big")


@BOTH
def test_the_answers_of_rfc_9578_come_out(implementation: Implementation) -> None:
    for vector in rfc9578():
        key = load_pem_private_key(vector["skS"], None)
        assert isinstance(key, rsa.RSAPrivateKey)
        message = vector["token_request"][3:]
        assert implementation(key).sign_raw(message) == vector["token_response"]


@given(st.integers(0, KEY.n - 1))
@settings(max_examples=25)
def test_both_implementations_agree_on_every_number_below_the_modulus(value: int) -> None:
    signature = LIBCRYPTO.sign_raw(in_bytes(value))
    assert signature == PORTABLE.sign_raw(in_bytes(value)) == KEY.sign_raw(in_bytes(value))


@BOTH
@pytest.mark.parametrize("value", [0, 1, KEY.n - 1, KEY.p, KEY.q])
def test_numbers_of_a_special_form_are_signed_like_any_other(
    implementation: Implementation, value: int
) -> None:
    key = implementation(KEY.private_key)
    assert pow(int.from_bytes(key.sign_raw(in_bytes(value))), 65537, KEY.n) == value


@BOTH
@pytest.mark.parametrize(
    "message",
    [b"", bytes(255), bytes(257), in_bytes(KEY.n), b"\xff" * 256],
    ids=["empty", "255 bytes", "257 bytes", "n", "over n"],
)
def test_a_message_that_is_not_below_the_modulus_is_a_failure(
    implementation: Implementation, message: bytes
) -> None:
    with pytest.raises(SigningFailed) as caught:
        implementation(KEY.private_key).sign_raw(message)
    assert str(caught.value) == ""


@BOTH
@pytest.mark.parametrize(
    "wrong",
    [
        {"dmp1": NUMBERS.dmp1 ^ 2},
        {"dmq1": NUMBERS.dmq1 ^ 2},
        {"iqmp": NUMBERS.iqmp ^ 2},
        {"d": NUMBERS.d ^ 2},
        {"d": NUMBERS.d ^ 2, "dmp1": NUMBERS.dmp1 ^ 2},
        {"d": NUMBERS.d ^ 2, "dmp1": NUMBERS.dmp1 ^ 2, "dmq1": NUMBERS.dmq1 ^ 2},
    ],
    ids=lambda wrong: "+".join(wrong),
)
def test_a_damaged_key_never_lets_a_wrong_result_out(
    implementation: Implementation, wrong: dict[str, int]
) -> None:
    message = in_bytes(12345)
    try:
        signature = implementation(broken_key(**wrong)).sign_raw(message)
    except SigningFailed:
        return
    assert signature == KEY.sign_raw(message)


@BOTH
def test_a_key_with_nothing_right_in_it_fails(implementation: Implementation) -> None:
    names = ("d", "dmp1", "dmq1", "iqmp")
    key = broken_key(**{name: getattr(NUMBERS, name) ^ 2 for name in names})
    with pytest.raises(SigningFailed):
        implementation(key).sign_raw(in_bytes(12345))


def test_a_fault_in_the_machine_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = PORTABLE._blinded_power
    monkeypatch.setattr(PORTABLE, "_blinded_power", lambda m: right(m) ^ 1)
    with pytest.raises(SigningFailed):
        PORTABLE.sign_raw(in_bytes(12345))


@BOTH
def test_several_threads_can_use_one_key(implementation: Implementation) -> None:
    key = implementation(KEY.private_key)
    messages = [in_bytes(value) for value in range(2, 34)]
    with ThreadPoolExecutor(4) as pool:
        signatures = list(pool.map(key.sign_raw, messages))
    assert signatures == [KEY.sign_raw(message) for message in messages]


@BOTH
def test_a_key_signs_again_after_a_failure(implementation: Implementation) -> None:
    key = implementation(KEY.private_key)
    with pytest.raises(SigningFailed):
        key.sign_raw(in_bytes(KEY.n))
    assert key.sign_raw(in_bytes(2)) == KEY.sign_raw(in_bytes(2))


def test_the_machines_libcrypto_is_used_where_there_is_one() -> None:
    assert isinstance(load_raw_key(KEY.private_key), LibcryptoKey)


def test_without_libcrypto_the_portable_implementation_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing() -> None:
        raise LibcryptoMissing

    monkeypatch.setattr(rawrsa, "_libcrypto", missing)
    key = load_raw_key(KEY.private_key)
    assert isinstance(key, PortableKey)
    assert key.sign_raw(in_bytes(12345)) == KEY.sign_raw(in_bytes(12345))


def test_libraries_without_the_functions_are_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rawrsa._ssl, "__file__", "/nowhere/libssl.so", raising=False)
    monkeypatch.setattr(rawrsa.ctypes.util, "find_library", lambda _name: "libc.so.6")
    rawrsa._libcrypto.cache_clear()
    try:
        with pytest.raises(LibcryptoMissing):
            rawrsa._libcrypto()
    finally:
        rawrsa._libcrypto.cache_clear()


def test_without_either_library_the_failure_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gmpy2", None)
    with pytest.raises(SigningFailed):
        PortableKey(KEY.private_key)
