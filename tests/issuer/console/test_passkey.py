"""The second factor at the console: who is asked, what is closed until then, who is let in."""

import html
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from starlette.applications import Starlette

from issuer.console.app import PAGES
from issuer.serving import create_all
from issuer.staff import Role
from schemas.kinds import MINUTE
from tests.support.asgi import Reply
from tests.support.authenticator import Authenticator
from tests.support.clerk import PASSWORD, Clerk, alert, praise
from tests.support.issuers import Service

NAME = "Dana"
PATH, MAKING = "/console/passkey", "/console/passkey/new"
Begin = Callable[..., Clerk]


@pytest.fixture
def key(issuer: Service) -> Authenticator:
    return Authenticator(issuer.authority.config.url)


@pytest.fixture
def begin(issuer: Service) -> Begin:
    """Somebody with a password, under that rule, who has not signed in yet."""

    def begin(role: Role = Role.OFFICER, rule: str = "officers") -> Clerk:
        authority = replace(
            issuer.authority, policy=replace(issuer.authority.policy, passkeys=rule)
        )
        staff = authority.staff
        staff.add(NAME, role, issuer.now)
        staff.choose_password(staff.accounts()[-1], PASSWORD)
        return Clerk(create_all(authority, issuer.clock, step=0), authority.config.url)

    return begin


def token_of(issuer: Service) -> str:
    return issuer.authority.staff.passkeys.make_link(NAME, issuer.now, note=lambda: None)


def options_in(seen: Reply) -> str:
    found = re.search(r'data-options="(.*?)"', seen.html)
    assert found is not None, seen.text
    return html.unescape(found[1])


def make(clerk: Clerk, key: Authenticator, token: str) -> Reply:
    asked = clerk.post(MAKING, {"token": token})
    answer = key.create(options_in(asked))
    return clerk.post(MAKING, {"token": token, "answer": answer})


def prove(clerk: Clerk, key: Authenticator) -> Reply:
    seen = clerk.get(PATH)
    return clerk.post(PATH, seen.form(PATH) | {"answer": key.get(options_in(seen))})


def is_in(clerk: Clerk) -> bool:
    return clerk.get("/console").header("location") not in (PATH, "/console/sign-in")


# Who is asked


@pytest.mark.parametrize(
    ("role", "rule", "asks"),
    [
        (Role.OFFICER, "officers", True),
        (Role.REGISTRAR, "officers", False),
        (Role.AUDITOR, "officers", False),
        (Role.REGISTRAR, "all", True),
        (Role.AUDITOR, "all", True),
        (Role.OFFICER, "none", False),
    ],
)
def test_who_is_asked_for_a_passkey(begin: Begin, role: Role, rule: str, asks: bool) -> None:
    clerk = begin(role, rule)
    clerk.sign_in(NAME, PASSWORD)
    assert is_in(clerk) is not asks


def test_who_has_one_is_asked_for_it_without_having_to(
    begin: Begin, issuer: Service, key: Authenticator
) -> None:
    clerk = begin(Role.REGISTRAR)
    make(clerk, key, token_of(issuer))
    clerk.sign_in(NAME, PASSWORD)
    assert not is_in(clerk)
    prove(clerk, key)
    assert is_in(clerk)


# Until then


def test_without_a_proof_every_page_leads_to_it_and_no_form_is_taken(
    begin: Begin, issuer: Service, key: Authenticator
) -> None:
    clerk = begin()
    make(clerk, key, token_of(issuer))
    clerk.sign_in(NAME, PASSWORD)
    others = [page for page in PAGES if page.path != PATH]
    for page in others:
        path = page.path.replace("{", "").replace("}", "")
        assert clerk.get(path).header("location") == PATH
        posted = clerk.post(path, {})
        assert posted.status == 404 or posted.header("location") in (PATH, "/console/sign-in")
    assert clerk.get(PATH).status == 200
    assert '<li><a href="/console/' not in clerk.get(PATH).html


def test_who_has_none_is_told_whom_to_ask(begin: Begin) -> None:
    clerk = begin()
    clerk.sign_in(NAME, PASSWORD)
    seen = clerk.get(PATH)
    assert "qupia-issuer staff passkey" in seen.text
    assert "data-options" not in seen.html


def test_who_is_not_signed_in_sees_no_passkey_page(begin: Begin) -> None:
    assert begin().get(PATH).header("location") == "/console/sign-in"


def test_the_first_password_comes_before_the_passkey(issuer: Service, app: Starlette) -> None:
    clerk = Clerk(app, issuer.authority.config.url)
    key = issuer.authority.staff.add(NAME, Role.OFFICER, issuer.now)
    assert clerk.sign_in(NAME, key).header("location") == "/console/password"
    assert clerk.get(PATH).header("location") == "/console/password"
    clerk.choose()
    assert clerk.get("/console").header("location") == PATH


# A passkey is made


def test_a_link_makes_a_passkey_that_lets_its_owner_in(
    begin: Begin, issuer: Service, key: Authenticator
) -> None:
    clerk = begin()
    assert "The passkey is made" in praise(make(clerk, key, token_of(issuer)))
    clerk.sign_in(NAME, PASSWORD)
    assert prove(clerk, key).header("location") == "/console"
    assert is_in(clerk)
    assert clerk.get(PATH).header("location") == "/console"
    actions = {line.action for line in issuer.authority.audit.recent(2)}
    assert actions == {"passkey", "sign in"}


def test_a_link_that_was_used_or_is_over_says_so(
    begin: Begin, issuer: Service, key: Authenticator
) -> None:
    clerk, token = begin(), token_of(issuer)
    make(clerk, key, token)
    for one in (token, "x"):
        seen = clerk.post(MAKING, {"token": one})
        assert (seen.status, "was used" in alert(seen)) == (403, True)
    token = token_of(issuer)
    issuer.clock.now += 15 * MINUTE
    assert clerk.post(MAKING, {"token": token}).status == 403


def test_a_page_of_somebody_else_makes_no_passkey(begin: Begin, issuer: Service) -> None:
    clerk, token = begin(), token_of(issuer)
    seen = clerk.post(MAKING, {"token": token}, origin="https://evil.example")
    assert (seen.status, "data-options" in seen.html) == (403, False)


def test_an_answer_that_is_none_makes_no_passkey(begin: Begin, issuer: Service) -> None:
    clerk, token = begin(), token_of(issuer)
    clerk.post(MAKING, {"token": token})
    seen = clerk.post(MAKING, {"token": token, "answer": "{}"})
    assert (seen.status, "No passkey was made" in alert(seen)) == (400, True)


# A passkey is proven


def test_another_key_is_refused_and_the_right_one_is_asked_again(
    begin: Begin, issuer: Service, key: Authenticator
) -> None:
    clerk = begin()
    make(clerk, key, token_of(issuer))
    clerk.sign_in(NAME, PASSWORD)
    wrong = Authenticator(key.origin, key.id)
    seen = prove(clerk, wrong)
    assert (seen.status, "not accepted" in alert(seen)) == (400, True)
    assert not is_in(clerk)
    prove(clerk, key)
    assert is_in(clerk)


def test_a_stolen_password_opens_nothing(begin: Begin, issuer: Service, key: Authenticator) -> None:
    clerk = begin()
    make(clerk, key, token_of(issuer))
    thief = Clerk(clerk.app, clerk.origin)
    thief.sign_in(NAME, PASSWORD)
    seen = prove(thief, Authenticator(key.origin))
    assert (seen.status, is_in(thief)) == (400, False)
