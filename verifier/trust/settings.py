"""What was chosen for this device, and what was measured of its clock."""

from dataclasses import dataclass
from enum import StrEnum


class CheckIn(StrEnum):
    """Whether the venue shows a check-in code, and whether it admits only passes bound to it."""

    OFF = "off"
    SHOWN = "shown"
    STRICT = "strict"


@dataclass(frozen=True)
class Settings:
    """``url`` is the issuer's origin, None for a device that is never online.

    ``policy`` None stands for the bundle's first. ``name`` is what a check-in code calls the
    venue, as :func:`schemas.check_in.check_name` gives it back; it may be empty.
    """

    url: str | None = None
    policy: str | None = None
    check_in: CheckIn = CheckIn.OFF
    name: str = ""


@dataclass(frozen=True)
class ClockCheck:
    """``ahead`` is how many seconds this device's clock was ahead at ``at``; negative is behind."""

    ahead: int
    at: int
