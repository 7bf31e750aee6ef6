"""A pass from the laboratory to the door, day after day."""

import csv
from collections.abc import Callable

import pytest

from schemas.encoding import b64url_encode, format_time, parse_time
from schemas.kinds import DAY, HOUR, MINUTE
from tests.support.lab_export import local, make_row, write_text
from tests.support.town import Town
from wallet_sim.passes.state import LONGEST_QUIET


def test_a_row_of_an_export_opens_a_door(found: Callable[..., Town]) -> None:
    town = found(hint="month")
    export, out = town.folder / "export.csv", town.folder / "codes.csv"
    rows = [make_row(1, date=local(0.1, now=town.clock.now))]
    export.write_text(write_text(rows), encoding="cp1251")
    summary = town.office.done("intake", str(export), "--out", str(out))
    assert (summary["rows"], summary["codes"], summary["rejected"]) == (1, 1, [])
    with out.open(encoding="utf-8", newline="") as file:
        [slip] = csv.DictReader(file)
    citizen, venue = town.citizen(), town.venue()
    town.office.run("bundle")
    assert citizen.activate(slip["activation_url"])["status"] == "green"

    town.net.is_cut = True
    picture = town.folder / "pass.png"
    citizen.show("--png", str(picture))
    outcome = venue.run("scan", str(picture))
    assert outcome.status == 0
    assert outcome.out == f"{picture}: ✓ ADMIT — green — check ID: born in March\n"


def test_a_pass_works_from_the_first_to_the_last_second_of_its_window(town: Town) -> None:
    citizen, venue = town.activated(), town.venue()
    midnight = town.window_end()
    town.clock.now = midnight - 1
    last = citizen.show()
    assert venue.scan(last).outcomes == ["admit"]
    assert venue.scan(last, at=midnight).outcomes == ["expired"]
    town.clock.now = midnight
    first = citizen.show()
    assert venue.scan(first, at=midnight - 1).outcomes == ["not_yet_valid"]
    assert venue.scan(first).outcomes == ["admit"]


def test_eight_doors_a_day_and_the_ninth_only_if_the_holder_agrees(town: Town) -> None:
    citizen, venue = town.activated(), town.venue()
    codes = [citizen.show() for _ in range(8)]
    assert len(set(codes)) == 8
    assert venue.scan(*codes).outcomes == ["admit"] * 8
    town.clock.now += HOUR
    assert "--again" in citizen.refused("show")
    shown = citizen.done("show", "--again")
    assert (shown["reused"], shown["remaining"]) == (True, 0)
    assert venue.scan(shown["qr"]).outcomes == ["admit"]


@pytest.mark.process
def test_each_day_only_the_next_day_s_passes_are_asked_for(town: Town) -> None:
    citizen, venue = town.activated(evidence="vaccinated_full", reference="N1"), town.venue()
    for day in range(3):
        town.until(town.window_end() + 9 * HOUR + day * MINUTE)
        venue.done("sync")
        assert venue.scan(citizen.show()).outcomes == ["admit"]
        synced = citizen.done("sync")
        assert (synced["fetched"], synced["issuer_saw_the_time"]) == (8, False)
    requests = [sent.members["batches"] for sent in town.net.posted("/v1/passes")]
    assert [len(batches) for batches in requests] == [2, 1, 1, 1]


@pytest.mark.process
def test_on_the_day_the_evidence_ends_the_passes_work_until_midnight(town: Town) -> None:
    citizen, venue = town.activated(ago=40 * HOUR), town.venue()
    until = parse_time(citizen.done("status")["until"])
    evidence_ends = town.clock.now - 40 * HOUR + 72 * HOUR
    town.until(evidence_ends)
    assert until == town.window_end()
    synced = citizen.done("sync")
    assert (synced["current"], synced["fetched"], synced["next_remaining"]) == (True, 0, 0)
    kept = citizen.file.load().entitlement
    assert kept is not None

    town.until(until - 1)
    venue.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    town.until(until)
    assert "is empty" in citizen.refused("show", status=2)
    citizen.refused("sync", status=2)
    town.until(until + LONGEST_QUIET)
    sunset = format_time(town.service.authority.sunset)
    assert citizen.done("data")["wallet"] == [
        {"what": what, "dies": sunset, "count": 1} for what in ("authority", "list")
    ]


@pytest.mark.process
def test_an_entitlement_that_ended_is_refused_even_if_it_was_kept(town: Town) -> None:
    wallet = town.service.activated()
    until = wallet.claims["exp"]
    town.until(until - 1)
    following = town.service.pass_key(wallet, ahead=1)
    assert wallet.fetch(wallet.batch(following)).code == (403, "entitlement_expired")
    assert wallet.fetch().status == 200
    town.until(until)
    assert wallet.fetch().code == (403, "entitlement_expired")


@pytest.mark.process
def test_after_missed_days_the_current_passes_come_at_once_with_a_warning(town: Town) -> None:
    citizen, venue = town.activated(evidence="vaccinated_full", reference="N1"), town.venue()
    town.until(town.clock.now + 4 * DAY)
    venue.done("sync")
    assert "qupia-wallet sync" in citizen.run("status").out
    assert "qupia-wallet sync" in citizen.refused("show")
    outcome = citizen.run("sync")
    assert outcome.status == 0
    assert "The issuer saw when you fetched the current passes" in outcome.out
    assert venue.scan(citizen.show()).outcomes == ["admit"]
    assert citizen.done("sync")["fetched"] == 0


def test_a_retired_key_is_refused_where_it_is_known_and_replaced_in_the_wallet(town: Town) -> None:
    citizen, synced, old = town.activated(), town.venue("synced"), town.venue("old")
    key = town.service.authority.bundle().pass_keys[0]
    assert (key.status, key.window.exp) == ("green", town.window_end())
    town.office.done("keys", "retire", b64url_encode(key.id))
    synced.done("sync")

    held = citizen.show()
    verdict = synced.scan(held).each[0]
    assert (verdict["outcome"], verdict["reason"]) == ("refuse", "key_retired")
    assert old.scan(held).outcomes == ["admit"]

    fetched = citizen.done("sync")
    assert (fetched["fetched"], fetched["remaining"], fetched["next_remaining"]) == (8, 8, 8)
    replaced = citizen.show()
    assert synced.scan(replaced).outcomes == ["admit"]
    assert old.scan(replaced).outcomes == ["unknown_key"]
    old.done("sync")
    assert old.scan(held, replaced).outcomes == ["key_retired", "admit"]


def test_the_key_of_a_retired_cell_signs_nothing_more(town: Town) -> None:
    wallet = town.service.activated()
    key = town.service.pass_key(wallet)
    before = wallet.batch(key)
    assert wallet.fetch(before).status == 200
    town.office.done("keys", "retire", b64url_encode(key.id))
    assert wallet.fetch(before).code == (422, "wrong_key")
    assert wallet.fetch(wallet.batch(key, label="more")).code == (422, "wrong_key")
    assert wallet.fetch().status == 200
