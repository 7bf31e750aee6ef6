import asyncio
from typing import Any

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message

from shell.last_resort import LastResort
from tests.support.asgi import arriving, exchange

ANSWER = PlainTextResponse("failed", status_code=500)


def run(app: ASGIApp, kind: str = "http") -> list[Message]:
    receive = arriving({"type": f"{kind}.request"})
    return asyncio.run(exchange(LastResort(app, ANSWER), {"type": kind, "headers": []}, receive))


async def broken(_scope: Any, _receive: Any, _send: Any) -> None:
    raise ZeroDivisionError("880317300134")


def test_an_unforeseen_error_is_answered_and_logged_without_its_text(
    capfd: pytest.CaptureFixture[str],
) -> None:
    start, body = run(broken)
    assert (start["status"], body["body"]) == (500, b"failed")
    shown = capfd.readouterr()
    assert shown.err.startswith("error: ZeroDivisionError at test_last_resort.py:")
    assert "880317300134" not in shown.err + shown.out


def test_an_answer_that_has_begun_is_not_begun_again(capfd: pytest.CaptureFixture[str]) -> None:
    async def breaks_off(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    sent = run(breaks_off)
    assert [message["type"] for message in sent] == ["http.response.start"]
    assert capfd.readouterr().err.startswith("error: ZeroDivisionError at ")


def test_what_is_no_request_gets_no_answer(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(broken, kind="lifespan") == []
    assert capfd.readouterr().err.startswith("error: ZeroDivisionError at ")
