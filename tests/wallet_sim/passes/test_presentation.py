"""Which pass a door sees, and what its code says."""

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.hours import begin_of, hour_at
from schemas.kinds import HOUR
from schemas.presentation import (
    TEXT_LENGTH,
    UNBOUND,
    has_low_s,
    parse_presentation,
    proof_message,
    slot_at,
)
from schemas.token import token_input
from tests.support.showings import BUNDLE, KEY_ID, KEYS, WINDOW, WORLD, chosen, wallet
from tests.support.world import NOON
from wallet_sim.passes.account import load_private_key
from wallet_sim.passes.presentation import (
    Denied,
    NotShown,
    last_moment,
    present,
    seconds_left,
    shown_slot,
)
from wallet_sim.passes.state import (
    REUSE_SECONDS,
    Batch,
    NotActivated,
    Pass,
    Wallet,
    prune,
)


def denied(held: Wallet, *, now: int = NOON, again: bool = False, agreed: bool = False) -> Denied:
    with pytest.raises(NotShown) as caught:
        chosen(held, now=now, again=again, agreed=agreed)
    return caught.value.fault


def test_each_door_gets_a_pass_that_nobody_has_seen() -> None:
    first = chosen(wallet(None, None, None))
    second = chosen(first.wallet, now=NOON + 60)
    third = chosen(second.wallet, now=NOON + 120)
    keys = {showing.chosen.device_key for showing in (first, second, third)}
    assert keys == set(KEYS[:3])
    assert [s.remaining for s in (first, second, third)] == [2, 1, 0]
    assert not any(s.reused for s in (first, second, third))


def test_a_pass_counts_as_used_in_the_wallet_that_is_to_be_stored() -> None:
    showing = chosen(wallet(None, None))
    [batch] = showing.wallet.batches
    assert [item.shown for item in batch.passes] == [None, NOON]
    assert showing.chosen in batch.passes


def test_which_fresh_pass_is_taken_is_left_to_chance() -> None:
    asked = []

    def below(n: int) -> int:
        asked.append(n)
        return n - 1

    taken = chosen(wallet(NOON - 10, None, None), below=below).chosen
    assert (taken.device_key, taken.delay) == (KEYS[2], 15)
    assert asked == [2, 16]


@pytest.mark.parametrize("delay", [0, 1, 15])
def test_a_new_proof_is_drawn_so_long_after_its_half_minute_began(delay: int) -> None:
    begin = NOON // 30 * 30
    showing = replace(chosen(wallet(None)), chosen=Pass(KEYS[0], b"s" * 256, begin, delay))
    slots = [shown_slot(showing, begin + second) - slot_at(begin) for second in range(60)]
    assert slots == [-1] * delay + [0] * 30 + [1] * (30 - delay)
    for second in range(60):
        assert shown_slot(showing, begin + second + seconds_left(showing, begin + second)) == (
            slots[second] + slot_at(begin) + 1
        )


def test_a_pass_keeps_its_delay_when_it_is_shown_again() -> None:
    first = chosen(wallet(None, None), below=lambda n: n - 1)
    again = chosen(first.wallet, now=NOON + 60, again=True)
    assert again.chosen.delay == first.chosen.delay == 15


def test_right_after_a_venues_code_began_no_proof_is_of_the_hour_before() -> None:
    hour = hour_at(NOON)
    showing = replace(chosen(wallet(None)), chosen=Pass(KEYS[0], b"s" * 256, NOON, 15))
    bindings = {hour: bytes(range(16)), hour + 1: bytes(16)}
    shown = [
        parse_presentation(present(showing, now=begin_of(hour) + second, bindings=bindings)).slot
        for second in (0, 14, 15, 44, 45)
    ]
    first = slot_at(begin_of(hour))
    assert shown == [first, first, first, first, first + 1]


def test_the_same_door_can_see_the_same_pass_for_five_minutes() -> None:
    first = chosen(wallet(None, None))
    again = chosen(first.wallet, now=NOON + REUSE_SECONDS, again=True)
    assert again.chosen == first.chosen
    assert again.reused
    assert again.wallet == first.wallet
    assert again.remaining == 1


def test_after_five_minutes_again_shows_a_new_pass_while_there_is_one() -> None:
    first = chosen(wallet(None, None))
    later = chosen(prune(first.wallet, NOON + 301), now=NOON + 301, again=True)
    assert later.chosen.device_key != first.chosen.device_key
    assert not later.reused


def test_again_means_the_pass_that_was_shown_last_even_within_one_second() -> None:
    first = chosen(wallet(None, None, None), below=lambda n: n - 1)
    second = chosen(first.wallet)
    assert chosen(second.wallet, again=True).chosen == second.chosen


def test_the_last_pass_is_shown_again_only_when_its_holder_agrees() -> None:
    held = wallet(NOON - HOUR)
    assert denied(held) is Denied.MUST_AGREE
    assert denied(held, again=True) is Denied.MUST_AGREE
    showing = chosen(held, agreed=True)
    assert (showing.reused, showing.remaining) == (True, 0)


def test_agreeing_once_is_not_agreeing_for_ever() -> None:
    showing = chosen(wallet(NOON - HOUR), agreed=True)
    assert denied(showing.wallet, now=NOON + 1) is Denied.MUST_AGREE


