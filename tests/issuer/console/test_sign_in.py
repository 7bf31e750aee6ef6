"""Sign-in, passwords and sessions: guessed at, stormed, reused, taken away."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.applications import Starlette

from issuer.api.failure_limit import LIMIT
from issuer.console.sign_in import HASHES_AT_ONCE, NAME_FAILURES, NAME_PERIOD
from issuer.serving import create_all
from issuer.staff import Role, passwords
from schemas.kinds import HOUR, MINUTE
from tests.support.asgi import Reply, ask
from tests.support.clerk import PASSWORD, Clerk, alert, praise
from tests.support.issuers import Service
from tests.support.statements import begin_with_sunset
from tests.support.waiting import PATIENCE

NAME = "Aigerim"


@pytest.fixture
def key(issuer: Service) -> str:
    """The key of a registrar who has no password yet."""
    return issuer.authority.staff.add(NAME, Role.REGISTRAR, issuer.now)


@pytest.fixture
def chosen(issuer: Service, key: str) -> str:
    """The password that she has then."""
    account = issuer.authority.staff.accounts()[-1]
    issuer.authority.staff.choose_password(account, PASSWORD)
    return PASSWORD


def is_signed_in(clerk: Clerk) -> bool:
    return clerk.follow(clerk.get("/console")).status == 200 and "qupia" in str(clerk.cookies)


def is_nobody(clerk: Clerk) -> bool:
    return clerk.get("/console/password").header("location") == "/console/sign-in"


# The first time


def test_the_key_signs_in_until_a_password_is_chosen_and_never_after(
    stranger: Clerk, key: str
) -> None:
    assert stranger.sign_in(NAME, key).header("location") == "/console/password"
    assert "current" not in stranger.get("/console/password").form("/console/password")
    assert stranger.choose().header("location") == "/console"
    assert stranger.follow(stranger.get("/console")).status == 200
    assert stranger.sign_in(NAME, key).status == 403
    assert stranger.sign_in(NAME, PASSWORD).header("location") == "/console"


@pytest.mark.parametrize(
    ("password", "again", "words"),
    [
        ("short", "short", "at least 12"),
        ("", "", "at least 12"),
        ("x" * 129, "x" * 129, "at most 128"),
        ("x" * 100_000, "x" * 100_000, "at most 128"),
        ("four words in a row", "four words in a rwo", "not the same"),
        ("\0" * 5, "\0" * 5, "at least 12"),
    ],
)
def test_a_password_that_is_refused_is_refused_in_words(
    stranger: Clerk, key: str, password: str, again: str, words: str
) -> None:
    stranger.sign_in(NAME, key)
    seen = stranger.choose(password, again)
    assert seen.status == 400
    assert words in alert(seen)
    assert is_nobody(stranger) is False
    assert stranger.get("/console/register").header("location") == "/console/password"


def test_neither_name_nor_key_is_a_password(issuer: Service, stranger: Clerk) -> None:
    long_name = "Aigerim Nurlanova"
    key = issuer.authority.staff.add(long_name, Role.OFFICER, issuer.now)
    stranger.sign_in(long_name, key)
    assert "must not be your name" in alert(stranger.choose(long_name.upper()))
    assert "must not be your key" in alert(stranger.choose(key))


def test_a_password_is_changed_by_whoever_knows_it(
    issuer: Service, app: Starlette, stranger: Clerk, chosen: str
) -> None:
    stranger.sign_in(NAME, chosen)
    elsewhere = Clerk.at(issuer, app)
    elsewhere.sign_in(NAME, chosen)
    right = stranger.choose("another four words", current=chosen)
    assert "Your password is set" in praise(right)
    assert is_signed_in(stranger)
    assert is_nobody(elsewhere)
    assert elsewhere.sign_in(NAME, chosen).status == 403
    assert elsewhere.sign_in(NAME, "another four words").status == 303


def test_whoever_finds_a_browser_open_has_one_guess_at_its_password(
    stranger: Clerk, chosen: str
) -> None:
    stranger.sign_in(NAME, chosen)
    assert "present password is wrong" in alert(stranger.choose("another four words", current=""))
    assert is_signed_in(stranger)
    guess = stranger.choose("another four words", current="not the password")
    assert (guess.status, guess.header("location")) == (303, "/console/sign-in")
    assert is_nobody(stranger)
    assert stranger.sign_in(NAME, chosen).status == 303


# Guessing


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[None]:
    counted: list[None] = []
    hasher = passwords._HASHER

    class Counting:
        def verify(self, *words: Any) -> bool:
            counted.append(None)
            return hasher.verify(*words)

        def __getattr__(self, name: str) -> Any:
            return getattr(hasher, name)

    passwords._dummy()
    monkeypatch.setattr(passwords, "_HASHER", Counting())
    return counted


@pytest.mark.usefixtures("chosen")
def test_a_wrong_name_and_a_wrong_password_are_answered_alike_after_one_hash(
    stranger: Clerk, issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer.authority.staff.add("Without password", Role.OFFICER, issuer.now)
    counted = count_hashes(monkeypatch)
    names = (NAME, "Nobody", "Without password", "", "\0", "' or 1=1 --")
    tries = [*((name, "wrong") for name in names), ("Nobody", PASSWORD), (NAME, "x" * 5000)]
    seen = [stranger.sign_in(name, password) for name, password in tries]
    assert {(one.status, one.html, str(one.fields)) for one in seen} == {
        (403, seen[0].html, str(seen[0].fields))
    }
    assert len(counted) == len(tries)
    assert stranger.cookies == {}


@pytest.mark.parametrize("name", [NAME, "Nobody"])
def test_ten_wrong_passwords_for_a_name_make_it_wait_ten_minutes(
    stranger: Clerk, chosen: str, issuer: Service, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(NAME_FAILURES):
        assert stranger.sign_in(name, "wrong").status == 403
    counted = count_hashes(monkeypatch)
    waits = stranger.sign_in(name, chosen)
    assert waits.status == 429
    assert "Wait ten minutes" in alert(waits)
    assert counted == []
    assert stranger.sign_in("Somebody else", "wrong").status == 403
    issuer.clock.now += NAME_PERIOD
    assert stranger.sign_in(name, chosen).status == (303 if name == NAME else 403)


def test_an_address_that_tries_many_names_must_wait_even_with_the_right_password(
    stranger: Clerk, chosen: str, issuer: Service
) -> None:
    seen = [stranger.sign_in(f"Name {i}", "wrong").status for i in range(LIMIT)]
    assert seen == [403] * LIMIT
    assert stranger.sign_in(NAME, chosen).status == 429
    issuer.clock.now += MINUTE
    assert stranger.sign_in(NAME, chosen).status == 303


def test_a_storm_of_attempts_holds_two_hashes_at_once_and_the_service_answers_beside_it(
    issuer: Service, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock, running, most = threading.Lock(), [0], [0]
    gate = threading.Event()

    class Slow:
        def verify(self, *_words: Any) -> bool:
            with lock:
                running[0] += 1
                most[0] = max(most[0], running[0])
            gate.wait(PATIENCE)
            with lock:
                running[0] -= 1
            return False

    passwords._dummy()
    monkeypatch.setattr(passwords, "_HASHER", Slow())
    app = create_all(issuer.authority, issuer.clock, step=0)
    headers = [("sec-fetch-site", "same-origin")]

    async def storm() -> list[Reply]:
        tries = [
            asyncio.create_task(
                ask(app, "POST", "/console/sign-in", [f"name=N{i}&password=a".encode()], headers)
            )
            for i in range(50)
        ]
        while running[0] < HASHES_AT_ONCE:
            await asyncio.sleep(0.01)
        # All but two wait now; were they to wait in threads, this would wait behind them.
        health = await asyncio.wait_for(ask(app, "GET", "/healthz"), PATIENCE)
        assert health.status in (200, 503)
        assert not any(one.done() for one in tries)
        gate.set()
        return await asyncio.gather(*tries)

    seen = asyncio.run(storm())
    assert most == [HASHES_AT_ONCE]
    # Those of one address that waited for their turn are told to wait, without a hash.
    assert sorted({one.status for one in seen}) == [403, 429]


# Sessions


def test_a_cookie_that_was_set_before_sign_in_is_replaced_and_an_earlier_session_ends(
    stranger: Clerk, issuer: Service, app: Starlette, chosen: str
) -> None:
    stranger.cookies["__Host-qupia"] = "planted"
    stranger.sign_in(NAME, chosen)
    first = stranger.token
    assert first != "planted"
    stranger.sign_in(NAME, chosen)
    assert stranger.token != first
    old = Clerk.at(issuer, app)
    old.cookies["__Host-qupia"] = first
    assert is_nobody(old)


def test_a_cookie_of_the_other_name_is_nobody_on_https(registrar: Clerk) -> None:
    registrar.cookies = {"qupia": registrar.token}
    assert is_nobody(registrar)


@pytest.mark.parametrize(
    ("url", "name", "is_secure"),
    [("https://qupia.example", "__Host-qupia", True), ("http://127.0.0.1:8000", "qupia", False)],
)
def test_the_cookie_is_for_this_host_this_site_and_no_script(
    issuer: Service, chosen: str, url: str, name: str, is_secure: bool
) -> None:
    object.__setattr__(issuer.authority.config, "url", url)
    seen = Clerk.at(issuer).sign_in(NAME, chosen)
    value, *attributes = seen.header("set-cookie").split("; ")
    assert value.startswith(f"{name}=")
    wanted = {"HttpOnly", "Path=/", "SameSite=strict"} | ({"Secure"} if is_secure else set())
    assert set(attributes) == wanted


def test_a_token_is_nobody_after_sign_out(
    registrar: Clerk, issuer: Service, app: Starlette
) -> None:
    token = registrar.token
    form = registrar.get("/console/register").form("/console/sign-out")
    left = registrar.post("/console/sign-out", form)
    assert left.header("location") == "/console/sign-in"
    assert "Max-Age=0" in left.header("set-cookie")
    thief = Clerk.at(issuer, app)
    thief.cookies["__Host-qupia"] = token
    assert is_nobody(thief)
    assert thief.post("/console/register", form).header("location") == "/console/sign-in"


def test_nobody_can_sign_another_out(registrar: Clerk, officer: Clerk) -> None:
    foreign = officer.get("/console/keys").form("/console/sign-out")
    assert registrar.post("/console/sign-out", foreign).status == 403
    own = registrar.get("/console/register").form("/console/sign-out")
    cross = registrar.post("/console/sign-out", own, **{"sec-fetch-site": "cross-site"})
    assert cross.status == 403
    assert is_signed_in(registrar)


def test_a_session_ends_after_a_quarter_of_an_hour_without_use(
    registrar: Clerk, issuer: Service
) -> None:
    for _ in range(4):
        issuer.clock.now += 15 * MINUTE - 1
        assert is_signed_in(registrar)
    issuer.clock.now += 15 * MINUTE
    assert is_nobody(registrar)


def test_a_session_ends_after_eight_hours_however_much_it_is_used(
    registrar: Clerk, issuer: Service
) -> None:
    started = issuer.now
    while issuer.now < started + 8 * HOUR - 10 * MINUTE:
        issuer.clock.now += 10 * MINUTE
        assert is_signed_in(registrar)
    issuer.clock.now = started + 8 * HOUR
    assert is_nobody(registrar)


def test_whoever_was_removed_or_reset_is_nobody_at_once(
    stranger: Clerk, issuer: Service, app: Starlette, chosen: str
) -> None:
    stranger.sign_in(NAME, chosen)
    key = issuer.authority.staff.reset(NAME)
    assert is_nobody(stranger)
    assert stranger.sign_in(NAME, chosen).status == 403
    assert stranger.sign_in(NAME, key).header("location") == "/console/password"
    issuer.authority.staff.remove(NAME)
    assert is_nobody(stranger)
    assert stranger.sign_in(NAME, key).status == 403


def test_an_account_that_is_removed_while_it_signs_in_is_a_wrong_name(
    stranger: Clerk, issuer: Service, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = issuer.authority.staff.sign_in(NAME, chosen, issuer.now)
    issuer.authority.staff.remove(NAME)
    monkeypatch.setattr(type(issuer.authority.staff), "sign_in", lambda *_words: found)
    assert stranger.sign_in(NAME, chosen).status == 403
    assert stranger.cookies == {}


def test_two_officers_work_at_once_each_as_themselves(
    issuer: Service, clerk: Callable[[Role], Clerk]
) -> None:
    officers = [clerk(Role.OFFICER) for _ in range(2)]
    names = [account.name for account in issuer.authority.staff.accounts()]
    for _ in range(2):
        shown = [one.get("/console/keys").text for one in officers]
        assert [[name in text for name in names] for text in shown] == [
            [True, False],
            [False, True],
        ]
    form = officers[0].get("/console/keys").form("/console/sign-out")
    officers[0].post("/console/sign-out", form)
    assert [is_nobody(one) for one in officers] == [True, False]


def test_sign_in_from_another_site_does_nothing(stranger: Clerk, chosen: str) -> None:
    for site in ("cross-site", "same-site", "none"):
        seen = stranger.sign_in(NAME, chosen, **{"sec-fetch-site": site})
        assert seen.status == 403
        assert "came from somewhere else" in alert(seen)
    assert stranger.cookies == {}


def test_after_the_sunset_nobody_signs_in_and_pages_say_that_it_is_over(
    stranger: Clerk, registrar: Clerk, issuer: Service, chosen: str
) -> None:
    page = registrar.get("/console/register")
    begin_with_sunset(issuer, issuer.now)
    for seen in (
        registrar.get("/console/register"),
        registrar.post("/console/register", page.form("/console/register")),
        stranger.sign_in(NAME, chosen),
    ):
        assert seen.status == 410
        assert "The system has ended" in alert(seen)
    assert stranger.cookies == {}


# What is written down


def test_neither_password_nor_address_nor_token_is_in_a_file_or_an_error(
    stranger: Clerk, issuer: Service, key: str, capfd: pytest.CaptureFixture[str]
) -> None:
    stranger.sign_in("Mistyped Name", "mistyped password")
    stranger.sign_in(NAME, key)
    stranger.choose("what nobody may read")
    stranger.choose("what nobody may guess", current="what nobody may read")
    written = (
        b"".join(path.read_bytes() for path in issuer.home.path.rglob("*") if path.is_file())
        + "".join(capfd.readouterr()).encode()
    )
    for secret in ("Mistyped", "mistyped", key, "nobody may", "127.0.0.1", stranger.token):
        assert secret.encode() not in written, secret
    assert NAME.encode() not in issuer.home.audit.read_bytes()
