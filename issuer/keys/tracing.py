"""The authority's share in every visit: a seed for each UTC date, a public key for each hour.

Whoever seals a visit takes the public key of the hour from the trust bundle, and a venue that
exports hours that of the day (docs/formats.md, "Seeds and hour keys").
The seeds are made ahead of time and die 14 days after their date began, in no backup.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from issuer.home import Home
from schemas.bundle import TrustBundle
from schemas.codec import from_json, to_json
from schemas.encoding import b64url_encode
from schemas.hour_keys import AUTHORITY_LABEL, derive_export_key, public_half
from schemas.hours import (
    date_at,
    date_of,
    dates_between,
    day_at,
    days_between,
    hour_at,
    hours_between,
)
from schemas.kinds import DAY, HOUR
from shell.daily_seeds import DailySeeds
from shell.errors import CommandError
from shell.files import read_private, write_private

PUBLISHED_AHEAD = 72 * HOUR
"""The keys of so much time are in every bundle, however short its own life is."""


def tracing_seeds(home: Home) -> DailySeeds:
    """The seeds of this authority."""
    return DailySeeds(home.tracing_seeds, label=AUTHORITY_LABEL)


def tracing_hours(*, now: int, exp: int, sunset: int) -> range:
    """The hours whose keys a bundle made at ``now`` lists: none after the sunset."""
    return hours_between(now - DAY, _listed_until(now, exp, sunset))


def export_days(*, now: int, exp: int, sunset: int) -> range:
    """The UTC days whose export keys a bundle made at ``now`` lists, in the same time."""
    return days_between(now - DAY, _listed_until(now, exp, sunset))


def _listed_until(now: int, exp: int, sunset: int) -> int:
    return min(max(now + PUBLISHED_AHEAD, exp), sunset)


def make_tracing_seeds(home: Home, *, now: int, until: int, after: int | None) -> None:
    """Make the seeds that are missing from the day before ``now`` to ``until``.

    Only those of dates after the hour ``after``, the last one whose key was published: a seed that
    was lost is not replaced, since clients refuse another key of the same hour. Only for a caller
    that holds the lock of making.
    """
    seeds = tracing_seeds(home)
    for date in dates_between(now - DAY, until):
        if after is None or date > date_of(after):
            seeds.make(date, now)


@dataclass(frozen=True)
class Listed:
    """The last hour whose key a bundle in the log ``log``, a verifier key, has listed."""

    log: str
    hour: int


def note_listed(home: Home, log: str, hours: Iterable[int]) -> None:
    """Remember that a bundle lists the keys of ``hours``, before it is entered in the log."""
    known = last_listed(home, log)
    last = max([*hours, *([] if known is None else [known])], default=None)
    if last is not None and last != known:
        write_private(home.tracing_listed, to_json(Listed(log, last)))


def last_listed(home: Home, log: str) -> int | None:
    """The last hour whose key is promised in that log; None where none is.

    Raises CommandError for a damaged file.
    """
    try:
        listed = from_json(Listed, read_private(home.tracing_listed))
    except FileNotFoundError:
        return None
    except ValueError:
        raise CommandError(f"{home.tracing_listed} is damaged; restore it from a backup") from None
    return listed.hour if listed.log == log else None


def tracing_keys(home: Home, hours: Iterable[int], now: int) -> dict[int, bytes]:
    """The public keys of ``hours``, as far as their seeds are there.

    Raises CommandError for a seed that is damaged.
    """
    seeds = tracing_seeds(home)
    keys = {hour: seeds.hour_key(hour, now) for hour in hours}
    return {hour: public_half(key) for hour, key in keys.items() if key is not None}


def export_key(seeds: DailySeeds, day: int, now: int) -> bytes | None:
    """The private key that opens the exports of a UTC day, 32 bytes; None without its seed.

    Raises CommandError for a seed that is damaged.
    """
    seed = seeds.seed(date_at(day * DAY), now)
    return derive_export_key(seed, day) if seed is not None else None


def export_keys(home: Home, days: Iterable[int], now: int) -> dict[int, bytes]:
    """The public keys for the exports of ``days``, like :func:`tracing_keys`."""
    seeds = tracing_seeds(home)
    keys = {day: export_key(seeds, day, now) for day in days}
    return {day: public_half(key) for day, key in keys.items() if key is not None}


def tracing_members(keys: Mapping[int, bytes]) -> list[dict[str, Any]]:
    """How a bundle lists them, the earliest hour first."""
    return [{"hour": hour, "x": b64url_encode(keys[hour])} for hour in sorted(keys)]


def export_members(keys: Mapping[int, bytes]) -> list[dict[str, Any]]:
    """How a bundle lists the keys of exports, the earliest day first."""
    return [{"day": day, "x": b64url_encode(keys[day])} for day in sorted(keys)]


def is_tracing_due(
    home: Home, published: TrustBundle, *, renew_after: int, now: int, sunset: int
) -> bool:
    """Whether ``published`` does not cover the time ahead, or says other keys than the seeds.

    ``renew_after`` is the age in seconds at which it is due: so much less is needed than it listed.
    """
    ahead = max(0, PUBLISHED_AHEAD - renew_after)
    since, until = now - DAY, min(now + ahead, sunset)
    return not _is_current(
        published.tracing,
        since=hour_at(since),
        needed=hours_between(now, until),
        keys=lambda hours: tracing_keys(home, hours, now),
    ) or not _is_current(
        published.tracing_exports,
        since=day_at(since),
        needed=days_between(now, until),
        keys=lambda days: export_keys(home, days, now),
    )


def _is_current(
    published: Mapping[int, bytes],
    *,
    since: int,
    needed: range,
    keys: Callable[[Iterable[int]], Mapping[int, bytes]],
) -> bool:
    if not published.keys() >= keys(needed).keys():
        return False
    listed = {number: key for number, key in published.items() if number >= since}
    return keys(listed) == listed
