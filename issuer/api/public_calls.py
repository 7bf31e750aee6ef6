"""What anyone may read: the bundle, its log, the retention statement, the notices, liveness."""

import re

from starlette.requests import Request
from starlette.responses import Response

from issuer.api.answers import NO_STORE, PUBLIC, json_answer
from issuer.authority import Authority
from issuer.log.bundles import load_bundle
from issuer.log.log import Log
from issuer.log.tiles import tile
from schemas.log.tiles import parse_tile_path
from schemas.problems import ApiProblem, Problem
from schemas.trust import bundle_digest
from shell.clock import Clock
from shell.files import read_private

BUNDLE_CACHE = {"Cache-Control": "public, max-age=300"}
STATEMENT_CACHE = {"Cache-Control": "public, max-age=3600"}
FOR_GOOD = {"Cache-Control": "public, max-age=31536000, immutable"}
"""For what can never be other bytes at the same address."""

JWS_TYPE = "application/jose"
"""RFC 7515 section 9.2.1."""

TILE_TYPE = "application/octet-stream"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


def get_bundle(authority: Authority, request: Request, clock: Clock) -> Response:
    """The trust bundle with ETag base64url(H(body)); 304 for who has it (RFC 9110 13.1.2)."""
    _refuse_after_sunset(authority, clock)
    published = authority.published()
    if published is None:
        raise ApiProblem(Problem.NOT_READY)
    return _conditional(request, published.data, published.etag, BUNDLE_CACHE)


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


def get_checkpoint(authority: Authority, request: Request, clock: Clock) -> Response:
    """The largest checkpoint of a log, never from a cache (C2SP tlog-tiles)."""
    note = _log(authority, request, clock).note
    if note is None:
        raise ApiProblem(Problem.NOT_FOUND)
    return Response(note.whole, media_type="text/plain", headers={**PUBLIC, **NO_STORE})


def get_tile(authority: Authority, request: Request, clock: Clock) -> Response:
    """A tile of the tree or of entries, within the largest checkpoint (C2SP tlog-tiles)."""
    log = _log(authority, request, clock)
    try:
        data = tile(log, parse_tile_path(request.path_params["tile"]))
    except ValueError:
        data = None
    if data is None:
        raise ApiProblem(Problem.NOT_FOUND)
    return Response(data, media_type=TILE_TYPE, headers={**PUBLIC, **FOR_GOOD})


def get_logged_bundle(authority: Authority, request: Request, clock: Clock) -> Response:
    """The JWS of a bundle of the last 14 days, by its digest."""
    log = _log(authority, request, clock)
    data = load_bundle(log.folder, request.path_params["digest"])
    if data is None:
        raise ApiProblem(Problem.NOT_FOUND)
    return Response(data, media_type=JWS_TYPE, headers={**PUBLIC, **FOR_GOOD})


def _log(authority: Authority, request: Request, clock: Clock) -> Log:
    """The log that an address names; raises ApiProblem ``not_found`` where there is none."""
    _refuse_after_sunset(authority, clock)
    number = request.path_params["number"]
    log = authority.log(int(number)) if _NUMBER.fullmatch(number) else None
    if log is None:
        raise ApiProblem(Problem.NOT_FOUND)
    return log


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
