"""What a venue's device keeps survives crashes, damage and an authority that forks."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.evidence import EvidencePair
from schemas.kinds import DAY, HOUR
from schemas.log.entries import split_carried
from schemas.trust import bundle_digest, read_bundle
from shell.errors import CommandError
from tests.support.world import NOON, World
from verifier.trust import store as trust_store
from verifier.trust.settings import CheckIn, ClockCheck, Settings
from verifier.trust.store import TrustStore


def new_store(home: Path, world: World, *, settings: Settings | None = None) -> TrustStore:
    """A device that was just set up with the world's next bundle."""
    store = TrustStore(home)
    store.set_up(world.bundle(NOON), anchor=world.pin, settings=settings or Settings(), now=NOON)
    return store


def version_in_force(home: Path) -> int:
    """As a process that has just been started sees it."""
    bundle = TrustStore(home).bundle()
    assert bundle is not None
    assert bundle.version == TrustStore(home).state().version
    return bundle.version


def fault_of(store: TrustStore, data: bytes, now: int = NOON) -> BundleFault:
    with pytest.raises(BundleRejected) as rejected:
        store.accept(data, now=now)
    return rejected.value.fault


def complaint(call: Callable[[], object]) -> str:
    with pytest.raises(CommandError) as error:
        call()
    assert "\n" not in error.value.message
    assert error.value.exit_code == 2
    return error.value.message


def files_of(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()}


def test_a_device_that_is_not_set_up_has_nothing(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / "home")
    store.check_private()
    assert (store.is_set_up(), store.bundle(), store.clock_check()) == (False, None, None)
    assert store.settings() == Settings()
    assert "qupia-verifier setup" in complaint(store.state)
    assert "qupia-verifier setup" in complaint(lambda: store.accept(b"", now=NOON))
    assert not store.home.exists()


def test_a_device_that_is_set_up_knows_its_bundle_after_a_restart(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world, settings=Settings("https://qupia.example", "first-only"))
    assert version_in_force(home) == 1
    assert TrustStore(home).settings() == Settings("https://qupia.example", "first-only")


def test_everything_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    store = new_store(home, World())
    store.keep_clock_check(ClockCheck(3, NOON))
    store.check_private()
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.iterdir()} == {0o600}


@pytest.mark.parametrize("name", ["trust.json", "settings.json", "lock", "."])
def test_a_file_that_others_can_read_is_complained_about(tmp_path: Path, name: str) -> None:
    store = new_store(tmp_path / "home", World())
    path = store.home / name
    path.chmod(path.stat().st_mode | 0o040)
    wanted = "700" if name == "." else "600"
    assert f"run: chmod {wanted} '{path}'" in complaint(store.check_private)


# Going forward only


def test_a_newer_bundle_is_put_in_force_and_an_older_one_changes_nothing(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world)
    older, newer = world.bundle(NOON), world.bundle(NOON)
    TrustStore(home).accept(newer, now=NOON)
    before = TrustStore(home).state()
    assert TrustStore(home).accept(older, now=NOON).data == newer
    assert TrustStore(home).state() == before
    assert version_in_force(home) == 3


def test_the_same_bundle_again_changes_nothing(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world)
    data = world.bundle(NOON)
    TrustStore(home).accept(data, now=NOON)
    before = TrustStore(home).state()
    TrustStore(home).accept(data, now=NOON)
    assert TrustStore(home).state() == before
    assert version_in_force(home) == 2


