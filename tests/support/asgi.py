"""Requests to an ASGI application in this process: sent message by message, read back whole.

::

    reply = asyncio.run(ask(app, "GET", "/healthz"))
    sent = asyncio.run(exchange(app, {"type": "lifespan"}, arriving({"type": "lifespan.startup"})))
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope

Header = tuple[str, str | bytes]
"""Sent as it is, twice where it stands twice; text in Latin-1, as HTTP has it."""


@dataclass(frozen=True)
class Reply:
    """An answer; ``fields`` are its headers as they came, names in lower case."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, sent: Sequence[Message]) -> "Reply":
        """What a client makes of the messages of an application."""
        start, *rest = sent
        assert start["type"] == "http.response.start"
        fields = tuple((n.decode(), v.decode("latin-1")) for n, v in start.get("headers", ()))
        return cls(start["status"], fields, b"".join(part.get("body", b"") for part in rest))

    @property
    def headers(self) -> dict[str, str]:
        """The last header of each name."""
        return dict(self.fields)

    def header(self, name: str) -> str:
        """The only header of that name; empty when there is none."""
        found = [value for one, value in self.fields if one == name]
        assert len(found) < 2, found
        return found[0] if found else ""

    # As a call of the API

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> tuple[int, str]:
        """Status and code of a refusal."""
        return self.status, self.json["code"]

    # As a page

    @property
    def html(self) -> str:
        return self.body.decode()

    @property
    def text(self) -> str:
        """What is read, without tags."""
        return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.html)))

    def form(self, action: str, number: int = 0) -> dict[str, str]:
        """The hidden fields of one of the forms that are sent to ``action``."""
        forms = re.findall(rf'<form [^>]*action="{action}"[^>]*>(.*?)</form>', self.html, re.S)
        hidden = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', forms[number])
        return {name: unescape(value) for name, value in hidden}


def http_scope(
    method: str,
    path: str,
    headers: Iterable[Header] = (),
    *,
    origin: str = "http://127.0.0.1:8002",
    address: str | None = "127.0.0.1",
) -> Scope:
    """A request to ``path``, with its query, of the server at ``origin``, from ``address``."""
    path, _, query = path.partition("?")
    server = urlsplit(origin)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": method,
        "scheme": server.scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [
            (name.lower().encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
            for name, value in headers
        ],
        "client": None if address is None else (address, 50000),
        "server": (server.hostname, server.port or 443),
    }


def part(body: bytes, *, more: bool = False) -> Message:
    """A part of a request's body."""
    return {"type": "http.request", "body": body, "more_body": more}


def parts(*chunks: bytes) -> list[Message]:
    """A whole body in chunks."""
    return [part(chunk, more=number < len(chunks)) for number, chunk in enumerate(chunks, 1)]


def arriving(*messages: Message) -> Receive:
    """Hands the messages over one by one; who reads on after the last fails the test."""
    waiting = list(messages)

    async def receive() -> Message:
        assert waiting, "nothing more is sent"
        return waiting.pop(0)

    return receive


async def exchange(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """All that an application sends for one scope, up to its end."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


async def ask(
    app: ASGIApp,
    method: str,
    path: str,
    chunks: Sequence[bytes] = (b"",),
    headers: Iterable[Header] = (),
    *,
    receive: Receive | None = None,
    **scope: Any,
) -> Reply:
    """One request; its body in ``chunks`` or as ``receive`` brings it. The rest as in the scope."""
    receive = receive or arriving(*parts(*chunks))
    return Reply.of(await exchange(app, http_scope(method, path, headers, **scope), receive))
