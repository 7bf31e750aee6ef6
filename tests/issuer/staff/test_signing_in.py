"""Signing in: by key until there is a password, by password from then on."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from issuer.staff import (
    Account,
    PasswordFault,
    PasswordRefused,
    Role,
    SignIn,
    Staff,
    passwords,
)
from schemas.kinds import DAY
from schemas.problems import ApiProblem, Problem
from tests.support.world import NOON

NAME, PASSWORD, OTHER = "Lab 1", "a long password", "another long one"
TEST_ACCOUNT = Account(1, NAME, Role.OFFICER, NOON // DAY)


@pytest.fixture
def key(staff: Staff) -> str:
    return staff.add(NAME, Role.OFFICER, NOON)


def signed(staff: Staff, secret: str, now: int = NOON) -> SignIn:
    found = staff.sign_in(NAME, secret, now)
    assert found is not None
    return found


@pytest.fixture
def account(staff: Staff, key: str) -> Account:
    """The account, once it has a password."""
    return staff.choose_password(signed(staff, key).account, PASSWORD)


def fault(staff: Staff, account: Account, password: str, current: str | None) -> PasswordFault:
    with pytest.raises(PasswordRefused) as caught:
        staff.choose_password(account, password, current=current)
    return caught.value.fault


def stored(path: Path) -> str | None:
    with closing(sqlite3.connect(path / "staff.db")) as connection:
        return connection.execute("select password_hash from accounts").fetchone()[0]


def test_the_key_signs_in_to_choose_a_password(staff: Staff, key: str) -> None:
    assert staff.sign_in(NAME, key, NOON) == SignIn(TEST_ACCOUNT, must_choose=True)
    assert staff.sign_in(NAME, f" {key}\n", NOON) is not None


def test_afterwards_the_password_signs_in_and_the_key_does_not(
    staff: Staff, key: str, account: Account
) -> None:
    assert staff.sign_in(NAME, PASSWORD, NOON) == SignIn(TEST_ACCOUNT, must_choose=False)
    assert staff.sign_in(NAME, key, NOON) is None
    assert staff.authenticate(key, NOON) == account


@pytest.mark.parametrize("secret", ["", OTHER, PASSWORD + " ", PASSWORD * 1000, "\ud800"])
def test_a_wrong_password_is_nobody(staff: Staff, account: Account, secret: str) -> None:
    assert staff.sign_in(NAME, secret, NOON) is None


@pytest.mark.parametrize("name", ["", "Lab", "lab 1", "Lab 1 ", "\ud800", "' or 1 --"])
def test_an_unknown_name_is_nobody(staff: Staff, account: Account, name: str) -> None:
    assert staff.sign_in(name, PASSWORD, NOON) is None


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The hashes that were compared with a password."""
    compared: list[str] = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, stored: str, password: bytes) -> bool:
        compared.append(stored)
        return real(self, stored, password)

    passwords._dummy()
    monkeypatch.setattr(PasswordHasher, "verify", verify)
    yield compared


@pytest.mark.parametrize("name", [NAME, "nobody"])
@pytest.mark.parametrize("has_password", [False, True])
def test_every_attempt_costs_one_hash(
    staff: Staff, key: str, hashed: list[str], name: str, has_password: bool
) -> None:
    if has_password:
        staff.choose_password(signed(staff, key).account, PASSWORD)
        hashed.clear()
    staff.sign_in(name, OTHER, NOON)
    assert len(hashed) == 1


def test_nobody_signs_in_to_an_account_unused_for_90_days(staff: Staff, account: Account) -> None:
    assert staff.sign_in(NAME, PASSWORD, NOON + 91 * DAY) is None


def test_signing_in_counts_as_use(staff: Staff, account: Account) -> None:
    signed(staff, PASSWORD, NOON + 80 * DAY)
    assert staff.purge(NOON + 91 * DAY) == 0


def test_an_outdated_hash_is_renewed_when_its_owner_signs_in(
    staff: Staff, account: Account, tmp_path: Path
) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
    with closing(sqlite3.connect(tmp_path / "staff.db")) as connection:
        connection.execute("update accounts set password_hash = ?", [weak])
        connection.commit()
    assert staff.sign_in(NAME, OTHER, NOON) is None
    assert stored(tmp_path) == weak
    signed(staff, PASSWORD)
    assert "m=19456" in str(stored(tmp_path))
    signed(staff, PASSWORD)


# Choosing


def test_the_password_itself_is_not_stored(staff: Staff, account: Account, tmp_path: Path) -> None:
    assert PASSWORD.encode() not in (tmp_path / "staff.db").read_bytes()


def test_whoever_has_a_password_names_it_to_change_it(staff: Staff, account: Account) -> None:
    assert fault(staff, account, OTHER, None) is PasswordFault.WRONG_CURRENT
    assert fault(staff, account, OTHER, OTHER) is PasswordFault.WRONG_CURRENT
    staff.choose_password(account, OTHER, current=PASSWORD)
    assert staff.sign_in(NAME, PASSWORD, NOON) is None
    assert signed(staff, OTHER).must_choose is False


def test_name_and_key_are_no_passwords(staff: Staff, tmp_path: Path) -> None:
    key = staff.add("Laboratory 1", Role.REGISTRAR, NOON)
    found = staff.sign_in("Laboratory 1", key, NOON)
    assert found is not None
    assert fault(staff, found.account, "laboratory 1", None) is PasswordFault.IS_NAME
    assert fault(staff, found.account, key, None) is PasswordFault.IS_KEY
    assert stored(tmp_path) is None


def test_two_who_have_the_key_cannot_both_choose(staff: Staff, key: str) -> None:
    first, second = signed(staff, key).account, signed(staff, key).account
    staff.choose_password(first, PASSWORD)
    assert fault(staff, second, OTHER, None) is PasswordFault.WRONG_CURRENT
    signed(staff, PASSWORD)


def test_nothing_is_chosen_for_an_account_that_was_reset_or_removed(staff: Staff, key: str) -> None:
    account = signed(staff, key).account
    staff.reset(NAME)
    for change in (lambda: None, lambda: staff.remove(NAME)):
        change()
        with pytest.raises(ApiProblem) as caught:
            staff.choose_password(account, PASSWORD)
        assert caught.value.fault is Problem.NOT_ALLOWED


def test_after_a_reset_the_new_key_signs_in_to_choose_again(
    staff: Staff, key: str, account: Account
) -> None:
    new = staff.reset(NAME)
    assert staff.sign_in(NAME, PASSWORD, NOON) is None
    assert staff.sign_in(NAME, key, NOON) is None
    assert signed(staff, new).must_choose is True
