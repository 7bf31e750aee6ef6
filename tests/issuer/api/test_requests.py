"""Reading a request: no more than the limit, and not at all from who has gone."""

import asyncio
from typing import Any

import pytest
from starlette.requests import Request

from issuer.api.requests import BODY_LIMIT, Call, bearer_key, read_call
from schemas.problems import ApiProblem, Problem


def read(*messages: dict[str, Any], headers: dict[str, str] | None = None) -> Call:
    """Read a call whose body comes in ``messages``."""
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/me",
        "query_string": b"",
        "headers": [(n.encode(), v.encode("latin-1")) for n, v in (headers or {}).items()],
        "server": ("qupia.example", 443),
        "scheme": "https",
    }
    return asyncio.run(read_call(Request(scope, receive)))


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_put_together_from_its_parts() -> None:
    call = read(part(b"a", more=True), part(b"", more=True), part(b"b"))
    assert (call.method, call.path, call.body, call.address) == ("POST", "/v1/me", b"ab", "")


def test_reading_stops_as_soon_as_the_limit_is_passed() -> None:
    with pytest.raises(ApiProblem) as caught:
        read(part(b" " * BODY_LIMIT, more=True), part(b" ", more=True))
    assert caught.value.problem is Problem.TOO_LARGE


def test_who_goes_away_is_no_failure_of_the_issuer() -> None:
    with pytest.raises(ApiProblem) as caught:
        read(part(b"a", more=True), {"type": "http.disconnect"})
    assert caught.value.problem is Problem.INVALID


def test_a_call_does_not_print_itself() -> None:
    assert "secret" not in repr(read(part(b"secret"), headers={"authorization": "Bearer secret"}))


@pytest.mark.parametrize(
    ("header", "key"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("BEARER abc", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_a_bearer_key_is_what_follows_its_scheme(header: str, key: str | None) -> None:
    assert bearer_key(read(part(b""), headers={"authorization": header})) == key


def test_without_the_header_there_is_no_key() -> None:
    assert bearer_key(read(part(b""))) is None
