"""A copied server speaks in the authority's place; passes, seeds and settings outlive it.

All three programs are the real ones. What is forged is in a log of its own under the copied keys,
and is served at the authority's address until the owner has acted.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from issuer.api.background import one_round
from issuer.home import Home
from schemas.kinds import HOUR
from schemas.paths import TRUST_BUNDLE_PATH
from shell.fetching import Answer
from tests.support.issuers import Service
from tests.support.town import Citizen, Device, Town, Venue


@pytest.fixture
def root(town: Town) -> Path:
    """The root key, which was never on the server."""
    place = town.folder / "ROOT.pem"
    town.service.home.root_key.rename(place)
    return place


@pytest.fixture
def citizen(town: Town) -> Citizen:
    return town.activated("citizen", "vaccinated_full", reference="N1")


@pytest.fixture
def venue(town: Town) -> Venue:
    venue = town.venue("venue", "--policy", "everyday")
    venue.done("checkin", "--name", "Abai Café")
    return venue


@pytest.fixture
def monitor(town: Town) -> Callable[[], tuple[int, list[str]]]:
    """Runs the monitor over the network; how it ended, and what it found."""
    device = Device("qupia-verifier", town.folder / "monitor", town.net, town.clock)
    url = town.service.authority.config.url

    def look() -> tuple[int, list[str]]:
        outcome = device.run("monitor", url, "--root", anchor, "--json")
        return outcome.status, [one["finding"] for one in outcome.members["findings"]]

    anchor = town.root
    return look


def kept(citizen: Citizen, venue: Venue) -> tuple[int, bytes, list[bytes]]:
    """Fresh passes of the phone, settings and seeds of the venue."""
    left = citizen.done("status")["remaining"]
    seeds = sorted((venue.home / "no-backup" / "seeds").glob("*.seed"))
    assert seeds
    return left, (venue.home / "settings.json").read_bytes(), [one.read_bytes() for one in seeds]


def test_nothing_is_lost_while_a_thief_speaks_and_once_the_owner_has_acted(
    town: Town,
    root: Path,
    citizen: Citizen,
    venue: Venue,
    monitor: Callable[[], tuple[int, list[str]]],
) -> None:
    assert monitor() == (0, [])
    thief = Service(Home(stolen_home(town)), town.clock)
    town.clock.now += 7 * HOUR
    town.work()
    venue.done("sync")
    citizen.done("sync")
    assert monitor() == (0, [])
    had = kept(citizen, venue)

    one_round(thief.authority, thief.clock)
    town.net.replace_answer = lambda url, answer: said_by(thief, url, answer)
    assert "(Q46)" in venue.refused("sync")
    citizen.run("sync")
    assert monitor() == (1, ["inconsistent"])
    assert kept(citizen, venue) == had
    assert venue.scan(citizen.show()).outcomes == ["admit"]

    town.net.replace_answer = lambda _url, answer: answer
    town.office.done("keys", "replace-all", "--root", str(root))
    venue.done("sync")
    citizen.done("sync")
    assert monitor() == (0, ["retired"])
    assert kept(citizen, venue)[1:] == had[1:]
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    thief.close()


def stolen_home(town: Town) -> Path:
    place = town.folder / "copied"
    shutil.copytree(town.service.home.path, place)
    return place


def said_by(thief: Service, url: str, answer: Answer) -> Answer:
    """The authority's public answers, from the thief."""
    path = url.removeprefix(thief.authority.config.url)
    if not path.startswith("/.well-known/qupia/log/") and path != TRUST_BUNDLE_PATH:
        return answer
    return thief.send("GET", url, limit=10_000_000)
