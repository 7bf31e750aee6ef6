"""Hour keys depend on seed, hour and label, and a public key has one form or none."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from schemas.hour_keys import (
    AUTHORITY_LABEL,
    VENUE_LABEL,
    binding_of,
    derive_export_key,
    derive_hour_key,
    load_public_key,
    public_half,
)
from schemas.presentation import UNBOUND
from tests.support.curve25519 import FIELD, HIGHEST_BIT, LOW_ORDER, spell

SEED = bytes(range(32))
HOUR = 492_703


def test_each_seed_hour_and_holder_has_a_key_of_its_own() -> None:
    keys = {
        derive_hour_key(seed, hour, label=label)
        for seed in (SEED, bytes(32))
        for hour in (0, HOUR, HOUR + 1, 1_193_045)
        for label in (VENUE_LABEL, AUTHORITY_LABEL)
    }
    assert len(keys) == 16
    assert {len(key) for key in keys} == {32}


def test_no_export_key_is_that_of_an_hour_or_another_day_or_seed() -> None:
    days, seeds = (0, 1, HOUR // 24, 49_709), (SEED, bytes(32))
    keys = [derive_export_key(seed, day) for seed in seeds for day in days]
    labels = (VENUE_LABEL, AUTHORITY_LABEL)
    keys += [derive_hour_key(s, d, label=label) for s in seeds for d in days for label in labels]
    assert len(set(keys)) == 8 + 16
    with pytest.raises(ValueError, match="no such day"):
        derive_export_key(SEED, 49_710)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="a seed has 32 bytes"):
        derive_hour_key(bytes(length), HOUR, label=VENUE_LABEL)
    with pytest.raises(ValueError, match="a seed has 32 bytes"):
        derive_export_key(bytes(length), HOUR // 24)


@pytest.mark.parametrize("hour", [-1, 1_193_046, 1 << 32])
def test_an_hour_that_is_none_has_no_key(hour: int) -> None:
    with pytest.raises(ValueError, match="no such hour"):
        derive_hour_key(SEED, hour, label=VENUE_LABEL)


@given(st.binary(min_size=32, max_size=32))
def test_the_public_half_of_any_key_may_be_used(private_key: bytes) -> None:
    public = public_half(private_key)
    assert load_public_key(public).public_bytes_raw() == public


@pytest.mark.parametrize("number", LOW_ORDER)
def test_a_key_of_low_order_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=r"shared key|canonical form"):
        load_public_key(spell(number))


@pytest.mark.parametrize("number", LOW_ORDER)
def test_a_key_of_low_order_under_the_highest_bit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="not the canonical form of a key"):
        load_public_key(spell(number + HIGHEST_BIT))


@pytest.mark.parametrize("number", [9 + HIGHEST_BIT, FIELD + 9, 2 * FIELD + 9, (1 << 256) - 1])
def test_a_key_in_another_spelling_is_refused_though_x25519_takes_it(number: int) -> None:
    X25519PublicKey.from_public_bytes(spell(number))
    with pytest.raises(ValueError, match="not the canonical form of a key"):
        load_public_key(spell(number))


def test_the_largest_numbers_that_are_canonical_are_taken() -> None:
    assert load_public_key(spell(9)).public_bytes_raw() == spell(9)
    assert load_public_key(spell(FIELD - 2)).public_bytes_raw() == spell(FIELD - 2)


@given(st.binary(max_size=40))
def test_any_bytes_are_a_key_or_a_value_error(data: bytes) -> None:
    try:
        key = load_public_key(data)
    except ValueError:
        return
    assert key.public_bytes_raw() == data


def test_a_binding_is_half_a_hash_and_never_that_of_an_unbound_proof() -> None:
    assert binding_of(SEED) == sha256(b"qupia-venue" + SEED).digest()[:16]
    one, other = (binding_of(public_half(bytes((i,)) * 32)) for i in (1, 2))
    assert len(one) == len(UNBOUND)
    assert len({one, other, UNBOUND}) == 3
