"""A week of the service on a stepping clock: no step finds a key missing or one too many.

Every minute would be 10,080 rounds; five minutes are 2,016 (``make drill``). Otherwise a step is
two hours, and five minutes around the ends of windows.
"""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from issuer.home import Home
from issuer.init import RootChoice, init_issuer
from issuer.keys.grid import list_keys
from schemas.bundle import TrustBundle
from schemas.hints import HintForm
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.trust import TrustState, accept_bundle
from tests.support.issuers import NAME, NOON, URL, MovableClock, Service, pool_keys
from tests.support.town import Town

FULL = os.environ.get("QUPIA_DRILL") == "full"
STEP = 5 * MINUTE
COARSE = STEP if FULL else 2 * HOUR

DST = int(datetime(2026, 3, 27, 11, 3, 20, tzinfo=UTC).timestamp())
"""Two days before the clocks go forward in Berlin."""

Make = Callable[..., Town]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Founds an authority with other rules; its service has not worked yet."""
    made: list[Town] = []

    def found(*, zone: str = "Asia/Almaty", hours: int = 24, now: int = NOON) -> Town:
        path = tmp_path / "issuer"
        init_issuer(
            path,
            name=NAME,
            url=URL,
            hint=HintForm.NONE,
            sunset=None,
            specimen=False,
            roots=RootChoice(),
            now=now,
        )
        policy = Home(path).policy
        text = policy.read_text().replace("Asia/Almaty", zone)
        policy.write_text(text.replace("window_hours = 24", f"window_hours = {hours}"))
        made.append(Town(tmp_path, Service(Home(path), MovableClock(now))))
        made[-1].work()
        return made[-1]

    with pool_keys():
        yield found
    for town in made:
        town.service.close()


class Watcher:
    """A client that takes every bundle, and looks into the home."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.state = TrustState(anchor=town.root)
        self.held: bytes | None = None
        self.versions: list[int] = []

    def look(self) -> TrustBundle:
        """What must be true at every step."""
        service, now = self.town.service, self.town.now
        assert service.get("/healthz").status == 200
        data = service.get("/.well-known/qupia/trust-bundle").body
        accepted = accept_bundle(data, state=self.state, now=now, held=self.held)
        self.state, self.held, bundle = accepted.state, accepted.data, accepted.bundle
        self._check_bundle(bundle, now)
        self._check_home(now)
        return bundle

    def _check_bundle(self, bundle: TrustBundle, now: int) -> None:
        calendar = self.town.service.authority.policy.calendar
        assert bundle.iat <= now < bundle.exp
        assert now - bundle.iat < 6 * HOUR + COARSE
        assert list(bundle.windows) == calendar.windows_between(bundle.iat, bundle.exp)
        current = calendar.window_at(now)
        assert {current, calendar.next_window(current)} <= set(bundle.windows)
        if not self.versions or bundle.version != self.versions[-1]:
            self.versions.append(bundle.version)

    def _check_home(self, now: int) -> None:
        home = self.town.service.home
        ends = [file.cell.window.exp for file in list_keys(home.pass_keys)]
        assert min(ends) + HOUR > now
        today = datetime.fromtimestamp(now, UTC).date().isoformat()
        days = [path.stem for path in (home.perishable / "day-keys").glob("*.key")]
        assert [day for day in days if day < today] == []
        assert list(home.path.rglob("*.draft")) == []


def steps(town: Town, until: int) -> Iterator[int]:
    """The moments of the service's rounds."""
    now = town.now
    while now < until:
        before_its_end = town.service.authority.policy.calendar.window_at(now).exp - STEP
        now = min(now + COARSE, before_its_end) if now < before_its_end else now + STEP
        yield now


def test_a_week_in_steps_of_five_minutes(make: Make) -> None:
    town = make()
    citizen = town.activated(evidence="vaccinated_full", reference="N1")
    venue, watcher = town.venue(), Watcher(town)
    days, admitted = {town.now // DAY}, 0
    for now in steps(town, town.now + 7 * DAY):
        town.until(now)
        watcher.look()
        if now // DAY in days:
            continue
        days.add(now // DAY)
        citizen.done("sync")
        venue.done("sync")
        assert venue.scan(citizen.show()).outcomes == ["admit"]
        assert town.office.done("retention", "verify")["ok"]
        admitted += 1
    assert admitted == 7
    assert watcher.versions == list(range(1, len(watcher.versions) + 1))
    assert len(watcher.versions) >= 28


@pytest.mark.parametrize(
    ("zone", "hours"), [("Europe/Berlin", 24), ("Europe/Berlin", 6), ("Asia/Almaty", 8)]
)
def test_days_on_which_the_clocks_change_and_shorter_windows(
    make: Make, zone: str, hours: int
) -> None:
    town = make(zone=zone, hours=hours, now=DST)
    watcher = Watcher(town)
    wallet = town.service.activated(evidence="vaccinated_full", reference="N1")
    seen = set()
    for now in steps(town, DST + 3 * DAY):
        town.until(now)
        bundle = watcher.look()
        current = next(window for window in bundle.windows if window.contains(now))
        if current not in seen:
            seen.add(current)
            assert wallet.fetch(wallet.batch(town.service.pass_key(wallet))).status == 200
    lengths = {(window.exp - window.nbf) // HOUR for window in seen}
    assert lengths == ({24, 23} if hours == 24 else {6, 5} if zone == "Europe/Berlin" else {8})


@pytest.mark.parametrize("hours", [24, 6])
def test_the_last_and_the_first_second_of_a_window_without_a_round_between(
    make: Make, hours: int
) -> None:
    """The keys of a window are there before it begins, and its own for an hour after it."""
    town = make(hours=hours)
    service, calendar = town.service, town.service.authority.policy.calendar
    window = calendar.window_at(town.now)
    old, new, following = (service.activated() for _ in range(3))
    town.clock.now = window.exp - 1
    last, ahead = old.batch(service.pass_key(old)), old.batch(service.pass_key(old, ahead=1))
    assert old.fetch(last, ahead).status == 200
    third = new.batch(service.pass_key(new, ahead=2))
    assert new.fetch(third).code == (422, "wrong_key")

    town.clock.now = window.exp
    assert service.get("/healthz").status == 200
    assert old.fetch(last).code == (422, "wrong_key")
    assert old.fetch(ahead).status == 200
    assert old.fetch(old.batch(service.pass_key(old), label="x")).status == 409
    assert new.fetch(third).status == 200
    current, after = (following.batch(service.pass_key(following, ahead=i)) for i in (0, 1))
    assert following.fetch(current, after).status == 200
    held = {entry["window_ends"] for entry in old.me().json["held"] if entry["what"] == "batch"}
    assert len(held) == 2
