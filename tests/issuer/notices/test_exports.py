"""What a venue's export opens to, and each way in which it opens to nothing."""

import json
from collections.abc import Callable

import pytest

from issuer.keys.tracing import export_key, tracing_seeds
from issuer.notices.exports import NoticeFault, NoticeRefused, Proposal, open_proposal
from schemas.hour_keys import public_half
from schemas.hours import DAYS, begin_of, day_at, hour_at, tracing_ends
from schemas.kinds import DAY, HOUR
from schemas.notices import Notice
from schemas.trace import NotATrace, open_trace
from tests.support.exports import export_of, proposal_of, venue_key
from tests.support.issuers import NOON, Service

THIS = hour_at(NOON)
TODAY = day_at(NOON)
PAST = range(THIS - 5, THIS)


def opened(issuer: Service, proposal: Proposal) -> list[Notice]:
    iss, seeds = issuer.authority.config.url, tracing_seeds(issuer.home)
    return open_proposal(proposal, iss=iss, seeds=seeds, now=issuer.now)


def refused(call: Callable[[], object]) -> tuple[NoticeFault, tuple[int, ...]]:
    with pytest.raises(NoticeRefused) as caught:
        call()
    return caught.value.fault, caught.value.hours


def fault(issuer: Service, proposal: Proposal) -> NoticeFault:
    return refused(lambda: opened(issuer, proposal))[0]


def around(file: bytes, *, hours: range = PAST) -> Proposal:
    return Proposal.of(file, start=begin_of(hours[0]), end=begin_of(hours[-1] + 1))


def test_an_export_opens_to_both_private_keys_of_each_hour(issuer: Service) -> None:
    notices = opened(issuer, proposal_of(issuer, PAST))
    assert [notice.hour for notice in notices] == list(PAST)
    bundle = issuer.authority.bundle()
    for notice in notices:
        assert notice.venue_key == venue_key(notice.hour)
        assert public_half(notice.authority_key) == bundle.tracing[notice.hour]


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        (begin_of(PAST[1]), begin_of(PAST[3]), [PAST[1], PAST[2]]),
        (begin_of(PAST[1]) + HOUR - 1, begin_of(PAST[3]) + 1, [PAST[1], PAST[2], PAST[3]]),
        (0, begin_of(PAST[0]) + 1, [PAST[0]]),
        (begin_of(PAST[4]), NOON + 9 * DAY, [PAST[4]]),
    ],
)
def test_only_hours_of_which_some_part_was_asked_for_are_opened(
    issuer: Service, start: int, end: int, hours: list[int]
) -> None:
    proposal = Proposal.of(export_of(issuer, PAST), start=start, end=end)
    assert [notice.hour for notice in opened(issuer, proposal)] == hours


def test_a_proposal_is_the_same_bytes_however_its_file_was_laid_out(issuer: Service) -> None:
    file = export_of(issuer, PAST)
    proposal = around(file)
    other = around(json.dumps(json.loads(file), indent=7).encode())
    assert proposal.encode() == other.encode()
    assert Proposal.decode(proposal.encode()) == proposal
    assert around(export_of(issuer, PAST)).encode() != proposal.encode()


@pytest.mark.parametrize("length", [0, 1, 10, 100, -1, -10])
def test_a_file_that_was_cut_short_is_no_export(issuer: Service, length: int) -> None:
    file = export_of(issuer, PAST)
    assert refused(lambda: around(file[:length]))[0] is NoticeFault.NOT_AN_EXPORT


@pytest.mark.parametrize(
    "value", [b"", b"5", b"[]", b"{}", b'{"from":1,"to":2,"export":{}}', b"\xff"]
)
def test_a_value_of_another_form_is_no_proposal(value: bytes) -> None:
    assert refused(lambda: Proposal.decode(value))[0] is NoticeFault.NOT_AN_EXPORT


def test_an_export_for_another_authority_is_refused(issuer: Service) -> None:
    file = export_of(issuer, PAST, iss="https://other.example")
    assert fault(issuer, around(file)) is NoticeFault.OTHER_AUTHORITY


def test_an_export_sealed_to_a_day_whose_key_is_gone_is_refused(issuer: Service) -> None:
    proposal = proposal_of(issuer, PAST)
    issuer.clock.now = tracing_ends("2026-03-17")
    assert fault(issuer, proposal) is NoticeFault.KEY_GONE


