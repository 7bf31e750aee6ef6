"""A web server on this machine that serves one trust bundle, as a test wants it to."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from schemas.paths import HEALTH_PATH, TRUST_BUNDLE_PATH


@dataclass
class BundleServer:
    """What it answers; a test may change it while it runs. ``date`` is Unix seconds."""

    body: bytes
    date: int
    status: int = 200
    age: str | None = None
    health: bytes = b"{}"
    origin: str = ""
    asked: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serving(body: bytes, date: int) -> Iterator[BundleServer]:
    """Serve until the block ends."""
    state = BundleServer(body, date)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.asked.append(self.path)
            state.headers.append({k.lower(): v for k, v in self.headers.items()})
            found = self.path in (TRUST_BUNDLE_PATH, HEALTH_PATH)
            self.send_response_only(state.status if found else 404)
            self.send_header("Date", formatdate(state.date, usegmt=True))
            if state.age is not None:
                self.send_header("Age", state.age)
            self.end_headers()
            self.wfile.write(state.body if self.path == TRUST_BUNDLE_PATH else state.health)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.origin = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield state
        finally:
            server.shutdown()
