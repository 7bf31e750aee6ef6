"""Pages that need no sign-in: what is kept, and what a slip's link shows in a browser."""

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from issuer.authority import Authority
from schemas.catalogues import load_catalogue
from schemas.jws import parse
from schemas.languages import Language
from schemas.periods import period_text
from shell.files import read_private
from shell.pages import Pages, language_of, look_routes, remember_language

FOLDER = Path(__file__).parent
LOOK = "/look"


def public_routes(authority: Authority) -> list[BaseRoute]:
    """``/transparency``, ``/activate`` and what they look like."""
    public = _Public(authority, Pages(FOLDER, load_catalogue("issuer.console")))
    return [
        Route("/transparency", public.transparency, methods=["GET"]),
        Route("/activate", public.activate, methods=["GET"]),
        *look_routes(LOOK, FOLDER / "public"),
    ]


class _Public:
    def __init__(self, authority: Authority, pages: Pages) -> None:
        self._authority = authority
        self._pages = pages

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
