"""A wire to a server: it counts what is carried over it, and notes what was asked for."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

_CHUNK = 65_536
_REQUEST = re.compile(rb"^[A-Z]+ (\S+) HTTP/1.1\r$", re.MULTILINE)


@dataclass
class Wire:
    """``port`` is its near end; ``received`` counts bytes from the server, with all headers.

    ``asked`` has the path of every request, whoever in the browser made it.
    """

    to_port: int
    port: int = 0
    received: int = 0
    asked: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def count(self, received: int) -> None:
        with self._lock:
            self.received += received

    def note(self, sent: bytes) -> None:
        """Requests are small and each is sent in one piece."""
        self.asked += [path.decode("ascii") for path in _REQUEST.findall(sent)]


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Carry until the block ends."""
    wire = Wire(port)
    handler = type("Handler", (_Handler,), {"wire": wire})
    with _Server(("127.0.0.1", 0), handler) as server:
        wire.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield wire
        finally:
            server.shutdown()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseRequestHandler):
    wire: Wire

    def handle(self) -> None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.wire.to_port)) as far:
            up = threading.Thread(target=self._carry_up, args=(far,), daemon=True)
            up.start()
            while data := far.recv(_CHUNK):
                self.wire.count(len(data))
                self.request.sendall(data)

    def _carry_up(self, far: socket.socket) -> None:
        with suppress(OSError):
            while data := self.request.recv(_CHUNK):
                self.wire.note(data)
                far.sendall(data)
            far.shutdown(socket.SHUT_WR)
