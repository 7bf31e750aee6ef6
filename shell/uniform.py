"""Answers that look alike: of one length, in one piece, at whole steps of time.

Whoever listens under TLS sees lengths and moments. Neither may tell what is said
(docs/formats.md, "What the network sees").
"""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

STEP_SECONDS = 0.05
"""An answer leaves so long after its request came, or twice as long, and so on."""


class Uniform:
    """Makes what ``app`` answers at the addresses in ``lengths`` look alike.

    ``step`` is in seconds; without one answers leave when they are made.
    """

    def __init__(self, app: ASGIApp, lengths: Mapping[str, int], step: float) -> None:
        self._app = app
        self._lengths = lengths
        self._step = step

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = self._lengths.get(scope.get("path", ""))
        if scope["type"] != "http" or length is None:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(receive)
        await self._app(scope, exchange.receive, exchange.keep)
        start, body = pad_answer(exchange.start, bytes(exchange.body), length)
        await self._wait(exchange.came)
        await send(start)
        await send({"type": "http.response.body", "body": body})

    async def _wait(self, came: float) -> None:
        if self._step:
            passed = asyncio.get_running_loop().time() - came
            await asyncio.sleep(self._step - passed % self._step)


class _Exchange:
    """One request and its answer, which is held until it is whole.

    ``came`` is when the last byte of the request was here, by the clock of the event loop.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._loop = asyncio.get_running_loop()
        self.came = self._loop.time()
        self.start: Message = {}
        self.body = bytearray()

    async def receive(self) -> Message:
        message = await self._receive()
        if not message.get("more_body", False):
            self.came = self._loop.time()
        return message

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")


def pad_answer(start: Message, body: bytes, length: int) -> tuple[Message, bytes]:
    """The answer with a last member ``pad`` in its JSON object, so that all of it has ``length``.

    Counted are the status line, the headers of ``start`` and the body, as HTTP/1.1 has them. What
    is longer gets the next multiple of ``length``.
    """
    headers = [(k, v) for k, v in start["headers"] if k.lower() != b"content-length"]
    begun, ended = body[:-1] + b',"pad":"', b'"}'
    head = _head_length(start["status"], headers) + len(b"content-length: \r\n")
    digits = len(str(length))
    least = head + digits + len(begun) + len(ended)
    total = -(-least // length) * length
    size = total - head - digits
    if len(str(size)) != digits:  # One digit less to write is one byte more to fill.
        size += digits - len(str(size))
    padded = begun + b" " * (size - len(begun) - len(ended)) + ended
    return {**start, "headers": [*headers, (b"content-length", b"%d" % size)]}, padded


def _head_length(status: int, headers: list[tuple[bytes, bytes]]) -> int:
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
    return len(line) + sum(len(k) + len(v) + len(b": \r\n") for k, v in headers) + len(b"\r\n")
