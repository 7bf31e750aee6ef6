"""Passkeys: a link that works once makes one, a challenge takes one proof, and both end."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from issuer.staff import (
    Account,
    LinkOver,
    PasskeyRefused,
    RelyingParty,
    Role,
    Staff,
    relying_party,
)
from issuer.staff.ceremonies import LONGEST_ANSWER
from issuer.staff.passkeys import MOST
from schemas.kinds import MINUTE
from shell.errors import CommandError
from tests.support.authenticator import Authenticator, challenge_in
from tests.support.world import NOON

NAME = "Officer 1"
PARTY = RelyingParty("qupia.example", "https://qupia.example")


@pytest.fixture
def account(staff: Staff) -> Account:
    staff.add(NAME, Role.OFFICER, NOON)
    return staff.accounts()[-1]


@pytest.fixture
def key() -> Authenticator:
    return Authenticator(PARTY.origin)


def link(staff: Staff, now: int = NOON, *, reset: bool = False) -> str:
    return staff.passkeys.make_link(NAME, now, note=lambda: None, reset=reset)


def make(staff: Staff, key: Authenticator, token: str, now: int = NOON) -> None:
    options = staff.passkeys.begin(token, PARTY, now)
    staff.passkeys.finish(token, key.create(options), PARTY, now, note=lambda _: None)


@pytest.fixture
def made(staff: Staff, account: Account, key: Authenticator) -> Authenticator:
    make(staff, key, link(staff))
    return key


@pytest.fixture
def session(staff: Staff, account: Account) -> str:
    return staff.sessions.start(account, NOON)


def ask(staff: Staff, session: str) -> str:
    options = staff.passkeys.ask(session, PARTY)
    assert options is not None
    return options


def must_prove(staff: Staff, session: str) -> bool:
    found = staff.sessions.find(session, NOON)
    assert found is not None
    return found.must_prove


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path / "staff.db")) as connection:
        return connection.execute(f"select * from {table}").fetchall()


# Who asks


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("https://qupia.example:8443", RelyingParty("qupia.example", "https://qupia.example:8443")),
        ("http://localhost:8300", RelyingParty("localhost", "http://localhost:8300")),
        ("http://127.0.0.1:8300", None),
        ("https://[::1]", None),
    ],
)
def test_the_party_is_the_host_and_an_address_is_none(url: str, party: RelyingParty | None) -> None:
    assert relying_party(url) == party


# A passkey is made


def test_a_link_makes_one_passkey(staff: Staff, account: Account, key: Authenticator) -> None:
    token = link(staff)
    assert not staff.passkeys.has_any(account)
    make(staff, key, token)
    assert staff.passkeys.has_any(account)
    with pytest.raises(LinkOver):
        staff.passkeys.begin(token, PARTY, NOON)


@pytest.mark.parametrize("later", [15 * MINUTE, -1])
def test_a_link_is_over_after_15_minutes_and_before_it_was_made(
    staff: Staff, account: Account, later: int
) -> None:
    token = link(staff)
    with pytest.raises(LinkOver):
        staff.passkeys.begin(token, PARTY, NOON + later)
    staff.passkeys.begin(token, PARTY, NOON + 15 * MINUTE - 1)


def test_a_new_link_ends_the_one_before(staff: Staff, account: Account) -> None:
    before = link(staff)
    link(staff)
    with pytest.raises(LinkOver):
        staff.passkeys.begin(before, PARTY, NOON)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 43])
def test_another_token_is_no_link(staff: Staff, account: Account, token: str) -> None:
    link(staff)
    with pytest.raises(LinkOver):
        staff.passkeys.begin(token, PARTY, NOON)


def test_only_a_hash_of_the_link_is_stored_and_it_is_purged(
    staff: Staff, account: Account, tmp_path: Path
) -> None:
    token = link(staff)
    assert token.encode() not in (tmp_path / "staff.db").read_bytes()
    staff.purge(NOON + 15 * MINUTE)
    assert rows(tmp_path, "passkey_links") == []


def test_nothing_is_made_that_was_not_asked_for(
    staff: Staff, account: Account, key: Authenticator
) -> None:
    token = link(staff)
    options = staff.passkeys.begin(token, PARTY, NOON)
    answer = key.create(options)
    staff.passkeys.begin(token, PARTY, NOON)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.finish(token, answer, PARTY, NOON, note=lambda _: None)
    with pytest.raises(PasskeyRefused):  # The challenge is gone.
        staff.passkeys.finish(token, answer, PARTY, NOON, note=lambda _: None)
    assert not staff.passkeys.has_any(account)


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * LONGEST_ANSWER])
def test_an_answer_that_is_none_is_refused(staff: Staff, account: Account, answer: str) -> None:
    token = link(staff)
    staff.passkeys.begin(token, PARTY, NOON)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.finish(token, answer, PARTY, NOON, note=lambda _: None)


@pytest.mark.parametrize("origin", ["https://qupia.example.evil", "http://qupia.example"])
def test_a_passkey_of_another_site_is_refused(staff: Staff, account: Account, origin: str) -> None:
    with pytest.raises(PasskeyRefused):
        make(staff, Authenticator(origin), link(staff))


def test_a_passkey_belongs_to_one_account(staff: Staff, made: Authenticator) -> None:
    staff.add("Officer 2", Role.OFFICER, NOON)
    token = staff.passkeys.make_link("Officer 2", NOON, note=lambda: None)
    with pytest.raises(PasskeyRefused):
        make(staff, made, token)


def test_an_account_has_at_most_eight(staff: Staff, account: Account) -> None:
    for _ in range(MOST):
        make(staff, Authenticator(PARTY.origin), link(staff))
    with pytest.raises(CommandError, match="--reset"):
        link(staff)
    link(staff, reset=True)
    assert not staff.passkeys.has_any(account)


def test_nobody_gets_a_link_without_an_account(staff: Staff) -> None:
    with pytest.raises(CommandError, match="no account has that name"):
        link(staff)


def test_what_is_asked_for_names_the_host_and_says_nothing_of_anybody(
    staff: Staff, account: Account, key: Authenticator
) -> None:
    first, second = (staff.passkeys.begin(link(staff), PARTY, NOON) for _ in range(2))
    asked = json.loads(first)
    assert (asked["rp"]["id"], asked["user"]["name"]) == ("qupia.example", NAME)
    assert asked["attestation"] == "none"
    assert [one["alg"] for one in asked["pubKeyCredParams"]] == [-8, -7, -257]
    assert asked["user"]["id"] != json.loads(second)["user"]["id"]
    assert challenge_in(first) != challenge_in(second)


# A passkey proves who is there


def test_a_session_is_opened_by_a_proof(staff: Staff, made: Authenticator, session: str) -> None:
    assert must_prove(staff, session)
    staff.passkeys.prove(session, made.get(ask(staff, session)), PARTY)
    assert not must_prove(staff, session)


def test_a_proof_counts_once_and_for_its_session_alone(
    staff: Staff, account: Account, made: Authenticator, session: str
) -> None:
    other = staff.sessions.start(account, NOON)
    proof = made.get(ask(staff, session))
    ask(staff, other)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(other, proof, PARTY)
    staff.passkeys.prove(session, proof, PARTY)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, proof, PARTY)
    assert must_prove(staff, other)


def test_a_challenge_is_answered_once_rightly_or_not(
    staff: Staff, made: Authenticator, session: str
) -> None:
    proof = made.get(ask(staff, session))
    wrong = Authenticator(PARTY.origin, made.id).get(ask(staff, session))
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, wrong, PARTY)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, proof, PARTY)
    assert must_prove(staff, session)


@pytest.mark.parametrize("origin", ["https://qupia.example.evil", "http://qupia.example"])
def test_a_proof_given_to_another_site_is_refused(
    staff: Staff, made: Authenticator, session: str, origin: str
) -> None:
    made.origin = origin
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, made.get(ask(staff, session)), PARTY)


def test_the_copy_of_a_key_is_noticed(staff: Staff, made: Authenticator, session: str) -> None:
    copy = Authenticator(PARTY.origin, made.id, made.key)
    staff.passkeys.prove(session, made.get(ask(staff, session)), PARTY)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, copy.get(ask(staff, session)), PARTY)


def test_a_key_of_another_account_proves_nothing(
    staff: Staff, made: Authenticator, session: str
) -> None:
    staff.add("Officer 2", Role.OFFICER, NOON)
    other = Authenticator(PARTY.origin)
    make(staff, other, staff.passkeys.make_link("Officer 2", NOON, note=lambda: None))
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, other.get(ask(staff, session)), PARTY)


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * LONGEST_ANSWER])
def test_a_proof_that_is_none_is_refused(
    staff: Staff, made: Authenticator, session: str, answer: str
) -> None:
    ask(staff, session)
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, answer, PARTY)


def test_an_account_without_a_passkey_is_asked_for_none(staff: Staff, session: str) -> None:
    assert staff.passkeys.ask(session, PARTY) is None


def test_no_session_is_asked_or_proves(staff: Staff, made: Authenticator, session: str) -> None:
    proof = made.get(ask(staff, session))
    staff.sessions.end(session)
    assert staff.passkeys.ask(session, PARTY) is None
    with pytest.raises(PasskeyRefused):
        staff.passkeys.prove(session, proof, PARTY)


# Ends


def test_a_reset_forgets_passkeys_and_ends_sessions(
    staff: Staff, account: Account, made: Authenticator, session: str, tmp_path: Path
) -> None:
    link(staff, reset=True)
    assert not staff.passkeys.has_any(account)
    assert staff.sessions.find(session, NOON) is None


def test_with_its_account_a_passkey_goes(staff: Staff, made: Authenticator, tmp_path: Path) -> None:
    link(staff)
    staff.remove(NAME)
    assert rows(tmp_path, "passkeys") == rows(tmp_path, "passkey_links") == []
    assert made.id not in (tmp_path / "staff.db").read_bytes()
