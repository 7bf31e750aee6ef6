"""Which hours of the authority's list this wallet was there for. Pure.

The rule is docs/formats.md, "Rules for a wallet", number 8.

Each try is two public key operations at most, and a list can have a hundred thousand hours: what is
the same for many tries is done once, and whoever waits is told how far it is.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from schemas.hours import first_hour_of, hour_at
from schemas.kinds import DAY
from schemas.notices import Notice
from schemas.recognition import Sealed
from schemas.visits import HourOfStay, OpeningKeys
from wallet_sim.presence.state import VisitDay, joined

Progress = Callable[[int, int], None]
"""Told how many notices are done, and of how many."""

_TELL_EACH = 32
"""Notices between two reports: some 25 ms where a date has 16 records."""

_DAY_HOURS = hour_at(DAY)


def silent(_done: int, _of: int) -> None:
    """For nobody who waits."""


def match(
    days: Iterable[VisitDay], notices: Sequence[Notice], progress: Progress = silent
) -> tuple[HourOfStay, ...]:
    """The hours of ``notices`` that one of the records opens under, sorted, each once.

    Only the records of a notice's own date are tried.
    """
    # Whole numbers instead of dates: an hour of a list may lie beyond every calendar.
    by_day = {first_hour_of(day.date) // _DAY_HOURS: _sealed(day.records) for day in days}
    found: list[HourOfStay] = []
    for done, notice in enumerate(notices):
        if done % _TELL_EACH == 0:
            progress(done, len(notices))
        records = by_day.get(notice.hour // _DAY_HOURS)
        found += _opened(records, notice) if records else []
    progress(len(notices), len(notices))
    return joined(found)


def _sealed(records: Iterable[bytes]) -> list[Sealed]:
    """Without those that are too short to be records: a file may be damaged."""
    found = []
    for record in records:
        with suppress(ValueError):
            found.append(Sealed.of(record))
    return found


def _opened(records: Sequence[Sealed], notice: Notice) -> list[HourOfStay]:
    keys = OpeningKeys(notice.hour, venue=notice.venue_key, authority=notice.authority_key)
    opened = (keys.open(record.data) for record in records if keys.fits(record))
    return [stay for stay in opened if stay is not None]
