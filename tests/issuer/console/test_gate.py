"""Who may see and send what: every address of the application, with each role and with none."""

from collections.abc import Callable
from itertools import product

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from issuer.api.app import CALLS, LOG_READS, READS
from issuer.console.app import PAGES
from issuer.console.desk import Page
from issuer.serving import create_all
from issuer.staff import Role
from shell.forms import FORM_LIFE, new_form
from tests.support.asgi import Reply
from tests.support.clerk import Clerk, alert
from tests.support.issuers import NOON, Service

VERIFIED_BY_A_PROCESS = {
    "/console/retention": pytest.param("/console/retention", marks=pytest.mark.process)
}
"""The page that looks into the store's files, which a process of its own reads."""

OPEN = {
    "/", "/api", "/transparency", "/activate", "/console/sign-in", "/console/passkey/new",
}  # fmt: skip
"""Pages that need no sign-in."""

API = {*CALLS, *READS, *LOG_READS, "/metrics", "/openapi.json"}
"""Tested with keys and proofs of their own in tests/issuer/api."""

OF_THE_GATE = {"/console", "/console/sign-out"}
LOOKS = ("/look/", "/console/look/")

BY_PATH: dict[str, Page] = {page.path: page for page in PAGES}

SEEN_BUT_NOT_SENT = {("/console/keys", Role.AUDITOR), ("/console/notices", Role.AUDITOR)}
"""Auditors look at keys and notices; only officers retire and publish them."""


def paths(app: Starlette) -> set[str]:
    return {route.path for route in app.routes if isinstance(route, Route)}


def address(path: str) -> str:
    """An address of a path; a job that nobody has stands for its part that changes."""
    return path.replace("{job}", "A" * 22)


def ours(clerk: Clerk, **fields: str) -> dict[str, str]:
    return {"form": new_form(clerk.token.encode("ascii"), NOON), **fields}


def test_every_address_of_the_application_is_tried_by_one_of_these_tests(app: Starlette) -> None:
    looks = {path for path in paths(app) if path.startswith(LOOKS)}
    assert paths(app) == {*BY_PATH, *OPEN, *OF_THE_GATE, *API, *looks}
    assert all(route for route in app.routes if isinstance(route, Route))


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path", [VERIFIED_BY_A_PROCESS.get(path, path) for path in sorted(BY_PATH)]
)
def test_a_page_answers_its_roles_and_nobody_else(
    path: str, method: str, issuer: Service, app: Starlette
) -> None:
    for role in Role:
        clerk = Clerk.of(issuer, role, app)
        page, may = BY_PATH[path], role in BY_PATH[path].roles
        if method == "GET":
            seen = clerk.get(address(path))
        else:
            seen = clerk.post(address(path), ours(clerk))
            may = may and (path, role) not in SEEN_BUT_NOT_SENT
        if method == "POST" and page.act is None and path != "/console/upload":
            assert seen.status == 404
        elif may:
            assert seen.status not in (403, 500)
            assert seen.header("location") != "/console/sign-in"
        else:
            assert (seen.status, "role does not allow" in alert(seen)) == (403, True), role


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", sorted(BY_PATH))
def test_a_page_sends_whoever_is_not_signed_in_to_sign_in(
    path: str, method: str, stranger: Clerk, app: Starlette
) -> None:
    stranger.cookies["__Host-qupia"] = "not a token of ours"
    seen = stranger.send(method, address(path))
    if seen.status != 404:  # A page without a form takes no POST from anybody.
        assert (seen.status, seen.header("location")) == (303, "/console/sign-in")
    else:
        assert method == "POST"
        assert BY_PATH[path].act is None


@pytest.mark.parametrize("path", sorted(BY_PATH))
def test_nothing_but_choosing_a_password_is_possible_before_one_was_chosen(
    path: str, issuer: Service, stranger: Clerk
) -> None:
    for role in Role:
        key = issuer.authority.staff.add(f"new {role}", role, issuer.now)
        clerk = Clerk.at(issuer)
        assert clerk.sign_in(f"new {role}", key).header("location") == "/console/password"
        for seen in (clerk.get(address(path)), clerk.post(address(path), ours(clerk))):
            if path == "/console/password":
                assert seen.status in (200, 400)
            elif seen.status != 404:
                assert seen.status == 303
                assert seen.header("location") in ("/console/password", "/console/sign-in")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_page_takes_another_method(
    method: str, app: Starlette, officer: Clerk, registrar: Clerk
) -> None:
    pages = {*BY_PATH, *OPEN, *OF_THE_GATE}
    for path, clerk in product(pages, (officer, registrar)):
        assert clerk.send(method, address(path)).status == 404, path


def test_head_is_answered_as_get_is(officer: Clerk, stranger: Clerk) -> None:
    assert officer.send("HEAD", "/console/keys").status == 200
    assert stranger.send("HEAD", "/console/keys").status == 303


