"""The addresses of the wallet's pages, and the way of a request to the page that it is for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from schemas.catalogues import load_catalogue
from schemas.languages import Language
from shell.forms import Sent
from shell.last_resort import LastResort
from shell.pages import (
    FormTooLarge,
    Pages,
    language_of,
    look_routes,
    read_form,
    redirect,
    remember_language,
)
from wallet_sim.fetching.tools import Tools
from wallet_sim.web import authority, cards, door, family, fetching, rights, starting, visits
from wallet_sim.web.background import Background
from wallet_sim.web.desk import LOOK, Handler, WalletDesk, say
from wallet_sim.web.frames import frame_reader
from wallet_sim.web.guard import Guard, Keys
from wallet_sim.web.house import House
from wallet_sim.web.people import People, Person
from wallet_sim.web.words import TROUBLE, words

FOLDER = Path(__file__).parent

SHOWN: dict[str, Handler] = {
    "": cards.show_card,
    "/start": starting.show_start,
    "/venue": visits.show_scanner,
    "/here": visits.show_here,
    "/code": door.show_code,
    "/code.json": door.renew_code,
    "/again": door.ask_again,
    "/data": rights.show_data,
    "/end": rights.ask_end,
    "/erase": rights.ask_erase,
    "/name": family.show_name,
    "/evidence": authority.save_evidence,
}
"""What each address below a person's own shows. None of it changes anything."""

DONE: dict[str, Handler] = {
    "/start": starting.start,
    "/sync": fetching.fetch_now,
    "/venue": visits.check_in,
    "/checkout": visits.check_out,
    "/show": door.take,
    "/data": rights.ask_issuer,
    "/end": rights.end,
    "/erase": rights.erase,
    "/name": family.give_name,
    "/remove": family.remove_person,
    "/read": authority.mark_read,
}
"""What the forms of a person's pages do."""

_Endpoint = Callable[[Request], Awaitable[Response]]


def make_house(home: Path, tools: Tools) -> House:
    """Everything that the pages stand on. Raises CommandError for a home that cannot be used."""
    people = People(home, tools.clock)
    people.prepare()
    return House(people, tools, Pages(FOLDER, load_catalogue("wallet_sim.web")))


def create_app(house: House, keys: Keys) -> Starlette:
    """The application; it fetches passes by itself as long as it runs."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        background = Background(house)
        background.start()
        try:
            yield
        finally:
            background.stop()

    errors = _Errors(house)
    return Starlette(
        routes=[
            Route("/", _first(house), methods=["GET"]),
            Route("/p/{person:int}/frame", frame_reader(house.forms), methods=["POST"]),
            Route("/p/{person:int}{page:path}", _person(house, SHOWN), methods=["GET"]),
            Route("/p/{person:int}{page:path}", _person(house, DONE), methods=["POST"]),
            Route(family.PATH, _family(house, family.show_family), methods=["GET"]),
            Route(family.PATH, _family(house, family.add_person), methods=["POST"]),
            *look_routes(LOOK, FOLDER / "static"),
        ],
        middleware=[
            Middleware(LastResort, answer=errors.unforeseen),
            Middleware(
                Guard,
                keys=keys,
                is_public=lambda path: path.startswith(f"{LOOK}/"),
                refuse=errors.refuse,
            ),
        ],
        exception_handlers={
            404: errors.nothing_here,
            405: errors.nothing_here,
            OSError: errors.disk,
            FormTooLarge: errors.too_large,
            **dict.fromkeys(TROUBLE, errors.trouble),
        },
        lifespan=lifespan,
    )


def _first(house: House) -> _Endpoint:
    async def endpoint(_: Request) -> Response:
        return redirect(f"/p/{house.people.all()[0].number}")

    return endpoint


def _person(house: House, handlers: dict[str, Handler]) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        person = house.people.find(request.path_params["person"])
        handler = handlers.get(request.path_params["page"])
        if person is None or handler is None:
            return _elsewhere(house, request, person)
        return await _answer(house, request, person, handler)

    return endpoint


def _elsewhere(house: House, request: Request, person: Person | None) -> Response:
    """Whoever asks for the page of a form, to change its language say, sees the person's first."""
    if person is not None and request.path_params["page"] in DONE:
        return remember_language(request, redirect(f"/p/{person.number}"))
    return _Errors(house).refuse(request, "nothing_here", 404)


def _family(house: House, handler: Handler) -> _Endpoint:
    async def endpoint(request: Request) -> Response:
        return await _answer(house, request, family.NOBODY, handler)

    return endpoint


async def _answer(house: House, request: Request, person: Person, handler: Handler) -> Response:
    form, sent = {}, Sent.NEW
    if request.method == "POST":
        form = await read_form(request)
        sent = house.forms.take(person.number, form.get("form", ""))
    if sent is Sent.FOREIGN:
        return _Errors(house).refuse(request, "foreign_form", 403)
    desk = WalletDesk(house, person, language_of(request), form, repeated=sent is Sent.REPEATED)
    return remember_language(request, await run_in_threadpool(handler, desk))


class _Errors:
    """The one place where errors become pages: a sentence that says what to do."""

    def __init__(self, house: House) -> None:
        self._house = house

    def refuse(self, request: Request, name: str, status: int, **values: object) -> Response:
        """Say the sentence ``name``, and no name of a person: anyone may see this page."""
        language = language_of(request)
        sentence = say(self._house, language, name, **values)
        return self._page(request, language, sentence, status)

    async def nothing_here(self, request: Request, _: Exception) -> Response:
        return self.refuse(request, "nothing_here", 404)

    async def too_large(self, request: Request, _: Exception) -> Response:
        return self.refuse(request, "too_large", 413)

    async def disk(self, request: Request, error: Exception) -> Response:
        reason = getattr(error, "strerror", None) or ""
        return self.refuse(request, "disk", 500, reason=reason)

    async def trouble(self, request: Request, error: Exception) -> Response:
        language = language_of(request)
        told = words(error, language, partial(say, self._house, language))
        return self._page(request, language, told, 500)

    async def unforeseen(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = self.refuse(Request(scope, receive), "failed", 500)
        await response(scope, receive, send)

    def _page(self, request: Request, language: Language, sentence: str, status: int) -> Response:
        values = {"sentence": sentence, "look": LOOK, "people": (), "person": None}
        pages = self._house.pages
        response = pages.answer("sentence.html", language, values, status=status)
        return remember_language(request, response)
