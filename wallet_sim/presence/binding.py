"""What ties a proof to the venue whose code was scanned: 16 bytes for each of its hours. Pure.

This is all that a pass ever meets of a check-in, and nothing of it is stored.
"""

from collections.abc import Mapping

from wallet_sim.presence.check_in import read_code


def bindings_of(text: str, *, now: int) -> Mapping[int, bytes]:
    """The bindings in a check-in code by hour, that of ``now`` among them; raises NotCheckedIn."""
    return read_code(text, now=now).bindings()
