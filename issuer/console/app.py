"""The addresses of the console, and what is checked before each: session, role, form."""

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from issuer.authority import Authority
from issuer.console import (
    audit,
    figures,
    keys,
    notices,
    paper,
    passkey,
    password,
    register,
    retention,
    root_statement,
    upload,
    withdraw,
)
from issuer.console.desk import Desk, Page
from issuer.console.sign_in import SIGN_IN, SignInPage, end_session, token_of
from issuer.intake.job_files import MOST_JOBS
from issuer.intake.upload import Upload, UploadFault, UploadRefused, receive_upload
from issuer.staff import MAKING, StaffSession
from schemas.catalogues import load_catalogue
from schemas.problems import ApiProblem, Problem
from shell.clock import Clock
from shell.errors import CommandError
from shell.forms import is_from_here
from shell.pages import (
    FormTooLarge,
    Pages,
    language_of,
    look_routes,
    read_form,
    redirect,
    remember_language,
)

FOLDER = Path(__file__).parent

RECEIVING_SECONDS = 300
"""For an upload to arrive whole: 64 MB at 1.7 Mbit/s."""

PAGES: tuple[Page, ...] = (
    register.PAGE,
    paper.PAGE,
    upload.PAGE,
    upload.JOB_PAGE,
    upload.CODES_PAGE,
    upload.REJECTED_PAGE,
    register.CANCEL_PAGE,
    withdraw.LOST_PAGE,
    withdraw.PAGE,
    notices.PAGE,
    keys.PAGE,
    root_statement.PAGE,
    retention.PAGE,
    figures.PAGE,
    audit.PAGE,
    password.PAGE,
    passkey.PAGE,
)
"""All pages behind the gate, in the order of the menu."""


def console_routes(authority: Authority, clock: Clock) -> list[BaseRoute]:
    """All routes under ``/console``."""
    pages = Pages(FOLDER, load_catalogue("issuer.console"))
    gate = _Gate(authority, clock, pages)
    sign_in = SignInPage(authority, clock, pages)
    making = passkey.MakingPage(authority, clock, pages)
    return [
        Route("/console", gate.home, methods=["GET"]),
        Route(SIGN_IN, sign_in.endpoint, methods=["GET", "POST"]),
        Route(MAKING, making.endpoint, methods=["GET", "POST"]),
        Route("/console/sign-out", gate.sign_out, methods=["POST"]),
        Route(upload.PAGE.path, gate.upload, methods=["POST"]),
        *(
            Route(page.path, gate.endpoint(page), methods=["GET", "POST"] if page.act else ["GET"])
            for page in PAGES
        ),
        *look_routes("/console/look", FOLDER / "static"),
    ]


