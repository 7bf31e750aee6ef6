"""What all server-rendered pages share: languages, forms, headers, style."""

import asyncio
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from schemas.catalogues import Catalogue
from schemas.languages import Language
from shell.pages import (
    FORM_LIMIT,
    HEADERS,
    FormTooLarge,
    Pages,
    language_of,
    look_routes,
    read_form,
    redirect,
    remember_language,
)
from tests.support.asgi import arriving, http_scope, parts
from tests.support.visitor import Visitor

CATALOGUE = Catalogue(
    {
        Language.EN: {"hello": "Hello, {name}"},
        Language.RU: {"hello": "Привет, {name}"},
        Language.KK: {"hello": "Сәлем, {name}"},
    }
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pages with one sentence."""
    (tmp_path / "templates").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "templates/hello.html").write_text(
        "<p lang={{ language }}>{{ t('hello', name=name) }}</p>"
    )
    return tmp_path


def request(query: str = "", **headers: str) -> Request:
    named = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request(http_scope("GET", f"/?{query}", named))


def read(*chunks: bytes) -> dict[str, str]:
    receive = arriving(*parts(*chunks))
    return asyncio.run(read_form(Request(http_scope("POST", "/"), receive)))


# Pages


def test_a_page_speaks_the_readers_language_and_escapes_what_people_gave(folder: Path) -> None:
    answer = Pages(folder, CATALOGUE).answer("hello.html", Language.KK, {"name": "<b>"})
    assert bytes(answer.body).decode() == "<p lang=kk>Сәлем, &lt;b&gt;</p>"


def test_a_page_carries_all_headers_and_stays_in_no_cache(folder: Path) -> None:
    answer = Pages(folder, CATALOGUE).answer("hello.html", Language.EN, {"name": ""}, status=400)
    assert answer.status_code == 400
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == "no-store"


def test_a_value_that_a_template_lacks_is_an_error_rather_than_nothing(folder: Path) -> None:
    with pytest.raises(UndefinedError):
        Pages(folder, CATALOGUE).answer("hello.html", Language.EN, {})


def test_pages_know_their_own_sentences_only(folder: Path) -> None:
    pages = Pages(folder, CATALOGUE)
    assert (pages.knows("hello"), pages.knows("goodbye")) == (True, False)


def test_another_page_is_seen_with_get() -> None:
    answer = redirect("/elsewhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "/elsewhere")


# Languages


@pytest.mark.parametrize(
    ("query", "headers", "language"),
    [
        ("lang=kk", {"cookie": "lang=ru", "accept_language": "en"}, Language.KK),
        ("", {"cookie": "lang=ru", "accept_language": "en"}, Language.RU),
        ("", {"accept_language": "de-DE,de;q=0.9,kk-KZ;q=0.8,en"}, Language.KK),
        ("lang=xx", {"accept_language": "ru"}, Language.RU),
        ("", {"accept_language": "*"}, Language.EN),
        ("", {}, Language.EN),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(
    query: str, headers: dict[str, str], language: Language
) -> None:
    assert language_of(request(query, **headers)) is language


def test_only_a_language_of_ours_is_remembered() -> None:
    assert "lang=kk" in remember_language(request("lang=kk"), Response()).headers["set-cookie"]
    assert "set-cookie" not in remember_language(request("lang=xx"), Response()).headers
    assert "set-cookie" not in remember_language(request(), Response()).headers


# Forms


def test_the_fields_of_a_form_are_put_together_from_its_parts() -> None:
    assert read(b"name=%D3%98&em", b"pty=") == {"name": "Ә", "empty": ""}


@pytest.mark.parametrize("body", [b"\xff=1", b"&".join(b"a=1" for _ in range(65))])
def test_what_is_no_form_has_no_fields(body: bytes) -> None:
    assert read(body) == {}


def test_a_form_is_read_no_further_than_its_limit() -> None:
    with pytest.raises(FormTooLarge):
        read(b"a" * FORM_LIMIT, b"a", b"never read")


# Style and scripts


def test_the_shared_style_and_a_packages_own_files_are_served_with_fixed_types(
    folder: Path,
) -> None:
    (folder / "static/own.js").write_text("1")
    (folder / "static/notes.txt").write_text("not served")
    visitor = Visitor(Starlette(routes=look_routes("/look", folder / "static")))
    types = {name: visitor.get(f"/look/{name}") for name in ("look.css", "icon.svg", "own.js")}
    assert {name: seen.header("content-type") for name, seen in types.items()} == {
        "look.css": "text/css; charset=utf-8",
        "icon.svg": "image/svg+xml",
        "own.js": "text/javascript; charset=utf-8",
    }
    assert {seen.header("cache-control") for seen in types.values()} == {"no-cache"}
    assert {seen.header("x-content-type-options") for seen in types.values()} == {"nosniff"}
    missing = ("notes.txt", "frame.html", "../pages.py")
    assert {visitor.get(f"/look/{name}").status for name in missing} == {404}
