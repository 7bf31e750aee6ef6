"""Where a record lives, what it is called there and what its seal holds together."""

import hmac
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from issuer.perishable.errors import StoreError
from issuer.perishable.sealing import (
    DayKey,
    check_record,
    day_of,
    day_of_death,
    days_to_search,
    visible_expiry,
)
from schemas.kinds import DAY, MINUTE, STORED_KINDS, Kind
from tests.support.perishable import MIDNIGHT, NOON, TODAY, YESTERDAY

SECRET = bytes(range(32))
KEY = DayKey(TODAY, SECRET)
EXPIRES = NOON + 5 * MINUTE
kinds = st.sampled_from(list(Kind))
seconds = st.integers(min_value=MIDNIGHT, max_value=MIDNIGHT + 400 * DAY)


def derived(info: bytes) -> bytes:
    return HKDF(SHA256(), 32, b"", info).derive(SECRET)


def test_a_tag_is_the_hmac_of_kind_and_identifier_under_the_days_tag_key() -> None:
    expected = hmac.digest(derived(b"qupia-store-tag-v1"), b"code\x00ABCD", sha256)
    assert KEY.tag(Kind.CODE, b"ABCD") == expected


def test_a_sealed_value_is_its_end_and_padded_data_bound_to_date_kind_and_tag() -> None:
    tag = KEY.tag(Kind.BATCH, b"id")
    sealed = KEY.seal(Kind.BATCH, tag, b"digest", expires=EXPIRES)
    at = visible_expiry(Kind.BATCH, EXPIRES)
    bound = b"2024-10-04\x00batch\x00" + tag + at.to_bytes(8, "big")
    content = AESGCM(derived(b"qupia-store-seal-v1")).decrypt(sealed[:12], sealed[12:], bound)
    assert content == EXPIRES.to_bytes(8, "big") + b"\x00\x06" + b"digest".ljust(32, b"\x00")


def test_a_tag_differs_by_kind_identifier_and_day() -> None:
    tags = {
        KEY.tag(Kind.CODE, b"a"),
        KEY.tag(Kind.CODE, b"b"),
        KEY.tag(Kind.ROW, b"a"),
        DayKey(TODAY, bytes(32)).tag(Kind.CODE, b"a"),
    }
    assert len(tags) == 4


@given(kind=kinds, data=st.data(), expires=seconds)
def test_what_was_sealed_comes_out_again_whatever_zeros_it_ends_in(
    kind: Kind, data: st.DataObject, expires: int
) -> None:
    payload = data.draw(st.binary(max_size=STORED_KINDS[kind].payload))
    tag = KEY.tag(kind, payload)
    sealed = KEY.seal(kind, tag, payload, expires=expires)
    opened = KEY.open(kind, tag, sealed, expires_at=visible_expiry(kind, expires))
    assert (opened.expires, opened.payload) == (expires, payload)


@given(kind=kinds, data=st.data())
def test_every_sealed_value_of_a_kind_is_equally_long(kind: Kind, data: st.DataObject) -> None:
    payload = data.draw(st.binary(max_size=STORED_KINDS[kind].payload))
    sealed = KEY.seal(kind, bytes(32), payload, expires=EXPIRES)
    assert len(sealed) == 12 + 8 + 2 + STORED_KINDS[kind].payload + 16


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    sealed = {KEY.seal(Kind.ROW, bytes(32), b"", expires=EXPIRES) for _ in range(100)}
    assert len({value[:12] for value in sealed}) == 100


@pytest.mark.parametrize("part", ["day", "kind", "tag", "expires_at", "sealed", "shortened"])
def test_a_sealed_value_opens_in_its_own_place_only(part: str) -> None:
    tag = KEY.tag(Kind.CODE, b"id")
    sealed = KEY.seal(Kind.CODE, tag, b"payload", expires=EXPIRES)
    at = visible_expiry(Kind.CODE, EXPIRES)
    key = DayKey(YESTERDAY, SECRET) if part == "day" else KEY
    kind = Kind.ACTIVATION if part == "kind" else Kind.CODE
    tag = bytes(32) if part == "tag" else tag
    at = at + 10 * MINUTE if part == "expires_at" else at
    if part in ("sealed", "shortened"):
        sealed = sealed[:-1] + (bytes([sealed[-1] ^ 1]) if part == "sealed" else b"")
    with pytest.raises(StoreError, match="does not open"):
        key.open(kind, tag, sealed, expires_at=at)


