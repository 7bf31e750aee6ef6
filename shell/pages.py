"""Pages made on a server: templates, language, headers. The console and the wallet's pages use it.

What a page says comes from a catalogue, so no template holds a sentence of its own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from schemas.catalogues import Catalogue, spelt
from schemas.errors import QupiaError
from schemas.languages import Language

LOOK = Path(__file__).parent / "look"
"""The style that all pages share, and the frame of a page."""

LANGUAGE_COOKIE = "lang"
_A_YEAR = 31_536_000

FORM_LIMIT = 256_000
"""Bytes of a form without a file."""

FIELD_LIMIT = 64

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    # With no-referrer browsers would send "Origin: null" with forms, which could not be checked.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every page. What a page shows must not come back from a cache."""


LOOK_HEADERS = {**HEADERS, "Cache-Control": "no-cache"}
"""On what pages are made of, which says nothing about anybody."""

LOOK_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Ours, because a machine's own table may know them otherwise; other files are not served."""


class FormTooLarge(QupiaError):
    """More was sent than a form can hold."""


class Pages:
    """The pages in one folder, ``templates/*.html``, and the sentences in their catalogue."""

    def __init__(self, folder: Path, catalogue: Catalogue) -> None:
        self.knows, self.say = catalogue.knows, catalogue.say
        self._environment = Environment(
            loader=FileSystemLoader([folder / "templates", LOOK]),
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_spelt,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def answer(
        self,
        template: str,
        language: Language,
        values: Mapping[str, Any],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """A page; in its template ``t("name", …)`` is a sentence in the reader's language."""

        def t(name: str, /, **filled: object) -> str:
            return self.say(name, language, **filled)

        page = self._environment.get_template(template)
        content = page.render(
            **values, t=t, language=language.value, languages=[*Language], Language=Language
        )
        return HTMLResponse(content, status_code=status, headers={**HEADERS, **(headers or {})})


@pass_context
def _spelt(context: Context, value: object) -> object:
    """What each language writes in its own way, as the page's does."""
    return spelt(value, Language(context["language"]))


def language_of(request: Request) -> Language:
    """What was chosen on a page, else the first of the browser's languages that is ours."""
    chosen = request.query_params.get(LANGUAGE_COOKIE) or request.cookies.get(LANGUAGE_COOKIE)
    wanted = [chosen or "", *_accepted(request.headers.get("accept-language", ""))]
    return next((Language(tag) for tag in wanted if tag in set(Language)), Language.EN)


def remember_language(request: Request, response: Response) -> Response:
    """Keep a language that was chosen by a link, in a cookie that names nobody."""
    chosen = request.query_params.get(LANGUAGE_COOKIE)
    if chosen in set(Language):
        secure = request.url.scheme == "https"
        response.set_cookie(
            LANGUAGE_COOKIE, chosen, max_age=_A_YEAR, secure=secure, httponly=True, samesite="lax"
        )
    return response


def look_routes(prefix: str, static: Path) -> list[BaseRoute]:
    """The shared style and the files of the folder ``static``, read once, under ``prefix``.

    A file of ``static`` stands in the place of a shared one of the same name.
    """
    return [_file_route(f"{prefix}/{name}", path) for name, path in _look_files(static).items()]


def _look_files(static: Path) -> dict[str, Path]:
    found = [*sorted(LOOK.iterdir()), *sorted(static.iterdir())]
    return {path.name: path for path in found if path.suffix in LOOK_TYPES}


def _file_route(address: str, path: Path) -> BaseRoute:
    content, media_type = path.read_bytes(), LOOK_TYPES[path.suffix]

    async def endpoint(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=LOOK_HEADERS)

    return Route(address, endpoint, methods=["GET"])


def redirect(path: str) -> Response:
    """See another page (303, RFC 9110 section 15.4.4)."""
    return RedirectResponse(path, status_code=303, headers=HEADERS)


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form without files; of two with one name the last counts.

    Raises FormTooLarge. A form that is none has no fields.
    """
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > FORM_LIMIT:
                raise FormTooLarge
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=FIELD_LIMIT)
    except (ClientDisconnect, UnicodeDecodeError, ValueError):
        return {}
    return dict(pairs)


def _accepted(header: str) -> list[str]:
    """The tags of an Accept-Language header without their regions, in the order written."""
    return [tag.split(";")[0].split("-")[0].strip().lower() for tag in header[:512].split(",")]
