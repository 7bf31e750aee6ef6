"""What commands show of visits and warnings: members of ``--json``, and lines."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from schemas.catalogues import sentence
from schemas.encoding import format_time
from schemas.hours import date_of, tracing_ends
from schemas.languages import Language
from shell.times import local_time
from wallet_sim.presence.alerts import Alert, alerts_of
from wallet_sim.presence.check_in import CheckedIn, CheckedOut
from wallet_sim.presence.state import Visits
from wallet_sim.texts import text


def checked_in_lines(checked_in: CheckedIn, language: Language) -> list[str]:
    """The venue's name is shown to the person who checks in, and kept nowhere."""
    name = "checked_in" if checked_in.venue else "checked_in_nameless"
    times = {"begins": local_time(checked_in.arrived), "ends": local_time(checked_in.until)}
    return [
        text(name, language, venue=checked_in.venue),
        text("checked_in_until", language, **times),
    ]


def checked_in_members(checked_in: CheckedIn) -> dict[str, Any]:
    """``checkin --json``."""
    return {
        "arrived": format_time(checked_in.arrived),
        "until": format_time(checked_in.until),
        "hours": checked_in.hours,
        "venue": checked_in.venue,
        "split_view": checked_in.split_view,
    }


def checked_out_line(checked_out: CheckedOut, language: Language) -> str:
    """What became of the stay."""
    if not checked_out.was_open:
        return text("no_stay", language)
    return text("checked_out", language, number=checked_out.deleted)


def visits_lines(visits: Visits, language: Language) -> list[str]:
    """All that can be known of visits."""
    lines = [
        text(
            "visits_date",
            language,
            date=day.date,
            count=len(day.records),
            dies=local_time(tracing_ends(day.date)),
        )
        for day in visits.days
    ]
    lines.append(text("visits_unreadable" if lines else "visits_none", language))
    return [*lines, *stay_lines(visits, language)]


def stay_lines(visits: Visits, language: Language) -> list[str]:
    """The open stay; no line where there is none."""
    stay = visits.stay
    if stay is None:
        return []
    since, until = local_time(stay.began), local_time(stay.until)
    return [text("visits_stay", language, since=since, until=until)]


def visits_members(visits: Visits) -> dict[str, Any]:
    """``visits --json``."""
    stay = visits.stay
    return {
        "dates": [
            {
                "date": day.date,
                "records": len(day.records),
                "dies": format_time(tracing_ends(day.date)),
            }
            for day in visits.days
        ],
        "stay": stay and {"since": format_time(stay.began), "until": format_time(stay.until)},
    }


def alerts_lines(visits: Visits, language: Language) -> list[str]:
    """When, and what to do."""
    lines = [line for alert in alerts_of(visits) for line in _alert_lines(alert, language)]
    if lines:
        lines.append(sentence("notice_advice", language))
    elif visits.newest is not None:
        lines.append(text("alerts_none", language))
    return [*lines, _list_line(visits, language)]


def _alert_title(alert: Alert, language: Language) -> str:
    """When, in local time."""
    begins, ends = local_time(alert.begins), local_time(alert.ends)
    return sentence("notice_title", language, begins=begins, ends=ends)


def _alert_lines(alert: Alert, language: Language) -> Iterator[str]:
    yield _alert_title(alert, language)
    yield text("alerts_dies", language, dies=local_time(alert.dies))


def _list_line(visits: Visits, language: Language) -> str:
    heard = visits.newest
    if heard is None:
        return text("alerts_never", language)
    return text("alerts_checked", language, at=local_time(heard.at), number=heard.notices)


def alerts_members(visits: Visits) -> dict[str, Any]:
    """``alerts --json``; ``notices`` is how many hours the newest list has."""
    heard = visits.newest
    return {
        "alerts": [
            {
                "begins": format_time(alert.begins),
                "ends": format_time(alert.ends),
                "dies": format_time(alert.dies),
            }
            for alert in alerts_of(visits)
        ],
        "checked_at": format_time(heard.at) if heard is not None else None,
        "notices": heard.notices if heard is not None else None,
    }


def standing_lines(visits: Visits, language: Language) -> list[str]:
    """That there is a warning to be read; no line where there is none."""
    return [text("alerts_standing", language)] if visits.warnings else []


def holdings(visits: Visits) -> list[dict[str, Any]]:
    """Each thing that is held of visits and warnings: what it is, when it dies, how many."""
    held = [_dated("visits", day.date, len(day.records)) for day in visits.days]
    if visits.stay is not None:
        held.append(_holding("stay", visits.stay.until))
    for date, hours in groupby(visits.warnings, lambda hour: date_of(hour.hour)):
        held.append(_dated("warnings", date, len(list(hours))))
    if visits.newest is not None and visits.sunset is not None:
        held.append(_holding("list", visits.sunset))
    return held


def _dated(what: str, date: str, count: int) -> dict[str, Any]:
    return _holding(what, tracing_ends(date), count=count) | {"date": date}


def _holding(what: str, dies: int, *, count: int = 1) -> dict[str, Any]:
    return {"what": what, "dies": format_time(dies), "count": count}
