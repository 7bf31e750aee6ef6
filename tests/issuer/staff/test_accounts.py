"""Staff accounts: a role, a key that is shown once, a cap a day, gone when nobody uses them."""

import stat
from pathlib import Path

import pytest

from issuer.staff import Account, Capped, Role, Staff
from schemas.kinds import DAY
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from tests.support.world import NOON


def account_of(staff: Staff, key: str, now: int = NOON) -> Account:
    account = staff.authenticate(key, now)
    assert account is not None
    return account


@pytest.mark.parametrize("role", list(Role))
def test_a_key_opens_its_account(staff: Staff, role: Role) -> None:
    key = staff.add("Lab 1", role, NOON)
    assert account_of(staff, key) == Account(1, "Lab 1", role, NOON // DAY)


@pytest.mark.parametrize("key", ["", "x", "Lab 1", "\ud800", "a" * 43])
def test_another_key_opens_nothing(staff: Staff, key: str) -> None:
    staff.add("Lab 1", Role.REGISTRAR, NOON)
    assert staff.authenticate(key, NOON) is None


def test_keys_are_different_and_have_256_bits(staff: Staff) -> None:
    keys = {staff.add(f"Lab {number}", Role.REGISTRAR, NOON) for number in range(5)}
    assert {len(key) for key in keys} == {43} and len(keys) == 5


def test_the_key_itself_is_not_stored(staff: Staff, tmp_path: Path) -> None:
    key = staff.add("Lab 1", Role.REGISTRAR, NOON)
    assert key.encode() not in (tmp_path / "staff.db").read_bytes()


def test_a_name_can_be_given_once(staff: Staff) -> None:
    staff.add("Lab 1", Role.REGISTRAR, NOON)
    with pytest.raises(CommandError, match="there is an account of that name; remove it first"):
        staff.add("Lab 1", Role.OFFICER, NOON)


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines", "\x1b[31m", "a\0b"])
def test_a_name_is_one_printable_line(staff: Staff, name: str) -> None:
    with pytest.raises(CommandError, match="1 to 64 printable characters"):
        staff.add(name, Role.REGISTRAR, NOON)
    assert staff.accounts() == []


def test_a_removed_account_is_gone_from_the_file(staff: Staff, tmp_path: Path) -> None:
    key = staff.add("Laboratory of the story", Role.REGISTRAR, NOON)
    staff.remove("Laboratory of the story")
    assert staff.authenticate(key, NOON) is None
    assert staff.accounts() == []
    assert b"Laboratory of the story" not in (tmp_path / "staff.db").read_bytes()


def test_only_an_account_that_is_there_can_be_removed(staff: Staff) -> None:
    with pytest.raises(CommandError, match="no account has that name; see: qupia-issuer staff"):
        staff.remove("Lab 1")


def test_a_number_tells_accounts_apart_in_their_order(staff: Staff) -> None:
    for name in ("c", "a", "b"):
        staff.add(name, Role.AUDITOR, NOON)
    assert [(account.number, account.name) for account in staff.accounts()] == [
        (1, "c"),
        (2, "a"),
        (3, "b"),
    ]


def test_the_number_of_a_removed_account_is_not_given_again(staff: Staff) -> None:
    account_of(staff, staff.add("Lab 1", Role.REGISTRAR, NOON))
    staff.remove("Lab 1")
    assert account_of(staff, staff.add("Lab 2", Role.REGISTRAR, NOON)).number == 2


# Unused accounts


def test_an_account_that_nobody_used_for_90_days_opens_nothing_and_goes(staff: Staff) -> None:
    key = staff.add("Lab 1", Role.REGISTRAR, NOON)
    last = NOON + 90 * DAY
    assert staff.purge(last) == 0
    assert staff.authenticate(key, last + DAY) is None
    assert staff.purge(last + DAY) == 1
    assert staff.accounts() == []


def test_use_keeps_an_account(staff: Staff) -> None:
    key = staff.add("Lab 1", Role.REGISTRAR, NOON)
    staff.add("Lab 2", Role.REGISTRAR, NOON)
    account_of(staff, key, NOON + 80 * DAY)
    assert staff.purge(NOON + 91 * DAY) == 1
    assert [account.name for account in staff.accounts()] == ["Lab 1"]


def test_several_unused_accounts_go_at_once(staff: Staff) -> None:
    for number in range(3):
        staff.add(f"Lab {number}", Role.REGISTRAR, NOON)
    assert staff.purge(NOON + 91 * DAY) == 3
    assert staff.accounts() == []


# Caps


def test_a_cap_holds_for_a_day(staff: Staff) -> None:
    account = account_of(staff, staff.add("Lab 1", Role.REGISTRAR, NOON))
    for _ in range(3):
        staff.spend(account, Capped.CODES, cap=3, now=NOON)
    with pytest.raises(ApiProblem) as caught:
        staff.spend(account, Capped.CODES, cap=3, now=NOON)
    assert caught.value.fault is Problem.TOO_MANY
    tomorrow = (NOON // DAY + 1) * DAY
    with pytest.raises(ApiProblem):
        staff.spend(account, Capped.CODES, cap=3, now=tomorrow - 1)
    for _ in range(3):
        staff.spend(account, Capped.CODES, cap=3, now=tomorrow)


def test_codes_and_withdrawals_are_counted_apart(staff: Staff) -> None:
    account = account_of(staff, staff.add("Lab 1", Role.REGISTRAR, NOON))
    for what in Capped:
        staff.spend(account, what, cap=1, now=NOON)
    for what in Capped:
        with pytest.raises(ApiProblem):
            staff.spend(account, what, cap=1, now=NOON)


def test_a_new_day_begins_both_counts_anew(staff: Staff) -> None:
    account = account_of(staff, staff.add("Lab 1", Role.REGISTRAR, NOON))
    staff.spend(account, Capped.CODES, cap=1, now=NOON)
    staff.spend(account, Capped.WITHDRAWALS, cap=1, now=NOON)
    staff.spend(account, Capped.CODES, cap=1, now=NOON + DAY)
    staff.spend(account, Capped.WITHDRAWALS, cap=1, now=NOON + DAY)


def test_each_account_has_a_cap_of_its_own(staff: Staff) -> None:
    for name in ("Lab 1", "Lab 2"):
        account = account_of(staff, staff.add(name, Role.REGISTRAR, NOON))
        staff.spend(account, Capped.CODES, cap=1, now=NOON)


# Notes


def refuse() -> None:
    raise CommandError("cannot be noted")


def test_what_cannot_be_noted_does_not_happen(staff: Staff) -> None:
    key = staff.add("Lab 1", Role.REGISTRAR, NOON)
    for change in (
        lambda: staff.add("Lab 2", Role.REGISTRAR, NOON, note=refuse),
        lambda: staff.remove("Lab 1", note=refuse),
        lambda: staff.reset("Lab 1", note=refuse),
        lambda: staff.choose_password(account_of(staff, key), "four new words", note=refuse),
    ):
        with pytest.raises(CommandError, match="cannot be noted"):
            change()
    assert account_of(staff, key).name == "Lab 1"
    assert staff.sign_in("Lab 1", "four new words", NOON) is None
    assert len(staff.accounts()) == 1
    staff.remove("Lab 1")
    account = account_of(staff, staff.add("Lab 3", Role.REGISTRAR, NOON))
    assert account.number == 2


# Reset


def test_a_reset_gives_a_new_key_and_takes_the_old_one(staff: Staff) -> None:
    old = staff.add("Lab 1", Role.REGISTRAR, NOON)
    new = staff.reset("Lab 1")
    assert staff.authenticate(old, NOON) is None
    assert account_of(staff, new).name == "Lab 1"


def test_only_an_account_that_is_there_can_be_reset(staff: Staff) -> None:
    with pytest.raises(CommandError, match="no account has that name; see: qupia-issuer staff"):
        staff.reset("Lab 1")


# The file


def test_the_file_is_its_owners(staff: Staff, tmp_path: Path) -> None:
    assert stat.S_IMODE((tmp_path / "staff.db").stat().st_mode) == 0o600


def test_making_the_tables_again_changes_nothing(staff: Staff) -> None:
    key = staff.add("Lab 1", Role.REGISTRAR, NOON)
    staff.create()
    assert staff.authenticate(key, NOON) is not None


def test_a_missing_file_is_one_line_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be used; check the disk, or restore"):
        Staff(tmp_path / "staff.db").accounts()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "staff.db").write_bytes(b"damaged" * 1000)
    with pytest.raises(CommandError, match="cannot be used; check the disk, or restore"):
        Staff(tmp_path / "staff.db").accounts()


def test_a_folder_with_signs_in_its_name_works(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c%20d é"
    folder.mkdir()
    staff = Staff(folder / "staff.db")
    staff.create()
    assert staff.accounts() == []
