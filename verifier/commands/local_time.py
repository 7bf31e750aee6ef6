"""Times as people at this device write them."""

from datetime import UTC, datetime


def local_time(seconds: int) -> str:
    """``2026-03-17 12:00 +05``; only the time zone is read from the machine."""
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")