class _Gate:
    """Checks session, role and form before a page is called; 403 where the role may not."""

    def __init__(self, authority: Authority, clock: Clock, pages: Pages) -> None:
        self._authority = authority
        self._clock = clock
        self._pages = pages
        # Each may take 64 MB of memory before it is known whether a job is free.
        self._receiving = asyncio.Semaphore(MOST_JOBS)

    def endpoint(self, page: Page) -> Any:
        async def endpoint(request: Request) -> Response:
            form: Mapping[str, str] = {}
            too_large = False
            if request.method == "POST":
                try:
                    form = await read_form(request)
                except FormTooLarge:
                    too_large = True
            answer = await run_in_threadpool(self._serve, page, request, form, too_large)
            return remember_language(request, answer)

        return endpoint

    async def upload(self, request: Request) -> Response:
        """The one form with a file: it is received only from whoever may send it."""
        session = await run_in_threadpool(self._session, request)
        if session is None or _first_of(session) is not None:
            return redirect(SIGN_IN)
        desk = self._desk(session, request, {})
        if refusal := self._refusal(upload.PAGE, desk, request):
            return refusal
        if self._receiving.locked():
            return upload.refuse(desk, "job_busy", status=409)
        try:
            async with self._receiving, asyncio.timeout(RECEIVING_SECONDS):
                received = await receive_upload(
                    request.stream(), request.headers.get("content-type", "")
                )
        except TimeoutError:
            return upload.refuse(desk, "upload_truncated", status=408)
        except UploadRefused as refused:
            status = 413 if refused.fault is UploadFault.TOO_LARGE else 400
            return upload.refuse(desk, f"upload_{refused.fault}", status=status)
        except ClientDisconnect:
            return desk.refuse("upload_truncated")
        return await run_in_threadpool(self._take, desk, received)

    def _take(self, desk: Desk, received: Upload) -> Response:
        with ExitStack() as stack:
            stack.callback(received.close)
            if refusal := desk.take_form(received.fields.get("form", "")):
                return refusal
            stack.pop_all()  # From here on the job closes it.
            return self._guarded(desk, lambda: upload.take(desk, received))

    async def home(self, request: Request) -> Response:
        """The first page of whoever asks."""
        session = await run_in_threadpool(self._session, request)
        if session is None:
            return redirect(SIGN_IN)
        if first := _first_of(session):
            return redirect(first.path)
        return redirect(next(p.path for p in PAGES if p.name and session.account.role in p.roles))

    async def sign_out(self, request: Request) -> Response:
        try:
            form = await read_form(request)
        except FormTooLarge:
            form = {}
        return await run_in_threadpool(self._end, request, form)

    def _end(self, request: Request, form: Mapping[str, str]) -> Response:
        """End a session; a form of somebody else leaves it as it is, and says so."""
        if session := self._session(request):
            desk = self._desk(session, request, form)
            if refusal := self._foreign(desk, request) or desk.take_form(desk.sent("form")):
                return refusal
            self._authority.staff.sessions.end(desk.token)
        return end_session(self._authority, redirect(SIGN_IN))

    def _session(self, request: Request) -> StaffSession | None:
        token = token_of(request, self._authority)
        return self._authority.staff.sessions.find(token, self._clock()) if token else None

    def _serve(
        self, page: Page, request: Request, form: Mapping[str, str], too_large: bool
    ) -> Response:
        session = self._session(request)
        if session is None:
            return redirect(SIGN_IN)
        first = _first_of(session)
        if page is not first and (first or page is passkey.PAGE):
            return redirect(first.path if first else "/console")
        desk = self._desk(session, request, form)
        if refusal := self._refusal(page, desk, request):
            return refusal
        if too_large:
            return desk.refuse("too_large", status=413)
        return self._guarded(desk, lambda: self._answer(page, desk, request))

    def _refusal(self, page: Page, desk: Desk, request: Request) -> Response | None:
        if desk.account.role not in page.roles:
            return desk.refuse("not_for_role", status=403)
        if self._authority.is_over(desk.now):
            return desk.refuse("is_over", status=410)
        return self._foreign(desk, request)

    def _foreign(self, desk: Desk, request: Request) -> Response | None:
        """A refusal of what no page of this issuer asks for."""
        if is_from_here(request, self._authority.config.url):
            return None
        return desk.refuse("not_your_form", status=403)

    def _guarded(self, desk: Desk, answer: Callable[[], Response]) -> Response:
        try:
            return answer()
        except ApiProblem as problem:
            if problem.fault is Problem.NOT_ALLOWED:
                return desk.refuse("not_for_role", status=problem.status)
            sentence = problem.text(desk.language)
            return desk.page("sentence.html", status=problem.status, sentence=sentence, good=False)
        except CommandError as error:
            # The operator sees why; what is on the page tells nothing of the machine.
            print(f"error: {error.message}", file=sys.stderr)  # noqa: T201 - the service's log.
            return desk.refuse("failed", status=500)

    def _answer(self, page: Page, desk: Desk, request: Request) -> Response:
        if request.method != "POST" or page.act is None:
            return page.show(desk)
        return desk.take_form(desk.sent("form")) or page.act(desk)

    def _desk(self, session: StaffSession, request: Request, form: Mapping[str, str]) -> Desk:
        role = session.account.role
        return Desk(
            authority=self._authority,
            account=session.account,
            token=session.token,
            language=language_of(request),
            now=self._clock(),
            pages=self._pages,
            path=request.url.path,
            params=dict(request.path_params),
            menu=() if _first_of(session) else tuple(p for p in PAGES if role in p.roles),
            form=form,
        )


def _first_of(session: StaffSession) -> Page | None:
    """The one page that a session has to see before all others."""
    if session.must_choose:
        return password.PAGE
    return passkey.PAGE if session.must_prove else None