def test_even_within_five_minutes_the_last_pass_needs_a_word_of_its_holder() -> None:
    last = chosen(wallet(None)).wallet
    assert denied(last, now=NOON + 10) is Denied.MUST_AGREE
    assert chosen(last, now=NOON + 10, again=True).reused


def test_agreeing_does_not_reuse_a_pass_while_a_fresh_one_is_left() -> None:
    assert not chosen(wallet(NOON - 10, None), agreed=True).reused


@pytest.mark.parametrize("now", [WINDOW.nbf - 1, WINDOW.exp])
def test_outside_its_window_no_pass_is_shown(now: int) -> None:
    assert denied(wallet(None), now=now, agreed=True) is Denied.NO_PASSES


def test_a_batch_whose_passes_are_lost_shows_nothing_and_says_so() -> None:
    assert denied(wallet(), agreed=True) is Denied.LOST


def test_without_an_entitlement_no_pass_is_shown() -> None:
    with pytest.raises(NotActivated):
        chosen(replace(wallet(None), entitlement=None))


def test_every_proof_has_the_smaller_s() -> None:
    """Of 64 signatures half would have the larger one, whoever makes them."""
    showing = chosen(wallet(None))
    texts = [present(showing, now=NOON + 30 * slot) for slot in range(64)]
    assert all(has_low_s(parse_presentation(text).proof) for text in texts)


def test_a_code_has_the_fixed_form_and_a_proof_of_its_device_key() -> None:
    showing = chosen(wallet(None))
    text = present(showing, now=NOON)
    shown = parse_presentation(text)
    public = load_private_key(KEYS[0]).public_key().public_numbers()
    assert len(text) == TEXT_LENGTH
    assert shown.key_prefix == KEY_ID[:4]
    assert shown.device.x == public.x.to_bytes(32, "big")
    assert shown.device.y == public.y.to_bytes(32, "big")
    assert shown.signature == showing.chosen.signature
    assert shown.slot == slot_at(NOON)


@pytest.mark.parametrize("venue", [None, bytes(range(16))])
def test_the_proof_covers_token_slot_and_venue(venue: bytes | None) -> None:
    issued = WORLD.issue(NOON)
    scalar = issued.device.private.private_numbers().private_value.to_bytes(32, "big")
    held = replace(
        wallet(), batches=(Batch(issued.key.id, WINDOW, (Pass(scalar, issued.signature),)),)
    )
    bindings = None if venue is None else {hour_at(NOON): venue}
    shown = parse_presentation(present(chosen(held), now=NOON + 65, bindings=bindings))
    message = proof_message(token=issued.token, slot=slot_at(NOON) + 2, venue=venue or UNBOUND)
    halves = (int.from_bytes(half, "big") for half in (shown.proof[:32], shown.proof[32:]))
    issued.device.public.verify(encode_dss_signature(*halves), message, ec.ECDSA(hashes.SHA256()))
    assert shown.device.nonce == issued.point.nonce
    assert issued.token_input == token_input(
        nonce=shown.device.nonce, challenge=BUNDLE.challenge, key_id=issued.key.id
    )


def test_a_pass_shown_again_has_a_fresh_proof() -> None:
    showing = chosen(wallet(None))
    first, second = (parse_presentation(present(showing, now=NOON + t)) for t in (0, 30))
    assert second.slot == first.slot + 1
    assert second.proof != first.proof
    assert second.fingerprint == first.fingerprint


times = st.integers(0, 2 * HOUR)


@settings(max_examples=50)
@given(st.lists(st.tuples(times, st.booleans(), st.booleans()), max_size=12))
def test_no_pass_is_ever_shown_twice_unless_its_holder_wants_that(
    steps: list[tuple[int, bool, bool]],
) -> None:
    held, now, seen = wallet(None, None, None), NOON, set()
    for wait, again, agreed in steps:
        now = min(now + wait, WINDOW.exp - 1)
        held = prune(held, now)
        try:
            showing = chosen(held, now=now, again=again, agreed=agreed)
        except NotShown as error:
            assert error.fault is Denied.MUST_AGREE
            assert not held.batches[0].fresh
            continue
        held = showing.wallet
        assert showing.reused == (showing.chosen.device_key in seen)
        assert again or agreed or not showing.reused
        seen.add(showing.chosen.device_key)
    assert held.batches[0].passes != ()


@pytest.mark.parametrize(
    ("shown", "now", "ends"),
    [
        (NOON, NOON, NOON + 300),
        (NOON - 240, NOON, NOON + 60),
        (NOON - HOUR, NOON, NOON + 300),
        (WINDOW.exp - 5, WINDOW.exp - 5, WINDOW.exp),
    ],
    ids=["fresh", "again at the same door", "the last one, once more", "window ends"],
)
def test_a_pass_leaves_the_screen_after_its_five_minutes_or_with_its_window(
    shown: int, now: int, ends: int
) -> None:
    showing = chosen(wallet(shown), now=now, again=True, agreed=True)
    assert last_moment(showing, now=now) == ends


def test_a_pass_leaves_the_screen_when_its_key_is_retired() -> None:
    showing = chosen(wallet(NOON), now=NOON, again=True, agreed=True)
    retiring = replace(showing, batch=replace(showing.batch, retires=NOON + 60))
    assert last_moment(retiring, now=NOON) == NOON + 60
