"""A browser without a screen, for pages in this process: it keeps cookies and fills in forms.

Each request runs in a thread of its own, because no event loop may run where Playwright does.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from starlette.types import ASGIApp

from tests.support.asgi import Reply, ask

ORIGIN = "http://127.0.0.1:8002"
"""Where a wallet is served."""


@dataclass
class Visitor:
    """``origin`` is where the application believes to be served."""

    app: ASGIApp
    origin: str = ORIGIN
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Reply:
        """Send a form as one of the pages does."""
        ours = {"origin": self.origin, "sec-fetch-site": "same-origin"} | headers
        return self.send("POST", path, urlencode(fields).encode(), ours)

    def follow(self, seen: Reply) -> Reply:
        """See where an answer sends us, as long as it does."""
        while seen.status == 303:
            seen = self.get(seen.header("location"))
        return seen

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Reply:
        named = {"host": self.origin.partition("://")[2], **self.headers, **(headers or {})}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with ThreadPoolExecutor(1) as pool:
            fields = [(name.replace("_", "-"), value.encode()) for name, value in named.items()]
            call = ask(self.app, method, path, (body,), fields, origin=self.origin)
            seen = pool.submit(asyncio.run, call).result()
        for cookie in (value for name, value in seen.fields if name == "set-cookie"):
            self.cookies.update({name: one.value for name, one in SimpleCookie(cookie).items()})
        return seen
