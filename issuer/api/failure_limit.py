"""Slowing down those who guess: failures in a time by address or name, in memory only.

The limit by address is docs/formats.md, "The issuer's API". Only failures count, so a successful
call is never limited. Addresses and names are held as keyed hashes under a key of this process,
only while they count, and are written nowhere.
"""

import hmac
import ipaddress
import os
from collections import deque
from threading import Lock

LIMIT = 20
PERIOD = 60
"""Failures of an address in so many seconds."""

ROOM = 100_000
"""Addresses remembered at once; beyond it the oldest are forgotten, so memory stays bounded."""


class FailureLimit:
    """Counts failures in ``period`` seconds; at most ``room`` of those who failed are known."""

    def __init__(self, *, most: int = LIMIT, period: int = PERIOD, room: int = ROOM) -> None:
        self._most, self._period, self._room = most, period, room
        self._key = os.urandom(32)
        self._failures: dict[bytes, deque[int]] = {}
        self._lock = Lock()

    def is_over(self, who: str, now: int) -> bool:
        """Note a failure at ``now``; whether ``who`` has had more than are allowed."""
        tag = self._tag(who)
        with self._lock:
            recent = self._failures.pop(tag, deque(maxlen=self._most + 1))
            self._failures[tag] = recent
            recent.append(now)
            while recent[0] <= now - self._period:
                recent.popleft()
            self._forget(now)
            return len(recent) > self._most

    def is_blocked(self, who: str, now: int) -> bool:
        """Whether ``who`` had as many failures as are allowed, without noting another."""
        with self._lock:
            recent = self._failures.get(self._tag(who), ())
            return sum(failure > now - self._period for failure in recent) >= self._most

    def _tag(self, who: str) -> bytes:
        return hmac.digest(self._key, _network(who), "sha256")

    def _forget(self, now: int) -> None:
        """The dictionary keeps the order of last failures, so the oldest come first."""
        for tag in list(self._failures):
            is_recent = self._failures[tag][-1] > now - self._period
            if is_recent and len(self._failures) <= self._room:
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
