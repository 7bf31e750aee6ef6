"""A file of the layout that had keys only is brought up to date at first use."""

import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from issuer.staff import Role, Staff
from schemas.kinds import DAY
from shell.errors import CommandError
from tests.support.world import NOON

TODAY = NOON // DAY
OLD = """
    CREATE TABLE [accounts] (
       [number] INTEGER PRIMARY KEY, [name] TEXT, [role] TEXT, [key_hash] BLOB,
       [last_used_day] INTEGER, [cap_day] INTEGER, [codes] INTEGER, [withdrawals] INTEGER
    );
    CREATE UNIQUE INDEX [idx_accounts_name] ON [accounts] ([name]);
    CREATE TABLE [actions] (
       [day] INTEGER, [action] TEXT, [account] INTEGER, [role] TEXT, [total] INTEGER,
       PRIMARY KEY ([day], [action], [account])
    );
"""
"""As the program made it before there were passwords."""

BEFORE_PASSKEYS = """
    alter table accounts drop column profile;
    drop table sessions; drop table passkeys; drop table passkey_links;
    create table sessions (token_hash blob primary key, account integer not null,
        started integer not null, used integer not null) without rowid;
    pragma user_version = 2;
"""

ACTIONS = [(TODAY - 1, "register", 7, "registrar", 12), (TODAY, "cancel", 0, "home", 1)]


@pytest.fixture
def old(tmp_path: Path) -> Staff:
    with closing(sqlite3.connect(tmp_path / "staff.db")) as connection:
        connection.executescript(OLD)
        account = (3, "Lab 1", "officer", sha256(b"key").digest(), TODAY, TODAY, 5, 0)
        connection.execute("insert into accounts values (?, ?, ?, ?, ?, ?, ?, ?)", account)
        connection.executemany("insert into actions values (?, ?, ?, ?, ?)", ACTIONS)
        connection.commit()
    return Staff(tmp_path / "staff.db")


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path / "staff.db")) as connection:
        rows = connection.execute("select name from sqlite_master where type = 'table'")
        return {name for (name,) in rows}


def test_old_accounts_keep_their_key_role_and_number(old: Staff) -> None:
    account = old.authenticate("key", NOON)
    assert account is not None
    assert (account.number, account.name, account.role) == (3, "Lab 1", Role.OFFICER)


def test_an_old_account_signs_in_by_key_and_chooses_a_password(old: Staff) -> None:
    found = old.sign_in("Lab 1", "key", NOON)
    assert found is not None and found.must_choose
    token = old.sessions.start(found.account, NOON)
    old.choose_password(found.account, "a long password", keep=token)
    assert old.sessions.find(token, NOON) is not None
    assert old.sign_in("Lab 1", "a long password", NOON) is not None


def test_numbers_that_acted_before_are_not_given_again(old: Staff) -> None:
    old.add("Lab 2", Role.REGISTRAR, NOON)
    assert [account.number for account in old.accounts()] == [3, 8]


def test_old_actions_are_handed_over_once(old: Staff, tmp_path: Path) -> None:
    old.accounts()
    assert "actions" in tables(tmp_path)
    taken: list[object] = []
    old.hand_over_actions(taken.extend)
    old.hand_over_actions(taken.extend)
    assert taken == ACTIONS
    assert "actions" not in tables(tmp_path)
    assert len(old.accounts()) == 1


def test_old_actions_stay_where_nobody_could_take_them(old: Staff) -> None:
    def refuse(_actions: object) -> None:
        raise CommandError("disk full")

    with pytest.raises(CommandError, match="disk full"):
        old.hand_over_actions(refuse)
    taken: list[object] = []
    old.hand_over_actions(taken.extend)
    assert taken == ACTIONS


def test_a_new_file_has_no_actions_to_hand_over(staff: Staff) -> None:
    taken: list[object] = []
    staff.hand_over_actions(taken.extend)
    assert taken == []


@pytest.mark.parametrize("version", [1, 4])
def test_a_file_of_another_layout_is_not_touched(
    staff: Staff, tmp_path: Path, version: int
) -> None:
    with closing(sqlite3.connect(tmp_path / "staff.db")) as connection:
        connection.execute(f"pragma user_version = {version}")
    before = (tmp_path / "staff.db").read_bytes()
    with pytest.raises(CommandError, match="cannot be used"):
        staff.accounts()
    assert (tmp_path / "staff.db").read_bytes() == before


def test_an_empty_file_is_no_file_of_accounts(tmp_path: Path) -> None:
    (tmp_path / "staff.db").touch(mode=0o600)
    with pytest.raises(CommandError, match="cannot be used"):
        Staff(tmp_path / "staff.db").accounts()


def test_a_file_from_before_passkeys_keeps_its_accounts_and_ends_sessions(
    staff: Staff, tmp_path: Path
) -> None:
    staff.add("Lab 1", Role.OFFICER, NOON)
    with closing(sqlite3.connect(tmp_path / "staff.db")) as connection:
        connection.executescript(BEFORE_PASSKEYS)
    [account] = staff.accounts()
    assert account.name == "Lab 1"
    assert staff.sessions.find(staff.sessions.start(account, NOON), NOON) is not None
    assert {"passkeys", "passkey_links"} <= tables(tmp_path)
