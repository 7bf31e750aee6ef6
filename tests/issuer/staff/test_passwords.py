"""What a password must be, and what is stored of it."""

import unicodedata
from hashlib import sha256

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from issuer.staff.passwords import (
    PasswordFault,
    PasswordRefused,
    check_password,
    hash_password,
    is_outdated,
    is_password,
)

KEY = "k" * 43
RIGHT = "қала мен дала"


def fault(password: str, name: str = "Laboratory 1") -> PasswordFault | None:
    try:
        check_password(password, name=name, key_hash=sha256(KEY.encode()).digest())
    except PasswordRefused as refused:
        return refused.fault
    return None


@pytest.mark.parametrize("password", [RIGHT, "x" * 12, "x" * 128, "            ", "🔑" * 12])
def test_12_to_128_characters_of_any_kind_are_a_password(password: str) -> None:
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", PasswordFault.TOO_SHORT),
        ("x" * 11, PasswordFault.TOO_SHORT),
        ("x" * 129, PasswordFault.TOO_LONG),
        ("laboratory 1", PasswordFault.IS_NAME),
        (" LABORATORY 1 ", PasswordFault.IS_NAME),
        ("Laboratory 1", PasswordFault.IS_NAME),
        (KEY, PasswordFault.IS_KEY),
        (f"{KEY} ", PasswordFault.IS_KEY),
    ],
)
def test_a_bad_password_is_refused_with_its_fault(password: str, expected: PasswordFault) -> None:
    assert fault(password) is expected


def test_a_password_is_the_one_that_was_stored_and_no_other() -> None:
    stored = hash_password(RIGHT)
    assert is_password(stored, RIGHT)
    for other in ("", RIGHT + " ", RIGHT.upper(), RIGHT * 1000, "\ud800", "\0"):
        assert not is_password(stored, other)


def test_one_letter_may_be_typed_in_two_ways() -> None:
    assert is_password(hash_password("й" * 12), "и\u0306" * 12)


def test_half_a_letter_is_a_letter_of_its_own() -> None:
    stored = hash_password("\ud800" * 12)
    assert is_password(stored, "\ud800" * 12)
    assert not is_password(stored, "?" * 12)


def test_nothing_is_the_password_of_whoever_has_none() -> None:
    assert not is_password(None, RIGHT)
    assert not is_password(None, "")
    assert not is_password("damaged", RIGHT)


def test_the_same_password_is_stored_differently_each_time() -> None:
    assert hash_password(RIGHT) != hash_password(RIGHT)


def test_argon2id_takes_19_mib_and_no_more() -> None:
    parameters = extract_parameters(hash_password(RIGHT))
    assert (parameters.type, parameters.memory_cost) == (Type.ID, 19456)
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)


def test_a_password_stored_with_other_parameters_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(RIGHT)
    assert is_outdated(weak)
    assert is_password(weak, RIGHT)
    assert not is_outdated(hash_password(RIGHT))


def test_a_password_that_may_be_chosen_can_be_used_however_it_is_typed() -> None:
    longest = "й" * 128
    typed = unicodedata.normalize("NFD", longest)
    assert (len(typed), fault(typed)) == (256, None)
    assert is_password(hash_password(longest), typed)
    assert not is_password(hash_password(longest), typed + "a")
