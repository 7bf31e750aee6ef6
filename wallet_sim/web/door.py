"""The live code. Only a form takes a pass; looking, reloading and going back never do.

A pass is stored as used before the page that shows it is made. That page shows it once: whoever
opens it a second time is asked first, because a venue that sees a pass twice can tell. Of a venue's
code nothing comes here but what a proof is bound to.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from shell.pages import HEADERS
from shell.times import local_time
from wallet_sim.fetching.reports import status_name
from wallet_sim.passes.presentation import Denied, NotShown, Showing, seconds_left
from wallet_sim.passes.state import NotActivated, Wallet, is_recent, last_shown
from wallet_sim.showing import take_pass
from wallet_sim.web.arrival import Arrival
from wallet_sim.web.cards import colour_of
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.drawing import qr_path
from wallet_sim.web.stage import ShownPass, begin, may_stay

DOUBLE_CLICK = 5
"""Seconds in which a form that comes twice means one wish."""

GONE = 410


def take(desk: WalletDesk) -> Response:
    """``POST /p/N/show``: a fresh pass, or with ``again`` the one that was shown last.

    With ``here`` it is bound to the venue whose code was scanned, or none is taken.
    """
    room = desk.room
    with room.steps:
        if desk.repeated:
            return _see_it_once_more(desk)
        room.here = bool(desk.sent("here"))
        arrival = desk.house.arrived(desk.person) if room.here else None
        if room.here and arrival is None:
            room.tell(desk.say("venue_over"), good=False)
            return desk.go("venue")
        return _take(desk, arrival)


def _take(desk: WalletDesk, arrival: Arrival | None) -> Response:
    room, again = desk.room, bool(desk.sent("again"))
    try:
        showing = take_pass(desk.file, desk.house.tools, again=again, agreed=again)
    except (NotShown, NotActivated) as error:
        if isinstance(error, NotShown) and error.fault is Denied.MUST_AGREE:
            return desk.go("again")
        room.tell(desk.words(error), good=False)
        return desk.go()
    _put_on_stage(desk, showing, arrival)
    return desk.go("code")


def _put_on_stage(desk: WalletDesk, showing: Showing, arrival: Arrival | None) -> None:
    """The venue is forgotten with the pass that is bound to it."""
    room, now = desk.room, desk.now(showing.wallet)
    bindings = arrival.bindings if arrival is not None else None
    room.stage = begin(showing, now=now, bindings=bindings)
    room.unseen = True
    if arrival is not None:
        room.arrival = arrival.until(room.stage.ends)


def _see_it_once_more(desk: WalletDesk) -> Response:
    """The second half of a double click gets what the first half took."""
    stage = desk.house.on_stage(desk.person)
    if stage is not None:
        wallet = desk.file.load()
        if abs(desk.now(wallet) - stage.began) <= DOUBLE_CLICK:
            desk.room.unseen = True
        return desk.go("code")
    return desk.go()


def show_code(desk: WalletDesk) -> Response:
    """``GET /p/N/code``: the page that stays open at the door."""
    with desk.room.steps:
        stage = desk.house.on_stage(desk.person)
        if stage is None:
            return desk.go()
        if not desk.room.unseen:
            return desk.go("again")
        desk.room.unseen = False
    showing = stage.showing
    return desk.page(
        "code.html",
        status=200,
        colour=colour_of(showing.authority, showing.entitlement),
        status_name=status_name(showing.entitlement, desk.language),
        remaining=showing.remaining,
        reused=showing.reused,
        specimen=showing.authority.pins.specimen,
        shown_until=local_time(stage.ends),
        bound=stage.is_bound,
        ends_with_code=stage.ends_with_code,
        **_drawing(stage, desk.now(desk.file.load())),
    )


def renew_code(desk: WalletDesk) -> Response:
    """``GET /p/N/code.json``: the code with the proof of this half minute, for an open page."""
    wallet = desk.file.load()
    now = desk.now(wallet)
    stage = desk.room.stage
    if stage is None or not may_stay(stage, wallet, now=now):
        return JSONResponse({}, status_code=GONE, headers=HEADERS)
    return JSONResponse(_drawing(stage, now), headers=HEADERS)


def ask_again(desk: WalletDesk) -> Response:
    """``GET /p/N/again``: the question before a pass is seen a second time."""
    wallet = desk.file.load()
    reason = _why_again(wallet, desk.now(wallet))
    if reason is None:
        return desk.go()
    batch = wallet.batch_at(desk.now(wallet))
    fresh = len(batch.fresh) if batch is not None else 0
    ends = local_time(batch.ends) if batch is not None else ""
    here = desk.room.here and desk.house.arrived(desk.person) is not None
    return desk.page("again.html", reason=reason, fresh=fresh, ends=ends, here=here)


def _why_again(wallet: Wallet, now: int) -> str | None:
    """``same_door`` within five minutes, ``none_left``, or None where a fresh pass is due."""
    batch = wallet.batch_at(now)
    last = last_shown(batch) if batch is not None else None
    if batch is None or last is None:
        return None
    if is_recent(last.shown, now):
        return "same_door"
    return None if batch.fresh else "none_left"


def _drawing(stage: ShownPass, now: int) -> dict[str, Any]:
    """``modules`` is the side of the picture, ``left`` the seconds until the next proof."""
    # A second may have passed since somebody looked whether it may stay.
    now = min(now, stage.ends - 1)
    modules, path = qr_path(stage.present(now))
    return {
        "modules": modules,
        "drawn": path,
        "left": seconds_left(stage.showing, now),
        "stays": stage.ends - now,
    }
