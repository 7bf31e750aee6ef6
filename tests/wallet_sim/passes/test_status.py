"""What a wallet has and what it advises."""

from dataclasses import replace

import pytest

from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from schemas.windows import Window
from tests.support.wallets import ENTITLEMENT, FRESH, NEXT, WINDOW, batch, used, wallet
from tests.support.world import NOON
from wallet_sim.passes.state import (
    CODE_SECONDS,
    Activating,
    BatchFault,
    Wallet,
)
from wallet_sim.passes.status import advice, condition, holdings
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
    assert [(entry["what"], entry["dies"], entry["count"]) for entry in holdings(held)] == [
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
    entries = [(entry["what"], entry["dies"]) for entry in holdings(held)]
    assert ("used_pass", format_time(WINDOW.exp)) in entries
    assert ("used_pass", format_time(NOON - HOUR + 300)) in entries


def test_no_used_pass_outlives_its_window() -> None:
    ending = Window(WINDOW.nbf, NOON + 10)
    held = Wallet(batches=(batch(FRESH, used(0), window=ending),))
    assert {entry["dies"] for entry in holdings(held)} == {format_time(NOON + 10)}


def test_a_note_about_lost_passes_is_told_too() -> None:
    lost = Wallet(batches=(replace(batch(), fault=BatchFault.BAD_ANSWER),))
    assert [entry["what"] for entry in holdings(lost)] == ["lost"]


def test_each_thing_that_can_be_held_has_a_text() -> None:
    held = replace(wallet(FRESH, used(60)), activating=(WAITING,))
    lost = Wallet(batches=(batch(),))
    names = {f"held_{entry['what']}" for entry in holdings(held) + holdings(lost)}
    assert len(names) == 8
    assert all(knows(name) for name in names)


def test_an_empty_wallet_holds_nothing() -> None:
    assert holdings(Wallet()) == []
