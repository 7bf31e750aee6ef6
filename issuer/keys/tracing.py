"""The authority's share in every visit: a seed for each UTC date, a public key for each hour.

Whoever seals a visit takes the public key of the hour from the trust bundle
(docs/formats.md, "Seeds and hour keys").
The seeds are made ahead of time and die 14 days after their date began, in no backup.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from issuer.home import Home
from schemas.encoding import b64url_encode
from schemas.hour_keys import AUTHORITY_LABEL, public_half
from schemas.hours import dates_between, hours_between
from schemas.kinds import DAY, HOUR
from shell.daily_seeds import DailySeeds

PUBLISHED_AHEAD = 72 * HOUR
"""The keys of so much time are in every bundle, however short its own life is."""

NEEDED_AHEAD = 66 * HOUR
"""What is left of it when the next bundle is due; with less a bundle is made at once."""


def tracing_seeds(home: Home) -> DailySeeds:
    """The seeds of this authority."""
    return DailySeeds(home.tracing_seeds, label=AUTHORITY_LABEL)


def tracing_hours(*, now: int, exp: int, sunset: int) -> range:
    """The hours whose keys a bundle made at ``now`` lists: none after the sunset."""
    return hours_between(now - DAY, min(max(now + PUBLISHED_AHEAD, exp), sunset))


def make_tracing_seeds(home: Home, *, now: int, until: int) -> None:
    """Make the seeds that are missing from the day before ``now`` to ``until``.

    A seed that was lost is replaced, or the hours of its date had no key; what was sealed under the
    lost one stays sealed. Only for a caller that holds the lock of making.
    """
    seeds = tracing_seeds(home)
    for date in dates_between(now - DAY, until):
        seeds.make(date, now)


def tracing_keys(home: Home, hours: Iterable[int], now: int) -> dict[int, bytes]:
    """The public keys of ``hours``, as far as their seeds are there.

    Raises CommandError for a seed that is damaged.
    """
    seeds = tracing_seeds(home)
    keys = {hour: seeds.hour_key(hour, now) for hour in hours}
    return {hour: public_half(key) for hour, key in keys.items() if key is not None}


def tracing_members(keys: Mapping[int, bytes]) -> list[dict[str, Any]]:
    """How a bundle lists them, the earliest hour first."""
    return [{"hour": hour, "x": b64url_encode(keys[hour])} for hour in sorted(keys)]


def is_tracing_due(home: Home, published: Mapping[int, bytes], *, now: int, sunset: int) -> bool:
    """Whether ``published`` does not cover the time ahead, or says other keys than the seeds."""
    needed = hours_between(now, min(now + NEEDED_AHEAD, sunset))
    if not published.keys() >= set(needed):
        return True
    listed = [hour for hour in published if hour >= hours_between(now - DAY, now)[0]]
    return tracing_keys(home, listed, now) != {hour: published[hour] for hour in listed}
