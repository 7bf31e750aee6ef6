"""The sealing of visits and traces is that of RFC 9180, 5869 and 7748, by their own vectors."""

import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.hour_keys import derive_hour_key, public_half
from schemas.visits import SUITE
from tests.support import hpke

VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "rfc9180.json").read_text())


def value(name: str) -> bytes:
    return bytes.fromhex(VECTOR[name])


def test_our_own_hpke_makes_the_ciphertext_of_rfc_9180() -> None:
    assert public_half(value("skRm")) == value("pkRm")
    sealed = hpke.seal(
        value("pt"), to=value("pkRm"), ephemeral=value("skEm"), info=value("info"), aad=value("aad")
    )
    assert sealed == value("pkEm") + value("ct")


@given(plain=st.binary(max_size=200), info=st.binary(max_size=40))
def test_the_suite_opens_what_was_sealed_by_the_text_of_the_rfc(plain: bytes, info: bytes) -> None:
    key = X25519PrivateKey.from_private_bytes(value("skRm"))
    sealed = hpke.seal(plain, to=value("pkRm"), ephemeral=value("skEm"), info=info)
    assert SUITE.decrypt(sealed, key, info) == plain


def test_the_suite_puts_the_ephemeral_key_first_and_has_no_aad() -> None:
    sealed = hpke.seal(b"x", to=value("pkRm"), ephemeral=value("skEm"), info=b"i", aad=b"a")
    key = X25519PrivateKey.from_private_bytes(value("skRm"))
    assert sealed[:32] == value("pkEm")
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, key, b"i")


@given(data=st.binary(max_size=200))
def test_the_suite_answers_any_bytes_with_one_exception(data: bytes) -> None:
    """Callers catch it and no other, low-order ephemeral keys included."""
    key = X25519PrivateKey.from_private_bytes(value("skRm"))
    with pytest.raises(InvalidTag):
        SUITE.decrypt(data, key, b"")


@pytest.mark.parametrize("number", [0, 1, (1 << 255) - 20, (1 << 255) - 19, (1 << 255) - 18])
def test_an_ephemeral_key_of_low_order_opens_nothing(number: int) -> None:
    key = X25519PrivateKey.from_private_bytes(value("skRm"))
    with pytest.raises(InvalidTag):
        SUITE.decrypt(number.to_bytes(32, "little") + bytes(72), key, b"")


def test_hkdf_with_an_empty_salt_is_case_3_of_rfc_5869() -> None:
    key = hpke.extract(b"", bytes.fromhex("0b" * 22))
    assert key.hex() == "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04"
    assert hpke.expand(key, b"", 42).hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )


@given(seed=st.binary(min_size=32, max_size=32), hour=st.integers(0, 1_193_045))
def test_an_hour_key_is_hkdf_of_the_seed(seed: bytes, hour: int) -> None:
    info = b"qupia-venue-hour" + hour.to_bytes(4, "big")
    expected = hpke.expand(hpke.extract(b"", seed), info, 32)
    assert derive_hour_key(seed, hour, label=b"qupia-venue-hour") == expected


@pytest.mark.parametrize(
    ("private", "public"),
    [
        (
            "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a",
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
        ),
        (
            "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb",
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
        ),
    ],
    ids=["Alice", "Bob"],
)
def test_a_public_half_is_that_of_rfc_7748_section_6_1(private: str, public: str) -> None:
    assert public_half(bytes.fromhex(private)).hex() == public
