"""A wire to a server that counts what is carried over it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer

_CHUNK = 65_536


@dataclass
class Wire:
    """``port`` is its near end; ``received`` counts bytes from the server, with all headers."""

    to_port: int
    port: int = 0
    received: int = 0
    connections: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def count(self, *, received: int = 0, connections: int = 0) -> None:
        with self._lock:
            self.received += received
            self.connections += connections


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
        self.wire.count(connections=1)
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.wire.to_port)) as far:
            up = threading.Thread(target=_carry, args=(self.request, far), daemon=True)
            up.start()
            while data := far.recv(_CHUNK):
                self.wire.count(received=len(data))
                self.request.sendall(data)


def _carry(near: socket.socket, far: socket.socket) -> None:
    with suppress(OSError):
        while data := near.recv(_CHUNK):
            far.sendall(data)
        far.shutdown(socket.SHUT_WR)
