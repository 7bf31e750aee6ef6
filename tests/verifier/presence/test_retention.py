"""A scanner that is left on destroys what is over, and goes on when it cannot."""

import time
from pathlib import Path

import pytest

from schemas.kinds import DAY
from tests.support.venue_device import VenueDevice
from tests.support.waiting import wait_until
from tests.support.world import NOON
from verifier.presence import retention
from verifier.presence.retention import swept
from verifier.presence.seeds import venue_seeds


@pytest.fixture
def venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VenueDevice:
    monkeypatch.setattr(retention, "MINUTE", 0.01)
    venue = VenueDevice(tmp_path / "home")
    venue.code()
    return venue


def test_a_seed_dies_while_the_scanner_is_on_though_no_pass_comes(venue: VenueDevice) -> None:
    moment = [NOON]
    with swept(venue.store, lambda: moment[0]):
        time.sleep(0.1)
        assert venue_seeds(venue.store).dates() == ["2026-03-17"]
        moment[0] = NOON + 14 * DAY
        wait_until(lambda: not venue_seeds(venue.store).dates())


def test_nothing_is_swept_once_the_scanner_is_off(venue: VenueDevice) -> None:
    moment = [NOON]
    with swept(venue.store, lambda: moment[0]):
        pass
    time.sleep(0.05)
    moment[0] = NOON + 14 * DAY
    time.sleep(0.05)
    assert venue_seeds(venue.store).dates() == ["2026-03-17"]


def test_what_cannot_be_destroyed_is_told_and_tried_again(
    venue: VenueDevice, capsys: pytest.CaptureFixture[str]
) -> None:
    seed, told = venue.seed("2026-03-17"), []
    content = seed.read_bytes()
    seed.unlink()
    seed.mkdir()

    def is_told() -> bool:
        told.append(capsys.readouterr().err)
        return "".join(told).count("could not be destroyed: IsADirectoryError") > 1

    with swept(venue.store, lambda: NOON + 14 * DAY):
        wait_until(is_told)
        seed.rmdir()
        seed.write_bytes(content)
        wait_until(lambda: not venue_seeds(venue.store).dates())
    assert "Traceback" not in "".join(told)
