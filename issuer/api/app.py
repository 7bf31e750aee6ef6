"""The issuer's HTTP application (docs/formats.md, "The issuer's API")."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from issuer.api import public_calls, staff_calls, wallet_calls
from issuer.api.answers import (
    NO_STORE,
    PUBLIC,
    UNCHANGED,
    Dated,
    answer_failure,
    answer_http_error,
    answer_problem,
    json_answer,
    problem_answer,
)
from issuer.api.failure_limit import FailureLimit
from issuer.api.lengths import answer_lengths
from issuer.api.metrics import MEDIA_TYPE, metrics_text
from issuer.api.openapi import openapi_document
from issuer.api.requests import Call, bearer_key, read_call
from issuer.authority import Authority
from issuer.staff import Role
from schemas.origins import is_loopback
from schemas.problems import ApiProblem, Problem
from shell.clock import Clock
from shell.errors import CommandError
from shell.last_resort import LastResort
from shell.uniform import STEP_SECONDS, Uniform

Handler = Callable[[Authority, Call, int], dict[str, Any]]
Reader = Callable[[Authority, Request, Clock], Response]
Background = Callable[[Authority, Clock], Any]

CALLS: dict[str, Handler] = {
    "/v1/codes": staff_calls.post_codes,
    "/v1/codes/cancel": staff_calls.post_cancel,
    "/v1/withdrawals": staff_calls.post_withdrawals,
    "/v1/withdrawals/lift": staff_calls.post_lift,
    "/v1/entitlements": wallet_calls.post_entitlements,
    "/v1/passes": wallet_calls.post_passes,
    "/v1/me": wallet_calls.post_me,
    "/v1/me/end": wallet_calls.post_me_end,
}

READS: dict[str, Reader] = {
    "/.well-known/qupia/trust-bundle": public_calls.get_bundle,
    "/.well-known/qupia/retention": public_calls.get_retention,
    "/.well-known/qupia/notices": public_calls.get_notices,
    "/healthz": public_calls.get_health,
}

LOG_READS: dict[str, Reader] = {
    "/.well-known/qupia/log/{number}/checkpoint": public_calls.get_checkpoint,
    "/.well-known/qupia/log/{number}/tile/{tile:path}": public_calls.get_tile,
    "/.well-known/qupia/log/{number}/bundle/{digest}": public_calls.get_logged_bundle,
}
"""Addresses below a log's name."""

COUNTED = frozenset(
    {Problem.CODE_UNKNOWN, Problem.CODE_USED, Problem.NOT_ALLOWED, Problem.BAD_DPOP}
)
"""Failures that could be guesses: at codes, keys or proofs."""

FORWARDED = ("forwarded", "via", "x-forwarded", "x-real-ip")
"""How the headers begin by which a proxy shows itself."""


def create_app(
    authority: Authority,
    clock: Clock,
    *,
    background: Background | None = None,
    pages: Sequence[BaseRoute] = (),
    step: float = STEP_SECONDS,
) -> Starlette:
    """The application over an opened home; ``background`` runs beside it while it serves.

    ``pages`` are routes for people, which answer for themselves. Answers to wallets leave at whole
    multiples of ``step`` seconds.
    """
    limit = FailureLimit()
    lengths = answer_lengths(authority.config.url, authority.config.batch_size)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        if background is None:
            yield
        else:
            async with background(authority, clock):
                yield

    calls = {path: _call(authority, clock, limit, handler) for path, handler in CALLS.items()}
    reads = {
        path: _read(authority, clock, handler) for path, handler in (READS | LOG_READS).items()
    }
    reads["/metrics"] = _metrics(authority, clock, limit)
    reads["/openapi.json"] = _openapi(authority)
    app = Starlette(
        routes=[Route(path, endpoint, methods=["POST"]) for path, endpoint in calls.items()]
        + [Route(path, endpoint, methods=["GET"]) for path, endpoint in reads.items()]
        + [*pages],
        middleware=[
            Middleware(Dated, clock=clock),
            Middleware(Uniform, lengths=lengths, step=step),
            Middleware(LastResort, answer=problem_answer(ApiProblem(Problem.FAILED), UNCHANGED)),
        ],
        exception_handlers={
            ApiProblem: answer_problem,
            HTTPException: answer_http_error,
            CommandError: answer_failure,
        },
        lifespan=lifespan,
    )
    # A redirect would repeat the caller's Host header; an address is right or not found.
    app.router.redirect_slashes = False
    return app


def _call(authority: Authority, clock: Clock, limit: FailureLimit, handler: Handler) -> Any:
    async def endpoint(request: Request) -> Response:
        call = await read_call(request)
        now = clock()
        if authority.is_over(now):
            raise ApiProblem(Problem.SUNSET)
        try:
            # Signatures and the disk would hold up the event loop.
            return json_answer(await run_in_threadpool(handler, authority, call, now))
        except ApiProblem as error:
            raise _limited(error, call.address, limit, now) from None

    return endpoint


def _read(authority: Authority, clock: Clock, handler: Reader) -> Any:
    async def endpoint(request: Request) -> Response:
        try:
            return await run_in_threadpool(handler, authority, request, clock)
        except ApiProblem as error:
            return problem_answer(error, {**NO_STORE, **PUBLIC})

    return endpoint


def _metrics(authority: Authority, clock: Clock, limit: FailureLimit) -> Any:
    async def endpoint(request: Request) -> Response:
        call, now = await read_call(request), clock()
        try:
            await run_in_threadpool(_check_may_read_metrics, authority, call, now)
        except ApiProblem as error:
            raise _limited(error, call.address, limit, now) from None
        text = await run_in_threadpool(metrics_text, authority, now)
        return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})

    return endpoint


def _check_may_read_metrics(authority: Authority, call: Call, now: int) -> None:
    """This machine may, and whoever has an auditor's key.

    A proxy in front makes every caller look local, so a forwarded call needs the key.
    """
    forwarded = any(name.startswith(FORWARDED) for name in call.headers)
    if is_loopback(call.address) and not forwarded:
        return
    key = bearer_key(call)
    account = authority.staff.authenticate(key, now) if key else None
    if account is None or account.role is not Role.AUDITOR:
        raise ApiProblem(Problem.NOT_ALLOWED)


def _openapi(authority: Authority) -> Any:
    document = openapi_document(authority.config.url)

    async def endpoint(_request: Request) -> Response:
        return json_answer(document, public_calls.STATEMENT_CACHE)

    return endpoint


def _limited(error: ApiProblem, address: str, limit: FailureLimit, now: int) -> ApiProblem:
    if error.fault in COUNTED and limit.is_over(address, now):
        return ApiProblem(Problem.TOO_MANY)
    return error
