"""What is recognised is what the library opens, and nothing else."""

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.recognition import Recogniser, Sealed
from schemas.visits import SUITE
from tests.support.curve25519 import LOW_ORDER

KEYS = st.binary(min_size=32, max_size=32).map(X25519PrivateKey.from_private_bytes)
ENC_BYTES = 32
TAG_BYTES = 16


def library_opens(data: bytes, key: X25519PrivateKey, info: bytes) -> bool:
    try:
        SUITE.decrypt(data, key, info)
    except InvalidTag:
        return False
    return True


@given(key=KEYS, info=st.binary(max_size=64), plain=st.binary(max_size=200))
def test_whatever_the_library_has_sealed_is_recognised(
    key: X25519PrivateKey, info: bytes, plain: bytes
) -> None:
    data = SUITE.encrypt(plain, key.public_key(), info)
    assert Recogniser(key, info).opens(Sealed.of(data))


@given(key=KEYS, other=KEYS, info=st.binary(max_size=64), other_info=st.binary(max_size=64))
def test_another_key_or_another_purpose_is_judged_as_the_library_does(
    key: X25519PrivateKey, other: X25519PrivateKey, info: bytes, other_info: bytes
) -> None:
    data = SUITE.encrypt(b"a visit", key.public_key(), info)
    for tried, under in ((other, info), (key, other_info), (other, other_info)):
        recognised = Recogniser(tried, under).opens(Sealed.of(data))
        assert recognised is library_opens(data, tried, under)


@given(data=st.binary(min_size=ENC_BYTES, max_size=120), key=KEYS)
def test_any_bytes_are_judged_as_the_library_does(data: bytes, key: X25519PrivateKey) -> None:
    assert Recogniser(key, b"").opens(Sealed.of(data)) is library_opens(data, key, b"")


def test_one_changed_bit_anywhere_is_not_recognised() -> None:
    key = X25519PrivateKey.generate()
    data = SUITE.encrypt(b"a visit", key.public_key(), b"info")
    for place in range(8 * len(data)):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        recognised = Recogniser(key, b"info").opens(Sealed.of(bytes(changed)))
        # X25519 ignores the highest bit of a public key, but what is derived does not.
        assert recognised is library_opens(bytes(changed), key, b"info") is False


@pytest.mark.parametrize("number", LOW_ORDER)
def test_a_sender_of_low_order_is_not_recognised(number: int) -> None:
    data = number.to_bytes(ENC_BYTES, "little") + bytes(TAG_BYTES)
    assert not Recogniser(X25519PrivateKey.generate(), b"").opens(Sealed.of(data))


@pytest.mark.parametrize("length", [0, 1, ENC_BYTES - 1])
def test_bytes_that_are_too_short_are_a_value_error(length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealed.of(bytes(length))


def test_neither_prints_what_it_holds() -> None:
    key = X25519PrivateKey.generate()
    data = SUITE.encrypt(b"a visit", key.public_key(), b"")
    assert data.hex() not in repr(Sealed.of(data))