@pytest.mark.parametrize("length", [0, 5, 12, 20])
def test_a_fragment_is_refused_like_any_other_change(length: int) -> None:
    with pytest.raises(StoreError, match="does not open"):
        KEY.open(Kind.CODE, bytes(32), bytes(length), expires_at=NOON)


def test_a_record_that_dies_at_midnight_belongs_to_the_day_before() -> None:
    assert day_of_death(MIDNIGHT) == YESTERDAY
    assert day_of_death(MIDNIGHT + 1) == TODAY
    assert day_of(MIDNIGHT) == TODAY


@pytest.mark.parametrize(
    ("kind", "expires", "shown"),
    [
        (Kind.CODE, NOON, NOON),
        (Kind.CODE, NOON + 1, NOON + 10 * MINUTE),
        (Kind.ACTIVATION, NOON - 1, NOON),
        (Kind.WITHDRAWAL, NOON, MIDNIGHT + DAY),
        (Kind.COUNT, MIDNIGHT, MIDNIGHT),
    ],
)
def test_the_second_that_shows_is_rounded_up(kind: Kind, expires: int, shown: int) -> None:
    assert visible_expiry(kind, expires) == shown


@given(kind=kinds, now=seconds, life=st.integers(min_value=1, max_value=400 * DAY), data=st.data())
def test_a_record_that_is_accepted_is_searched_for_on_its_day_until_it_dies(
    kind: Kind, now: int, life: int, data: st.DataObject
) -> None:
    expires = now + life
    try:
        check_record(kind, b"", expires=expires, now=now)
    except ValueError:
        assert life > STORED_KINDS[kind].longest
        return
    later = data.draw(st.integers(min_value=now, max_value=expires - 1))
    first, last = days_to_search(kind, later)
    assert first <= day_of_death(visible_expiry(kind, expires)) <= last


@given(kind=kinds, now=seconds)
def test_every_kind_may_live_for_its_longest_time(kind: Kind, now: int) -> None:
    check_record(kind, b"", expires=now + STORED_KINDS[kind].longest, now=now)


def test_a_known_second_of_death_narrows_the_search_to_its_day() -> None:
    assert days_to_search(Kind.ENDED, NOON, expires=NOON + DAY) == ("2024-10-05", "2024-10-05")
    assert days_to_search(Kind.BATCH, NOON) == (TODAY, "2024-10-06")


@pytest.mark.parametrize("expires", [None, 0, NOON - 1, NOON, float("inf")])
def test_a_record_without_an_expiry_in_the_future_is_refused(expires: object) -> None:
    with pytest.raises(ValueError, match="needs an expiry in the future"):
        check_record(Kind.ROW, b"", expires=expires, now=NOON)  # type: ignore[arg-type]  # The point.


@pytest.mark.parametrize("kind", list(Kind))
def test_a_record_that_would_live_too_long_is_refused(kind: Kind) -> None:
    entry = STORED_KINDS[kind]
    with pytest.raises(ValueError, match=f"may not live longer than {entry.longest} s"):
        check_record(kind, b"", expires=NOON + entry.longest + entry.rounding + 1, now=NOON)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_payload_over_the_fixed_length_is_refused_without_being_repeated(kind: Kind) -> None:
    secret = b"S" * (STORED_KINDS[kind].payload + 1)
    with pytest.raises(ValueError, match=f"at most {len(secret) - 1} bytes") as caught:
        check_record(kind, secret, expires=NOON + 1, now=NOON)
    assert "SS" not in str(caught.value)


def test_a_day_key_does_not_show_what_it_holds() -> None:
    assert repr(KEY).startswith("<issuer.perishable.sealing.DayKey object at ")
