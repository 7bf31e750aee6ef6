import pytest

from verifier.door.seen import MEMORY_SECONDS, SeenSet

ONE, OTHER = b"1" * 32, b"2" * 32
NOW = 1_000_000


def seen_at(now: int) -> SeenSet:
    seen = SeenSet()
    seen.add(ONE, now=now)
    return seen


def test_a_pass_that_was_not_admitted_is_not_seen() -> None:
    assert SeenSet().seconds_since(ONE, now=NOW) is None
    assert seen_at(NOW).seconds_since(OTHER, now=NOW) is None


@pytest.mark.parametrize(("after", "seconds"), [(0, 0), (1, 1), (179, 179), (180, None)])
def test_a_pass_is_remembered_for_three_minutes(after: int, seconds: int | None) -> None:
    assert seen_at(NOW).seconds_since(ONE, now=NOW + after) == seconds


@pytest.mark.parametrize(("back", "seconds"), [(1, 0), (179, 0), (180, None), (10**6, None)])
def test_a_clock_set_back_neither_forgets_at_once_nor_keeps_for_ever(
    back: int, seconds: int | None
) -> None:
    assert seen_at(NOW).seconds_since(ONE, now=NOW - back) == seconds


def test_nothing_is_kept_for_longer_than_three_minutes() -> None:
    seen = SeenSet()
    for second in range(1000):
        seen.add(second.to_bytes(32, "big"), now=NOW + second)
        seen.prune(NOW + second)
        assert len(seen) <= MEMORY_SECONDS
    seen.prune(NOW + 999 + MEMORY_SECONDS)
    assert len(seen) == 0


def test_what_was_added_before_the_clock_was_set_back_goes_too() -> None:
    seen = seen_at(NOW)
    seen.add(OTHER, now=NOW - 10_000)
    assert seen.seconds_since(OTHER, now=NOW - 10_000) == 0
    assert len(seen) == 1


def test_a_pass_admitted_again_counts_from_then() -> None:
    seen = seen_at(NOW)
    seen.add(ONE, now=NOW + 180)
    assert seen.seconds_since(ONE, now=NOW + 200) == 20
