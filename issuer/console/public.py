"""Pages that need no sign-in: where to go, what is kept, what a slip's link shows, and the API."""

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from issuer.api.openapi import openapi_document
from issuer.authority import Authority
from issuer.console.api_calls import described_calls
from schemas.catalogues import load_catalogue
from schemas.jws import parse
from schemas.languages import Language
from schemas.periods import period_text
from shell.clock import Clock
from shell.files import read_private
from shell.pages import Pages, language_of, look_routes, remember_language

FOLDER = Path(__file__).parent
LOOK = "/look"


def public_routes(authority: Authority, clock: Clock) -> list[BaseRoute]:
    """``/``, ``/transparency``, ``/activate``, ``/api`` and what they look like."""
    public = _Public(authority, clock, Pages(FOLDER, load_catalogue("issuer.console")))
    return [
        Route("/", public.start, methods=["GET"]),
        Route("/api", public.api, methods=["GET"]),
        Route("/transparency", public.transparency, methods=["GET"]),
        Route("/activate", public.activate, methods=["GET"]),
        *look_routes(LOOK, FOLDER / "public"),
    ]


class _Public:
    def __init__(self, authority: Authority, clock: Clock, pages: Pages) -> None:
        self._authority = authority
        self._clock = clock
        self._pages = pages
        self._calls = described_calls(openapi_document(authority.config.url))

    async def start(self, request: Request) -> Response:
        """What this is, and where to go; the same for everybody."""
        language = language_of(request)
        over = self._authority.is_over(self._clock())
        return self._answer(request, "start.html", {"over": over} | self._standing(language))

    async def api(self, request: Request) -> Response:
        """The OpenAPI document, for people to read."""
        values = {"calls": self._calls} | self._standing(language_of(request))
        return self._answer(request, "api.html", values)

    async def transparency(self, request: Request) -> Response:
        """The signed statement of the day, for people to read."""
        language = language_of(request)
        statement = await run_in_threadpool(self._statement, language)
        values = {"statement": statement} | self._standing(language)
        return self._answer(request, "transparency.html", values)

    async def activate(self, request: Request) -> Response:
        """The code stands behind ``#`` and never comes here, so all that see this see the same."""
        return self._answer(request, "activate.html", self._standing(language_of(request)))

    def _statement(self, language: Language) -> dict[str, Any] | None:
        try:
            payload = parse(read_private(self._authority.home.statement).decode("ascii"))
        except (FileNotFoundError, ValueError):
            return None
        members = payload.unverified_payload
        kinds = [
            {**kind, "period": period_text(kind["period_seconds"], language)}
            for kind in members["kinds"]
        ]
        return {"last_run_days": members["last_run_days"], "kinds": kinds}

    def _standing(self, language: Language) -> dict[str, Any]:
        return {"authority": self._authority.policy.name[language], "look": LOOK}

    def _answer(self, request: Request, template: str, values: dict[str, Any]) -> Response:
        answer = self._pages.answer(template, language_of(request), values)
        return remember_language(request, answer)
