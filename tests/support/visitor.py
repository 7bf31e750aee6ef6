"""A browser without a screen, for pages in this process: it keeps cookies and fills in forms.

Each request runs in a thread of its own, because no event loop may run where Playwright does.
"""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from starlette.types import ASGIApp


@dataclass(frozen=True)
class Seen:
    """An answer; ``headers`` as they came, names in lower case."""

    status: int
    headers: list[tuple[str, str]]
    body: str

    def header(self, name: str) -> str:
        """The only header of that name; empty when there is none."""
        found = [value for one, value in self.headers if one == name]
        assert len(found) < 2, found
        return found[0] if found else ""

    def form(self, action: str, number: int = 0) -> dict[str, str]:
        """The hidden fields of one of the forms that are sent to ``action``."""
        forms = re.findall(rf'<form [^>]*action="{action}"[^>]*>(.*?)</form>', self.body, re.S)
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[number])
        return {name: unescape(value) for name, value in hidden}

    @property
    def text(self) -> str:
        """What is read, without tags."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.body)))


@dataclass
class Visitor:
    """``origin`` is where the application believes to be served."""

    app: ASGIApp
    origin: str = "http://127.0.0.1:8002"
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Seen:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Seen:
        """Send a form as one of the pages does."""
        ours = {"origin": self.origin, "sec-fetch-site": "same-origin"} | headers
        return self.send("POST", path, urlencode(fields).encode(), ours)

    def follow(self, seen: Seen) -> Seen:
        """See where an answer sends us, as long as it does."""
        while seen.status == 303:
            seen = self.get(seen.header("location"))
        return seen

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Seen:
        named = {"host": self.origin.partition("://")[2], **self.headers, **(headers or {})}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        with ThreadPoolExecutor(1) as pool:
            call = _call(self.app, method, path, body, named)
            seen = pool.submit(asyncio.run, call).result()
        for cookie in (value for name, value in seen.headers if name == "set-cookie"):
            self.cookies.update({name: one.value for name, one in SimpleCookie(cookie).items()})
        return seen


async def _call(
    app: ASGIApp, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> Seen:
    sent: list[Any] = []
    address, _, query = path.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8002),
    }
    await app(scope, receive, send)
    start, *rest = sent
    received = [(name.decode(), value.decode("latin-1")) for name, value in start["headers"]]
    content = b"".join(part.get("body", b"") for part in rest)
    return Seen(start["status"], received, content.decode())
