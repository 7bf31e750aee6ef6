"""Slowing down who guesses: by address, for a minute, in memory only."""

import pytest

from issuer.api.failure_limit import LIMIT, PERIOD, FailureLimit
from tests.support.world import NOON


def fail(limit: FailureLimit, address: str, times: int = 1, *, now: int = NOON) -> bool:
    """Whether the last of so many failures is over the limit."""
    return [limit.is_over(address, now) for _ in range(times)][-1]


def test_twenty_failures_are_within_the_limit_and_the_next_is_over_it() -> None:
    limit = FailureLimit()
    assert not fail(limit, "192.0.2.1", LIMIT)
    assert fail(limit, "192.0.2.1")
    assert fail(limit, "192.0.2.1", 100)


def test_a_failure_counts_for_a_minute() -> None:
    limit = FailureLimit()
    fail(limit, "192.0.2.1", LIMIT)
    assert fail(limit, "192.0.2.1", now=NOON + PERIOD - 1)
    assert not fail(limit, "192.0.2.1", now=NOON + PERIOD)


def test_who_goes_on_guessing_stays_over_the_limit() -> None:
    limit = FailureLimit()
    fail(limit, "192.0.2.1", LIMIT + 1)
    assert fail(limit, "192.0.2.1", LIMIT, now=NOON + PERIOD // 2)
    assert fail(limit, "192.0.2.1", now=NOON + PERIOD)


@pytest.mark.parametrize(
    "one, other",
    [
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff"),
        ("2001:db8::1", "2001:DB8:0:0:1::1"),
    ],
)
def test_addresses_of_one_caller_count_as_one(one: str, other: str) -> None:
    limit = FailureLimit()
    fail(limit, one, LIMIT)
    assert fail(limit, other)


@pytest.mark.parametrize(
    "one, other",
    [
        ("192.0.2.1", "192.0.2.2"),
        ("2001:db8::1", "2001:db8:0:1::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("::ffff:192.0.2.1", "::1"),
        ("192.0.2.1", ""),
        ("unix:a", "unix:b"),
    ],
)
def test_other_callers_are_not_slowed_down(one: str, other: str) -> None:
    limit = FailureLimit()
    fail(limit, one, LIMIT + 1)
    assert not fail(limit, other)


def test_a_clock_that_is_set_back_neither_frees_nor_stops_anything() -> None:
    limit = FailureLimit()
    fail(limit, "192.0.2.1", LIMIT)
    assert fail(limit, "192.0.2.1", now=NOON - 3600)
    assert not fail(limit, "192.0.2.2", now=NOON - 3600)


def test_addresses_are_forgotten_after_a_minute_and_never_held_in_clear() -> None:
    limit = FailureLimit()
    for number in range(100):
        fail(limit, f"192.0.2.{number}")
    assert len(limit._failures) == 100
    assert b"192.0.2.7" not in repr(limit._failures).encode()
    fail(limit, "198.51.100.1", now=NOON + PERIOD)
    assert len(limit._failures) == 1


def test_memory_stays_bounded() -> None:
    limit = FailureLimit(room=10)
    fail(limit, "198.51.100.1", LIMIT)
    for number in range(50):
        fail(limit, f"192.0.2.{number}")
    assert len(limit._failures) == 10
    assert not fail(limit, "198.51.100.1")


def test_two_processes_do_not_know_an_address_by_the_same_name() -> None:
    one, other = FailureLimit(), FailureLimit()
    fail(one, "192.0.2.1")
    fail(other, "192.0.2.1")
    assert one._failures.keys().isdisjoint(other._failures)


def test_another_limit_counts_names_for_longer() -> None:
    limit = FailureLimit(most=3, period=600)
    for name in ("Öffice", "\ud800"):
        assert not fail(limit, name, 3)
        assert limit.is_blocked(name, NOON + 599)
        assert not limit.is_blocked(name, NOON + 600)
        assert not limit.is_blocked(name + "2", NOON)
