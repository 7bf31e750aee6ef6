"""Reading a request: no more than the limit, and not at all from who has gone."""

import asyncio
from collections.abc import Mapping

import pytest
from starlette.requests import Request
from starlette.types import Message

from issuer.api.requests import BODY_LIMIT, Call, bearer_key, read_call
from schemas.problems import ApiProblem, Problem
from tests.support.asgi import arriving, http_scope, part


def read(*messages: Message, headers: Mapping[str, str] | None = None) -> Call:
    """Read a call whose body comes in ``messages``."""
    scope = http_scope("POST", "/v1/me", (headers or {}).items(), address=None)
    return asyncio.run(read_call(Request(scope, arriving(*messages))))


def test_a_body_is_put_together_from_its_parts() -> None:
    call = read(part(b"a", more=True), part(b"", more=True), part(b"b"))
    assert (call.method, call.path, call.body, call.address) == ("POST", "/v1/me", b"ab", "")


def test_reading_stops_as_soon_as_the_limit_is_passed() -> None:
    with pytest.raises(ApiProblem) as caught:
        read(part(b" " * BODY_LIMIT, more=True), part(b" ", more=True))
    assert caught.value.fault is Problem.TOO_LARGE


def test_who_goes_away_is_no_failure_of_the_issuer() -> None:
    with pytest.raises(ApiProblem) as caught:
        read(part(b"a", more=True), {"type": "http.disconnect"})
    assert caught.value.fault is Problem.INVALID


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
