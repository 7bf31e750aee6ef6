"""Keys, the bundle, the policy and statements of a root, from the command line."""

import json
import stat
from pathlib import Path

import pytest

from issuer.api.background import one_round
from issuer.documents.bundle import load_retired
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import load_delegations
from issuer.publication.making import publish
from schemas.encoding import b64url_encode, format_time, parse_time
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.trust import TrustState, accept_bundle
from shell.files import write_private
from shell.pictures import read_codes
from tests.support.commands import Run
from tests.support.issuer_commands import root_of
from tests.support.issuers import NOON, URL, MovableClock, Service
from tests.support.logs import MemoryWitness

# Keys and the bundle


def test_keys_are_listed_with_what_is_missing(
    at_home: Run, issuer: Service, clock: MovableClock
) -> None:
    members = at_home("keys", "list", "--json").members
    assert members["root"] == issuer.authority.anchor
    assert (len(members["keys"]), members["missing"], members["retired"]) == (8, 0, [])
    assert members["signer_until"] == format_time(NOON + 35 * DAY)
    clock.now += DAY
    shown = at_home("keys", "list").out
    assert "2 keys are missing; run: qupia-issuer keys make" in shown


def test_keys_are_made_once(at_home: Run, clock: MovableClock) -> None:
    assert at_home("keys", "make", "--json").members == {
        "made": 0,
        "published": False,
        "waits_for_witnesses": False,
    }
    clock.now += DAY
    assert at_home("keys", "make", "--json").members == {
        "made": 2,
        "published": True,
        "waits_for_witnesses": False,
    }
    assert at_home("keys", "make").out == "0 keys made\n"


def test_a_key_is_retired_by_the_beginning_of_its_id(at_home: Run, issuer: Service) -> None:
    keys = issuer.authority.bundle().pass_keys
    names = [b64url_encode(key.id) for key in keys]
    members = {
        "retired": names[0],
        "at": format_time(NOON),
        "alike": None,
        "alike_after_an_hour": None,
        "waits_for_witnesses": False,
    }
    assert at_home("keys", "retire", names[0][:5], "--json").members == members
    again = at_home("keys", "retire", names[0])
    assert (again.status, again.error) == (
        2,
        "no single key in force has that id; see: qupia-issuer keys list",
    )
    listed = {"id": names[0], "at": format_time(NOON)}
    assert at_home("keys", "list", "--json").members["retired"] == [listed]


def test_a_key_is_retired_in_so_many_hours(at_home: Run, issuer: Service) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    retired = at_home("keys", "retire", b64url_encode(key.id), "--in", "24")
    assert f"Venues refuse its passes from {format_time(NOON + DAY)} on;" in retired.out
    assert issuer.authority.bundle().retiring == (key,)


THEFT = "only a theft is a reason to switch so quickly; for anything else: --in 24"
AT_DOORS = "doors then refuse whoever has not fetched new passes: "


def say_how_many(issuer: Service, people: int) -> None:
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text.replace("# people = 1000000", f"people = {people}"))


@pytest.mark.parametrize("words", [(), ("--in", "0"), ("--in", "6")])
def test_a_quick_switch_says_what_it_costs_and_that_theft_is_the_only_reason(
    at_home: Run, issuer: Service, words: tuple[str, ...]
) -> None:
    say_how_many(issuer, 3_000)
    key = issuer.authority.bundle().pass_keys[0]
    told = at_home("keys", "retire", b64url_encode(key.id), *words, "--json")
    theft, alike, doors = told.warnings
    assert theft == THEFT
    assert alike == (
        "about 1500 people's passes look alike now, and an hour after this only those of 250 at "
        "most who have new ones"
    )
    assert doors.startswith(AT_DOORS)
    assert (told.members["alike"], told.members["alike_after_an_hour"]) == (1500, 250)


def test_without_a_number_of_people_it_is_said_in_words(at_home: Run, issuer: Service) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    told = at_home("keys", "retire", b64url_encode(key.id))
    assert told.warnings[:2] == [
        THEFT,
        "in the first hours only those look alike whose wallets have new passes already",
    ]


