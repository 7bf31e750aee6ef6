"""The live code. Only a form takes a pass; looking, reloading and going back never do.

A pass is stored as used before the page that shows it is made. That page shows it once: whoever
opens it a second time is asked first, because a venue that sees a pass twice can tell.
"""

from typing import Any

from starlette.responses import JSONResponse, Response

from shell.pages import HEADERS
from wallet_sim.at_the_door import take_pass
from wallet_sim.reports import status_name
from wallet_sim.showing import Denied, NotShown, present
from wallet_sim.state import Wallet, is_recent, last_shown
from wallet_sim.texts import local_time
from wallet_sim.web.cards import colour_of
from wallet_sim.web.desk import Desk
from wallet_sim.web.drawing import qr_path
from wallet_sim.web.stage import Stage, begin, may_stay, seconds_left

DOUBLE_CLICK = 5
"""Seconds in which a form that comes twice means one wish."""

GONE = 410


def take(desk: Desk) -> Response:
    """``POST /p/N/show``: a fresh pass, or with ``again`` the one that was shown last."""
    room, again = desk.room, bool(desk.sent("again"))
    with room.steps:
        if desk.repeated:
            return _see_it_once_more(desk)
        try:
            showing = take_pass(desk.file, desk.house.tools, again=again, agreed=again)
        except NotShown as error:
            if error.denied is Denied.MUST_AGREE:
                return desk.go("again")
            room.tell(desk.words(error), good=False)
            return desk.go()
        room.stage = begin(showing, now=desk.now(showing.wallet))
        room.unseen = True
    return desk.go("code")


def _see_it_once_more(desk: Desk) -> Response:
    """The second half of a double click gets what the first half took."""
    stage = desk.house.on_stage(desk.person)
    if stage is not None:
        wallet = desk.file.load()
        if abs(desk.now(wallet) - stage.began) <= DOUBLE_CLICK:
            desk.room.unseen = True
        return desk.go("code")
    return desk.go()


def show_code(desk: Desk) -> Response:
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
        **_drawing(stage, desk.now(desk.file.load())),
    )


def renew_code(desk: Desk) -> Response:
    """``GET /p/N/code.json``: the code with the proof of this half minute, for an open page."""
    wallet = desk.file.load()
    now = desk.now(wallet)
    stage = desk.room.stage
    if stage is None or not may_stay(stage, wallet, now=now):
        return JSONResponse({}, status_code=GONE, headers=HEADERS)
    return JSONResponse(_drawing(stage, now), headers=HEADERS)


def ask_again(desk: Desk) -> Response:
    """``GET /p/N/again``: the question before a pass is seen a second time."""
    wallet = desk.file.load()
    reason = _why_again(wallet, desk.now(wallet))
    if reason is None:
        return desk.go()
    batch = wallet.batch_at(desk.now(wallet))
    fresh = len(batch.fresh) if batch is not None else 0
    ends = local_time(batch.window.exp) if batch is not None else ""
    return desk.page("again.html", reason=reason, fresh=fresh, ends=ends)


def _why_again(wallet: Wallet, now: int) -> str | None:
    """``same_door`` within five minutes, ``none_left``, or None where a fresh pass is due."""
    batch = wallet.batch_at(now)
    last = last_shown(batch) if batch is not None else None
    if batch is None or last is None:
        return None
    if is_recent(last.shown, now):
        return "same_door"
    return None if batch.fresh else "none_left"


def _drawing(stage: Stage, now: int) -> dict[str, Any]:
    """``modules`` is the side of the picture, ``left`` the seconds until the next proof."""
    modules, path = qr_path(present(stage.showing, now=now))
    return {
        "modules": modules,
        "drawn": path,
        "left": seconds_left(now),
        "stays": stage.ends - now,
    }
