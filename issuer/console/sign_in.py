"""Sign-in: a name and a password become a cookie that ends."""

import hmac
import os
from collections import deque
from hashlib import sha256
from threading import BoundedSemaphore, Lock

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from issuer.audit import Action
from issuer.authority import Authority
from issuer.failures import FailureLimit
from schemas.kinds import MINUTE
from shell.clock import Clock
from shell.pages import (
    FormTooLarge,
    Pages,
    language_of,
    read_form,
    redirect,
    remember_language,
)

SIGN_IN = "/console/sign-in"
"""The one page of the console without a session."""

HASHES_AT_ONCE = 2
"""A password's hash takes much memory and time on purpose; a storm of them must leave some."""

NAME_FAILURES = 10
NAME_PERIOD = 10 * MINUTE
"""After so many wrong passwords for one name in so many seconds it has to wait."""


class SignIn:
    """The page, and the limits on guessing, by address and by name; both live in memory only."""

    def __init__(self, authority: Authority, clock: Clock, pages: Pages) -> None:
        self._authority = authority
        self._clock = clock
        self._pages = pages
        self._by_address = FailureLimit()
        self._by_name = NameLimit()
        self._hashing = BoundedSemaphore(HASHES_AT_ONCE)

    async def endpoint(self, request: Request) -> Response:
        if request.method != "POST":
            return remember_language(request, self._page(request, None))
        try:
            form = await read_form(request)
        except FormTooLarge:
            return self._page(request, "too_large", status=413)
        return await run_in_threadpool(self._try, request, form)

    def _try(self, request: Request, form: dict[str, str]) -> Response:
        name, password = form.get("name", "").strip(), form.get("password", "")
        now = self._clock()
        if not is_from_here(request, self._authority):
            return self._page(request, "not_your_form", status=403)
        if self._by_name.is_over(name, now):
            return self._page(request, "wait", status=429)
        with self._hashing:
            found = self._authority.staff.sign_in(name, password, now)
        if found is None:
            self._by_name.note(name, now)
            address = request.client.host if request.client else ""
            slow = self._by_address.is_over(address, now)
            return self._page(request, "wait" if slow else "wrong", status=429 if slow else 403)
        self._authority.audit.note(Action.SIGN_IN, found.account, now)
        token = self._authority.staff.sessions.start(found.account, now)
        answer = redirect("/console/password" if found.must_choose else "/console")
        answer.set_cookie(
            _cookie_name(self._authority),
            token,
            secure=_is_secure(self._authority),
            httponly=True,
            samesite="strict",
            path="/",
        )
        return answer

    def _page(self, request: Request, problem: str | None, *, status: int = 200) -> Response:
        language = language_of(request)
        values = {
            "problem": self._pages.say(f"sign_in_{problem}", language) if problem else None,
            "authority": self._authority.policy.name[language],
            "look": "/console/look",
        }
        return self._pages.answer("sign_in.html", language, values, status=status)


class NameLimit:
    """Wrong passwords by name; names are held as keyed hashes, and only while they count."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._failures: dict[bytes, deque[int]] = {}
        self._lock = Lock()

    def is_over(self, name: str, now: int) -> bool:
        with self._lock:
            self._forget(now)
            return len(self._failures.get(self._tag(name), ())) >= NAME_FAILURES

    def note(self, name: str, now: int) -> None:
        with self._lock:
            recent = self._failures.setdefault(self._tag(name), deque(maxlen=NAME_FAILURES))
            recent.append(now)

    def _tag(self, name: str) -> bytes:
        return hmac.digest(self._key, name.encode("utf-8", "replace"), sha256)

    def _forget(self, now: int) -> None:
        for tag, recent in list(self._failures.items()):
            while recent and recent[0] <= now - NAME_PERIOD:
                recent.popleft()
            if not recent:
                del self._failures[tag]


def token_of(request: Request) -> str:
    """The token of a session's cookie, under either of its names; empty without one."""
    return request.cookies.get("__Host-qupia") or request.cookies.get("qupia") or ""


def end_session(request: Request, answer: Response) -> Response:
    """Let the browser forget the cookie."""
    for name in ("__Host-qupia", "qupia"):
        if name in request.cookies:
            answer.delete_cookie(name, path="/", secure=name.startswith("__Host-"), httponly=True)
    return answer


def is_from_here(request: Request, authority: Authority) -> bool:
    """Whether a form was sent by a page of this issuer (Fetch Metadata, or the Origin header)."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is not None and origin == authority.config.url


def _is_secure(authority: Authority) -> bool:
    return authority.config.url.startswith("https:")


def _cookie_name(authority: Authority) -> str:
    """The prefix makes browsers insist on TLS and on this very host (RFC 6265bis 4.1.3.2)."""
    return "__Host-qupia" if _is_secure(authority) else "qupia"
