"""Whatever is sent to a served issuer is answered as its OpenAPI document says."""

import re
import socket
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.processes import RealIssuer
from tests.support.waiting import PATIENCE

EXAMPLES = 10
"""Of each operation, once as described and once not; a request takes a few milliseconds."""

_SETTINGS = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_TOO_STRICT = positive_data_acceptance


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealIssuer]:
    with RealIssuer.found(tmp_path_factory.mktemp("issuer")).serving() as issuer:
        yield issuer


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_any_request_is_answered_as_documented(served: RealIssuer, mode: GenerationMode) -> None:
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{served.url}/openapi.json")
    staff = {"Authorization": f"Bearer {served.registrar}"}
    seen: Counter[str] = Counter()
    for result in schema.get_all_operations():
        assert isinstance(result, Ok)
        operation = result.ok()
        if mode is GenerationMode.NEGATIVE and not operation.body:
            continue  # Nothing is sent that could be wrong.

        @_SETTINGS
        @given(operation.as_strategy(generation_mode=mode))
        def ask(case: Any) -> None:
            """All checks but one: what has the form of a date need not be in a calendar."""
            answer = case.call(headers=staff, timeout=PATIENCE)
            seen[f"{case.operation.label} {answer.status_code}"] += 1
            case.validate_response(answer, headers=staff, excluded_checks=[_TOO_STRICT])

        ask()
    assert len(seen) >= 8


@pytest.mark.parametrize("path", ["/v1/entitlements", "/v1/passes", "/v1/me", "/v1/me/end"])
def test_refusals_to_wallets_have_one_length_on_the_wire(served: RealIssuer, path: str) -> None:
    unproven = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"
    too_large = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n"
    not_found = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    heads, lengths = set(), set()
    for request in (unproven, too_large, not_found):
        answer = _raw(served.port, request % path.encode())
        heads.add(answer.partition(b"\r\n")[0])
        lengths.add(len(answer))
    # The server has refused many already, and may say so instead.
    refused = {_line(401), _line(429)}
    assert len(heads & refused) == 1
    assert heads - refused == {_line(413), _line(404)}
    assert len(lengths) == 1


def _line(status: int) -> bytes:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode()


def _raw(port: int, request: bytes) -> bytes:
    """The whole answer, read to the length that its head names."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65_536)
        head, _, body = answer.partition(b"\r\n\r\n")
        [size] = re.findall(rb"content-length: (\d+)", head)
        while len(body) < int(size):
            body += connection.recv(65_536)
        return head + b"\r\n\r\n" + body
