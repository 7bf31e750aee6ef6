"""Passes that are right in themselves, at a door where they do not count."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.hours import hour_at
from schemas.kinds import HOUR
from schemas.presentation import format_presentation, parse_presentation
from schemas.refusals import Reason, Refused
from schemas.trust import read_bundle
from tests.support.issuers import Service, pool_keys
from tests.support.town import Citizen, Town
from verifier.door.seen import SeenSet
from verifier.door.verification import Venue, Verdict, verify
from wallet_sim.passes.presentation import choose, present

OTHER_URL = "https://elsewhere.example"
BINDING = bytes(range(16))


@pytest.fixture
def elsewhere(town: Town, tmp_path: Path) -> Iterator[Town]:
    """Another authority, whose keys are its own."""
    with pool_keys(first=50):
        service = Service.found(tmp_path / "elsewhere" / "issuer", url=OTHER_URL)
    yield Town(tmp_path / "elsewhere", service, town.net)
    service.close()


@pytest.fixture
def training(town: Town, tmp_path: Path) -> Iterator[Town]:
    """The same authority's issuer for training."""
    with pool_keys(first=50):
        service = Service.found(tmp_path / "training" / "issuer", url=OTHER_URL, specimen=True)
    yield Town(tmp_path / "training", service, town.net)
    service.close()


# Other issuers


def test_a_pass_of_another_issuer_cannot_be_checked(town: Town, elsewhere: Town) -> None:
    code = elsewhere.activated().show()
    assert elsewhere.venue().scan(code).outcomes == ["admit"]
    scanned = town.venue().scan(code)
    assert scanned.outcomes == ["unknown_key"]
    assert scanned.status == 2
    assert scanned.each[0]["outcome"] == "cannot_check"


def test_a_slip_of_another_issuer_does_not_replace_what_a_wallet_holds(
    town: Town, elsewhere: Town
) -> None:
    citizen = town.activated()
    before = citizen.file.load()
    link = elsewhere.slip()
    assert "--replace" in citizen.refused("activate", "-", given=link)
    assert citizen.file.load() == before
    citizen.activate(link, "--replace")
    assert elsewhere.venue("theirs").scan(citizen.show()).outcomes == ["admit"]


def test_a_venue_of_one_issuer_does_not_take_the_bundle_of_another(
    town: Town, elsewhere: Town
) -> None:
    venue = town.venue()
    foreign = str(elsewhere.bundle_file)
    assert "(Q42)" in venue.refused("import", foreign)
    assert venue.scan(town.activated().show()).outcomes == ["admit"]


def test_a_training_pass_is_right_in_everything_and_admits_nobody(training: Town) -> None:
    citizen, venue = training.activated(), training.venue()
    code = citizen.show()
    scanned = venue.scan(code, code)
    assert scanned.outcomes == ["specimen", "specimen"]
    assert scanned.status == 1
    damaged = parse_presentation(code)
    damaged = replace(damaged, proof=bytes(64))
    assert venue.scan(format_presentation(damaged)).outcomes == ["bad_proof"]
    assert "training" in citizen.run("show").out.lower()
    assert "training" in venue.run("status").out.lower()


# Other statuses


def test_a_status_is_admitted_where_the_venue_s_policy_says_so(town: Town) -> None:
    blue, green = town.activated("blue", "no_record"), town.activated("green")
    codes = (blue.show(), green.show())
    cafe, concert = town.venue("cafe"), town.venue("concert", "--policy", "events")
    assert cafe.scan(*codes).outcomes == ["admit", "admit"]
    assert [verdict["status"] for verdict in cafe.scan(*codes).each] == ["blue", "green"]
    assert concert.scan(*codes).outcomes == ["status_not_admitted", "admit"]
    assert cafe.scan(*codes, policy="events").outcomes == ["status_not_admitted", "admit"]


