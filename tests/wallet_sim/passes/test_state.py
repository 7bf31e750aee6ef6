"""What dies when, decided without a file."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.kinds import DAY, HOUR
from schemas.trust import TrustState
from tests.support.wallets import ENTITLEMENT, FRESH, NEXT, WINDOW, batch, used, wallet
from tests.support.world import NOON
from wallet_sim.passes.state import (
    CODE_SECONDS,
    REUSE_SECONDS,
    Activating,
    Batch,
    NotActivated,
    Pass,
    PendingBatch,
    PendingPass,
    PinnedAuthority,
    Wallet,
    drop_past,
    is_recent,
    last_shown,
    prune,
)


def left(*passes: Pass, at: int = NOON) -> tuple[Pass, ...]:
    return prune(wallet(*passes), at).batches[0].passes


def test_a_used_pass_stays_for_five_minutes_and_then_goes() -> None:
    assert left(FRESH, used(REUSE_SECONDS)) == (FRESH, used(REUSE_SECONDS))
    assert left(FRESH, used(REUSE_SECONDS + 1)) == (FRESH,)


def test_the_last_pass_stays_until_its_window_ends() -> None:
    last = used(6 * HOUR, b"last")
    assert left(used(7 * HOUR, b"earlier"), last) == (last,)
    assert prune(wallet(last), WINDOW.exp - 1).batches[0].passes == (last,)
    assert prune(wallet(last), WINDOW.exp).batches == (batch(FRESH, window=NEXT),)


def test_a_recently_used_pass_stays_beside_the_last_one() -> None:
    recent, last = used(200, b"recent"), used(10, b"last")
    assert left(recent, last) == (recent, last)


def test_a_pass_shown_long_ago_or_far_in_the_future_is_not_recent() -> None:
    assert is_recent(NOON + 40, NOON)
    assert is_recent(NOON - 40, NOON)
    assert not is_recent(NOON + 301, NOON)
    assert not is_recent(NOON - 301, NOON)
    assert not is_recent(None, NOON)


def test_the_last_shown_pass_is_the_last_in_order_whatever_the_clock_said() -> None:
    assert last_shown(batch(used(5, b"b"), FRESH, used(10, b"c"))) == used(10, b"c")
    assert last_shown(batch(FRESH)) is None


def test_the_end_of_a_window_takes_its_passes_and_its_request() -> None:
    later = prune(wallet(FRESH), NEXT.exp - 1)
    assert [held.window for held in later.batches] == [NEXT]
    assert later.pending != ()
    assert prune(replace(wallet(), entitlement=None), NOON).pending == ()


def test_the_end_of_the_entitlement_takes_everything_that_belongs_to_it() -> None:
    ended = prune(wallet(FRESH), NEXT.exp)
    assert (ended.entitlement, ended.batches, ended.pending, ended.plan) == (None, (), (), None)
    assert ended.authority is not None


def test_past_the_sunset_nothing_is_left() -> None:
    sunset = NOON + 90 * DAY
    assert drop_past(wallet(), sunset - 1).authority is not None
    assert drop_past(replace(wallet(), clock_offset=50), sunset) == Wallet(clock_offset=50)


def test_a_code_that_waits_for_its_answer_goes_after_72_hours() -> None:
    waiting = Wallet(activating=(Activating("https://qupia.example", "c", b"k", NOON),))
    assert prune(waiting, NOON + CODE_SECONDS - 1) == waiting
    assert prune(waiting, NOON + CODE_SECONDS).activating == ()


@pytest.mark.parametrize("offset", [400 * DAY, -400 * DAY])
def test_a_clock_correction_that_outlived_its_cause_destroys_nothing(offset: int) -> None:
    kept = prune(replace(wallet(FRESH), clock_offset=offset), NOON)
    assert kept == replace(wallet(FRESH), clock_offset=offset)


def test_used_passes_go_by_the_corrected_clock() -> None:
    shown = Pass(b"u", b"s", shown=NOON + 600)
    corrected = replace(wallet(FRESH, shown), clock_offset=600)
    assert prune(corrected, NOON + 300).batches[0].passes == (FRESH, shown)
    assert prune(corrected, NOON + 301).batches[0].passes == (FRESH,)


def test_a_new_batch_takes_the_place_of_the_old_one_and_of_its_request() -> None:
    renewed = wallet(FRESH).with_batch(Batch(b"new", NEXT, ()))
    assert [held.key_id for held in renewed.batches] == [b"id", b"new"]
    assert renewed.pending == ()


def test_the_batch_of_now_is_that_of_the_window_around_it() -> None:
    assert wallet(FRESH).batch_at(WINDOW.exp - 1) == batch(FRESH)
    assert wallet(FRESH).batch_at(WINDOW.exp) == batch(FRESH, window=NEXT)
    assert wallet(FRESH).batch_at(NEXT.exp) is None


def test_a_wallet_without_entitlement_is_not_activated() -> None:
    with pytest.raises(NotActivated):
        replace(wallet(), entitlement=None).activated()
    assert wallet().activated()[1] == ENTITLEMENT


def test_an_authority_without_a_bundle_has_no_pins() -> None:
    with pytest.raises(ValueError, match="no bundle"):
        _ = PinnedAuthority("https://qupia.example", TrustState("r")).pins


def test_secrets_are_never_printed() -> None:
    secret = b"secret"
    held = Wallet(
        activating=(Activating("i", "secret", secret, 0),),
        entitlement=replace(ENTITLEMENT, token="secret"),
        batches=(batch(Pass(secret, secret)),),
        pending=(PendingBatch(b"id", b"n", WINDOW, (PendingPass(secret, secret, secret),)),),
    )
    assert "secret" not in repr(held)
    assert "green" not in repr(held.entitlement)


shown_times = st.lists(st.none() | st.integers(NOON - 2 * HOUR, NOON), max_size=8)


@given(shown_times, st.integers(NOON, WINDOW.exp - 1))
def test_pruning_never_touches_fresh_passes_and_keeps_one_as_long_as_there_was_any(
    shown: list[int | None], now: int
) -> None:
    passes = tuple(Pass(bytes([i]), b"s", at) for i, at in enumerate(shown))
    pruned = left(*passes, at=now)
    assert [p for p in pruned if p.shown is None] == [p for p in passes if p.shown is None]
    assert bool(pruned) == bool(passes)
    if any(p.shown is None for p in passes):
        assert all(p.shown is None or is_recent(p.shown, now) for p in pruned)
    assert prune(prune(wallet(*passes), now), now) == prune(wallet(*passes), now)