def test_a_switch_with_time_says_only_who_is_refused(at_home: Run, issuer: Service) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    [line] = at_home("keys", "retire", b64url_encode(key.id), "--in", "7").warnings
    assert line.startswith(AT_DOORS)


@pytest.mark.parametrize("hours", ["25", "-1", "soon"])
def test_a_key_is_not_retired_at_another_time(at_home: Run, issuer: Service, hours: str) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    assert at_home("keys", "retire", b64url_encode(key.id), "--in", hours).status == 2
    assert load_retired(issuer.home, NOON) == []


@pytest.mark.parametrize("key_id", ["", "A", "-", "--unknown", "-x", "!", "A" * 43])
def test_what_names_no_single_key_retires_nothing(
    at_home: Run, issuer: Service, key_id: str
) -> None:
    before = issuer.home.bundle.read_bytes()
    assert at_home("keys", "retire", key_id).status == 2
    assert issuer.home.bundle.read_bytes() == before
    assert load_retired(issuer.home, NOON) == []


@pytest.mark.process
def test_an_id_that_begins_with_a_hyphen_is_no_option(
    at_home: Run, issuer: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "issuer.publication.making.b64url_encode", lambda key_id: f"-{key_id.hex()}"
    )
    key = issuer.authority.bundle().pass_keys[0]
    assert at_home("keys", "retire", f"-{key.id.hex()}").status == 0


def test_a_new_signer_is_delegated_with_the_root_key(at_home: Run, issuer: Service) -> None:
    issuer.clock.now += 30 * DAY
    members = at_home("keys", "delegate", "--root", root_of(issuer), "--json").members
    assert members["until"] == format_time(NOON + 65 * DAY)
    assert (issuer.home.keys / f"signer-{members['signer']}.pem").exists()
    assert at_home("keys", "list", "--json").members["signer_until"] == members["until"]


def test_a_new_root_replaces_the_old_one(at_home: Run, issuer: Service, tmp_path: Path) -> None:
    new = tmp_path / "NEW.pem"
    arguments = ("keys", "delegate", "--root", root_of(issuer), "--new-root", new)
    assert at_home(*arguments).status == 0
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    old = at_home("keys", "delegate", "--root", root_of(issuer))
    assert old.error == f"{root_of(issuer)} is not a root of this issuer; give the right ROOT.pem"
    assert at_home("keys", "delegate", "--root", new).status == 0
    state = TrustState(anchor=issuer.authority.anchor)
    published = issuer.authority.published()
    assert published is not None
    assert accept_bundle(published.data, state=state, now=NOON).state.root_version == 3


def test_a_wrong_root_changes_nothing(at_home: Run, issuer: Service, tmp_path: Path) -> None:
    SigningKey.generate(Typ.ROOT).create(tmp_path / "other.pem")
    (tmp_path / "text.pem").write_text("no key")
    (tmp_path / "text.pem").chmod(0o600)
    before = {path: path.read_bytes() for path in issuer.home.keys.iterdir()}
    new = tmp_path / "NEW.pem"
    for name, line in (
        ("other.pem", "is not a root of this issuer; give the right ROOT.pem"),
        ("text.pem", "holds no usable key; restore it from a backup"),
        ("missing.pem", "is missing; restore it from a backup"),
    ):
        outcome = at_home("keys", "delegate", "--root", tmp_path / name, "--new-root", new)
        assert (outcome.status, outcome.error) == (2, f"{tmp_path / name} {line}")
    assert not new.exists()
    assert {path: path.read_bytes() for path in issuer.home.keys.iterdir()} == before


