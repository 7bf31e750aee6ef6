"""The one place that turns errors into answers."""

import asyncio
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from issuer.api.answers import (
    Dated,
    answer_failure,
    answer_http_error,
    answer_problem,
    problem_answer,
)
from schemas.problems import STATUS, ApiProblem, Problem
from shell.errors import CommandError, place_of
from tests.support.asgi import arriving, exchange, http_scope, part

REQUEST = Request({"type": "http", "path": "/v1/me", "headers": []})


@pytest.mark.parametrize("problem", list(Problem))
def test_a_refusal_is_its_code_status_and_one_sentence(problem: Problem) -> None:
    answer = problem_answer(ApiProblem(problem))
    assert answer.status_code == STATUS[problem]
    assert answer.media_type == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("status", "code"),
    [(404, b"not_found"), (405, b"not_found"), (413, b"too_large"), (400, b"invalid")],
)
def test_what_the_framework_refuses_has_a_code_of_the_list(status: int, code: bytes) -> None:
    error = HTTPException(status, detail="880317300134")
    answer = asyncio.run(answer_http_error(REQUEST, error))
    assert b'"code": "' + code + b'"' in answer.body
    assert b"880317300134" not in answer.body


def test_an_error_that_is_no_refusal_is_a_failure() -> None:
    answer = asyncio.run(answer_problem(REQUEST, ValueError("880317300134")))
    assert answer.status_code == 500
    assert b"880317300134" not in answer.body


def test_a_failing_home_is_said_to_the_operator(capfd: pytest.CaptureFixture[str]) -> None:
    answer = asyncio.run(answer_failure(REQUEST, CommandError("free some space")))
    assert answer.status_code == 500
    assert b"space" not in answer.body
    assert capfd.readouterr().err == "error: free some space\n"


def test_every_answer_has_the_issuers_date() -> None:
    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body"})

    dated = Dated(app, lambda: 1_773_730_800)
    start, _ = asyncio.run(exchange(dated, http_scope("GET", "/"), arriving(part(b""))))
    assert start["headers"] == [(b"date", b"Tue, 17 Mar 2026 07:00:00 GMT")]


def test_an_error_that_was_never_raised_has_no_place() -> None:
    assert place_of(ValueError("x")) == "ValueError at ?"
