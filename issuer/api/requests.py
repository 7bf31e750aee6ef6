"""Reading a request in the order of docs/formats.md, "The issuer's API": size, who, shape."""

from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request

from schemas.jws import parse_json_object
from schemas.problems import ApiProblem, Problem
from schemas.validation import matches

BODY_LIMIT = 256_000
"""Bytes of a body under ``/v1``; a batch for two windows has 6,400."""


@dataclass(frozen=True, repr=False)
class Call:
    """A request as it arrived, its body within the limit; nothing in it is verified."""

    method: str
    path: str
    address: str
    headers: Headers
    body: bytes


async def read_call(request: Request) -> Call:
    """Raises ApiProblem ``too_large`` as soon as the limit is passed."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:12]) > BODY_LIMIT:
        raise ApiProblem(Problem.TOO_LARGE)
    address = request.client.host if request.client else ""
    body = await _read_body(request)
    return Call(request.method, request.url.path, address, request.headers, body)


async def _read_body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_LIMIT:
                raise ApiProblem(Problem.TOO_LARGE)
    except ClientDisconnect:
        # Nobody reads the answer; it is only no failure of ours.
        raise ApiProblem(Problem.INVALID) from None
    return bytes(body)


def parse_body(call: Call, schema: str) -> dict[str, Any]:
    """The body as an object of the shape ``schema``; raises ApiProblem ``invalid``."""
    try:
        members = parse_json_object(call.body)
    except ValueError:
        raise ApiProblem(Problem.INVALID) from None
    if not matches(schema, members):
        raise ApiProblem(Problem.INVALID)
    return members


def only_header(call: Call, name: str) -> str:
    """The one header of that name; empty when there is none, or more than one to choose from."""
    values = call.headers.getlist(name)
    return values[0] if len(values) == 1 else ""


def bearer_key(call: Call) -> str | None:
    """The key of an ``Authorization: Bearer`` header (RFC 6750 section 2.1), if there is one."""
    scheme, _, key = only_header(call, "authorization").partition(" ")
    return key.strip() if scheme.lower() == "bearer" and key.strip() else None
