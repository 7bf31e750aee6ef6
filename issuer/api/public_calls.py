"""What anyone may read: the bundle, the retention statement, the notices, liveness."""

from starlette.requests import Request
from starlette.responses import Response

from issuer.api.answers import NO_STORE, PUBLIC, json_answer
from issuer.authority import Authority
from schemas.problems import ApiProblem, Problem
from schemas.trust import bundle_digest
from shell.clock import Clock
from shell.files import read_private

BUNDLE_CACHE = {"Cache-Control": "public, max-age=300"}
STATEMENT_CACHE = {"Cache-Control": "public, max-age=3600"}
JWS_TYPE = "application/jose"
"""RFC 7515 section 9.2.1."""


def get_bundle(authority: Authority, request: Request, clock: Clock) -> Response:
    """The trust bundle with ETag base64url(H(body)); 304 for who has it (RFC 9110 13.1.2)."""
    _refuse_after_sunset(authority, clock)
    published = authority.published()
    if published is None:
        raise ApiProblem(Problem.NOT_READY)
    return _conditional(request, published.data, published.digest, BUNDLE_CACHE)


def get_retention(authority: Authority, request: Request, clock: Clock) -> Response:
    """The signed statement of what is kept; made once a day."""
    _refuse_after_sunset(authority, clock)
    try:
        data = read_private(authority.home.statement)
    except FileNotFoundError:
        raise ApiProblem(Problem.NOT_READY) from None
    return _conditional(request, data, bundle_digest(data), STATEMENT_CACHE)


def get_notices(authority: Authority, request: Request, clock: Clock) -> Response:
    """The signed list of hours to warn of: the same for everyone, whoever asks."""
    _refuse_after_sunset(authority, clock)
    listed = authority.notices()
    if listed is None:
        raise ApiProblem(Problem.NOT_READY)
    return _conditional(request, listed.data, listed.digest, BUNDLE_CACHE)


def get_health(authority: Authority, _request: Request, clock: Clock) -> Response:
    """200 once the current window's keys exist. Never cached: clients read its Date."""
    _refuse_after_sunset(authority, clock)
    if not authority.is_ready(clock()):
        raise ApiProblem(Problem.NOT_READY)
    return json_answer({"status": "ok"}, {**NO_STORE, **PUBLIC})


def _refuse_after_sunset(authority: Authority, clock: Clock) -> None:
    if authority.is_over(clock()):
        raise ApiProblem(Problem.SUNSET)


def _conditional(request: Request, data: bytes, digest: str, cache: dict[str, str]) -> Response:
    etag = f'"{digest}"'
    headers = {**PUBLIC, **cache, "ETag": etag}
    asked = request.headers.get("if-none-match", "").split(",")
    if {tag.strip().removeprefix("W/") for tag in asked} & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=JWS_TYPE, headers=headers)
