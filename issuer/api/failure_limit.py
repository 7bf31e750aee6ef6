"""Slowing down those who guess: failures a minute per address, in memory only.

The limit is docs/formats.md, "The issuer's API".

Only failures count, so a successful call is never limited. Addresses are held as keyed hashes
under a key of this process, for a minute, and are written nowhere.
"""

import hmac
import ipaddress
import os
from collections import deque
from threading import Lock

LIMIT = 20
PERIOD = 60
"""Failures in so many seconds."""

_ROOM = 100_000
"""Addresses remembered at once; beyond it the oldest are forgotten, so memory stays bounded."""


class FailureLimit:
    """Counts failures by address; one for each serving process."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        self._failures: dict[bytes, deque[int]] = {}
        self._lock = Lock()

    def is_over(self, address: str, now: int) -> bool:
        """Note a failure at ``now``; whether ``address`` has had more than 20 in a minute."""
        tag = hmac.digest(self._key, _network(address), "sha256")
        with self._lock:
            recent = self._failures.pop(tag, deque(maxlen=LIMIT + 1))
            self._failures[tag] = recent
            recent.append(now)
            while recent[0] <= now - PERIOD:
                recent.popleft()
            self._forget(now)
            return len(recent) > LIMIT

    def is_blocked(self, address: str, now: int) -> bool:
        """Whether ``address`` had 20 failures in a minute, without noting another."""
        tag = hmac.digest(self._key, _network(address), "sha256")
        with self._lock:
            recent = self._failures.get(tag, ())
            return sum(failure > now - PERIOD for failure in recent) >= LIMIT

    def _forget(self, now: int) -> None:
        """The dictionary keeps the order of last failures, so the oldest come first."""
        for tag in list(self._failures):
            if self._failures[tag][-1] > now - PERIOD and len(self._failures) <= _ROOM:
                return
            del self._failures[tag]


def _network(address: str) -> bytes:
    """An IPv6 household has 2^64 addresses, so its /64 counts as one.

    A socket for both versions shows an IPv4 caller as ``::ffff:192.0.2.1``.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address.encode("utf-8", "replace")
    if ip.version == 4:
        return ip.packed
    return ip.ipv4_mapped.packed if ip.ipv4_mapped else ip.packed[:8]
