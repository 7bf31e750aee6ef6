"""HTTP parsing with a bound on what a caller can make the service remember."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_LIMIT = 65_536
"""Bytes of a request before its body; a DPoP proof has about 600. The parser itself has no limit,
so an endless header would fill the memory."""


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose request does not get to its body in time."""

    _head = 0

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