def test_the_bundle_goes_to_standard_output_or_a_file(
    at_home: Run, issuer: Service, tmp_path: Path
) -> None:
    assert at_home("bundle").out.encode() == issuer.home.bundle.read_bytes() + b"\n"
    members = at_home("bundle", "--out", tmp_path / "bundle.jws", "--json").members
    assert (tmp_path / "bundle.jws").read_bytes() == issuer.home.bundle.read_bytes()
    assert members == {
        "version": 1,
        "iat": format_time(NOON),
        "exp": format_time(NOON + 72 * HOUR),
        "keys": 8,
        "root": issuer.authority.anchor,
        "waits_for_witnesses": False,
    }


def test_the_bundle_is_made_anew_when_it_is_due(at_home: Run, clock: MovableClock) -> None:
    clock.now += DAY
    assert at_home("bundle", "--json").members["version"] == 2
    assert at_home("bundle", "--json").members["version"] == 2


def test_the_set_up_code_holds_address_and_root(
    at_home: Run, issuer: Service, tmp_path: Path
) -> None:
    assert at_home("bundle", "--setup-qr", tmp_path / "setup.png").out == "Written.\n"
    assert read_codes(tmp_path / "setup.png") == [f"QS1:{URL}#{issuer.authority.anchor}"]


def test_every_command_warns_of_a_signer_that_ends(
    at_home: Run, issuer: Service, clock: MovableClock
) -> None:
    clock.now = NOON + 25 * DAY - 1
    assert at_home("staff", "list").err == ""
    clock.now += 1
    line = "warning: the bundle signer ends on 2026-04-21; run: qupia-issuer keys delegate --root"
    for arguments in (["staff", "list"], ["retention", "status"], ["policy", "check", "--json"]):
        assert line in at_home(*arguments).err
    clock.now = NOON + 35 * DAY
    assert "the bundle signer ended on 2026-04-21" in at_home("retention", "status").err
    assert at_home("keys", "delegate", "--root", root_of(issuer)).status == 0
    assert at_home("staff", "list").err == ""


def test_every_command_warns_when_witnesses_have_kept_a_bundle_back_for_12_hours(
    at_home: Run, issuer: Service, clock: MovableClock
) -> None:
    write_private(issuer.home.entered_bundle, issuer.home.bundle.read_bytes())
    clock.now = NOON + 12 * HOUR
    assert at_home("staff", "list").err == ""
    clock.now += 1
    [line] = at_home("staff", "list").warnings
    assert line.startswith("witnesses have kept the next bundle back for 12 hours; ask them why")


def test_without_a_signer_the_bundle_says_what_to_do(at_home: Run, clock: MovableClock) -> None:
    clock.now = NOON + 35 * DAY
    outcome = at_home("bundle", "--json")
    assert outcome.status == 2
    assert outcome.error == (
        "no signer is in force now; check the clock, or run: "
        "qupia-issuer keys delegate --root ROOT.pem"
    )


def test_a_root_key_that_is_still_in_the_home_is_warned_of(at_home: Run, issuer: Service) -> None:
    root_of(issuer).rename(issuer.home.root_key)
    outcome = at_home("keys", "list", "--json")
    assert outcome.members["missing"] == 0
    assert outcome.err == f"warning: {issuer.home.root_key} is still here; move it offline\n"


def wait_for_a_witness(at_home: Run, issuer: Service) -> None:
    """From now on one must sign whom nobody can reach."""
    address = "http://127.0.0.1:1"
    witness = f"{MemoryWitness('w.example').vkey.text}@{address}"
    words = ("--root", root_of(issuer), "--witness", witness, "--quorum", "1")
    assert at_home("keys", "delegate", *words).status == 0


def test_what_still_waits_for_witnesses_is_said_by_each_command_that_makes_a_bundle(
    at_home: Run, issuer: Service
) -> None:
    key = issuer.authority.bundle().pass_keys[0]
    wait_for_a_witness(at_home, issuer)
    kept = issuer.home.bundle.read_bytes()
    retire = ("keys", "retire", b64url_encode(key.id), "--json")
    for words in (retire, ("keys", "make", "--json"), ("bundle", "--json")):
        told = at_home(*words)
        assert told.status == 0
        assert told.members["waits_for_witnesses"]
        assert told.warnings[-1].startswith("too few witnesses have signed the next bundle, so")
    assert issuer.home.bundle.read_bytes() == kept
    assert [entry.id for entry in load_retired(issuer.home, NOON)] == [key.id]


