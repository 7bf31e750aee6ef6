"""Damaged files: each command gives one clear line, and what was there is still there."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from issuer.api.app import create_app
from issuer.authority import Authority
from issuer.home import Home
from schemas.encoding import b64url_encode, format_time
from schemas.kinds import HOUR
from shell.errors import CommandError
from tests.support.issuers import NOON, Foundry, MovableClock, Service, pool_keys
from tests.support.town import Device, Town

Damage = Callable[[Path], object]

DAMAGES: dict[str, Damage] = {
    "truncated": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(Random(path.name).randbytes(path.stat().st_size + 64)),
    "missing": lambda path: path.unlink(),
    "open": lambda path: path.chmod(0o640),
}


def contents(home: Path) -> dict[str, bytes]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


def refuses(device: Device, words: tuple[str, ...], given: str = "") -> bool:
    """Whether a command refuses, with a line for a person (the town checks its manners)."""
    outcome = device.run(*words, given=given)
    if outcome.status == 0:
        return False
    assert outcome.err or outcome.out
    return True


# The issuer's home

PASS_KEY, DAY_KEY = "pass-keys/*.green.*.pem", "no-backup/day-keys/*.key"
KEYS = [("keys", "list"), ("keys", "make"), ("bundle", "--out", "OUT")]
REGISTER = ("register", "--evidence", "pcr_negative", "--at", "RECENT", "--birthday", "03-17")
WITHDRAW = ("withdraw", "--evidence", "contact", "--reference", "-")
STAFF = [("staff", "list"), ("staff", "add", "other", "--role", "officer")]
RETENTION = [("retention", "status"), ("retention", "run"), ("retention", "verify")]
POLICY = ("policy", "check")
SERVE = ("serve", "--tls-cert", "missing.pem", "--tls-key", "missing.pem")
"""It gets as far as listening, and is refused there if not before."""

OPENING = [*KEYS, REGISTER, WITHDRAW, *STAFF, *RETENTION[:2], SERVE]

USERS: dict[str, list[tuple[str, ...]]] = {
    "issuer.json": [*OPENING, POLICY],
    "policy.toml": [*OPENING, POLICY],
    "bundle.jws": KEYS,
    "delegations.json": KEYS,
    "retired.json": KEYS,
    "log.jsonl": RETENTION[:2],
    "staff.db": [*STAFF, RETENTION[1]],
    "audit.jsonl": [REGISTER, WITHDRAW, STAFF[1]],
    "no-backup/store/store.db": [*OPENING, RETENTION[2]],
    "no-backup/reference.key": [REGISTER, WITHDRAW],
    DAY_KEY: [REGISTER, WITHDRAW],
}
"""Which commands need which file. No other command may mind."""

HARMLESS = {
    ("bundle.jws", "missing"),  # Before the first bundle there is none.
    ("retired.json", "missing"),  # Nor a retired key.
    ("log.jsonl", "missing"),
    ("log.jsonl", "empty"),
    ("audit.jsonl", "missing"),
    ("audit.jsonl", "empty"),
    ("audit.jsonl", "truncated"),  # What a crash leaves, which the next line heals.
    (DAY_KEY, "missing"),  # Its day may be over; ``retention verify`` says what is lost.
}


@pytest.fixture(scope="module")
def template(foundry: Foundry, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with everything in it, a wallet and a venue, and nobody serving it."""
    folder = tmp_path_factory.mktemp("used") / "town"
    folder.mkdir()
    with pool_keys(first=100):
        town = Town(folder, foundry.copy(folder / "issuer"))
        town.activated(evidence="vaccinated_full", reference="N1")
        (folder / "slip").write_text(town.slip())
        key = town.service.authority.bundle().pass_keys[1]
        town.office.done("keys", "retire", b64url_encode(key.id))
        town.office.done("staff", "add", "laboratory", "--role", "registrar")
        town.venue()
        town.work()
        town.service.close()
    return folder


@pytest.fixture
def used(template: Path, tmp_path: Path) -> Iterator[Town]:
    folder = tmp_path / "town"
    shutil.copytree(template, folder)
    service = Service(Home(folder / "issuer"), MovableClock(NOON))
    service.close()
    with pool_keys(first=120):
        yield Town(folder, service)
    service.close()


def fill_in(words: tuple[str, ...], town: Town) -> tuple[str, ...]:
    place = {"OUT": str(town.folder / "out.jws"), "RECENT": format_time(town.now - HOUR)}
    return tuple(place.get(word, word) for word in words)


