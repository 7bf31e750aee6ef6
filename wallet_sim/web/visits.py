"""Checking in and out, and what a person may know of their visits and warnings.

It knows no pass: what a proof is bound to goes to ``door`` as 16 bytes for each hour, in memory.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from schemas.catalogues import sentence
from schemas.hours import hour_at, tracing_ends
from shell.errors import CommandError
from shell.times import local_time
from wallet_sim.both import check_in_here, check_out_here, visits_of
from wallet_sim.passes.state import NotActivated
from wallet_sim.presence.alerts import Alert, alerts_of
from wallet_sim.presence.check_in import CheckedOut, NotCheckedIn, bindings_of
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.state import Visits
from wallet_sim.web.arrival import Arrival
from wallet_sim.web.desk import WalletDesk

_REFUSED = (NotCheckedIn, NotActivated, CommandError)

_HOUR_AND_MINUTE = slice(-5, None)
_DATE = slice(None, -6)
"""Of a local time as the wallet writes it: ``2026-03-20 12:05``."""


@dataclass(frozen=True)
class StayTimes:
    """Since when and until when somebody is checked in, as their clock shows it."""

    since: str
    until: str


@dataclass(frozen=True)
class Warned:
    """When it was, and when this warning goes."""

    title: str
    dies: str


@dataclass(frozen=True)
class Glance:
    """What the first page says of visits; ``fault`` when their file cannot be read."""

    stay: StayTimes | None = None
    warnings: tuple[Warned, ...] = ()
    advice: str = ""
    fault: str = ""


# The venue's code


def show_scanner(desk: WalletDesk) -> Response:
    """``GET /p/N/venue``: the camera, a picture or a text. Looking checks nobody in."""
    return _scanner(desk)


def check_in(desk: WalletDesk) -> Response:
    """``POST /p/N/venue``: seal the visit, and remember what a pass shown here is bound to."""
    with desk.room.steps:
        if desk.repeated:
            return desk.go("here")
        # White space at the end may belong to the code, which is why the field is taken as it is.
        text = desk.form.get("code", "").lstrip().rstrip("\r\n")
        try:
            _arrive(desk, text)
        except _REFUSED as error:
            return _scanner(desk, desk.words(error))
    return desk.go("here")


def _arrive(desk: WalletDesk, text: str) -> None:
    """Raises one of :data:`_REFUSED`; whoever was checked in elsewhere still is."""
    room, now = desk.room, desk.now(desk.file.load())
    bindings = bindings_of(text, now=now)
    if _is_here(desk, bindings, now):
        return
    checked_in = check_in_here(desk.file, text)
    room.leave_venue()
    room.arrival = Arrival(bindings, checked_in.venue, checked_in.split_view, checked_in.until)


def _is_here(desk: WalletDesk, bindings: Mapping[int, bytes], now: int) -> bool:
    """Whether this very hour of this very venue is sealed already: a code that is read twice."""
    arrival, stay = desk.house.arrived(desk.person), visits_of(desk.file).load().stay
    if arrival is None or stay is None:
        return False
    return hour_at(stay.began) == hour_at(now) and arrival.is_same(bindings, now)


def _scanner(desk: WalletDesk, problem: str = "") -> Response:
    """The camera starts by itself only where nothing could be sealed twice by it."""
    glance = look(desk)
    return desk.page(
        "venue.html",
        status=400 if problem else 200,
        problem=problem,
        stay=glance.stay,
        arrived=desk.house.arrived(desk.person) is not None,
        starts=not problem and glance.stay is None,
    )


def show_here(desk: WalletDesk) -> Response:
    """``GET /p/N/here``: checked in, and the way to a pass for this venue."""
    arrival, stay = desk.house.arrived(desk.person), look(desk).stay
    if arrival is None or stay is None:
        return desk.go("venue")
    return desk.page(
        "here.html",
        venue=arrival.venue,
        split_view=arrival.split_view,
        stay=stay,
        activated=desk.file.load().entitlement is not None,
    )


def check_out(desk: WalletDesk) -> Response:
    """``POST /p/N/checkout``: the hours that have not begun are deleted, the venue forgotten."""
    with desk.room.steps:
        done = check_out_here(desk.file)
        desk.room.leave_venue()
    desk.room.tell(_checked_out(desk, done))
    return desk.go()


def _checked_out(desk: WalletDesk, done: CheckedOut) -> str:
    return desk.say("checked_out", number=done.deleted) if done.was_open else desk.say("no_stay")


# What can be known


def look(desk: WalletDesk) -> Glance:
    """What stands on the first page; a damaged file is told there, and passes go on without it."""
    try:
        visits = visits_of(desk.file).load()
    except CommandError as error:
        return Glance(fault=desk.words(error))
    warnings = tuple(
        Warned(_title(desk, alert), desk.say("alerts_dies", dies=local_time(alert.dies)))
        for alert in alerts_of(visits)
    )
    advice = sentence("notice_advice", desk.language) if warnings else ""
    return Glance(_stay(desk, visits), warnings, advice)


def _title(desk: WalletDesk, alert: Alert) -> str:
    begins, ends = local_time(alert.begins), local_time(alert.ends)
    return sentence("notice_title", desk.language, begins=begins, ends=ends)


def _stay(desk: WalletDesk, visits: Visits) -> StayTimes | None:
    if visits.stay is None:
        return None
    now = local_time(desk.now(desk.file.load()))
    since, until = (local_time(at) for at in (visits.stay.began, visits.stay.until))
    return StayTimes(
        *(at[_HOUR_AND_MINUTE] if at[_DATE] == now[_DATE] else at for at in (since, until))
    )


def held_of_visits(desk: WalletDesk) -> list[str]:
    """Every line of the page of what is held that is about visits and warnings."""
    try:
        visits = visits_of(desk.file).load()
    except CommandError as error:
        return [desk.words(error)]
    lines = [
        desk.say("visits_date", date=day.date, count=len(day.records), dies=_dies(day.date))
        for day in visits.days
    ]
    lines.append(desk.say("visits_unreadable" if lines else "visits_none"))
    stay = _stay(desk, visits)
    if stay is not None:
        lines.append(desk.say("visits_stay", since=stay.since, until=stay.until))
    for alert in alerts_of(visits):
        dies = desk.say("alerts_dies", dies=local_time(alert.dies))
        lines.append(f"{_title(desk, alert)}. {dies}")
    return [*lines, _heard(desk, visits)]


def _dies(date: str) -> str:
    return local_time(tracing_ends(date))


def _heard(desk: WalletDesk, visits: Visits) -> str:
    heard = visits.newest
    if heard is None:
        return desk.say("alerts_never")
    return desk.say("alerts_checked", at=local_time(heard.at), number=heard.notices)


def silence_of(desk: WalletDesk) -> str:
    """Why the last list of warnings did not come; empty when it did."""
    silence = desk.room.silence
    return desk.say("alerts_failed", why=desk.words(silence)) if silence is not None else ""


# The end


def would_be_lost(desk: WalletDesk) -> bool:
    """Whether there are records or warnings of this person."""
    visits = visits_of(desk.file).load()
    return bool(visits.days or visits.warnings)


def erase_visits(desk: WalletDesk) -> None:
    """Before the wallet itself: should the rest fail, it can be tried again."""
    VisitsFile(desk.file.home, desk.file.clock).erase()
