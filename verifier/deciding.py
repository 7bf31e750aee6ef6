"""``POST /decide``: a program on the same machine, as a turnstile has one, asks for a decision.

The answer is the object of ``scan --json`` with a null ``source``. Whoever else could reach this
port through a browser is kept out: a page of the web sends its ``Origin`` or another ``Host``.
"""

from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schemas.jws import parse_json_object
from schemas.origins import is_loopback
from shell.errors import CommandError

PATH = "/decide"

BODY_LIMIT = 65_536
"""Bytes; a code has a hundredth of it."""

_ROUNDED_TO = 10

Decide = Callable[[str], dict[str, Any]]
"""What a text becomes: the members of a decision; raises CommandError where none can be made."""


def decide_route(decide: Decide) -> Route:
    """Answers one decision after the other, and counts them in memory."""
    return Route(PATH, Decisions(decide).answer, methods=["GET", "POST"])


class Decisions:
    """The decisions since the start, of which only the number is kept."""

    def __init__(self, decide: Decide) -> None:
        self._decide = decide
        self._scans = 0

    async def answer(self, request: Request) -> Response:
        """``{"scans": n}``, rounded up so that it shows no single visitor, or a decision."""
        _check_is_local(request)
        if request.method != "POST":
            return _json({"scans": -(-self._scans // _ROUNDED_TO) * _ROUNDED_TO})
        text = await _text_in(request)
        self._scans += 1
        try:
            return _json(self._decide(text))
        except CommandError as error:
            raise HTTPException(503, error.message) from None


def _check_is_local(request: Request) -> None:
    """A proxy on this machine says whom it forwards, so those from elsewhere are seen, too."""
    asking = request.client.host if request.client is not None else ""
    hosts = [_without_port(host) for host in request.headers.getlist("host")]
    is_local = is_loopback(asking) and len(hosts) == 1 and is_loopback(hosts[0])
    if not is_local or "origin" in request.headers:
        raise HTTPException(403, "only for programs on this machine")


def _without_port(host: str) -> str:
    name, bracket, _ = host.partition("]")
    return name.removeprefix("[") if bracket else host.partition(":")[0]


async def _text_in(request: Request) -> str:
    """The member ``text`` of the body; a form of a web page can send no JSON."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(403, "the content type is application/json")
    try:
        text = parse_json_object(await _body_of(request)).get("text")
    except ValueError:
        text = None
    if not isinstance(text, str):
        raise HTTPException(400, 'send {"text": "QP1:…"}')
    return text


async def _body_of(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise HTTPException(413, "a code is shorter than that")
    return bytes(body)


def _json(members: dict[str, Any]) -> Response:
    return JSONResponse(members, headers={"Cache-Control": "no-store"})
