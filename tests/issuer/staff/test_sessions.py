"""Sessions: they end by themselves, by signing out, and with the account."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from issuer.staff import Account, Role, Staff, StaffSession
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.problems import ApiProblem, Problem
from tests.support.world import NOON

NAME, PASSWORD = "Lab 1", "a long password"


@pytest.fixture
def account(staff: Staff) -> Account:
    return signed(staff, staff.add(NAME, Role.REGISTRAR, NOON))


def signed(staff: Staff, secret: str) -> Account:
    found = staff.sign_in(NAME, secret, NOON)
    assert found is not None
    return found.account


@pytest.fixture
def token(staff: Staff, account: Account) -> str:
    return staff.sessions.start(account, NOON)


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path / "staff.db")) as connection:
        return connection.execute(f"select * from {table}").fetchall()


def test_a_token_finds_its_session(staff: Staff, account: Account, token: str) -> None:
    session = StaffSession(account, token, must_choose=True, must_prove=True)
    assert staff.sessions.find(token, NOON) == session


def test_a_session_that_was_proven_at_its_beginning_is_open(staff: Staff, account: Account) -> None:
    found = staff.sessions.find(staff.sessions.start(account, NOON, proven=True), NOON)
    assert found is not None and not found.must_prove


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 43])
def test_another_token_finds_nothing(staff: Staff, account: Account, token: str) -> None:
    staff.sessions.start(account, NOON)
    assert staff.sessions.find(token, NOON) is None


def test_only_a_hash_of_the_token_is_stored(staff: Staff, token: str, tmp_path: Path) -> None:
    assert token.encode() not in (tmp_path / "staff.db").read_bytes()
    assert token not in repr(staff.sessions.find(token, NOON))


def test_once_a_password_is_chosen_the_session_says_so(
    staff: Staff, account: Account, token: str
) -> None:
    staff.choose_password(account, PASSWORD, keep=token)
    found = staff.sessions.find(token, NOON)
    assert found is not None and found.must_choose is False


# Ends


def test_a_session_that_nobody_uses_ends_after_15_minutes(staff: Staff, token: str) -> None:
    assert staff.sessions.find(token, NOON + 15 * MINUTE) is None
    assert staff.sessions.find(token, NOON + 15 * MINUTE - 1) is not None


def test_a_session_ends_after_8_hours_however_it_is_used(staff: Staff, token: str) -> None:
    for now in range(NOON, NOON + 8 * HOUR, 10 * MINUTE):
        assert staff.sessions.find(token, now) is not None
    assert staff.sessions.find(token, NOON + 8 * HOUR) is None


def test_a_clock_that_is_set_back_does_not_prolong_a_session(staff: Staff, token: str) -> None:
    assert staff.sessions.find(token, NOON - 1) is not None
    assert staff.sessions.find(token, NOON - DAY) is None


def test_signing_out_ends_one_session(staff: Staff, account: Account, token: str) -> None:
    other = staff.sessions.start(account, NOON)
    staff.sessions.end(token)
    staff.sessions.end(token)
    assert staff.sessions.find(token, NOON) is None
    assert staff.sessions.find(other, NOON) is not None


def test_a_removed_account_has_no_session(staff: Staff, token: str, tmp_path: Path) -> None:
    staff.remove(NAME)
    assert staff.sessions.find(token, NOON) is None
    assert rows(tmp_path, "sessions") == []


def test_a_reset_ends_the_sessions(staff: Staff, token: str) -> None:
    staff.reset(NAME)
    assert staff.sessions.find(token, NOON) is None


def test_a_new_password_ends_the_other_sessions(staff: Staff, account: Account, token: str) -> None:
    other = staff.sessions.start(account, NOON)
    changed = staff.choose_password(account, PASSWORD, keep=token)
    assert staff.sessions.find(other, NOON) is None
    assert staff.sessions.find(token, NOON) is not None
    staff.sessions.start(changed, NOON)


@pytest.mark.parametrize("change", ["reset", "remove", "choose"])
def test_what_was_right_before_a_change_starts_no_session_after_it(
    staff: Staff, account: Account, change: str
) -> None:
    if change == "choose":
        staff.choose_password(account, PASSWORD)
    else:
        getattr(staff, change)(NAME)
    with pytest.raises(ApiProblem) as caught:
        staff.sessions.start(account, NOON)
    assert caught.value.fault is Problem.NOT_ALLOWED


def test_ended_sessions_are_swept_with_their_forms(
    staff: Staff, account: Account, token: str, tmp_path: Path
) -> None:
    staff.sessions.spend_form(token, b"1")
    kept = staff.sessions.start(account, NOON + 14 * MINUTE)
    staff.purge(NOON + 15 * MINUTE)
    assert len(rows(tmp_path, "sessions")) == 1
    assert rows(tmp_path, "spent_forms") == []
    assert staff.sessions.find(kept, NOON + 15 * MINUTE) is not None


# Use


def test_the_last_use_is_written_once_a_minute(staff: Staff, token: str, tmp_path: Path) -> None:
    for now in (NOON + 1, NOON + 59):
        staff.sessions.find(token, now)
        assert rows(tmp_path, "sessions")[0][3] == NOON
    staff.sessions.find(token, NOON + 60)
    assert rows(tmp_path, "sessions")[0][3] == NOON + 60


def test_a_session_over_midnight_counts_as_use_of_the_new_day(
    staff: Staff, account: Account
) -> None:
    midnight = (NOON // DAY + 1) * DAY
    token = staff.sessions.start(account, midnight - MINUTE)
    staff.sessions.find(token, midnight)
    assert [found.last_used_day for found in staff.accounts()] == [midnight // DAY]


# Forms


def test_a_form_can_be_sent_once(staff: Staff, token: str) -> None:
    assert [staff.sessions.spend_form(token, b"1") for _ in range(3)] == [True, False, False]
    assert staff.sessions.spend_form(token, b"2")


def test_each_session_has_forms_of_its_own(staff: Staff, account: Account, token: str) -> None:
    other = staff.sessions.start(account, NOON)
    assert staff.sessions.spend_form(token, b"1")
    assert staff.sessions.spend_form(other, b"1")


def test_no_form_can_be_sent_without_a_session(staff: Staff, token: str, tmp_path: Path) -> None:
    staff.sessions.end(token)
    assert not staff.sessions.spend_form(token, b"1")
    assert not staff.sessions.spend_form("", b"1")
    assert rows(tmp_path, "spent_forms") == []
