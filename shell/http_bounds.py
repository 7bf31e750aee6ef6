"""HTTP parsing with a bound on what a caller can make the service remember; whole answers."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 65_536
"""Bytes of a request before its body; a DPoP proof has about 600. The parser itself has no limit,
so an endless header would fill the memory."""


class JoiningTransport:
    """Sends what is written within one turn of the event loop in one piece.

    The head and the body of an answer are written apart; under TLS they would be two records, whose
    lengths show apart what is equal together.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._waiting: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._waiting:
            self._loop.call_soon(self._send)
        self._waiting.append(data)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def _send(self) -> None:
        waiting, self._waiting = self._waiting, []
        if waiting:
            self._transport.write(b"".join(waiting))


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request does not get to its body in time."""

    _head = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast("asyncio.Transport", JoiningTransport(transport)))

    def data_received(self, data: bytes) -> None:
        if self._head > HEAD_LIMIT:
            self.transport.close()
            return
        self._head += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head = 0

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._head = 0

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head = 0
