"""Who gets in: a browser on this machine that was opened with the printed address.

Other programs of the same machine can reach the port, and so can pages of other sites that the same
browser has open. The first lack the key; the second lack the cookie, which is never sent with what
they start, and their name is in the Host header where a name was made to point here.
"""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from shell.forms import is_from_here
from shell.pages import redirect

OPEN = "/open/"
_KEY_BYTES = 24

Refuse = Callable[[Request, str, int], Response]
"""Answers with the page that says the sentence of that name, with that status."""


@dataclass(frozen=True, repr=False)
class Keys:
    """``origin`` is where it is served; ``opening`` stands in the printed address."""

    origin: str
    opening: str = field(default_factory=lambda: secrets.token_urlsafe(_KEY_BYTES))
    session: str = field(default_factory=lambda: secrets.token_urlsafe(_KEY_BYTES))

    @property
    def address(self) -> str:
        """What is printed. It opens the wallet, as long as this is served."""
        return f"{self.origin}{OPEN}{self.opening}"

    @property
    def cookie(self) -> str:
        """Cookies know no ports (RFC 6265 section 8.5), so the name has it."""
        return f"qupia-wallet-{urlsplit(self.origin).port}"


class Guard:
    """Around the application; ``is_public`` names the addresses that say nothing about anybody."""

    def __init__(
        self, app: ASGIApp, keys: Keys, is_public: Callable[[str], bool], refuse: Refuse
    ) -> None:
        self._app = app
        self._keys = keys
        self._is_public = is_public
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        app = self._answer(request) or self._app
        await app(scope, receive, send)

    def _answer(self, request: Request) -> Response | None:
        """A refusal, or the welcome; None lets the request through."""
        path = request.url.path
        if not _is_our_name(request, self._keys.origin):
            return self._refuse(request, "wrong_host", 421)
        if self._is_public(path):
            return None
        if path.startswith(OPEN) and request.method == "GET":
            return self._welcome(request, path.removeprefix(OPEN))
        if not _same(request.cookies.get(self._keys.cookie, ""), self._keys.session):
            return self._refuse(request, "no_key", 403)
        if not is_from_here(request, self._keys.origin.removesuffix(":80")):
            return self._refuse(request, "foreign_form", 403)
        return None

    def _welcome(self, request: Request, opening: str) -> Response:
        if not _same(opening, self._keys.opening):
            return self._refuse(request, "no_key", 403)
        response = redirect("/")
        response.set_cookie(
            self._keys.cookie, self._keys.session, httponly=True, samesite="strict", path="/"
        )
        return response


def _is_our_name(request: Request, origin: str) -> bool:
    """Whether the browser thinks it talks to a machine of this name (DNS rebinding)."""
    host = urlsplit(origin).netloc
    names = (host, host.removesuffix(":80"))
    return request.headers.getlist("host") in [[name] for name in names]


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("ascii"))
