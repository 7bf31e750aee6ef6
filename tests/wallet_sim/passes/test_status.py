"""What a wallet has and what it advises."""

from dataclasses import replace

import pytest

from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.windows import Window
from tests.support.wallets import ENTITLEMENT, FRESH, NEXT, WINDOW, batch, used, wallet
from tests.support.world import NOON
from wallet_sim.passes.state import (
    CODE_SECONDS,
    Activating,
    BatchFault,
    Plan,
    Wallet,
)
from wallet_sim.passes.status import advice, condition, holdings, lateness
from wallet_sim.texts import knows

WAITING = Activating("https://qupia.example", "c", b"k", NOON)


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (Wallet(), "not_activated"),
        (Wallet(activating=(WAITING,)), "waiting_code"),
        (replace(wallet(FRESH), batches=()), "next_sync"),
        (wallet(FRESH), "next_show"),
        (wallet(used(0)), "next_again"),
        (replace(wallet(), batches=(replace(batch(), fault=BatchFault.BAD_ANSWER),)), "next_wait"),
        (replace(wallet(), batches=(batch(FRESH),)), "next_watch"),
        (
            replace(
                wallet(),
                batches=(batch(FRESH),),
                entitlement=replace(ENTITLEMENT, until=WINDOW.exp),
            ),
            "next_show",
        ),
    ],
)
def test_the_next_thing_to_do_is_always_named(held: Wallet, expected: str) -> None:
    assert advice(held, now=NOON) == expected


def test_the_condition_of_an_empty_wallet_has_the_same_members_as_that_of_a_full_one() -> None:
    empty, full = condition(Wallet(), now=NOON), condition(wallet(FRESH), now=NOON)
    assert empty.keys() == full.keys()
    assert (empty["activated"], empty["remaining"], empty["window_ends"]) == (False, 0, None)


def test_the_condition_counts_fresh_passes_of_now_and_of_the_next_window() -> None:
    found = condition(wallet(FRESH, used(3)), now=NOON)
    assert (found["remaining"], found["next_remaining"]) == (1, 1)
    assert found["window_ends"] == format_time(WINDOW.exp)
    assert found["until"] == format_time(NEXT.exp)
    assert (found["status"], found["holder"]) == ("green", None)


def test_everything_that_is_held_is_told_with_the_day_it_dies() -> None:
    held = replace(wallet(FRESH, used(60)), activating=(WAITING,))
    assert [
        (entry["what"], entry["dies"], entry["count"]) for entry in holdings(held, now=NOON)
    ] == [
        ("code", format_time(NOON + CODE_SECONDS), 1),
        ("entitlement", format_time(NEXT.exp), 1),
        ("passes", format_time(WINDOW.exp), 1),
        ("used_pass", format_time(NOON - 60 + 300), 1),
        ("passes", format_time(NEXT.exp), 1),
        ("request", format_time(NEXT.exp), 1),
        ("plan", format_time(WINDOW.exp), 1),
        ("authority", format_time(NOON + 90 * DAY), 1),
    ]


def test_the_last_pass_is_held_until_its_window_ends() -> None:
    held = replace(wallet(), batches=(batch(used(HOUR), used(10)),), pending=(), plan=None)
    entries = [(entry["what"], entry["dies"]) for entry in holdings(held, now=NOON)]
    assert ("used_pass", format_time(WINDOW.exp)) in entries
    assert ("used_pass", format_time(NOON - HOUR + 300)) in entries


def test_passes_whose_key_is_being_replaced_are_held_until_doors_refuse_them() -> None:
    retiring = replace(batch(FRESH), retires=NOON + HOUR)
    held = holdings(replace(wallet(), batches=(retiring,)), now=NOON)
    [passes] = [entry for entry in held if entry["what"] == "passes"]
    assert passes["dies"] == format_time(NOON + HOUR)


def test_no_used_pass_outlives_its_window() -> None:
    ending = Window(WINDOW.nbf, NOON + 10)
    held = Wallet(batches=(batch(FRESH, used(0), window=ending),))
    assert {entry["dies"] for entry in holdings(held, now=NOON)} == {format_time(NOON + 10)}


def test_a_note_about_lost_passes_is_told_too() -> None:
    lost = Wallet(batches=(replace(batch(), fault=BatchFault.BAD_ANSWER),))
    assert [entry["what"] for entry in holdings(lost, now=NOON)] == ["lost"]


def test_each_thing_that_can_be_held_has_a_text() -> None:
    held = replace(wallet(FRESH, used(60)), activating=(WAITING,))
    lost = Wallet(batches=(batch(),))
    names = {
        f"held_{entry['what']}" for entry in holdings(held, now=NOON) + holdings(lost, now=NOON)
    }
    assert len(names) == 8
    assert all(knows(name) for name in names)


def test_an_empty_wallet_holds_nothing() -> None:
    assert holdings(Wallet(), now=NOON) == []


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, 10 * MINUTE), (599, 10 * MINUTE), (601, 20 * MINUTE), (3 * HOUR, 3 * HOUR)],
)
def test_how_long_before_a_showing_passes_came_is_told_to_ten_minutes(
    seconds: int, told: int
) -> None:
    late = replace(batch(FRESH), came=NOON)
    assert lateness(late, NOON + seconds) == {"fetched_before_seconds": told}


def test_of_passes_that_came_the_day_before_no_time_is_told() -> None:
    held = holdings(wallet(FRESH, used(0)), now=NOON)
    assert all("fetched_before_seconds" not in entry for entry in held)


def test_of_a_pass_that_was_shown_the_time_before_that_showing_is_told() -> None:
    late = replace(batch(FRESH, used(2 * MINUTE)), came=NOON - HOUR)
    held = holdings(replace(wallet(), batches=(late,)), now=NOON)
    told = {entry["what"]: entry.get("fetched_before_seconds") for entry in held}
    assert (told["passes"], told["used_pass"]) == (HOUR, HOUR)
    assert told["entitlement"] is None


def test_the_times_that_a_wallet_holds_are_listed_with_their_end() -> None:
    held = replace(wallet(FRESH), soon=Plan(WINDOW, NOON), closed=(NEXT,), quiet_until=NOON + 60)
    ends = {entry["what"]: entry["dies"] for entry in holdings(held, now=NOON)}
    assert ends["closed"] == format_time(NEXT.exp)
    assert ends["quiet"] == format_time(NOON + 60)
    assert [entry["what"] for entry in holdings(held, now=NOON)].count("plan") == 2
    assert all(knows(f"held_{what}") for what in ends)
