"""What a listener sees of a wallet's calls: one length each, and moments at whole steps of time."""

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from issuer.api.lengths import answer_lengths
from issuer.entitlement import entitlement_length
from schemas.problems import STATUS, ApiProblem, Problem
from shell.uniform import Uniform, pad_answer
from tests.support.asgi import Reply, ask
from tests.support.issuers import URL, Service

CALLS = ("/v1/entitlements", "/v1/passes", "/v1/me", "/v1/me/end")


def on_the_wire(reply: Reply) -> int:
    """Bytes of head and body over HTTP/1.1."""
    start = {
        "status": reply.status,
        "headers": [(k.encode(), v.encode()) for k, v in reply.headers.items()],
    }
    line = f"HTTP/1.1 {reply.status} {_phrase(reply.status)}\r\n"
    headers = sum(len(k) + len(v) + 4 for k, v in start["headers"])
    return len(line) + headers + 2 + len(reply.body)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


def lengths(service: Service, path: str) -> int:
    return answer_lengths(service.authority.config.url, service.authority.config.batch_size)[path]


DATE = len("date: Tue, 17 Mar 2026 07:00:00 GMT\r\n")
"""Added to every answer, and always as long."""


@pytest.mark.parametrize("problem", list(Problem))
@pytest.mark.parametrize("path", CALLS)
def test_a_refusal_is_as_long_as_any_answer_of_its_call(
    issuer: Service, monkeypatch: pytest.MonkeyPatch, path: str, problem: Problem
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ApiProblem(problem)

    monkeypatch.setattr("issuer.api.wallet_calls.check_proof", refuse)
    reply = asyncio.run(ask(issuer.app, "POST", path, [b"{}"], [], origin=URL, address="10.0.0.1"))
    assert reply.status == STATUS[problem]
    assert on_the_wire(reply) == lengths(issuer, path) + DATE


def test_what_is_given_is_as_long_as_what_is_refused(issuer: Service) -> None:
    wallet = issuer.wallet()
    activated = wallet.activate(issuer.code())
    one, both = wallet.fetch(), wallet.post("/v1/me", {"entitlement": wallet.entitlement})
    ended = wallet.post("/v1/me/end", {"entitlement": wallet.entitlement})
    for path, reply in zip(CALLS, (activated, one, both, ended), strict=True):
        assert reply.status == 200
        assert on_the_wire(reply) == lengths(issuer, path) + DATE
        assert json.loads(reply.body)["pad"].strip(" ") == ""
        assert list(json.loads(reply.body))[-1] == "pad"


def test_entitlements_are_of_one_length_whatever_they_say(issuer: Service) -> None:
    seen = {
        len(issuer.activated(evidence=evidence, birthday=birthday).entitlement)
        for evidence in ("pcr_negative", "no_record", "recovered")
        for birthday in ("03-17", "12-31")
    }
    [length] = seen
    assert length <= entitlement_length(issuer.authority.config.url)


@given(
    status=st.sampled_from(sorted({200, *STATUS.values()})),
    kind=st.sampled_from(["application/json", "application/problem+json"]),
    said=st.text("a", max_size=3_000),
    length=st.sampled_from([1024, 3072, 6808]),
)
def test_any_answer_fills_its_length_or_a_multiple_of_it(
    status: int, kind: str, said: str, length: int
) -> None:
    body = json.dumps({"said": said}).encode()
    start, padded = pad_answer(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", kind.encode()), (b"content-length", b"0")],
        },
        body,
        length,
    )
    headers = {k.decode(): v.decode() for k, v in start["headers"]}
    assert int(headers["content-length"]) == len(padded)
    assert on_the_wire(Reply(status, headers, padded)) % length == 0
    assert json.loads(padded)["said"] == said


@pytest.mark.parametrize(("takes", "expected"), [(0.0, 0.05), (0.049, 0.05), (0.051, 0.1)])
def test_an_answer_leaves_at_a_whole_step_after_its_request(
    monkeypatch: pytest.MonkeyPatch, takes: float, expected: float
) -> None:
    now = [100.0]

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        now[0] += takes
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    async def sleep(seconds: float) -> None:
        now[0] += seconds

    async def run() -> list[float]:
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "time", lambda: now[0])
        sent = []

        async def send(message: Mapping[str, Any]) -> None:
            sent.append(now[0] - 100.0)

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        monkeypatch.setattr("shell.uniform.asyncio.sleep", sleep)
        await Uniform(app, {"/v1/me": 1024}, 0.05)(
            {"type": "http", "path": "/v1/me"}, receive, send
        )
        return sent

    assert asyncio.run(run()) == pytest.approx([expected, expected])


def test_other_addresses_are_answered_as_they_are(issuer: Service) -> None:
    assert "pad" not in issuer.get("/healthz").json
