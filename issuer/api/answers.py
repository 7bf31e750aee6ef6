"""The one place that turns errors into responses: problem+json from a closed list (RFC 9457)."""

import json
import sys
from collections.abc import Mapping
from email.utils import formatdate
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas.languages import Language
from schemas.problems import ApiProblem, Problem
from shell.clock import Clock
from shell.errors import CommandError

NO_STORE = {"Cache-Control": "no-store"}
UNCHANGED = {"Cache-Control": "no-store, no-transform"}
"""Under ``/v1``: not compressed on the way, or lengths would tell what is said (RFC 9111 5.2.2.6).
"""

PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Date, ETag",
}
"""For what anyone may read from any page: the venue's page is served from elsewhere."""

_STATUS_PROBLEMS = {404: Problem.NOT_FOUND, 405: Problem.NOT_FOUND, 413: Problem.TOO_LARGE}


def json_answer(members: Mapping[str, Any], headers: Mapping[str, str] = UNCHANGED) -> Response:
    """200 with a JSON object."""
    body = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()
    return Response(body, media_type="application/json", headers=dict(headers))


def problem_answer(error: ApiProblem, headers: Mapping[str, str] = NO_STORE) -> Response:
    """The code, its status and one English sentence; never anything of the request."""
    members = {
        "type": "about:blank",
        "title": error.text(Language.EN),
        "status": error.status,
        "code": error.fault.value,
    }
    return Response(
        json.dumps(members),
        status_code=error.status,
        media_type="application/problem+json",
        headers=dict(headers),
    )


async def answer_problem(request: Request, error: Exception) -> Response:
    """Handler for :class:`ApiProblem`."""
    problem = error if isinstance(error, ApiProblem) else ApiProblem(Problem.FAILED)
    return problem_answer(problem, _headers(request))


async def answer_http_error(request: Request, error: Exception) -> Response:
    """Handler for what the framework itself refuses: unknown paths and methods."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    problem = ApiProblem(_STATUS_PROBLEMS.get(status, Problem.INVALID))
    return problem_answer(problem, _headers(request))


async def answer_failure(request: Request, error: Exception) -> Response:
    """Handler for a home or store that cannot be used: the operator sees why, the caller not."""
    if isinstance(error, CommandError):
        print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - the service's log.
    return problem_answer(ApiProblem(Problem.FAILED), _headers(request))


def _headers(request: Request) -> Mapping[str, str]:
    return UNCHANGED if request.url.path.startswith("/v1/") else NO_STORE


class Dated:
    """Adds to every answer a Date of the issuer's clock, by which wallets correct theirs."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_date(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = formatdate(self._clock(), usegmt=True).encode("ascii")
                message["headers"] = [*message.get("headers", []), (b"date", date)]
            await send(message)

        await self._app(scope, receive, with_date)
