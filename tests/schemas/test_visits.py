"""A record opens with both private keys of its hour, and with nothing less."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.hours import HOURS, begin_of, hours_between
from schemas.kinds import HOUR, MINUTE
from schemas.visits import (
    RECORD_BYTES,
    ROUNDED_TO,
    HourOfStay,
    OpeningKeys,
    SealingKeys,
    seal_dummy,
    seal_visit,
)
from tests.support import hpke
from tests.support.curve25519 import FIELD, LOW_ORDER, spell
from tests.support.hpke import fixed_key, public
from tests.support.world import NOON

NUMBER = 492_703
VENUE, AUTHORITY, STRANGER = (fixed_key(name) for name in ("venue", "authority", "stranger"))
SEALING = SealingKeys.of(NUMBER, venue=public(VENUE), authority=public(AUTHORITY))
OPENING = OpeningKeys(NUMBER, venue=VENUE, authority=AUTHORITY)
STAY = HourOfStay(NUMBER, NOON + 10 * MINUTE, NOON + 35 * MINUTE)

HOURS_OF_STAYS = st.integers(0, HOURS - 1)
MINUTES = st.integers(0, HOUR)


def sealed_by_hand(plain: bytes, *, venue: bytes = VENUE, authority: bytes = AUTHORITY) -> bytes:
    """A record of any content under the right labels, by whoever knows the public keys."""
    number = NUMBER.to_bytes(4, "big")
    inner = hpke.seal(
        plain,
        to=public(authority),
        ephemeral=fixed_key("inner"),
        info=b"qupia-visit-a-v1" + number,
    )
    return hpke.seal(
        inner, to=public(venue), ephemeral=fixed_key("outer"), info=b"qupia-visit-v1" + number
    )


def times(arrive: int, leave: int) -> bytes:
    return arrive.to_bytes(4, "big") + leave.to_bytes(4, "big")


@given(hour=HOURS_OF_STAYS, moments=st.lists(MINUTES, min_size=2, max_size=2).map(sorted))
def test_a_record_goes_there_and_back(hour: int, moments: list[int]) -> None:
    arrive, leave = (begin_of(hour) + moment for moment in moments)
    stay = HourOfStay.of(hour, arrive=arrive, leave=leave)
    sealing = SealingKeys.of(hour, venue=public(VENUE), authority=public(AUTHORITY))
    record = seal_visit(stay, sealing)
    assert len(record) == RECORD_BYTES
    assert OpeningKeys(hour, venue=VENUE, authority=AUTHORITY).open(record) == stay


def test_a_record_made_from_the_text_of_the_specification_opens() -> None:
    assert OPENING.open(sealed_by_hand(times(STAY.arrive, STAY.leave))) == STAY


@pytest.mark.parametrize(
    ("venue", "authority"),
    [
        pair
        for pair in product((VENUE, AUTHORITY, STRANGER), repeat=2)
        if pair != (VENUE, AUTHORITY)
    ],
)
def test_no_other_pair_of_keys_opens_a_record(venue: bytes, authority: bytes) -> None:
    record = seal_visit(STAY, SEALING)
    assert OpeningKeys(NUMBER, venue=venue, authority=authority).open(record) is None


@pytest.mark.parametrize("hour", [0, NUMBER - 1, NUMBER + 1, HOURS - 1])
def test_the_right_keys_open_nothing_in_another_hour(hour: int) -> None:
    record = seal_visit(STAY, SEALING)
    assert OpeningKeys(hour, venue=VENUE, authority=AUTHORITY).open(record) is None


def test_the_same_stay_is_never_sealed_alike_twice() -> None:
    assert len({seal_visit(STAY, SEALING)[:32] for _ in range(8)}) == 8


@given(st.integers(0, RECORD_BYTES - 1), st.integers(1, 255))
def test_a_record_that_was_changed_anywhere_opens_with_nothing(place: int, change: int) -> None:
    record = bytearray(sealed_by_hand(times(STAY.arrive, STAY.leave)))
    record[place] ^= change
    # The highest bit of an ephemeral key is ignored, and changes what HPKE hashes all the same.
    assert OPENING.open(bytes(record)) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_a_stay_or_nothing(record: bytes) -> None:
    assert OPENING.open(record) is None


@given(st.binary(max_size=40))
def test_any_content_under_the_right_keys_is_a_stay_of_the_hour_or_nothing(plain: bytes) -> None:
    stay = OPENING.open(sealed_by_hand(plain))
    assert stay is None or NOON <= stay.arrive <= stay.leave <= NOON + HOUR


@pytest.mark.parametrize(
    "plain",
    [
        pytest.param(times(NOON - 1, NOON), id="before the hour"),
        pytest.param(times(NOON, NOON + HOUR + 1), id="after the hour"),
        pytest.param(times(NOON + 600, NOON + 300), id="the end before the beginning"),
        pytest.param(times(0, (1 << 32) - 1), id="all of time"),
        pytest.param(times(NOON, NOON + 300) + b"\x00", id="a byte too many"),
        pytest.param(times(NOON, 0)[:4] + b"\x00" + times(NOON, 0)[:4], id="a zero in between"),
        pytest.param(times(NOON, NOON + 300)[:7], id="a byte too few"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_times_that_are_not_of_the_hour_are_not_believed(plain: bytes) -> None:
    assert OPENING.open(sealed_by_hand(plain)) is None


@pytest.mark.parametrize(
    "private_keys", [{"venue": STRANGER}, {"authority": STRANGER}], ids=["venue", "authority"]
)
def test_a_layer_sealed_to_a_stranger_keeps_the_record_shut(private_keys: dict[str, bytes]) -> None:
    assert OPENING.open(sealed_by_hand(times(NOON, NOON), **private_keys)) is None


# What is sealed


@pytest.mark.parametrize(
    ("arrive", "leave", "minutes"),
    [
        pytest.param(12 * 60 + 59, 33 * 60 + 1, (10, 35), id="beginning down, end up"),
        pytest.param(10 * 60, 35 * 60, (10, 35), id="whole steps stay"),
        pytest.param(-600, 7200, (0, 60), id="clipped to the hour"),
        pytest.param(3599, 3600, (55, 60), id="the last second"),
        pytest.param(-7200, -3600, (0, 0), id="over before the hour"),
        pytest.param(7200, 9000, (60, 60), id="begun after the hour"),
    ],
)
def test_a_stay_is_clipped_to_the_hour_and_rounded_to_five_minutes(
    arrive: int, leave: int, minutes: tuple[int, int]
) -> None:
    stay = HourOfStay.of(NUMBER, arrive=NOON + arrive, leave=NOON + leave)
    assert ((stay.arrive - NOON) / 60, (stay.leave - NOON) / 60) == minutes


@given(start=st.integers(0, 4_000_000_000), length=st.integers(1, 6 * HOUR))
def test_the_hours_of_a_stay_cover_it_and_say_no_more_than_five_minutes_beside(
    start: int, length: int
) -> None:
    end = start + length
    parts = [HourOfStay.of(h, arrive=start, leave=end) for h in hours_between(start, end)]
    assert all(earlier.leave == later.arrive for earlier, later in pairwise(parts))
    assert 0 <= start - parts[0].arrive < ROUNDED_TO
    assert 0 <= parts[-1].leave - end < ROUNDED_TO
    assert all(part.arrive < part.leave for part in parts)


@pytest.mark.parametrize("side", ["venue", "authority"])
@pytest.mark.parametrize("number", [*LOW_ORDER, FIELD + 9])
def test_nothing_is_sealed_under_a_key_of_low_order_or_in_another_spelling(
    number: int, side: str
) -> None:
    keys = {"venue": public(VENUE), "authority": public(AUTHORITY), side: spell(number)}
    with pytest.raises(ValueError, match=r"shared key|canonical form"):
        SealingKeys.of(NUMBER, **keys)


def test_nothing_is_sealed_under_the_keys_of_another_hour() -> None:
    with pytest.raises(ValueError, match="the keys are of another hour"):
        seal_visit(HourOfStay(NUMBER + 1, NOON + HOUR, NOON + HOUR), SEALING)


def test_a_dummy_looks_like_a_record_and_opens_with_nothing() -> None:
    dummies = {seal_dummy(NUMBER) for _ in range(4)}
    assert {len(dummy) for dummy in dummies} == {RECORD_BYTES}
    assert len(dummies) == 4
    assert [OPENING.open(dummy) for dummy in dummies] == [None] * 4


def test_throw_away_keys_are_never_the_same() -> None:
    keys = [SealingKeys.throw_away(NUMBER) for _ in range(4)]
    halves = {key.public_bytes_raw() for k in keys for key in (k.venue, k.authority)}
    assert len(halves) == 8
