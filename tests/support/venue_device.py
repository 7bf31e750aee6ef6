"""A venue's device with the bundle and the seeds that it has at some moment."""

from pathlib import Path

from schemas.check_in import (
    CheckInCode,
)
from tests.support.world import NOON, World
from verifier.presence.check_in import make_check_in
from verifier.trust.settings import Settings
from verifier.trust.store import TrustStore


class VenueDevice:
    """A device at some moment, with the bundle that an authority publishes then."""

    def __init__(self, home: Path, now: int = NOON) -> None:
        self.world = World(start=now, tracing=True)
        self.store = TrustStore(home)
        self.store.set_up(
            self.world.bundle(now), anchor=self.world.pin, settings=Settings(), now=now
        )

    def code(self, now: int = NOON, *, hours: int = 4, name: str = "") -> CheckInCode:
        bundle = self.store.bundle()
        assert bundle is not None
        return make_check_in(self.store, bundle, name=name, hours=hours, now=now)

    def seed(self, date: str) -> Path:
        return self.store.seeds / f"{date}.seed"