def everything_works(town: Town) -> None:
    """What was promised before the damage is kept after the repair."""
    town.service.open()
    citizen = town.citizen()
    town.until(town.window_end() + HOUR)
    citizen.done("sync")
    venue = town.venue()
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    other = town.citizen("other")
    other.activate((town.folder / "slip").read_text())
    names = [account["name"] for account in town.office.done("staff", "list")["accounts"]]
    assert "laboratory" in names
    assert town.office.done("retention", "verify")["ok"]
    town.service.close()


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", USERS)
@pytest.mark.process
def test_commands_that_need_a_damaged_file_say_so_and_change_nothing(
    used: Town, name: str, damage: str
) -> None:
    home = used.service.home.path
    path = next(home.glob(name))
    original = path.read_bytes()
    DAMAGES[damage](path)
    place, before = str(path.relative_to(home)), contents(home)
    everyone = damage == "open"
    for words in (*OPENING, RETENTION[2], POLICY):
        if words in USERS[name] or everyone:
            refused = refuses(used.office, fill_in(words, used), given="N2\n")
            expected = (name, damage) not in HARMLESS or words == SERVE
            assert refused == expected, words
    if (name, damage) not in HARMLESS:
        assert contents(home).get(place) == before.get(place)
        path.write_bytes(original)
        path.chmod(0o600)
    if damage == "truncated":
        everything_works(used)


@pytest.mark.parametrize("name", ["keys/entitlement.pem", "keys/signer-*.pem", PASS_KEY])
@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "missing"])
def test_a_call_that_needs_a_damaged_key_fails_and_succeeds_after_the_repair(
    used: Town, name: str, damage: str
) -> None:
    slip = (used.folder / "slip").read_text()
    path = next(p for p in sorted(used.service.home.path.glob(name)))
    original = path.read_bytes()
    DAMAGES[damage](path)
    used.service.open()
    citizen = used.citizen("other")
    outcome = citizen.run("activate", "-", given=slip)
    if name.startswith("keys/signer"):
        assert outcome.status == 0
        used.clock.now += 7 * HOUR
        assert path.name in used.office.refused("bundle", status=2)
    elif (name, damage) == (PASS_KEY, "missing"):
        assert "still making its keys" in outcome.err
    else:
        assert "Something failed at the issuer" in outcome.err
        assert {line.partition(":")[0] for line in used.net.log.getvalue().splitlines()} == {
            "error"
        }
    path.write_bytes(original)
    path.chmod(0o600)
    used.service.reopen()
    if citizen.file.load().entitlement is None:
        citizen.activate(slip)
    citizen.done("sync")
    assert used.venue().scan(citizen.show()).outcomes == ["admit"]
    used.service.close()


def test_a_damaged_pass_key_is_healed_by_retiring_it(used: Town) -> None:
    home = used.service.home
    bundle = Authority.open(home).bundle()
    key = bundle.pass_keys[0]
    [path] = home.pass_keys.glob(f"*.{b64url_encode(key.id)}.pem")
    path.write_bytes(b"garbage")
    used.service.open()
    citizen = used.citizen("other")
    outcome = citizen.run("activate", "-", given=(used.folder / "slip").read_text())
    assert outcome.status == 0
    assert "Something failed at the issuer" in outcome.warnings[0]
    used.office.done("keys", "retire", b64url_encode(key.id))
    citizen.done("sync")
    assert used.venue("synced").scan(citizen.show()).outcomes == ["admit"]
    used.service.close()


@pytest.mark.parametrize("version", [0, 1, 3, "2", None])
def test_a_home_of_another_layout_is_not_touched(used: Town, version: object) -> None:
    path = used.service.home.config
    members = json.loads(path.read_text())
    path.write_text(json.dumps(members | {"format": version}))
    before = contents(used.service.home.path)
    for words in OPENING:
        error = used.office.refused(*fill_in(words, used), given="N2\n", status=2)
        assert "layout" in error
    assert contents(used.service.home.path) == before
    path.write_text(json.dumps(members))


@pytest.mark.process
def test_retention_deletes_what_is_over_even_if_its_log_is_damaged(used: Town) -> None:
    home = used.service.home
    home.retention_log.write_bytes(b"garbage")
    used.clock.now += 20 * 24 * HOUR
    assert "log.jsonl is damaged" in used.office.refused("retention", "run", status=2)
    assert list((home.perishable / "day-keys").glob("*.key")) == []
    assert used.office.done("retention", "verify")["ok"]


def test_the_service_answers_failed_and_its_log_says_why(
    used: Town, capfd: pytest.CaptureFixture[str]
) -> None:
    used.service.open()
    used.service.home.bundle.write_bytes(b"garbage")
    assert used.service.get("/.well-known/qupia/trust-bundle").code == (500, "failed")
    assert "bundle.jws is damaged" in capfd.readouterr().err
    used.service.close()


def test_a_home_in_which_nothing_is_ours_is_refused(town: Town) -> None:
    folder = town.folder / "photos"
    folder.mkdir()
    (folder / "cat.png").write_bytes(b"cat")
    stranger = Device("qupia-issuer", folder, town.net, town.clock)
    assert "there is no issuer" in stranger.refused("keys", "list", status=2)
    words = ("init", "--name", "X", "--url", "https://x.example")
    assert "is not empty" in stranger.refused(*words, status=2)
    assert [path.name for path in folder.iterdir()] == ["cat.png"]


