"""The second factor: a passkey is proven after the password, and made by a link.

Whether one is asked for depends on the role, on ``passkeys`` in ``policy.toml`` and on the host of
the issuer's URL: browsers take no passkeys at an address of numbers.
"""

from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from issuer.authority import Authority
from issuer.console.desk import Desk, Page
from issuer.oversight.audit import Action
from issuer.staff import Account, LinkOver, PasskeyRefused, Role, party_of, relying_party
from shell.clock import Clock
from shell.forms import is_from_here
from shell.pages import (
    FormTooLarge,
    Pages,
    language_of,
    read_form,
    redirect,
    remember_language,
)

PATH = "/console/passkey"


def is_asked(authority: Authority, account: Account) -> bool:
    """Whether an account proves a passkey: because it has to, or because it has one."""
    rule = authority.policy.passkeys
    if rule == "none" or relying_party(authority.config.url) is None:
        return False
    has_to = rule == "all" or account.role is Role.OFFICER
    return has_to or authority.staff.passkeys.has_any(account)


def is_impossible(authority: Authority) -> bool:
    """Whether passkeys are wanted where browsers take none."""
    return authority.policy.passkeys != "none" and relying_party(authority.config.url) is None


def show(desk: Desk) -> Response:
    return _proof(desk, None)


def act(desk: Desk) -> Response:
    try:
        desk.authority.staff.passkeys.prove(
            desk.token, desk.sent("answer"), party_of(desk.authority.config.url)
        )
    except PasskeyRefused:
        return _proof(desk, desk.say("passkey_wrong"))
    return redirect("/console")


PAGE = Page(PATH, "", frozenset(Role), show, act)


def _proof(desk: Desk, problem: str | None) -> Response:
    options = desk.authority.staff.passkeys.ask(desk.token, party_of(desk.authority.config.url))
    status = 400 if problem else 200
    return desk.page("passkey.html", status=status, problem=problem, options=options)


class MakingPage:
    """The page of a link. Nobody has to be signed in: the link is what allows it."""

    def __init__(self, authority: Authority, clock: Clock, pages: Pages) -> None:
        self._authority = authority
        self._clock = clock
        self._pages = pages

    async def endpoint(self, request: Request) -> Response:
        if request.method != "POST":
            return remember_language(request, self._page(request, "link"))
        try:
            form = await read_form(request)
        except FormTooLarge:
            return self._page(request, "link", problem="too_large", status=413)
        if not is_from_here(request, self._authority.config.url):
            return self._page(request, "link", problem="not_your_form", status=403)
        return await run_in_threadpool(self._take, request, form)

    def _take(self, request: Request, form: Mapping[str, str]) -> Response:
        try:
            if self._authority.is_over(self._clock()):
                return self._page(request, "over", problem="is_over", status=410)
            if "answer" not in form:
                return self._ask(request, form.get("token", ""))
            self._finish(form)
        except LinkOver:
            return self._page(request, "over", problem="passkey_link_over", status=403)
        except PasskeyRefused:
            return self._page(request, "over", problem="passkey_not_made", status=400)
        return self._page(request, "made")

    def _ask(self, request: Request, token: str) -> Response:
        options = self._authority.staff.passkeys.begin(
            token, party_of(self._authority.config.url), self._clock()
        )
        return self._page(request, "asked", options=options, token=token)

    def _finish(self, form: Mapping[str, str]) -> None:
        now = self._clock()
        self._authority.staff.passkeys.finish(
            form.get("token", ""),
            form["answer"],
            party_of(self._authority.config.url),
            now,
            note=lambda account: self._authority.audit.note(Action.PASSKEY, account, now),
        )

    def _page(
        self, request: Request, step: str, *, problem: str = "", status: int = 200, **values: Any
    ) -> Response:
        language = language_of(request)
        standing = {
            "step": step,
            "problem": self._pages.say(problem, language) if problem else None,
            "options": None,
            "token": "",
            "authority": self._authority.policy.name[language],
            "look": "/console/look",
        }
        return self._pages.answer("passkey_new.html", language, standing | values, status=status)
