"""Asking the issuer because a person wants it now, and telling them what it saw."""

from collections.abc import Iterator
from contextlib import contextmanager

from starlette.responses import Response

from wallet_sim.fetching.reports import fault_lines, synced_lines
from wallet_sim.fetching.sync import sync
from wallet_sim.passes.schedule import plan_soon
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.words import TROUBLE


def fetch_now(desk: WalletDesk) -> Response:
    """``POST /p/N/sync``: at once, or with ``later`` at a random time within two hours."""
    if desk.repeated:
        return wait_and_go(desk)
    if desk.sent("later"):
        fetch_later(desk)
    else:
        fetch(desk)
    return desk.go()


def fetch_later(desk: WalletDesk) -> None:
    """Passes for now come by themselves; the next page says so."""
    desk.room.gave_up = None
    desk.file.update(lambda held: plan_soon(held, now=desk.now(held), below=desk.house.tools.below))


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
    desk.room.trouble = desk.room.gave_up = None
    _listen_soon(desk)
    warning = desk.say("fetched_now")
    for line in synced_lines(synced, desk.language):
        desk.room.tell(line, good=synced.has_current and line != warning)
    for line in fault_lines(synced, desk.language):
        desk.room.tell(line, good=False)


def _listen_soon(desk: WalletDesk) -> None:
    """The list of warnings is matched in the background: a long one must not hold a page up."""
    desk.room.listens = True
    desk.house.awake.set()


@contextmanager
def call_issuer(desk: WalletDesk) -> Iterator[None]:
    """One call at a time for each wallet, those of the background too.

    The other wallets of the device wait from its beginning and from its end, however it ends.
    """
    with desk.room.calls:
        desk.house.turns.take(desk.person)
        try:
            yield
        finally:
            desk.house.turns.take(desk.person)


def wait_and_go(desk: WalletDesk) -> Response:
    """The second half of a double click sees what came of the first."""
    with call_issuer(desk):
        return desk.go()
