"""What a monitor remembers from one run to the next. Values only."""

from dataclasses import dataclass

from schemas.continuity import LogMemory
from schemas.trust import Pins


@dataclass(frozen=True)
class Missing:
    """An entry whose bundle was not given out, and that may yet be had.

    It came after ``since``; ``seen`` is when a run first missed it. Both are Unix seconds.
    """

    index: int
    since: int
    seen: int


@dataclass(frozen=True)
class Memory:
    """How far a monitor has come under one anchor.

    ``root_version`` and ``chain`` are of the statements in the last bundle that was judged, which
    may still wait for witnesses; ``shown_version`` and ``shown_chain`` of those in the bundle in
    force. ``at`` is when the last run was, and ``log`` the tree that it saw. ``held`` is the last
    bundle that was judged, carried with its proof; ``recent`` has the dates of the last ones.
    """

    anchor: str
    at: int = 0
    root_version: int = 0
    chain: str = ""
    shown_version: int = 0
    shown_chain: str = ""
    sunset: int | None = None
    pins: Pins | None = None
    log: LogMemory | None = None
    held: str = ""
    recent: tuple[int, ...] = ()
    missing: tuple[Missing, ...] = ()