def test_a_new_root_starts_the_versions_anew(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    world.version = 40
    store = new_store(home, world)
    old = world.bundle(NOON)
    world.rotate_root(NOON)
    store.accept(world.bundle(NOON), now=NOON)
    assert version_in_force(home) == 1
    assert fault_of(store, old) is BundleFault.ROLLBACK


def test_a_bundle_that_has_run_out_is_still_known(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world)
    assert fault_of(TrustStore(home), world.bundle(NOON), NOON + 4 * DAY) is BundleFault.EXPIRED
    assert version_in_force(home) == 1


def test_two_bundles_of_one_version_are_kept_as_evidence(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    one, other = world.bundle(NOON, version=7), world.bundle(NOON + 1, version=7)
    store.accept(one, now=NOON)
    assert fault_of(store, other, NOON + 1) is BundleFault.SPLIT_VIEW
    [kept] = TrustStore(home).evidence()
    assert kept == EvidencePair(BundleFault.SPLIT_VIEW, one.decode(), other.decode())
    assert version_in_force(home) == 7
    TrustStore(home).check_private()
    store.accept(world.bundle(NOON, version=8), now=NOON)
    assert TrustStore(home).evidence() == [kept]


def test_a_split_view_is_told_although_the_bundle_in_force_is_lost(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    (home / f"bundle-{store.state().digest}.jws").unlink()
    other = world.bundle(NOON + 1, version=1)
    assert fault_of(store, other, NOON + 1) is BundleFault.SPLIT_VIEW
    assert TrustStore(home).evidence() == []


def test_keys_that_changed_unsaid_are_refused_and_kept_as_evidence(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    store, twin = new_store(home, world), World(first_key=50)
    twin.version, twin.log = world.version, world.log
    other = twin.bundle(NOON)
    assert fault_of(store, other) is BundleFault.KEYS_REPLACED
    assert [pair.offered for pair in store.evidence()] == [other.decode()]
    assert version_in_force(home) == 1


def test_the_same_contradiction_again_is_one_pair(tmp_path: Path) -> None:
    world = World()
    store = new_store(tmp_path / "home", world)
    other = world.bundle(NOON + 1, version=1)
    for _ in range(3):
        assert fault_of(store, other, NOON + 1) is BundleFault.SPLIT_VIEW
    assert len(store.evidence()) == 1


def test_what_merely_cannot_be_believed_is_no_evidence(tmp_path: Path) -> None:
    world = World()
    store = new_store(tmp_path / "home", world)
    assert fault_of(store, world.bundle(NOON, batch_size=9)) is BundleFault.PIN_CHANGED
    assert store.evidence() == []


def test_a_lost_log_is_told_until_a_person_has_read_it(tmp_path: Path) -> None:
    world = World()
    store = new_store(tmp_path / "home", world)
    world.replace_log(NOON, is_lost=True)
    assert store.accept(world.bundle(NOON), now=NOON).warnings == (TrustWarning.LOG_REPLACED,)
    store.accept(world.bundle(NOON), now=NOON)
    assert store.state().log_replaced
    store.forget_warnings()
    assert store.accept(world.bundle(NOON), now=NOON).warnings == ()


def test_leaves_of_the_whole_log_show_a_device_that_was_away_what_it_missed(
    tmp_path: Path,
) -> None:
    world = World()
    store = new_store(tmp_path / "home", world)
    newest = [world.bundle(NOON) for _ in range(30)][-1]
    unknown = (TrustWarning.CONTINUITY_UNKNOWN,)
    assert store.judge(newest, now=NOON).warnings == unknown
    assert store.state().version == 1
    leaves = world.log.leaves(31)
    assert store.accept(newest, now=NOON, leaves=leaves).warnings == ()


def test_an_anchor_of_new_roots_is_that_of_the_device_that_followed_them(tmp_path: Path) -> None:
    world = World()
    store = new_store(tmp_path / "home", world)
    world.rotate_root(NOON)
    data = world.bundle(NOON)
    store.accept(data, now=NOON)
    later = read_bundle(data, anchor=world.pin).chain.anchor
    store.set_up(data, anchor=later, settings=Settings(), now=NOON)
    assert store.state().anchor == world.pin


def test_a_running_process_sees_what_another_has_put_in_force(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    running = new_store(home, world)
    first = running.bundle()
    assert running.bundle() is first
    TrustStore(home).accept(world.bundle(NOON), now=NOON)
    second = running.bundle()
    assert second is not None
    assert second.version == 2


def test_the_bundle_before_stays_for_a_process_that_is_reading_it(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    (home / ".trust.json.1.draft").write_bytes(b"left by a crash")
    for _ in range(3):
        store.accept(world.bundle(NOON), now=NOON)
    bundles = {name for name in files_of(home) if name.startswith("bundle-")}
    assert len(bundles) == 2
    assert files_of(home) == bundles | {"trust.json", "settings.json", "lock"}


# Crashes


class Crash(BaseException):
    """The process ends here; nothing can catch it."""


@pytest.mark.parametrize("survived", range(3))
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", [True, False], ids=["set-up", "update"])
def test_a_crash_never_leaves_a_floor_below_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, survived: int, when: str, first: bool
) -> None:
    world, home = World(), tmp_path / "home"
    if not first:
        new_store(home, world)
    data, calls = world.bundle(NOON), []
    write = trust_store.write_private

    def crashing(path: Path, content: bytes) -> None:
        calls.append(path)
        if len(calls) == survived + 1 and when == "before":
            raise Crash
        write(path, content)
        if len(calls) == survived + 1 and when == "after":
            raise Crash

    def go() -> None:
        TrustStore(home).set_up(data, anchor=world.pin, settings=Settings(), now=NOON)

    monkeypatch.setattr(trust_store, "write_private", crashing)
    with pytest.raises(Crash):
        go()
    monkeypatch.undo()
    if TrustStore(home).is_set_up():
        assert version_in_force(home) in {1, world.version}
    else:
        assert first
    go()
    assert version_in_force(home) == world.version


def test_a_full_disk_leaves_the_old_bundle_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device", str(path))

    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    monkeypatch.setattr(trust_store, "write_private", full)
    with pytest.raises(OSError, match="No space left"):
        store.accept(world.bundle(NOON), now=NOON)
    monkeypatch.undo()
    assert version_in_force(home) == 1


# Damage

DAMAGE: list[Callable[[bytes], bytes]] = [
    lambda data: b"",
    lambda data: data[: len(data) // 2],
    lambda data: data + b"x",
    lambda data: b"\xff" * len(data),
    lambda data: b"[]",
    lambda data: b"{}",
    lambda data: data.replace(b'"', b"'"),
]


def damage(path: Path, how: Callable[[bytes], bytes]) -> None:
    path.write_bytes(how(path.read_bytes()))


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_settings_are_told_and_a_new_set_up_mends_them(
    tmp_path: Path, how: Callable[[bytes], bytes]
) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world)
    path = home / "settings.json"
    damage(path, how)
    message = f"{path} is missing or damaged; remove it and run qupia-verifier setup again"
    assert complaint(TrustStore(home).settings) == message
    path.unlink()
    assert complaint(TrustStore(home).settings) == message
    assert TrustStore(home).earlier_settings() == Settings()
    new_store(home, world)
    assert TrustStore(home).settings() == Settings()


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_state_is_told_and_nothing_is_accepted_over_it(
    tmp_path: Path, how: Callable[[bytes], bytes]
) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world)
    path = home / "trust.json"
    damage(path, how)
    before, data = path.read_bytes(), world.bundle(NOON)
    store = TrustStore(home)
    for call in (store.state, store.bundle, lambda: store.accept(data, now=NOON)):
        assert f"{path} is missing or damaged; remove it and run" in complaint(call)
    assert path.read_bytes() == before
    path.unlink()
    new_store(home, world)
    assert version_in_force(home) == 3


@pytest.mark.parametrize(
    "members",
    [
        {"version": "1"},
        {"version": 0},
        {"digest": ""},
        {"pins": None},
        {"anchor": "../x"},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_state_of_another_form_is_damaged(tmp_path: Path, members: dict[str, object]) -> None:
    store = new_store(tmp_path / "home", World())
    path = store.home / "trust.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | members))
    assert "missing or damaged" in complaint(store.state)


@pytest.mark.parametrize("how", [*DAMAGE[:4], lambda data: data[:-1] + b"A"])
def test_a_damaged_bundle_is_told_and_the_next_one_mends_it(
    tmp_path: Path, how: Callable[[bytes], bytes]
) -> None:
    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    data = world.bundle(NOON)
    store.accept(data, now=NOON)
    path = home / f"bundle-{bundle_digest(split_carried(data)[0])}.jws"
    damage(path, how)
    assert complaint(TrustStore(home).bundle) == (
        f"{path} is missing or damaged; run qupia-verifier sync, "
        "or import the newest bundle of the authority"
    )
    TrustStore(home).accept(data, now=NOON)
    assert version_in_force(home) == 2


def test_a_missing_bundle_is_told_and_the_same_one_mends_it(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    store = new_store(home, world)
    data = world.bundle(NOON)
    store.accept(data, now=NOON)
    (home / f"bundle-{bundle_digest(split_carried(data)[0])}.jws").unlink()
    assert "missing or damaged" in complaint(TrustStore(home).bundle)
    TrustStore(home).accept(data, now=NOON)
    assert version_in_force(home) == 2


def test_another_bundle_under_the_name_of_the_one_in_force_is_damage(tmp_path: Path) -> None:
    """It is signed, but it is not what this device has accepted."""
    world, home = World(), tmp_path / "home"
    older = world.bundle(NOON)
    store = new_store(home, world)
    path = home / f"bundle-{store.state().digest}.jws"
    path.write_bytes(older)
    assert "missing or damaged" in complaint(TrustStore(home).bundle)


def test_a_home_of_a_later_format_is_left_alone(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home", World())
    path = store.home / "settings.json"
    path.write_text(json.dumps({"format": 2, "something": "new"}))
    assert "install that program" in complaint(store.settings)
    assert "install that program" in complaint(store.earlier_settings)


# Settings


def test_what_is_chosen_later_stands_beside_what_was_set_up(tmp_path: Path) -> None:
    home = tmp_path / "home"
    store = new_store(home, World(), settings=Settings("https://qupia.example", "no-hint"))
    assert store.settings().check_in is CheckIn.OFF
    chosen = Settings("https://qupia.example", "no-hint", CheckIn.STRICT, "Дәмхана")
    assert store.choose_check_in(check_in=CheckIn.STRICT, name="Дәмхана") == chosen
    assert store.settings() == TrustStore(home).settings() == chosen


def test_a_store_that_is_open_sees_what_another_process_chooses(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home", World())
    assert store.settings().name == ""
    TrustStore(store.home).choose_check_in(check_in=CheckIn.SHOWN, name="Café")
    assert store.settings() == Settings(check_in=CheckIn.SHOWN, name="Café")


def test_settings_from_before_there_were_check_in_codes_are_read_as_off(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home", World())
    path = store.home / "settings.json"
    older = {"format": 1, "url": "https://qupia.example", "policy": "no-hint"}
    path.write_text(json.dumps(older))
    assert store.settings() == Settings("https://qupia.example", "no-hint", CheckIn.OFF, "")
    store.choose_check_in(check_in=CheckIn.SHOWN, name="")
    assert json.loads(path.read_text()) == older | {"check_in": "shown", "name": ""}


@pytest.mark.parametrize(
    "member",
    [
        {"check_in": "maybe"},
        {"check_in": None},
        {"check_in": ["off"]},
        {"name": None},
        {"name": " Café"},
        {"name": "x" * 61},
        {"name": "a\u202eb"},
        {"url": 1},
        {"more": "x"},
    ],
)
def test_settings_that_nobody_could_have_chosen_are_damage(
    tmp_path: Path, member: dict[str, Any]
) -> None:
    store = new_store(tmp_path / "home", World())
    path = store.home / "settings.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | member))
    assert "settings.json is missing or damaged" in complaint(store.settings)
    assert "settings.json is missing or damaged" in complaint(
        lambda: store.choose_check_in(check_in=CheckIn.OFF, name="")
    )


# Set-up


def test_a_set_up_that_was_cut_off_leaves_nothing_to_the_next(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    new_store(home, world, settings=Settings("https://qupia.example", "no-hint"))
    (home / "trust.json").unlink()
    assert TrustStore(home).earlier_settings() == Settings()
    other = World(iss="https://other.example", first_key=50)
    new_store(home, other)
    assert TrustStore(home).settings() == Settings()


def test_another_root_is_refused_in_the_same_folder(tmp_path: Path) -> None:
    other = World(iss="https://other.example", first_key=50)
    store = new_store(tmp_path / "home", World())
    data = other.bundle(NOON)
    message = complaint(lambda: store.set_up(data, anchor=other.pin, settings=Settings(), now=NOON))
    assert "set up with another root; name another folder with --home" in message
    assert version_in_force(store.home) == 1


def test_a_folder_with_other_files_is_neither_closed_nor_filled(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (tmp_path / "letter.txt").write_text("dear")
    assert "holds other files" in complaint(lambda: new_store(tmp_path, World()))
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert files_of(tmp_path) == {"letter.txt"}


def test_a_policy_that_the_bundle_has_not_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    message = complaint(lambda: new_store(home, World(), settings=Settings(policy="cinema")))
    assert message.endswith("one of: everyone, first-only, no-hint")
    assert files_of(home) == {"lock"}
    assert new_store(home, World()).is_set_up()


def test_a_refused_bundle_sets_nothing_up(tmp_path: Path) -> None:
    world, home = World(), tmp_path / "home"
    data = world.bundle(NOON - 30 * DAY)
    with pytest.raises(BundleRejected):
        TrustStore(home).set_up(data, anchor=world.pin, settings=Settings(), now=NOON)
    assert not TrustStore(home).is_set_up()


# The clock


def test_a_comparison_of_clocks_is_kept(tmp_path: Path) -> None:
    store = new_store(tmp_path / "home", World())
    store.keep_clock_check(ClockCheck(-7, NOON + HOUR))
    assert TrustStore(store.home).clock_check() == ClockCheck(-7, NOON + HOUR)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"ahead": "1", "at": 1}', '{"ahead": true, "at": 1}']
)
def test_a_damaged_comparison_is_told(tmp_path: Path, content: str) -> None:
    store = new_store(tmp_path / "home", World())
    store.keep_clock_check(ClockCheck(1, NOON))
    (store.home / "clock.json").write_text(content)
    assert "clock.json is missing or damaged; remove it" in complaint(store.clock_check)
