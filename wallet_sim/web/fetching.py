"""Asking the issuer because a person wants it now, and telling them what it saw."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from wallet_sim.fetching.reports import fault_lines, synced_lines
from wallet_sim.fetching.sync import sync
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.words import TROUBLE


def fetch_now(desk: WalletDesk) -> Response:
    """``POST /p/N/sync``"""
    if desk.repeated:
        return wait_and_go(desk)
    fetch(desk)
    return desk.go()


def fetch(desk: WalletDesk) -> None:
    """Fetch what is missing; what came of it is told on the next page."""
    try:
        with call_issuer(desk):
            session = desk.connect()
            synced = sync(session)
    except TROUBLE as error:
        desk.room.trouble = error
        _listen_soon(desk)
        return
    desk.room.trouble = desk.room.gave_up = desk.room.fetching = None
    _listen_soon(desk)
    warning = desk.say("fetched_now")
    for line in synced_lines(synced, desk.language):
        desk.room.tell(line, good=synced.has_current and line != warning)
    for line in fault_lines(synced, desk.language):
        desk.room.tell(line, good=False)


def _listen_soon(desk: WalletDesk) -> None:
    """The list of warnings is matched in the background: a long one must not hold a page up."""
    fetching = desk.room.fetching
    if fetching is not None:
        fetching.notices_from = 0
    desk.house.awake.set()


@contextmanager
def call_issuer(desk: WalletDesk) -> Iterator[None]:
    """One call at a time for each wallet, those of the background too."""
    with desk.room.calls:
        yield


def wait_and_go(desk: WalletDesk) -> Response:
    """The second half of a double click sees what came of the first."""
    with call_issuer(desk):
        return desk.go()
