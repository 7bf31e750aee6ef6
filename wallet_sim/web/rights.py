"""What is held and until when, and the two ways to end it."""

from typing import Any

from starlette.responses import Response

from wallet_sim.fetching.owner_rights import ask_what_is_held, end_entitlement
from wallet_sim.fetching.reports import held_lines
from wallet_sim.passes.status import holdings
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.fetching import call_issuer, wait_and_go
from wallet_sim.web.people import FIRST
from wallet_sim.web.visits import erase_visits, held_of_visits, silence_of
from wallet_sim.web.words import TROUBLE


def show_data(desk: WalletDesk) -> Response:
    """``GET /p/N/data``: what is here. The issuer is asked only when a person wants it."""
    return _page(desk, None)


def ask_issuer(desk: WalletDesk) -> Response:
    """``POST /p/N/data``: what the issuer holds, too."""
    try:
        _, entitlement = desk.file.load().activated()
        with call_issuer(desk):
            held = ask_what_is_held(desk.connect(), entitlement)
    except TROUBLE as error:
        return _page(desk, None, desk.words(error))
    return _page(desk, held)


def _page(desk: WalletDesk, issuer: list[dict[str, Any]] | None, problem: str = "") -> Response:
    wallet = desk.file.load()
    return desk.page(
        "data.html",
        here=held_lines(holdings(wallet, now=desk.now(wallet)), "held", desk.language),
        issuer=None if issuer is None else held_lines(issuer, "issuer", desk.language),
        problem=problem,
        visits=held_of_visits(desk),
        silence=silence_of(desk),
        activated=wallet.entitlement is not None,
        removable=desk.person.number != FIRST,
    )


def ask_end(desk: WalletDesk) -> Response:
    """``GET /p/N/end``"""
    if desk.file.load().entitlement is None:
        return desk.go("data")
    return _question(desk, "end")


def end(desk: WalletDesk) -> Response:
    """``POST /p/N/end``: nothing is erased here unless the issuer has agreed."""
    if desk.repeated:
        return wait_and_go(desk)
    try:
        _, entitlement = desk.file.load().activated()
        with call_issuer(desk):
            end_entitlement(desk.connect(), entitlement)
    except TROUBLE as error:
        desk.room.tell(f"{desk.say('not_ended')} {desk.words(error)}", good=False)
        return desk.go("data")
    return _emptied(desk, "ended")


def ask_erase(desk: WalletDesk) -> Response:
    """``GET /p/N/erase``"""
    return _question(desk, "erase")


def erase(desk: WalletDesk) -> Response:
    """``POST /p/N/erase``"""
    return desk.go() if desk.repeated else _emptied(desk, "erased")


def _question(desk: WalletDesk, what: str) -> Response:
    return desk.page("question.html", what=what, question=desk.say(f"ask_{what}"))


def _emptied(desk: WalletDesk, told: str) -> Response:
    erase_visits(desk)
    desk.file.erase()
    desk.house.leave(desk.person)
    desk.room.tell(desk.say(told))
    return desk.go()
