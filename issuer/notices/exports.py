"""A venue's sealed export, proposed for some time, and what it opens to.

1. It is sealed to this authority.
2. The authority's export key of the day that it names is still there.
3. It opens with that key, and is whole.
4. Some of its hours lie in the time that was asked for.
5. Each of these hours is over.
6. The authority still has a key of its own for each of them.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from issuer.keys.tracing import export_key
from schemas.errors import Refusal
from schemas.hours import begin_of, hours_between
from schemas.notices import Notice
from schemas.trace import NotATrace, SealedTrace, format_trace, open_trace, parse_trace
from shell.daily_seeds import DailySeeds


class NoticeFault(StrEnum):
    """Why nothing is published, or withdrawn."""

    NOT_AN_EXPORT = "not_an_export"
    OTHER_AUTHORITY = "other_authority"
    KEY_GONE = "key_gone"
    DAMAGED = "damaged"
    NO_HOURS = "no_hours"
    NOT_OVER = "not_over"
    SEED_GONE = "seed_gone"
    PUBLISHED_ALREADY = "published_already"
    FULL = "full"
    UNKNOWN_NAME = "unknown_name"


class NoticeRefused(Refusal[NoticeFault]):
    """Nothing has changed. ``hours`` are those at fault, where the fault is one of hours."""

    def __init__(self, fault: NoticeFault, hours: Sequence[int] = ()) -> None:
        super().__init__(fault)
        self.hours = tuple(hours)


@dataclass(frozen=True)
class Proposal:
    """An export and the time for which its hours are to be published, Unix seconds.

    It is kept as it came, sealed: a copy of it opens nothing once the authority's seeds are dead.
    """

    export: SealedTrace
    start: int
    end: int

    @classmethod
    def of(cls, file: bytes, *, start: int, end: int) -> Self:
        """From the content of a file; raises NoticeRefused ``not_an_export``."""
        try:
            return cls(parse_trace(file), start, end)
        except NotATrace:
            raise NoticeRefused(NoticeFault.NOT_AN_EXPORT) from None

    def encode(self) -> bytes:
        """The bytes to which another officer agrees: the same proposal is always the same bytes."""
        members = {
            "from": self.start,
            "to": self.end,
            "export": json.loads(format_trace(self.export)),
        }
        return json.dumps(members).encode("ascii")

    @classmethod
    def decode(cls, value: bytes) -> Self:
        """The inverse of :meth:`encode`; raises NoticeRefused ``not_an_export``."""
        try:
            members = json.loads(value)
            file, start, end = json.dumps(members["export"]), members["from"], members["to"]
        except (ValueError, KeyError, TypeError):
            raise NoticeRefused(NoticeFault.NOT_AN_EXPORT) from None
        return cls.of(file.encode("ascii"), start=start, end=end)


def open_proposal(proposal: Proposal, *, iss: str, seeds: DailySeeds, now: int) -> list[Notice]:
    """The notices that would be published, the earliest hour first; raises NoticeRefused.

    All hours of the proposal or none of them. ``seeds`` are the authority's.
    """
    if proposal.export.iss != iss:  # 1
        raise NoticeRefused(NoticeFault.OTHER_AUTHORITY)
    key = export_key(seeds, proposal.export.day, now)
    if key is None:  # 2
        raise NoticeRefused(NoticeFault.KEY_GONE)
    try:
        venue_keys = open_trace(proposal.export, key)
    except NotATrace:  # 3
        raise NoticeRefused(NoticeFault.DAMAGED) from None
    wanted = hours_between(proposal.start, proposal.end)
    hours = [hour for hour in venue_keys if hour in wanted]
    if not hours:  # 4
        raise NoticeRefused(NoticeFault.NO_HOURS)
    if later := [hour for hour in hours if begin_of(hour + 1) > now]:  # 5
        raise NoticeRefused(NoticeFault.NOT_OVER, later)
    own_keys = {hour: seeds.hour_key(hour, now) for hour in hours}
    notices = [Notice(h, venue_keys[h], own) for h, own in own_keys.items() if own is not None]
    if len(notices) < len(hours):  # 6
        raise NoticeRefused(NoticeFault.SEED_GONE, [h for h in hours if own_keys[h] is None])
    return notices
