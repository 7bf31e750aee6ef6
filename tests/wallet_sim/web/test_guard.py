"""Who gets in: nobody but a browser that was opened with the printed address."""

import secrets
from collections.abc import Callable

import pytest
from starlette.types import ASGIApp

from shell.forms import FORM_LIFE, Sent
from shell.pages import HEADERS
from tests.support.issuer_in_memory import Phone
from tests.support.visitor import ORIGIN, Visitor
from wallet_sim.web.app import DONE, SHOWN, create_app
from wallet_sim.web.forms import MOST_SPENT, Forms
from wallet_sim.web.guard import Keys
from wallet_sim.web.house import House

PATHS = ["/", "/people", *(f"/p/1{page}" for page in (SHOWN | DONE))]


@pytest.mark.parametrize("path", PATHS)
def test_without_the_printed_address_no_page_is_seen_and_no_form_is_taken(
    path: str, stranger: Visitor
) -> None:
    shown, done = stranger.get(path), stranger.post(path, {})
    assert (shown.status, done.status) == (403, 403)
    assert "the address that the program printed" in shown.text


def test_a_wrong_key_opens_nothing(stranger: Visitor, keys: Keys) -> None:
    for key in ("", keys.opening[:-1], keys.session, "é"):
        assert stranger.send("GET", f"/open/{key}").status in (403, 404)
    assert stranger.cookies == {}


def test_the_printed_address_gives_a_cookie_that_no_script_and_no_other_site_can_use(
    stranger: Visitor, keys: Keys
) -> None:
    seen = stranger.get(keys.address.removeprefix(ORIGIN))
    cookie = seen.header("set-cookie")
    assert seen.header("location") == "/"
    assert keys.opening not in cookie
    assert "qupia-wallet-8002=" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8002", "127.0.0.1", "localhost:8002"]
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str, visitor: Visitor) -> None:
    assert visitor.get("/p/1", host=host).status == 421
    assert visitor.get("/look/look.css", host=host).status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:9000", "sec-fetch-site": "same-site"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"origin": ORIGIN, "sec-fetch-site": "none"},
    ],
)
def test_a_form_of_another_site_is_refused_even_with_cookie_and_id(
    headers: dict[str, str], visitor: Visitor, activate: Callable[..., None], house: House
) -> None:
    activate()
    form = visitor.get("/p/1").form("/p/1/show")
    assert visitor.post("/p/1/show", form, **headers).status == 403
    assert visitor.get("/p/1/code").header("location") == "/p/1"


def test_a_form_that_does_not_say_where_it_is_from_is_refused(visitor: Visitor) -> None:
    form = visitor.get("/p/1/erase").form("/p/1/erase")
    body = f"form={form['form']}".encode()
    assert visitor.send("POST", "/p/1/erase", body).status == 403


def test_another_page_cannot_fetch_what_a_person_may_open(visitor: Visitor) -> None:
    fetched = {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}
    opened = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert visitor.get("/p/1", **fetched).status == 403
    assert visitor.get("/p/1", **opened).status == 200


def test_a_form_without_its_id_or_with_that_of_another_person_does_nothing(
    visitor: Visitor, activate: Callable[..., None], house: House
) -> None:
    activate()
    house.people.add("Child")
    mine = visitor.get("/p/1/erase").form("/p/1/erase")
    for form in ({}, {"form": "x"}, {"form": "AAAA"}):
        assert visitor.post("/p/1/erase", form).status == 403
    assert visitor.post("/p/2/erase", mine).status == 403
    assert house.people.file(house.people.all()[0]).load().entitlement is not None


@pytest.mark.parametrize("later", [FORM_LIFE, -FORM_LIFE])
def test_a_form_that_has_ended_does_nothing(
    later: int, visitor: Visitor, phone: Phone, house: House
) -> None:
    form = visitor.get("/people").form("/people") | {"name": "Child"}
    phone.clock.now += later
    assert visitor.post("/people", form).status == 403
    assert len(house.people.all()) == 1


def test_a_form_that_was_sent_before_adds_nobody(visitor: Visitor, house: House) -> None:
    form = visitor.get("/people").form("/people")
    assert visitor.post("/people", form | {"name": "Child"}).header("location") == "/p/2"
    assert visitor.post("/people", form | {"name": "Other"}).header("location") == "/people"
    assert [person.name for person in house.people.all()] == ["", "Child"]


def test_numbers_of_forms_are_remembered_while_they_count_and_only_so_many(phone: Phone) -> None:
    forms = Forms(phone.clock)
    first, late = forms.new(1), forms.new(1)
    assert forms.take(1, first) is Sent.NEW
    for _ in range(MOST_SPENT - 1):
        forms._spent[secrets.token_bytes(24)] = phone.clock.now
    assert forms.take(1, late) is Sent.REPEATED
    assert forms.take(1, first) is Sent.REPEATED
    phone.clock.now += FORM_LIFE
    assert forms.take(1, forms.new(1)) is Sent.NEW
    assert len(forms._spent) == 1


def test_the_port_that_browsers_leave_out_is_ours_too(house: House) -> None:
    keys = Keys("http://127.0.0.1:80")
    visitor = Visitor(create_app(house, keys), "http://127.0.0.1")
    visitor.get(keys.address.removeprefix(keys.origin))
    form = visitor.get("/people").form("/people") | {"name": "Child"}
    assert visitor.post("/people", form).header("location") == "/p/2"


def test_every_page_is_strict_and_stays_in_no_cache(visitor: Visitor) -> None:
    for path in PATHS:
        seen = visitor.get(path)
        assert {name: seen.header(name.lower()) for name in HEADERS} == HEADERS


def test_unknown_addresses_people_and_methods_get_a_page_of_words(visitor: Visitor) -> None:
    for path in ("/x", "/p/2", "/p/1/x", f"/p/{'9' * 30}"):
        assert visitor.get(path).status == 404
    assert visitor.send("PUT", "/p/1", headers={"origin": ORIGIN}).status == 404


def test_a_form_that_is_too_large_is_refused(visitor: Visitor) -> None:
    assert visitor.post("/p/1/start", {"code": "x" * 300_000}).status == 413


def test_what_nobody_foresaw_is_a_page_and_one_line_without_its_text(
    app: ASGIApp, visitor: Visitor, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    house.people = None  # type: ignore[assignment] # Whatever breaks.
    seen = visitor.get("/p/1")
    assert seen.status == 500
    assert "unforeseen" in seen.text
    assert capsys.readouterr().err.startswith("error: AttributeError at app.py:")
