"""The keys of the hours of an outbreak, for the authority.

The file is docs/formats.md, "From the venue to the authority".
"""

from dataclasses import dataclass, field

from schemas.bundle import TrustBundle
from schemas.errors import QupiaError
from schemas.hours import date_at, date_of, day_at, first_hour_of, hour_at, hours_between
from schemas.kinds import DAY, TRACING_PERIOD
from schemas.trace import SealedTrace, seal_trace
from shell.daily_seeds import DailySeeds


@dataclass(frozen=True)
class HoursAsked:
    """What a device can say about some hours: ``keys`` are their private keys, 32 bytes each.

    ``dead`` are the hours whose seeds are destroyed by now, ``unknown`` the dates for which this
    device has no seed: it showed no code then, or lost what it had.
    """

    keys: dict[int, bytes] = field(repr=False)
    dead: range
    unknown: list[str]


class NotBegun(QupiaError):
    """Some of the hours lie ahead; their keys must not leave the device."""


def collect(seeds: DailySeeds, *, start: int, end: int, now: int) -> HoursAsked:
    """The keys of the hours that a time from ``start`` to ``end`` touches (Unix seconds).

    Raises NotBegun, and CommandError for a damaged seed.
    """
    hours = hours_between(start, end)
    if hours[-1] > hour_at(now):
        raise NotBegun
    oldest = first_hour_of(date_at(now - TRACING_PERIOD + DAY))
    alive = range(max(hours.start, oldest), hours.stop)
    found = {hour: seeds.hour_key(hour, now) for hour in alive}
    return HoursAsked(
        keys={hour: key for hour, key in found.items() if key is not None},
        dead=range(hours.start, min(oldest, hours.stop)),
        unknown=sorted({date_of(hour) for hour, key in found.items() if key is None}),
    )


def stretches(hours: list[int]) -> list[range]:
    """``hours`` (ascending) as unbroken stretches, each within one UTC date."""
    found: list[range] = []
    for hour in hours:
        if found and hour == found[-1].stop and date_of(hour) == date_of(found[-1].start):
            found[-1] = range(found[-1].start, hour + 1)
        else:
            found.append(range(hour, hour + 1))
    return found


def seal_export(asked: HoursAsked, bundle: TrustBundle, now: int) -> SealedTrace | None:
    """The keys, sealed to the authority's export key of this day; None where the bundle has none.

    Raises ValueError for an authority's key of low order.
    """
    day = day_at(now)
    authority_key = bundle.tracing_exports.get(day)
    if authority_key is None:
        return None
    return seal_trace(asked.keys, iss=bundle.iss, day=day, authority_key=authority_key)
