"""When the list is due, and what is in it."""

from dataclasses import replace
from typing import Any

import pytest

from issuer.documents.notice_list import ListFile, is_list_due, list_payload, parse_list
from issuer.keys.keyring import SigningKey
from schemas.hours import hour_at, tracing_ends
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.notices import Notice
from schemas.validation import matches
from tests.support.issuers import NOON

THIS = hour_at(NOON)
SUNSET = NOON + 90 * DAY
LISTED = ListFile(b"", "digest", "kid", NOON, NOON, NOON + 72 * HOUR, (THIS - 24, THIS - 1))


def due(listed: ListFile | None = LISTED, **changes: Any) -> bool:
    given: dict[str, Any] = {"kid": "kid", "held": 2, "sunset": SUNSET, "now": NOON}
    return is_list_due(listed, **(given | changes))


def notice(hour: int, first: int) -> Notice:
    return Notice(hour, bytes([first]) * 32, bytes(32))


def payload(*notices: Notice, before: ListFile | None = None, now: int = NOON) -> dict[str, Any]:
    iss = "https://qupia.example"
    return list_payload(
        iss=iss, before=before, kid=LISTED.kid, notices=notices, sunset=SUNSET, now=now
    )


def test_a_list_that_says_what_is_true_is_not_due() -> None:
    assert not due()
    assert not due(now=NOON + 6 * HOUR - 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"listed": None},
        {"now": NOON + 6 * HOUR},
        {"now": NOON - 1},
        {"kid": "another key"},
        {"held": 1},
        {"held": 3},
        {"sunset": NOON + DAY},
    ],
    ids=str,
)
def test_a_list_that_says_something_else_is_due(changes: dict[str, Any]) -> None:
    assert due(**changes)


def test_a_list_is_due_the_second_its_oldest_entry_dies() -> None:
    end = tracing_ends("2026-03-16")
    listed = replace(LISTED, iat=end - HOUR)
    assert not due(listed, now=end - 1)
    assert due(listed, now=end)
    assert (listed.ended(end - 1), listed.ended(end), listed.ended(end + DAY)) == (0, 1, 2)


def test_entries_stand_in_an_order_that_tells_nothing() -> None:
    together = [notice(THIS, 9), notice(THIS - 1, 9)]
    other = [notice(THIS, 1), notice(THIS - 1, 200)]
    listed = [entry["hour"] for entry in payload(*together, *other)["notices"]]
    assert listed == [THIS - 1, THIS - 1, THIS, THIS]
    assert payload(*together, *other) == payload(*other, *together)
    assert matches("notices", payload(*together, *other))


@pytest.mark.parametrize(
    ("before", "now", "version"),
    [(None, NOON, NOON), (NOON, NOON, NOON + 1), (NOON, NOON + 9, NOON + 9), (NOON, 5, NOON + 1)],
)
def test_a_version_is_the_time_and_always_higher_than_the_last(
    before: int | None, now: int, version: int
) -> None:
    last = None if before is None else replace(LISTED, version=before)
    assert payload(before=last, now=now)["version"] == version


def test_a_version_that_another_key_has_signed_counts_for_nothing() -> None:
    stolen = replace(LISTED, kid="another", version=(1 << 53) - 1)
    assert payload(before=stolen)["version"] == NOON


def test_a_list_ends_with_the_sunset_at_the_latest() -> None:
    assert payload(now=SUNSET - HOUR)["exp"] == SUNSET
    assert payload(now=NOON)["exp"] == NOON + 72 * HOUR


def test_our_own_list_is_read_back() -> None:
    key = SigningKey.generate(Typ.NOTICES)
    data = key.sign(payload(notice(THIS, 1), notice(THIS - 3, 2))).encode()
    listed = parse_list(data)
    assert listed is not None
    assert (listed.data, listed.kid, listed.hours) == (data, key.thumbprint, (THIS - 3, THIS))
    assert (listed.version, listed.iat, listed.exp) == (NOON, NOON, NOON + 72 * HOUR)


@pytest.mark.parametrize("data", [b"", b"x", b"a.b.c", b"\xff", b"e30.e30.AAAA"])
def test_a_damaged_list_is_none(data: bytes) -> None:
    assert parse_list(data) is None
