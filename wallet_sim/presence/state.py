"""What a wallet keeps of visits and warnings, as values, and when each part dies. Pure.

All times are Unix seconds, all dates UTC.
"""

from collections.abc import Iterable, Set
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


@dataclass(frozen=True, repr=False)
class Heard:
    """The newest list of one key that was believed, and matched. ``at`` is when it came.

    ``authority`` says whose list it is, by its address and the thumbprint of its root, and ``kid``
    who signed. ``warnings`` are the hours in which somebody infectious was in the same place.
    """

    authority: str
    kid: str
    seen: NoticesState
    at: int
    notices: int
    warnings: tuple[HourOfStay, ...] = ()


@dataclass(frozen=True, repr=False)
class Visits:
    """Everything. ``heard`` has the lists of one authority, one of each key that signs for it."""

    days: tuple[VisitDay, ...] = ()
    stay: Stay | None = None
    heard: tuple[Heard, ...] = ()
    sunset: int | None = None

    def day(self, date: str) -> VisitDay:
        """The records of ``date``; none when there are none."""
        return next((day for day in self.days if day.date == date), VisitDay(date, ()))

    def with_day(self, day: VisitDay) -> "Visits":
        """With ``day`` in the place of any of the same date."""
        others = (held for held in self.days if held.date != day.date)
        return replace(self, days=tuple(sorted((*others, day), key=lambda held: held.date)))

    @property
    def warnings(self) -> tuple[HourOfStay, ...]:
        """The hours of all lists, sorted, each once."""
        return joined(hour for heard in self.heard for hour in heard.warnings)

    @property
    def newest(self) -> Heard | None:
        """The list that came last; None before the first."""
        return max(self.heard, key=lambda heard: heard.at, default=None)

    def heard_from(self, authority: str) -> dict[str, Heard]:
        """The lists of ``authority`` by the key that signed."""
        return {heard.kid: heard for heard in self.heard if heard.authority == authority}

    def with_list(self, heard: Heard) -> "Visits":
        """With a list in the place of any of its key, and of all of other authorities."""
        lists = self.heard_from(heard.authority) | {heard.kid: heard}
        return replace(self, heard=tuple(lists[kid] for kid in sorted(lists)))

    def with_keys(self, authority: str, kids: Set[str]) -> "Visits":
        """Without the lists of ``authority`` that other keys have signed."""
        return replace(
            self,
            heard=tuple(h for h in self.heard if h.authority != authority or h.kid in kids),
        )


def prune(visits: Visits, now: int) -> Visits:
    """``visits`` without what is dead at ``now``."""
    if visits.sunset is not None and now >= visits.sunset:
        return Visits()
    return replace(
        visits,
        days=tuple(day for day in visits.days if now < tracing_ends(day.date)),
        stay=_still_open(visits.stay, now),
        heard=tuple(_still_warning(heard, now) for heard in visits.heard),
    )


def joined(hours: Iterable[HourOfStay]) -> tuple[HourOfStay, ...]:
    """Sorted, each hour once: two visits in one, perhaps of two places, are one warning."""
    found: dict[int, HourOfStay] = {}
    for stay in hours:
        other = found.get(stay.hour, stay)
        arrive, leave = min(other.arrive, stay.arrive), max(other.leave, stay.leave)
        found[stay.hour] = HourOfStay(stay.hour, arrive, leave)
    return tuple(found[hour] for hour in sorted(found))


def warning_ends(warning: HourOfStay) -> int:
    """When a warning dies: with the date of its hour."""
    return tracing_ends(date_of(warning.hour))


def _still_warning(heard: Heard, now: int) -> Heard:
    warnings = tuple(hour for hour in heard.warnings if now < warning_ends(hour))
    return replace(heard, warnings=warnings)


def _still_open(stay: Stay | None, now: int) -> Stay | None:
    """What is known of a stay goes hour by hour: a record whose hour has begun is no surplus."""
    if stay is None or now >= stay.until:
        return None
    return replace(stay, later=tuple(item for item in stay.later if begin_of(item.hour) > now))
