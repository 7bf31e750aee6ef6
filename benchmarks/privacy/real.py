"""The part of the experiment that runs for real: wallets, issuer and venue, and nothing imitated.

48 wallets live through three days with one issuer and one venue, under a simulated clock and from
one seed; whatever issuer, venue and network can log is logged byte by byte.
"""

import tempfile
from pathlib import Path

from benchmarks.privacy.real_days import Logs, Setting, town
from benchmarks.privacy.real_figures import (
    differing_lengths,
    follows_phone,
    most_when_withdrawn,
    shortest_pause,
)
from benchmarks.privacy.real_marks import clock_of_wallet, marks
from tests.support.world import World

ERRORS = (0, 17, -29)
"""Seconds by which the phones are fast on which a dishonest issuer's marks are counted."""


def measure(seed: int) -> dict[str, int | float | bool]:
    """What behaviour gives away.

    ``lengths_differ`` counts calls of wallets whose requests or answers have several lengths,
    ``requests_per_day_withdrawn`` what a withdrawn wallet sends in its own name on its busiest day.
    ``first_request_after_start_s`` is the shortest time from a start, a showing or a check-in to a
    request that nobody asked for, in seconds. ``iat_follows_phone`` tells whether a proof's time is
    any but the issuer's, and ``marks`` in how many ways an issuer can set a phone's clock that
    doors admit.
    """
    logs = live(Setting(seed=seed))
    return {
        "lengths_differ": len(differing_lengths(logs.requests)),
        "requests_per_day_withdrawn": most_when_withdrawn(
            logs.requests, logs.withdrawn, logs.windows
        ),
        "first_request_after_start_s": int(shortest_pause(logs.acts, logs.requests, logs.devices)),
        "iat_follows_phone": follows_phone(logs.requests),
        "marks": max(marks(clock_of_wallet(error), error, World()) for error in ERRORS),
    }


def live(setting: Setting) -> Logs:
    """The logs of some days, lived in a temporary folder."""
    with tempfile.TemporaryDirectory() as folder, town(Path(folder), setting) as days:
        return days.live()
