"""Dates and times as staff type and read them: local ones, of the authority's time zone."""

from datetime import UTC, datetime

from issuer.rules.policy import Policy
from schemas.problems import ApiProblem, Problem


def parse_moment(policy: Policy, date: str, time: str = "00:00") -> int:
    """Unix seconds of what the fields ``date`` and ``time`` hold; raises ApiProblem ``invalid``."""
    try:
        local = datetime.strptime(f"{date} {time}", "%Y-%m-%d %H:%M")  # noqa: DTZ007 - local.
        seconds = int(local.replace(tzinfo=policy.calendar.zone).timestamp())
    except (ValueError, OverflowError):
        raise ApiProblem(Problem.INVALID) from None
    if seconds < 0:
        raise ApiProblem(Problem.INVALID)
    return seconds


def local_time(policy: Policy, seconds: int) -> str:
    """For people to read: ``2026-03-17 14:30``."""
    return _local(policy, seconds).strftime("%Y-%m-%d %H:%M")


def local_date(policy: Policy, seconds: int) -> str:
    """As a date field holds it: ``2026-03-17``."""
    return _local(policy, seconds).strftime("%Y-%m-%d")


def local_clock(policy: Policy, seconds: int) -> str:
    """As a time field holds it: ``14:30``."""
    return _local(policy, seconds).strftime("%H:%M")


def _local(policy: Policy, seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone(policy.calendar.zone)
