"""The first page of a person: warnings, what their wallet has, and what to do next."""

from dataclasses import dataclass

from starlette.responses import Response

from schemas import jws
from schemas.log.entries import split_carried
from shell.times import local_time
from wallet_sim.fetching.reports import hint_line, late_line, status_name, warning_lines
from wallet_sim.passes.state import (
    Batch,
    Entitlement,
    PinnedAuthority,
    Wallet,
    is_recent,
    last_shown,
)
from wallet_sim.passes.status import advice, lateness, next_batch
from wallet_sim.web.authority import contradictions
from wallet_sim.web.desk import WalletDesk
from wallet_sim.web.visits import look

_EMPTY = ("not_activated", "waiting_code")
_SHOWABLE = ("next_show", "next_watch")


@dataclass(frozen=True)
class Card:
    """``colour`` is ``#rrggbb`` of the status; a word always stands beside it."""

    status: str
    colour: str
    issuer: str
    until: str
    hint: str
    specimen: bool


@dataclass(frozen=True)
class Passes:
    """How many fresh passes are left of one window, and when it begins and ends."""

    count: int
    begins: str
    ends: str
    fault: str = ""


def show_card(desk: WalletDesk) -> Response:
    """``GET /p/N``"""
    wallet = desk.file.load()
    now = desk.now(wallet)
    step = advice(wallet, now=now)
    batch = wallet.batch_at(now)
    following = next_batch(wallet, batch) if batch is not None else None
    trouble = desk.room.trouble
    return desk.page(
        "card.html",
        card=_card(desk, wallet),
        current=_passes(desk, batch),
        following=_passes(desk, following),
        step=step,
        advice=desk.say(step, ends=local_time(batch.ends) if batch is not None else ""),
        can_show=step in _SHOWABLE,
        can_repeat=_can_repeat(batch, now),
        is_empty=step in _EMPTY,
        trouble=desk.words(trouble) if trouble is not None else "",
        clock_offset=abs(wallet.clock_offset),
        late=_late(desk, batch, now),
        glance=look(desk),
        unread=warning_lines(wallet, desk.language),
        contradictions=contradictions(desk),
        can_check_in=wallet.authority is not None,
        arrived=desk.house.arrived(desk.person) is not None,
    )


def _card(desk: WalletDesk, wallet: Wallet) -> Card | None:
    if wallet.entitlement is None or wallet.authority is None:
        return None
    return Card(
        status=status_name(wallet.entitlement, desk.language),
        colour=colour_of(wallet.authority, wallet.entitlement),
        issuer=wallet.authority.issuer,
        until=local_time(wallet.entitlement.until),
        hint=hint_line(wallet.entitlement, desk.language),
        specimen=wallet.authority.pins.specimen,
    )


def colour_of(authority: PinnedAuthority, entitlement: Entitlement) -> str:
    """``#rrggbb``: the colour that the authority gives the status in its last bundle.

    Nothing is stored of a bundle before it is verified, and no status without a colour.
    """
    text, _ = split_carried(authority.bundle.encode("utf-8"))
    statuses = jws.parse(text.decode("ascii")).unverified_payload["statuses"]
    return str(next(one["colour"] for one in statuses if one["id"] == entitlement.status))


def _passes(desk: WalletDesk, batch: Batch | None) -> Passes | None:
    if batch is None:
        return None
    begins, ends = local_time(batch.window.nbf), local_time(batch.ends)
    fault = desk.say(batch.fault, begins=begins, ends=ends) if batch.fault is not None else ""
    return Passes(len(batch.fresh), begins, ends, fault)


def _late(desk: WalletDesk, batch: Batch | None, now: int) -> str:
    """What weakens the passes of now, where they came within their own window."""
    if batch is None or batch.came is None or not batch.passes:
        return ""
    return late_line("fetched_late", lateness(batch, now)["fetched_before_seconds"], desk.language)


def _can_repeat(batch: Batch | None, now: int) -> bool:
    last = last_shown(batch) if batch is not None else None
    return last is not None and is_recent(last.shown, now)