# The wallet's file


@pytest.mark.parametrize("damage", ["truncated", "empty", "garbage", "open"])
def test_a_damaged_wallet_is_left_alone_and_works_after_the_repair(town: Town, damage: str) -> None:
    citizen, venue = town.activated(), town.venue()
    path = citizen.home / "wallet.json"
    original = path.read_bytes()
    DAMAGES[damage](path)
    damaged = path.read_bytes()
    slip = town.slip()
    for words in (("status",), ("show",), ("sync",), ("data",), ("end",), ("activate", "-")):
        assert str(path) in citizen.refused(*words, given=slip, status=2)
        assert path.read_bytes() == damaged
    path.write_bytes(original)
    path.chmod(0o600)
    assert venue.scan(citizen.show()).outcomes == ["admit"]


@pytest.mark.parametrize("version", [0, 1, 3, "2", None])
def test_a_wallet_of_another_format_is_not_touched(town: Town, version: object) -> None:
    citizen = town.activated()
    path = citizen.home / "wallet.json"
    members = json.loads(path.read_text())
    path.write_text(json.dumps(members | {"format": version}))
    before = path.read_bytes()
    error = citizen.refused("show", status=2)
    assert ("newer program" in error) == (version == 3)
    assert path.read_bytes() == before


def test_a_wallet_can_be_erased_whatever_is_in_its_file(town: Town) -> None:
    citizen = town.activated()
    (citizen.home / "wallet.json").write_bytes(b"garbage")
    citizen.done("erase")
    assert not (citizen.home / "wallet.json").exists()


@pytest.mark.parametrize("member", ["batches", "entitlement", "authority", "pending", "plan"])
def test_a_wallet_file_with_a_member_of_another_form_is_damaged(town: Town, member: str) -> None:
    citizen = town.activated()
    path = citizen.home / "wallet.json"
    for value in (7, "x", {}, [{}], [[]], True):
        members = json.loads(path.read_text())
        members["wallet"][member] = value
        path.write_text(json.dumps(members))
        error = citizen.run("show").err
        assert error.count("\n") == 1
        if "is damaged" not in error:
            assert value in ([], {}) or error


# The venue's files


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", ["settings.json", "trust.json", "bundle-*.jws", "clock.json"])
def test_a_venue_with_a_damaged_file_says_how_to_repair_it(
    town: Town, name: str, damage: str
) -> None:
    citizen, venue = town.activated(), town.venue()
    path = next(venue.home.glob(name))
    original = path.read_bytes()
    code = citizen.show()
    DAMAGES[damage](path)
    outcomes = {words: venue.run(*words) for words in (("status",), ("scan", code))}
    if (name, damage) == ("clock.json", "missing"):
        assert {outcome.status for outcome in outcomes.values()} == {0}
    elif (name, damage) == ("trust.json", "missing"):
        assert "(Q02)" in outcomes["scan", code].out
        assert outcomes["scan", code].status == 2
    elif name == "clock.json" and damage != "open":
        assert "remove it" in outcomes[("status",)].error
        assert outcomes["scan", code].status == 0
    else:
        for outcome in outcomes.values():
            assert (outcome.status, path.name in outcome.error) == (2, True), outcome
    path.write_bytes(original)
    path.chmod(0o600)
    assert venue.scan(code).outcomes == ["admit"]


def test_a_venue_whose_bundle_is_damaged_is_healed_by_a_sync(town: Town) -> None:
    citizen, venue = town.activated(), town.venue()
    code = citizen.show()
    for damage in ("truncated", "empty", "garbage", "missing"):
        DAMAGES[damage](next(venue.home.glob("bundle-*.jws")))
        assert "qupia-verifier sync" in venue.refused("scan", code, status=2)
        venue.done("sync")
        assert venue.scan(code).outcomes == ["admit"]


def test_a_venue_whose_settings_are_removed_is_set_up_again_and_keeps_its_floor(
    town: Town,
) -> None:
    old = town.bundle_file.read_bytes()
    town.until(town.now + 7 * HOUR)
    venue = town.venue()
    (venue.home / "settings.json").unlink()
    assert "setup again" in venue.refused("scan", "x", status=2)
    file = town.folder / "old.jws"
    file.write_bytes(old)
    venue.done("setup", str(file), "--root", town.root)
    assert venue.done("status")["version"] == 2
    town.venue()
    assert venue.scan(town.activated().show()).outcomes == ["admit"]


def test_an_issuer_s_app_over_a_home_that_was_damaged_meanwhile_refuses_to_open(
    used: Town,
) -> None:
    used.service.home.staff.chmod(0o644)
    with pytest.raises(CommandError, match="others can read"):
        create_app(Authority.open(used.service.home), used.clock, step=0)
    used.service.home.staff.chmod(0o600)