def test_the_menu_holds_the_pages_of_the_role_and_each_of_them_opens(
    issuer: Service, app: Starlette
) -> None:
    for role in Role:
        clerk = Clerk.of(issuer, role, app)
        home = clerk.follow(clerk.get("/console"))
        listed = [page for page in PAGES if page.name and role in page.roles]
        assert [f'<a href="{page.path}"' in home.html for page in listed] == [True] * len(listed)
        assert home.html.count('<li><a href="/console') == len(listed)
        assert [clerk.get(page.path).status for page in listed] == [200] * len(listed)


def test_whoever_is_not_signed_in_is_sent_from_the_console_to_sign_in(stranger: Clerk) -> None:
    assert stranger.get("/console").header("location") == "/console/sign-in"
    assert stranger.follow(stranger.get("/console")).status == 200


def test_open_pages_and_what_they_look_like_need_no_sign_in(
    app: Starlette, stranger: Clerk
) -> None:
    for path in {*OPEN, *(path for path in paths(app) if path.startswith(LOOKS))}:
        seen = stranger.get(path)
        assert seen.status == 200, path
        assert stranger.cookies == {}


# Headers


@pytest.mark.parametrize("role", list(Role))
def test_every_page_forbids_storing_framing_and_foreign_scripts(
    role: Role, clerk: Callable[[Role], Clerk], stranger: Clerk
) -> None:
    staff = clerk(role)
    seen = [staff.get(address(path)) for path in BY_PATH]
    seen += [stranger.get(path) for path in (*OPEN, "/console", "/console/keys")]
    for page in seen:
        policy = page.header("content-security-policy")
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert page.header("cache-control") == "no-store"
        assert page.header("x-content-type-options") == "nosniff"
        assert page.header("referrer-policy") == "same-origin"
        assert page.header("cross-origin-opener-policy") == "same-origin"
        assert page.header("cross-origin-resource-policy") == "same-origin"


# A form belongs to one session, and is sent once


def post_as(clerk: Clerk, form: dict[str, str], **headers: str) -> Reply:
    return clerk.post("/console/cancel", {"code": "ABCD-EFGH-JKMN-PQRS", **form}, **headers)


def test_a_form_without_an_id_does_nothing(registrar: Clerk) -> None:
    assert "does not belong to your session" in alert(post_as(registrar, {}))


@pytest.mark.parametrize("form_id", ["", "x", "é", "A" * 64, "=" * 400, "\0", "A" * 100_000])
def test_a_form_with_an_invented_id_does_nothing(registrar: Clerk, form_id: str) -> None:
    seen = post_as(registrar, {"form": form_id})
    assert seen.status == 403
    assert "does not belong to your session" in alert(seen)


def test_a_form_of_another_session_does_nothing(
    registrar: Clerk, issuer: Service, app: Starlette
) -> None:
    other = Clerk.of(issuer, Role.REGISTRAR, app)
    assert post_as(registrar, ours(other)).status == 403
    assert post_as(other, ours(other)).status != 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": ""},
        {"sec-fetch-site": "cross-site", "origin": "https://qupia.example"},
        {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
        {"sec-fetch-site": "same-origin", "origin": "null"},
    ],
)
def test_a_form_that_a_browser_says_came_from_elsewhere_does_nothing(
    registrar: Clerk, headers: dict[str, str]
) -> None:
    assert post_as(registrar, ours(registrar), **headers).status == 403


@pytest.mark.parametrize(
    "origin",
    ["null", "", "https://evil.example", "http://qupia.example", "https://qupia.example:8443",
     "https://qupia.example.evil.example"],
)  # fmt: skip
def test_a_form_of_a_foreign_origin_does_nothing(registrar: Clerk, origin: str) -> None:
    body = "&".join(f"{name}={value}" for name, value in ours(registrar).items()).encode()
    seen = registrar.send("POST", "/console/cancel", body, {"origin": origin})
    assert seen.status == 403


def test_the_right_origin_is_enough_for_a_browser_without_fetch_metadata(registrar: Clerk) -> None:
    body = "&".join(f"{name}={value}" for name, value in ours(registrar).items()).encode()
    seen = registrar.send("POST", "/console/cancel", body, {"origin": registrar.origin})
    assert seen.status == 404
    assert registrar.send("POST", "/console/cancel", body).status == 403


def test_a_form_that_was_sent_before_does_nothing_and_says_so(registrar: Clerk) -> None:
    form = ours(registrar)
    assert post_as(registrar, form).status == 404
    again = post_as(registrar, form)
    assert again.status == 409
    assert "sent before" in alert(again)


