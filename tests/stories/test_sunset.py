"""Past the sunset nothing is issued, made or accepted, by any path, and what is left goes."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from issuer.api.app import CALLS
from issuer.home import Home
from issuer.perishable.inspection import inspect
from issuer.publication.making import missing_cells
from schemas.encoding import b64url_encode, format_time
from schemas.kinds import DAY, HOUR
from tests.support.town import Town

pytestmark = pytest.mark.process

OVER = "The system has ended"


def delegate_until(town: Town, date: str) -> None:
    """The root moves the end to the midnight with which this day begins."""
    root = str(town.service.home.root_key)
    town.office.done("keys", "delegate", "--root", root, "--sunset", date)


@pytest.fixture
def ended(town: Town) -> Town:
    """An authority in its last second, with everything in it that there can be."""
    town.activated("citizen", "vaccinated_full", reference="900317300011")
    town.activated("ended", "recovered", reference="900317300021").done("end")
    town.register()
    town.register("positive", reference="900317300031")
    town.office.done("staff", "add", "laboratory", "--role", "registrar")
    town.venue()
    date = datetime.fromtimestamp(town.now + 3 * DAY, UTC).strftime("%Y-%m-%d")
    delegate_until(town, date)
    key = town.service.authority.bundle().pass_keys[0]
    town.office.done("keys", "retire", b64url_encode(key.id))
    town.until(town.service.authority.sunset - 1)
    town.citizen().done("sync")
    return town


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


# In the last second and in the first


def test_everything_works_until_the_last_second(ended: Town) -> None:
    citizen, venue = ended.citizen(), ended.venue("late")
    citizen.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    ended.activated("somebody else", "no_record")


def test_in_the_first_second_after_it_every_call_is_refused(ended: Town) -> None:
    """Before anything was deleted: it is not the missing keys that refuse."""
    wallet = ended.service.activated()
    body, batch = {"entitlement": wallet.entitlement}, wallet.batch(ended.service.pass_key(wallet))
    code = ended.service.code()
    ended.clock.now += 1
    bodies = {
        "/v1/entitlements": {"code": code},
        "/v1/passes": body | {"batches": [batch]},
        "/v1/me": body,
        "/v1/me/end": body,
    }
    key = ended.service.staff("officer")
    for path in CALLS:
        post = wallet.post if path in bodies else ended.service.post
        more = {} if path in bodies else {"key": key}
        assert post(path, bodies.get(path, {}), **more).code == (410, "sunset"), path
    for path in ("trust-bundle", "retention"):
        assert ended.service.get(f"/.well-known/qupia/{path}").code == (410, "sunset")
    assert ended.service.get("/healthz").code == (410, "sunset")


def test_every_command_of_the_issuer_says_that_it_is_over(ended: Town) -> None:
    export = ended.folder / "export.csv"
    export.write_text("ИИН;Вид исследования;Результат;Дата забора\n")
    root = ended.service.home.root_key
    ended.clock.now += 1
    recent = format_time(ended.now - HOUR)
    commands = [
        ("register", "--evidence", "pcr_negative", "--at", recent),
        ("register", "--evidence", "positive", "--at", recent, "--reference", "-"),
        ("codes", "cancel", "-"),
        ("intake", str(export), "--out", str(ended.folder / "codes.csv")),
        ("withdraw", "--evidence", "contact", "--reference", "-"),
        ("withdraw", "--evidence", "contact", "--reference", "-", "--lift"),
        ("keys", "list"),
        ("keys", "make"),
        ("keys", "retire", "A"),
        ("keys", "delegate", "--root", str(root)),
        ("bundle",),
        ("bundle", "--out", str(ended.folder / "out.jws")),
        ("keys", "delegate", "--root", str(root), "--sunset", "2030-01-01"),
        ("keys", "replace-all", "--root", str(root)),
        ("staff", "add", "somebody", "--role", "officer"),
        ("staff", "list"),
        ("staff", "remove", "laboratory"),
        ("serve",),
    ]
    for words in commands:
        assert "this issuer ended on" in ended.office.refused(*words, given="N1\n"), words
    assert files(ended.folder) & {"codes.csv", "out.jws"} == set()


def test_no_door_opens_and_no_device_can_be_set_up(ended: Town) -> None:
    citizen, venue = ended.citizen(), ended.venue()
    code = citizen.show()
    kept = ended.folder / "kept.jws"
    kept.write_bytes(ended.bundle_file.read_bytes())
    ended.clock.now += 1
    scanned = venue.scan(code)
    assert (scanned.outcomes, scanned.status) == (["sunset"], 2)
    assert venue.done("status")["next"] == "end"
    venue.refused("import", str(kept))
    fresh = type(venue)("qupia-verifier", ended.folder / "fresh", ended.net, ended.clock)
    fresh.refused("setup", str(kept), "--root", ended.root)
    url = ended.service.authority.config.url
    assert OVER in fresh.refused("setup", url, "--root", ended.root, status=2)
    assert OVER in venue.refused("sync", status=2)
    assert not (fresh.home / "trust.json").exists()
    assert venue.scan(code).outcomes == ["sunset"]


def test_a_wallet_shows_and_fetches_nothing_and_keeps_nothing(ended: Town) -> None:
    citizen, link = ended.citizen(), ended.slip()
    ended.clock.now += 1
    citizen.refused("show", status=2)
    citizen.refused("sync", status=2)
    assert citizen.done("data") == {"wallet": [], "issuer": []}
    stored = (citizen.home / "wallet.json").read_text()
    assert '"entitlement": null' in stored
    assert "signature" not in stored
    assert OVER in ended.citizen("new").refused("activate", "-", given=link)


def test_a_wallet_whose_clock_is_behind_learns_of_it_from_the_issuer(ended: Town) -> None:
    citizen = ended.citizen()
    citizen.clock_error = -2 * DAY
    citizen.done("sync")
    ended.clock.now += 1
    assert OVER in citizen.refused("sync")


# What is left


def test_of_the_issuer_s_home_only_configuration_rules_and_log_are_left(ended: Town) -> None:
    home = ended.service.home
    before = files(home.path)
    ended.until(ended.now + 1)
    left = files(home.path)
    assert left - {"no-backup/store/store.db-wal", "no-backup/store/store.db-shm"} == {
        "issuer.json",
        "policy.toml",
        "delegations.json",
        "log.jsonl",
        "staff.db",
        "audit.jsonl",
        ".audit.lock",
        ".making.lock",
        "no-backup/CACHEDIR.TAG",
        "no-backup/day-keys/CACHEDIR.TAG",
        "no-backup/store/CACHEDIR.TAG",
        "no-backup/store/opening.lock",
        "no-backup/store/store.db",
        "no-backup/tracing-seeds/CACHEDIR.TAG",
    }
    assert {name.split("/")[0] for name in before - left} >= {"keys", "pass-keys", "bundle.jws"}
    assert ended.service.authority.staff.accounts() == []
    assert inspect(home.perishable, ended.now) == []
    assert all(held.held == 0 for held in ended.service.authority.store.census(ended.now))
    ended.office.done("retention", "verify")
    status = ended.office.done("retention", "status")
    assert {kind["held"] for kind in status["kinds"]} == {0}


def test_a_service_that_is_started_after_it_cleans_up_and_refuses(ended: Town) -> None:
    ended.service.close()
    ended.clock.now += 1
    assert "this issuer ended on" in ended.office.refused("serve")
    home = Home(ended.service.home.path)
    assert list(home.pass_keys.iterdir()) == list(home.keys.iterdir()) == []
    assert not home.reference_key.exists()
    assert not home.bundle.exists()
    ended.service.open()


def test_working_on_past_it_makes_nothing_and_changes_nothing(ended: Town) -> None:
    ended.until(ended.now + 1)
    left = files(ended.service.home.path)
    for _ in range(3):
        ended.until(ended.now + DAY)
        assert files(ended.service.home.path) == left
    days = [line["day"] for line in _log(ended)]
    assert len(days) == len(set(days))


def _log(town: Town) -> list[dict[str, str]]:
    return [json.loads(line) for line in town.service.home.retention_log.read_text().splitlines()]


def test_the_sunset_cannot_be_moved_later_by_any_command_nor_by_init(ended: Town) -> None:
    later = datetime.fromtimestamp(ended.now + 9 * DAY, UTC).strftime("%Y-%m-%d")
    assert "can only move earlier" in ended.office.refused(
        "keys", "delegate", "--root", str(ended.service.home.root_key), "--sunset", later
    )
    words = ("init", "--name", "X", "--url", "https://x.example")
    assert "there is an issuer" in ended.office.refused(*words, status=2)
    ended.until(ended.now + 1)
    assert "there is an issuer" in ended.office.refused(*words, status=2)


def test_no_key_no_bundle_and_no_delegation_reaches_beyond_it(ended: Town) -> None:
    bundle, sunset = ended.service.authority.bundle(), ended.service.authority.sunset
    assert bundle.exp == bundle.sunset == sunset
    assert max(window.exp for window in bundle.windows) == sunset
    assert missing_cells(ended.service.authority, ended.now) == []


def test_who_never_heard_of_an_earlier_end_still_stops_with_the_last_bundle_and_window(
    town: Town,
) -> None:
    citizen, venue = town.activated(), town.venue()
    tomorrow = datetime.fromtimestamp(town.now + DAY, UTC).strftime("%Y-%m-%d")
    bundle_ends, window_ends = town.service.authority.bundle().exp, town.window_end(ahead=1)
    delegate_until(town, tomorrow)
    town.until(window_ends - 1)
    assert town.now > town.service.authority.sunset
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    assert OVER in citizen.refused("sync")
    town.clock.now = window_ends
    citizen.refused("show")
    assert venue.scan("no pass", at=bundle_ends).outcomes == ["not_a_pass"]
    assert venue.done("status")["next"] == "sync"
