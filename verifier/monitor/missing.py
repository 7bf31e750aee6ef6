"""Bundles that are in the log and are not given out. Pure.

The rules are docs/formats.md, "Following the log".
"""

from collections.abc import Sequence
from dataclasses import replace

from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from verifier.monitor.findings import Contradiction, FindingKind, LogFinding
from verifier.monitor.judging import Position
from verifier.monitor.memory import Missing
from verifier.monitor.view import LogView

KEPT = 14 * DAY
"""Seconds for which an issuer gives a bundle out."""

CLOCKS_DIFFER_BY = HOUR
"""What two clocks may differ by before a bundle that is gone counts as missing."""

PATIENCE = 12 * HOUR
"""Seconds that a new root statement may stand in the log before a bundle has it."""


def missed(position: Position, index: int, *, begin: int, now: int) -> Missing:
    """A bundle before it, or the last run, which did not see it yet, says how young it is."""
    memory = position.memory
    since = max(position.came_after, memory.at if memory.log and index >= begin else 0)
    return Missing(index, since, now)


def with_missing(
    position: Position, view: LogView, missing: Sequence[Missing], *, now: int
) -> Position:
    missing = [one for one in missing if view.entries[one.index] not in position.statements]
    young = [one for one in missing if one.since > now - KEPT + CLOCKS_DIFFER_BY]
    end = view.size
    while end and any(one.index == end - 1 for one in young):
        end -= 1
    # The last entries may be root statements that no bundle has yet.
    late = [one for one in young if one.index < end or one.seen <= now - PATIENCE]
    position = position.told(*(_not_given_out(view, one) for one in late))
    return replace(position, memory=replace(position.memory, missing=tuple(young)))


def _not_given_out(view: LogView, missing: Missing) -> LogFinding:
    return LogFinding(
        FindingKind.INCONSISTENT,
        None,
        log=view.key.name,
        index=missing.index,
        digest=b64url_encode(view.entries[missing.index]),
        what=Contradiction.BUNDLE_MISSING,
    )
