from pathlib import Path

import pytest

from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.presentation import slot_at
from shell.errors import CommandError
from tests.support.world import NOON, World
from verifier.decision import Code, Decision
from verifier.scanning import Door
from verifier.settings import Settings
from verifier.trust_store import TrustStore


class Night:
    """A device whose scanner is left on, with a clock that a test moves."""

    def __init__(self, home: Path) -> None:
        self.world, self.now = World(), NOON
        self.store = TrustStore(home)
        self.store.set_up(
            self.world.bundle(NOON), root=self.world.pin, settings=Settings(), now=NOON
        )
        self.door = Door(self.store, clock=lambda: self.now, policy=None, language=Language.EN)

    def scan(self) -> Decision:
        text = self.world.show(self.world.issue(self.now), slot_at(self.now))
        [decision] = self.door.decide_all([Code("line 1", text)])
        return decision


def test_each_code_is_judged_by_the_time_at_which_it_is_scanned(tmp_path: Path) -> None:
    night = Night(tmp_path / "home")
    for hours in (0, 12, 36, 71):
        night.now = NOON + hours * HOUR
        assert night.scan().outcome == "admit"
    night.now = NOON + 72 * HOUR
    assert night.scan().members()["reason"] == "bundle_expired"


def test_old_keys_are_warned_of_once_for_each_bundle(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path / "home")
    night.scan()
    assert capsys.readouterr().err == ""
    for hours in (24, 25):
        night.now = NOON + hours * HOUR
        night.scan()
    assert capsys.readouterr().err == (
        "warning: The keys are old: 24 h. They still work for 48 h; update them.\n"
    )
    night.store.accept(night.world.bundle(night.now), now=night.now)
    night.scan()
    assert capsys.readouterr().err == ""
    night.now += 24 * HOUR
    night.scan()
    assert "The keys are old: 24 h." in capsys.readouterr().err


def test_a_policy_that_disappears_during_the_night_stops_the_scanner(tmp_path: Path) -> None:
    night = Night(tmp_path / "home")
    door = Door(night.store, clock=lambda: NOON, policy="no-hint", language=Language.EN)
    door.check_policy()
    del night.world.policies[2]
    night.store.accept(night.world.bundle(NOON), now=NOON)
    with pytest.raises(CommandError, match="one of: everyone, first-only"):
        list(door.decide_all([Code("line 1", "x")]))


def test_without_a_bundle_any_policy_will_do(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "none")
    door = Door(store, clock=lambda: NOON, policy="anything", language=Language.EN)
    door.check_policy()
    text = World().show(World().issue(NOON), slot_at(NOON))
    [decision] = door.decide_all([Code("line 1", text)])
    assert decision.members()["reason"] == "no_bundle"