def test_a_form_that_was_sent_to_one_serving_process_was_sent_to_all(
    registrar: Clerk, issuer: Service
) -> None:
    form = ours(registrar)
    assert post_as(registrar, form).status == 404
    other = Service(issuer.home, issuer.clock)
    registrar.app = create_all(other.authority, other.clock, step=0)
    assert post_as(registrar, form).status == 409
    assert post_as(registrar, ours(registrar)).status == 404
    other.close()


@pytest.mark.parametrize("later", [FORM_LIFE, -FORM_LIFE])
def test_a_form_that_has_ended_does_nothing(registrar: Clerk, issuer: Service, later: int) -> None:
    ended = new_form(registrar.token.encode("ascii"), NOON - later)
    assert post_as(registrar, {"form": ended}).status == 403
    own = ours(registrar)
    issuer.clock.now += later
    assert post_as(registrar, own).header("location") == "/console/sign-in"


def test_another_page_cannot_fetch_what_staff_may_open(registrar: Clerk) -> None:
    fetched = {"sec-fetch-site": "same-site", "sec-fetch-mode": "no-cors"}
    opened = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert registrar.get("/console/register", **fetched).status == 403
    assert registrar.get("/console/register", **opened).status == 200


def test_a_refused_form_was_not_sent(registrar: Clerk) -> None:
    form = ours(registrar)
    assert post_as(registrar, form, **{"sec-fetch-site": "cross-site"}).status == 403
    assert post_as(registrar, form).status == 404


def test_nothing_is_done_by_looking(
    issuer: Service, registrar: Clerk, officer: Clerk, auditor: Clerk
) -> None:
    lines = issuer.authority.audit.verify().lines
    before = issuer.authority.store.census(issuer.now)
    wishes = "?step=do&evidence=pcr_negative&reference=A1&key=A&code=B&lift=yes&password=abc"
    for path, staff in product(BY_PATH, (registrar, officer, auditor)):
        staff.get(address(path) + wishes)
    assert issuer.authority.audit.verify().lines == lines
    assert issuer.authority.store.census(issuer.now) == before


# What people type


def test_a_form_has_a_limit(registrar: Clerk, stranger: Clerk) -> None:
    much = {"code": "A" * 300_000}
    assert registrar.post("/console/cancel", ours(registrar) | much).status == 413
    assert stranger.post("/console/sign-in", much).status == 413
    assert registrar.post("/console/sign-out", much).status == 403
    assert registrar.get("/console/cancel").status == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"&&&&", b"\xff\xfe\x00", b"form", b"=" * 1000, b"a=1&" * 1000, b"%", b"%ff=%fe",
     b"form=%00", b'{"form": 1}', "форма=да".encode(), b"--x\r\n\r\n--x--"],
)  # fmt: skip
def test_whatever_arrives_as_a_form_is_answered(
    registrar: Clerk, stranger: Clerk, body: bytes
) -> None:
    headers = {"sec-fetch-site": "same-origin", "content-type": "text/plain; charset=utf-16"}
    for path in BY_PATH:
        assert registrar.send("POST", address(path), body, headers).status in (303, 400, 403, 404)
    assert stranger.send("POST", "/console/sign-in", body, headers).status == 403
    assert registrar.send("POST", "/console/sign-out", body, headers).status == 403


@pytest.mark.parametrize("cookie", ["é", "\x7f", "a" * 60_000, '"', "; ;", "a b"])
def test_a_strange_cookie_is_nobody(stranger: Clerk, cookie: str) -> None:
    headers = {"cookie": f"__Host-qupia={cookie}", "sec-fetch-site": "same-origin"}
    for method, path in (("GET", "/console"), ("POST", "/console/sign-out")):
        seen = stranger.send(method, path, b"form=A", headers)
        assert (seen.status, seen.header("location")) == (303, "/console/sign-in")


@pytest.mark.parametrize("lang", ["en%0d%0aSet-Cookie:%20a=b", "EN", "fr", "%00", "<b>", "kk,ru"])
def test_a_language_that_is_none_is_neither_kept_nor_shown(officer: Clerk, lang: str) -> None:
    for path in ("/console/keys", "/transparency", "/activate"):
        seen = officer.get(f"{path}?lang={lang}")
        assert seen.header("set-cookie") == ""
        assert '<html lang="en">' in seen.html
        assert "<b>" not in seen.html


def test_a_chosen_language_is_kept(officer: Clerk) -> None:
    assert '<html lang="kk">' in officer.get("/console/keys?lang=kk").html
    assert '<html lang="kk">' in officer.get("/console/keys").html
    assert '<html lang="kk">' in officer.get("/activate").html


def test_the_browsers_language_counts_until_one_is_chosen(stranger: Clerk) -> None:
    accept = {"accept-language": "fr-FR, ru-KZ;q=0.8, kk;q=0.7"}
    assert '<html lang="ru">' in stranger.get("/activate", **accept).html
    stranger.get("/activate?lang=en")
    assert '<html lang="en">' in stranger.get("/activate", **accept).html
