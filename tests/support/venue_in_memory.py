"""A venue with a seed, as phones meet it: its codes, and the notices of its hours."""

from dataclasses import dataclass
from hashlib import sha256

from schemas.bundle import TrustBundle
from schemas.check_in import CheckInCode, format_check_in, grid_at
from schemas.hour_keys import VENUE_LABEL, derive_hour_key, public_half
from schemas.hours import date_of, hour_at
from schemas.notices import Notice
from tests.support.world import World


@dataclass(frozen=True)
class Venue:
    """``world`` is its authority. Its seeds are fixed, one for each UTC date."""

    world: World
    name: str = "Кафе «Әсем»"

    def hour_key(self, hour: int) -> bytes:
        """The private key of an hour."""
        seed = sha256(f"{self.name} {date_of(hour)}".encode()).digest()
        return derive_hour_key(seed, hour, label=VENUE_LABEL)

    def code(
        self,
        now: int,
        *,
        hours: int = 4,
        bundle: TrustBundle | None = None,
        name: str | None = None,
    ) -> str:
        """The QR text that it shows at ``now``, with the grid of ``bundle``."""
        grid = grid_at(bundle, now) if bundle is not None else bytes(16)
        assert grid is not None
        first = hour_at(now)
        keys = tuple(public_half(self.hour_key(hour)) for hour in range(first, first + hours))
        shown = self.name if name is None else name
        return format_check_in(CheckInCode(first, keys, grid, shown))

    def notice(self, hour: int) -> Notice:
        """What is published of an hour."""
        return Notice(hour, self.hour_key(hour), self.world.hour_key(hour))

    def notices(self, start: int, end: int) -> tuple[Notice, ...]:
        """Of the hours from that of ``start`` to that of ``end``."""
        return tuple(self.notice(hour) for hour in range(hour_at(start), hour_at(end) + 1))