def test_a_wallet_cannot_ask_for_a_better_status_or_another_birthday(
    found: Callable[..., Town],
) -> None:
    town = found(hint="month")
    wallet = town.service.activated(evidence="no_record", birthday="03-17")
    keys = [key for key in town.service.authority.bundle().pass_keys if key.window.nbf < town.now]
    assert len(keys) == 24
    answers = {(key.status, key.holder): wallet.fetch(wallet.batch(key)).status for key in keys}
    assert [cell for cell, status in answers.items() if status == 200] == [("blue", "03")]
    assert {status for cell, status in answers.items() if cell != ("blue", "03")} == {422}


# Exchanged parts


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (("proof",), "bad_proof"),
        (("proof", "slot"), "bad_proof"),
        (("device",), "bad_signature"),
        (("device", "proof"), "bad_signature"),
        (("device", "proof", "slot"), "bad_signature"),
        (("signature",), "bad_signature"),
        (("signature", "proof"), "bad_signature"),
    ],
)
def test_parts_of_two_right_passes_make_no_third(
    town: Town, parts: tuple[str, ...], reason: str
) -> None:
    citizen, venue = town.activated(), town.venue()
    one, other = (parse_presentation(citizen.show()) for _ in range(2))
    mixed = replace(one, **{part: getattr(other, part) for part in parts})
    assert venue.scan(format_presentation(mixed)).outcomes == [reason]
    assert venue.scan(format_presentation(one), format_presentation(other)).outcomes == [
        "admit",
        "admit",
    ]


def test_a_proof_made_ahead_works_in_its_own_minutes_only(town: Town) -> None:
    citizen, venue = town.activated(), town.venue()
    citizen.clock_error = 10 * 60
    ahead = citizen.show()
    assert venue.scan(ahead).outcomes == ["from_the_future"]
    assert venue.scan(ahead, at=town.now + 600).outcomes == ["admit"]
    assert venue.scan(ahead, at=town.now + 720).outcomes == ["stale"]


# Bound to a venue's hour


def bound(town: Town, citizen: Citizen, binding: bytes) -> str:
    """A pass shown after a venue's check-in code was scanned."""
    showing = choose(
        citizen.file.load(), now=town.now, again=False, agreed=False, below=lambda _: 0
    )
    citizen.file.update(lambda _: showing.wallet)
    return present(showing, now=town.now, bindings={hour_at(town.now): binding})


def at_the_door(town: Town, code: str, venue: Venue | None, now: int | None = None) -> str:
    bundle = read_bundle(town.bundle_file.read_bytes(), anchor=town.root).bundle
    try:
        verdict = verify(
            code,
            bundle=bundle,
            policy=bundle.policies[0],
            now=town.now if now is None else now,
            venue=venue,
            seen=SeenSet(),
        )
    except Refused as refused:
        return refused.reason.value
    assert isinstance(verdict, Verdict)
    return "admit"


def test_a_bound_pass_works_at_that_venue_in_that_hour_only(town: Town) -> None:
    citizen = town.activated()
    code, hour = bound(town, citizen, BINDING), town.now // HOUR
    there = Venue({hour: BINDING, hour + 1: bytes(range(1, 17))})
    strict = replace(there, strict=True)
    elsewhere = Venue({hour: bytes(range(16, 32))}, strict=True)
    later = Venue({hour + 1: BINDING}, strict=True)
    assert at_the_door(town, code, there) == "admit"
    assert at_the_door(town, code, strict) == "admit"
    assert at_the_door(town, code, elsewhere) == Reason.BAD_PROOF
    assert at_the_door(town, code, later) == Reason.BAD_PROOF
    assert at_the_door(town, code, None) == Reason.BAD_PROOF


def test_an_unbound_pass_is_told_from_a_wrong_one_where_binding_is_demanded(town: Town) -> None:
    citizen = town.activated()
    code, hour = citizen.show(), town.now // HOUR
    assert at_the_door(town, code, Venue({hour: BINDING})) == "admit"
    assert at_the_door(town, code, Venue({hour: BINDING}, strict=True)) == Reason.NOT_BOUND
    damaged = format_presentation(replace(parse_presentation(code), proof=b"\1" * 64))
    assert at_the_door(town, damaged, Venue({hour: BINDING}, strict=True)) == Reason.BAD_PROOF