# The policy and the sunset


@pytest.mark.parametrize(
    ("people", "size", "warnings"),
    [
        (2_000, 1_000, 0),
        (1_999, 999, 1),
        (200, 100, 1),
    ],
)
def test_the_policy_is_checked_for_small_groups(
    at_home: Run, issuer: Service, people: int, size: int, warnings: int
) -> None:
    say_how_many(issuer, people)
    told = at_home("policy", "check", "--json")
    assert told.members == {"ok": True, "people": people, "smallest_cell": size}
    assert len(told.warnings) == warnings


def test_a_policy_with_too_small_groups_is_refused(at_home: Run, issuer: Service) -> None:
    say_how_many(issuer, 199)
    told = at_home("policy", "check", "--json")
    assert (told.status, told.out) == (2, "")
    assert told.error == (
        "of 199 people only about 99 have passes that look alike, under 100: no hint is coarser; "
        "have fewer statuses, or one authority for many places"
    )


def test_the_policy_is_checked(at_home: Run, issuer: Service) -> None:
    assert at_home("policy", "check", "--json").members == {
        "ok": True,
        "people": None,
        "smallest_cell": None,
    }
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text.replace("window_hours = 24", "window_hours = 5"))
    outcome = at_home("policy", "check")
    assert outcome.status == 2
    assert outcome.error == "policy.toml: window_hours must be one of 24, 12, 8, 6"


def test_rules_with_too_large_a_bundle_are_told(at_home: Run, issuer: Service) -> None:
    text = issuer.home.policy.read_text()
    issuer.home.policy.write_text(text.replace("window_hours = 24", "window_hours = 6"))
    members = json.loads(issuer.home.config.read_bytes()) | {"hint": "day"}
    issuer.home.config.write_text(json.dumps(members))
    assert "more than 4 MB; choose fewer statuses" in at_home("policy", "check").error


def test_the_sunset_only_moves_earlier(at_home: Run, issuer: Service) -> None:
    delegate = ("keys", "delegate", "--root", root_of(issuer), "--sunset")
    members = at_home(*delegate, "2026-06-01", "--json").members
    assert members["sunset"] == "2026-05-31T19:00:00Z"
    assert issuer.authority.bundle().sunset == parse_time("2026-05-31T19:00:00Z")
    for date in ("2026-06-02", "2027-01-01"):
        outcome = at_home(*delegate, date)
        assert outcome.status == 1
        assert outcome.error == "the sunset is 2026-06-01 and can only move earlier"
    assert at_home(*delegate, "2026-03-17").error == "the sunset is a day in the future"
    assert at_home(*delegate, "soon").error == "the sunset is a date: YYYY-MM-DD"
    assert len(load_delegations(issuer.home)) == 2


# Damage


def test_a_damaged_bundle_is_one_line_and_can_be_mended(at_home: Run, issuer: Service) -> None:
    issuer.home.bundle.write_bytes(b"damaged")
    outcome = at_home("keys", "list")
    assert outcome.status == 2
    assert outcome.error == (
        "bundle.jws is damaged; remove it, then run: qupia-issuer keys delegate --root ROOT.pem"
    )
    issuer.home.bundle.unlink()
    assert at_home("keys", "delegate", "--root", root_of(issuer)).status == 0
    # The log knows the one that is lost, and no version stands for two bundles.
    assert at_home("bundle", "--json").members["version"] == 2


def test_commands_work_beside_a_service(at_home: Run, issuer: Service, clock: MovableClock) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch()
    at_home("keys", "retire", b64url_encode(key.id))
    assert wallet.fetch(wallet.batch(key)).code == (422, "wrong_key")
    assert wallet.fetch().status == 200
    one_round(issuer.authority, clock)
    assert publish(issuer.authority, NOON) is False
