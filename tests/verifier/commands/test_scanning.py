from collections.abc import Mapping
from pathlib import Path

import pytest

from schemas.catalogues import sentence
from schemas.hours import hour_at
from schemas.kinds import HOUR
from schemas.languages import Language
from schemas.presentation import UNBOUND, slot_at
from shell.errors import CommandError
from tests.support.world import NOON, World
from verifier.commands.scanning import Door
from verifier.door.decision import Code, Decision
from verifier.presence.check_in import make_check_in
from verifier.trust.settings import CheckIn, Settings
from verifier.trust.store import TrustStore


class Night:
    """A device whose scanner is left on, with a clock that a test moves."""

    def __init__(self, home: Path) -> None:
        self.world, self.now = World(tracing=True), NOON
        self.store = TrustStore(home)
        self.store.set_up(
            self.world.bundle(NOON), anchor=self.world.pin, settings=Settings(), now=NOON
        )
        self.door = Door(self.store, clock=lambda: self.now, policy=None, language=Language.EN)

    def scan(self, binding: bytes = UNBOUND) -> Decision:
        text = self.world.show(self.world.issue(self.now), slot_at(self.now), venue=binding)
        [decision] = self.door.decide_all([Code("line 1", text)])
        return decision

    def check_in(self, check_in: CheckIn) -> Mapping[int, bytes]:
        """What another command does meanwhile; the bindings of the code that it shows."""
        bundle = self.store.bundle()
        assert bundle is not None
        code = make_check_in(self.store, bundle, name="", hours=4, now=self.now)
        self.store.choose_check_in(check_in=check_in, name="")
        return code.bindings()

    def reason(self, binding: bytes = UNBOUND) -> object:
        return self.scan(binding).members()["reason"]


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


def test_a_check_in_code_counts_from_the_next_pass_on(tmp_path: Path) -> None:
    night = Night(tmp_path / "home")
    assert night.reason() is None
    bound = night.check_in(CheckIn.STRICT)[hour_at(NOON)]
    assert (night.reason(), night.reason(bound)) == ("not_bound", None)
    night.check_in(CheckIn.SHOWN)
    assert (night.reason(), night.reason(bound)) == (None, None)
    night.store.choose_check_in(check_in=CheckIn.OFF, name="")
    assert (night.reason(), night.reason(bound)) == (None, "bad_proof")


def test_each_hour_has_its_binding_all_night_long(tmp_path: Path) -> None:
    night = Night(tmp_path / "home")
    night.store.accept(night.world.bundle(NOON), now=NOON)
    for hours in range(0, 24, 3):
        night.now = NOON + hours * HOUR
        shown = night.check_in(CheckIn.STRICT)
        current = hour_at(night.now)
        assert night.reason(shown[current]) is None
        assert night.reason(shown[current + 1]) == "bad_proof"


def test_a_door_without_a_code_of_today_warns_once_an_hour_until_one_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    night = Night(tmp_path / "home")
    night.store.choose_check_in(check_in=CheckIn.STRICT, name="")
    warning = f"warning: {sentence('check_in_not_shown', Language.EN)}\n"
    night.reason()
    night.reason()
    assert capsys.readouterr().err == warning
    night.now += HOUR
    assert night.reason() == "not_bound"
    assert capsys.readouterr().err == warning
    bound = night.check_in(CheckIn.STRICT)[hour_at(night.now)]
    assert night.reason(bound) is None
    assert capsys.readouterr().err == ""


def test_a_door_without_a_code_takes_no_notice_of_seeds(tmp_path: Path) -> None:
    night = Night(tmp_path / "home")
    night.check_in(CheckIn.SHOWN)
    night.store.choose_check_in(check_in=CheckIn.OFF, name="")
    [seed] = night.store.seeds.glob("*.seed")
    seed.write_bytes(b"damaged")
    assert night.reason() is None
