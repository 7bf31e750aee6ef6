"""What a wallet keeps of visits and warnings, as values, and when each part dies. Pure.

All times are Unix seconds, all dates UTC.
"""

from dataclasses import dataclass, replace

from schemas.hours import begin_of, date_of, tracing_ends
from schemas.notices import NoticesState
from schemas.visits import HourOfStay


@dataclass(frozen=True, repr=False)
class VisitDay:
    """The sealed records of one date, 104 bytes each, in random order; some of them are dummies."""

    date: str
    records: tuple[bytes, ...]


@dataclass(frozen=True, repr=False)
class LaterHour:
    """Which record is of an hour that has not begun yet, so that leaving early deletes it."""

    hour: int
    record: bytes


@dataclass(frozen=True, repr=False)
class Stay:
    """An open stay: it began in the hour of ``began``, and is over at ``until`` by itself.

    While it is open, whoever reads the file sees since when somebody has been somewhere.
    """

    began: int
    until: int
    later: tuple[LaterHour, ...]


@dataclass(frozen=True)
class Heard:
    """The newest list of notices that was believed, and matched. ``at`` is when it came.

    ``authority`` says whose list it is: its address and the thumbprint of its root.
    """

    authority: str
    seen: NoticesState
    at: int
    notices: int


@dataclass(frozen=True, repr=False)
class Visits:
    """Everything. ``warnings`` are the hours in which somebody infectious was in the same place."""

    days: tuple[VisitDay, ...] = ()
    stay: Stay | None = None
    warnings: tuple[HourOfStay, ...] = ()
    heard: Heard | None = None
    sunset: int | None = None

    def day(self, date: str) -> VisitDay:
        """The records of ``date``; none when there are none."""
        return next((day for day in self.days if day.date == date), VisitDay(date, ()))

    def with_day(self, day: VisitDay) -> "Visits":
        """With ``day`` in the place of any of the same date."""
        others = (held for held in self.days if held.date != day.date)
        return replace(self, days=tuple(sorted((*others, day), key=lambda held: held.date)))

    def seen(self, authority: str) -> NoticesState:
        """How far the lists of ``authority`` were seen."""
        known = self.heard is not None and self.heard.authority == authority
        return self.heard.seen if self.heard is not None and known else NoticesState()


def prune(visits: Visits, now: int) -> Visits:
    """``visits`` without what is dead at ``now``."""
    if visits.sunset is not None and now >= visits.sunset:
        return Visits()
    return replace(
        visits,
        days=tuple(day for day in visits.days if now < tracing_ends(day.date)),
        stay=_still_open(visits.stay, now),
        warnings=tuple(hour for hour in visits.warnings if now < warning_ends(hour)),
    )


def warning_ends(warning: HourOfStay) -> int:
    """When a warning dies: with the date of its hour."""
    return tracing_ends(date_of(warning.hour))


def _still_open(stay: Stay | None, now: int) -> Stay | None:
    """What is known of a stay goes hour by hour: a record whose hour has begun is no surplus."""
    if stay is None or now >= stay.until:
        return None
    return replace(stay, later=tuple(item for item in stay.later if begin_of(item.hour) > now))