@pytest.mark.parametrize("day", [0, TODAY + 30, DAYS - 1])
def test_an_export_sealed_to_a_day_that_never_had_a_key_is_refused(
    issuer: Service, day: int
) -> None:
    own = issuer.authority.bundle().tracing_exports[TODAY]
    file = export_of(issuer, PAST, sealed_on=day, authority_key=own)
    assert fault(issuer, around(file)) is NoticeFault.KEY_GONE


def test_an_export_sealed_to_another_key_is_refused(issuer: Service) -> None:
    bundle = issuer.authority.bundle()
    for other in (bundle.tracing_exports[TODAY - 1], bundle.tracing[THIS]):
        file = export_of(issuer, PAST, sealed_on=TODAY, authority_key=other)
        assert fault(issuer, around(file)) is NoticeFault.DAMAGED


def test_the_published_keys_of_hours_open_no_export(issuer: Service) -> None:
    """Whoever copied a file on its way cannot open it with what a notice gives away later."""
    proposal = proposal_of(issuer, PAST)
    own = export_key(tracing_seeds(issuer.home), proposal.export.day, issuer.now)
    assert own is not None
    assert list(open_trace(proposal.export, own)) == list(PAST)
    issuer.clock.now += DAY
    of_the_day = range(24 * TODAY, 24 * TODAY + 24)
    notices = opened(issuer, proposal_of(issuer, of_the_day))
    assert [notice.hour for notice in notices] == list(of_the_day)
    for notice in notices:
        for key in (notice.authority_key, notice.venue_key):
            with pytest.raises(NotATrace, match="sealed to another key"):
                open_trace(proposal.export, key)


@pytest.mark.parametrize("place", [0, 31, 32, 60, -1])
def test_an_export_with_one_changed_byte_is_refused(issuer: Service, place: int) -> None:
    proposal = proposal_of(issuer, PAST)
    sealed = bytearray(proposal.export.sealed)
    sealed[place] ^= 1
    changed = type(proposal.export)(proposal.export.iss, proposal.export.day, bytes(sealed))
    assert fault(issuer, Proposal(changed, proposal.start, proposal.end)) is NoticeFault.DAMAGED


@pytest.mark.parametrize(("start", "end"), [(0, 1), (NOON, 0), (NOON, NOON), (NOON, NOON + DAY)])
def test_a_time_without_an_hour_of_the_export_is_refused(
    issuer: Service, start: int, end: int
) -> None:
    proposal = Proposal.of(export_of(issuer, PAST), start=start, end=end)
    assert fault(issuer, proposal) is NoticeFault.NO_HOURS


def test_hours_that_are_not_over_are_refused_by_name(issuer: Service) -> None:
    proposal = proposal_of(issuer, range(THIS - 1, THIS + 2))
    for now, later in (
        (begin_of(THIS + 1) - 1, (THIS, THIS + 1)),
        (begin_of(THIS + 1), (THIS + 1,)),
    ):
        issuer.clock.now = now
        assert refused(lambda: opened(issuer, proposal)) == (NoticeFault.NOT_OVER, later)
    issuer.clock.now = begin_of(THIS + 2)
    assert len(opened(issuer, proposal)) == 3


def test_hours_whose_seed_was_never_there_are_refused_by_name(issuer: Service) -> None:
    long_ago = THIS - 20 * 24
    proposal = proposal_of(issuer, [long_ago, THIS - 1])
    assert refused(lambda: opened(issuer, proposal)) == (NoticeFault.SEED_GONE, (long_ago,))


def test_hours_whose_seed_was_lost_are_refused_by_name(issuer: Service) -> None:
    proposal = proposal_of(issuer, [THIS - 24, THIS - 1])
    (issuer.home.tracing_seeds / "2026-03-16.seed").unlink()
    assert refused(lambda: opened(issuer, proposal)) == (NoticeFault.SEED_GONE, (THIS - 24,))


def test_a_kept_proposal_opens_nothing_once_the_seeds_are_dead(issuer: Service) -> None:
    """Not even for a clock that is set back to when it was made."""
    proposal = proposal_of(issuer, PAST)
    assert len(opened(issuer, proposal)) == 5
    tracing_seeds(issuer.home).destroy_ended(tracing_ends("2026-03-17"))
    assert fault(issuer, proposal) is NoticeFault.KEY_GONE
    value = proposal.encode()
    assert not any(venue_key(hour) in value for hour in PAST)
