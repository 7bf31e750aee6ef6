"""Sign-in: a name and a password become a cookie that ends."""

import asyncio
import sys

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from issuer.api.failure_limit import FailureLimit
from issuer.authority import Authority
from issuer.console.passkey import is_asked
from issuer.oversight.audit import Action
from schemas.kinds import MINUTE
from schemas.problems import ApiProblem
from shell.clock import Clock
from shell.errors import CommandError
from shell.forms import is_from_here
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

NAMES_REMEMBERED = 10_000
"""At once; beyond it the oldest are forgotten, so memory stays bounded."""


class SignInPage:
    """The page, and the limits on guessing, by address and by name; both live in memory only."""

    def __init__(self, authority: Authority, clock: Clock, pages: Pages) -> None:
        self._authority = authority
        self._clock = clock
        self._pages = pages
        self._by_address = FailureLimit()
        self._by_name = FailureLimit(most=NAME_FAILURES, period=NAME_PERIOD, room=NAMES_REMEMBERED)
        # Waiting here takes no thread from the API, which would stand still in a storm otherwise.
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    async def endpoint(self, request: Request) -> Response:
        if request.method != "POST":
            return remember_language(request, self._page(request, None))
        try:
            form = await read_form(request)
        except FormTooLarge:
            return self._page(request, "too_large", status=413)
        if refusal := self._refusal(request, form):
            return refusal
        async with self._hashing:
            # Whoever waited may be over a limit by now.
            if refusal := self._refusal(request, form):
                return refusal
            return await run_in_threadpool(self._try, request, form)

    def _refusal(self, request: Request, form: dict[str, str]) -> Response | None:
        """An answer for whom no hash is computed; the same whether the name is anybody's or not."""
        now = self._clock()
        if not is_from_here(request, self._authority.config.url):
            return self._page(request, "not_your_form", status=403)
        if self._authority.is_over(now):
            return self._page(request, "is_over", status=410)
        slow = self._by_name.is_blocked(_name_in(form), now)
        if slow or self._by_address.is_blocked(_address_of(request), now):
            return self._page(request, "wait", status=429)
        return None

    def _try(self, request: Request, form: dict[str, str]) -> Response:
        name, now = _name_in(form), self._clock()
        try:
            found = self._authority.staff.sign_in(name, form.get("password", ""), now)
            if found is None:
                return self._failed(request, name, now)
            self._authority.audit.note(Action.SIGN_IN, found.account, now)
            token = self._authority.staff.sessions.start(
                found.account, now, proven=not is_asked(self._authority, found.account)
            )
        except ApiProblem:
            # Somebody removed or reset the account in this very moment.
            return self._failed(request, name, now)
        except CommandError as error:
            print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - the service's log.
            return self._page(request, "failed", status=500)
        # Whoever used this browser before has left it.
        self._authority.staff.sessions.end(token_of(request, self._authority))
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

    def _failed(self, request: Request, name: str, now: int) -> Response:
        self._by_name.is_over(name, now)
        slow = self._by_address.is_over(_address_of(request), now)
        return self._page(request, "wait" if slow else "wrong", status=429 if slow else 403)

    def _page(self, request: Request, problem: str | None, *, status: int = 200) -> Response:
        language = language_of(request)
        values = {
            "problem": self._pages.say(_sentence(problem), language) if problem else None,
            "authority": self._authority.policy.name[language],
            "look": "/console/look",
        }
        return self._pages.answer("sign_in.html", language, values, status=status)


def token_of(request: Request, authority: Authority) -> str:
    """The token of the session's cookie; empty without one.

    On https the other name does not count: a host of the same domain could have set it.
    """
    return request.cookies.get(_cookie_name(authority), "")


def end_session(authority: Authority, answer: Response) -> Response:
    """Let the browser forget the cookie."""
    answer.delete_cookie(
        _cookie_name(authority),
        path="/",
        secure=_is_secure(authority),
        httponly=True,
        samesite="strict",
    )
    return answer


def _sentence(problem: str) -> str:
    """The name of a sentence; what is over or failed is told as on all pages."""
    return problem if problem in ("is_over", "failed") else f"sign_in_{problem}"


def _name_in(form: dict[str, str]) -> str:
    return form.get("name", "").strip()


def _address_of(request: Request) -> str:
    return request.client.host if request.client else ""


def _is_secure(authority: Authority) -> bool:
    return authority.config.url.startswith("https:")


def _cookie_name(authority: Authority) -> str:
    """The prefix makes browsers insist on TLS and on this very host (RFC 6265bis 4.1.3.2)."""
    return "__Host-qupia" if _is_secure(authority) else "qupia"
