"""What was chosen for this device, and what was measured of its clock."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """``url`` is the issuer's origin, None for a device that is never online.

    ``policy`` None stands for the bundle's first.
    """

    url: str | None = None
    policy: str | None = None


@dataclass(frozen=True)
class ClockCheck:
    """``ahead`` is how many seconds this device's clock was ahead at ``at``; negative is behind."""

    ahead: int
    at: int
