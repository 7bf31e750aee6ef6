"""A web server on this machine that serves one trust bundle, as a test wants it to.

It answers as the real issuer does at its two public addresses, so that pages may ask it, too. A
test may change it while it runs, stop it and start it again at the same address.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from schemas.paths import HEALTH_PATH, TRUST_BUNDLE_PATH
from schemas.trust import bundle_digest
from tests.support.waiting import PATIENCE


@dataclass
class BundleServer:
    """What it answers; ``date`` is Unix seconds.

    With ``location`` it redirects there. ``asked`` and ``headers`` tell what it was asked.
    """

    body: bytes = field(repr=False)
    date: int
    status: int = 200
    age: str | None = None
    health: bytes = b"{}"
    content_type: str = "application/jose"
    location: str | None = None
    origin: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    _may_answer: threading.Event = field(default_factory=threading.Event, repr=False)
    _server: ThreadingHTTPServer | None = field(default=None, repr=False)

    @property
    def etag(self) -> str:
        return f'"{bundle_digest(self.body)}"'

    # Hanging

    def hang(self) -> None:
        """Take requests from now on, and answer none of them until :meth:`go_on`."""
        self._may_answer.clear()

    def go_on(self) -> None:
        """Answer those who wait and those to come."""
        self._may_answer.set()

    def pause(self) -> None:
        """Return when answers may be given."""
        self._may_answer.wait(PATIENCE)

    # Being there

    def start(self) -> None:
        """Serve at the address of before; at a free port the first time."""
        port = int(self.origin.rpartition(":")[2] or 0)
        self._server = _Server(self, port)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.go_on()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Be gone: whoever asks is refused a connection."""
        if self._server is not None:
            self.go_on()
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@contextmanager
def serving(body: bytes, date: int) -> Iterator[BundleServer]:
    """Serve until the block ends."""
    state = BundleServer(body, date)
    state.start()
    try:
        yield state
    finally:
        state.stop()


class _Server(ThreadingHTTPServer):
    def __init__(self, state: BundleServer, port: int) -> None:
        self.state = state
        super().__init__(("127.0.0.1", port), _Handler)

    def handle_error(self, *_: object) -> None:
        """A page that was closed does not wait for its answer."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        state = self.server.state
        state.asked.append(self.path)
        state.headers.append({k.lower(): v for k, v in self.headers.items()})
        state.pause()
        if self.path == TRUST_BUNDLE_PATH:
            cache = {"ETag": state.etag, "Cache-Control": "public, max-age=300"}
            known = state.status == 200 and self.headers["If-None-Match"] == state.etag
            self._answer(304 if known else state.status, state.body, state.content_type, cache)
        elif self.path == HEALTH_PATH:
            no_store = {"Cache-Control": "no-store"}
            self._answer(state.status, state.health, "application/json", no_store)
        else:
            self._answer(404, b"{}", "application/problem+json", {"Cache-Control": "no-store"})

    def _answer(self, status: int, body: bytes, content_type: str, more: dict[str, str]) -> None:
        state = self.server.state
        headers = {
            "Date": formatdate(state.date, usegmt=True),
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Expose-Headers": "Date, ETag",
            "Content-Type": content_type,
            **({} if status == 304 else {"Content-Length": str(len(body))}),
            **more,
            **({} if state.age is None else {"Age": state.age}),
            **({} if state.location is None else {"Location": state.location}),
        }
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if status != 304 and self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass
