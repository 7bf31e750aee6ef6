"""Hours come into the list by two people, leave it by one, and die on their day."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from issuer.api.background import one_round
from issuer.keys.keyring import create_issuing_keys, load_notices_key, notices_key_path
from issuer.keys.tracing import tracing_seeds
from issuer.notices import publishing
from issuer.notices.exports import NoticeFault, NoticeRefused, Proposal
from issuer.notices.publishing import (
    KIND,
    agree_to_notice,
    propose_notice,
    publications,
    refresh_list,
    withdraw_notice,
)
from issuer.oversight.approvals import ApprovalFault, ApprovalRefused, pending, reject
from issuer.retention import overdue, run_retention
from issuer.staff import Account, Role
from schemas.encoding import b64url_decode
from schemas.hour_keys import public_half
from schemas.hours import begin_of, dates_between, hour_at, tracing_ends
from schemas.jws import parse
from schemas.kinds import DAY, HOUR, Kind
from schemas.notices import NoticesState, accept_notices
from schemas.visits import HourOfStay, OpeningKeys, SealingKeys, seal_visit
from shell.files import write_private
from tests.support.exports import FIRST, SECOND, export_of, proposal_of, publish_hours, venue_key
from tests.support.issuers import NOON, Service

THIS = hour_at(NOON)
PAST = range(THIS - 5, THIS)


class Listener:
    """A wallet that takes every list and remembers how far it saw."""

    def __init__(self, issuer: Service) -> None:
        self._issuer = issuer
        self.seen: dict[str, NoticesState] = {}
        self.version = 0

    def hours(self) -> list[int]:
        """Raises NoticesRejected."""
        authority, now = self._issuer.authority, self._issuer.now
        listed = authority.notices()
        assert listed is not None
        accepted = accept_notices(listed.data, bundle=authority.bundle(), seen=self.seen, now=now)
        self.seen[accepted.kid] = accepted.state
        self.version = accepted.version
        return [notice.hour for notice in accepted.notices]


@pytest.fixture(autouse=True)
def officers(issuer: Service) -> None:
    """Both have an account at the home."""
    for officer in (FIRST, SECOND):
        issuer.authority.staff.add(officer.name, officer.role, NOON)


@pytest.fixture
def listener(issuer: Service) -> Listener:
    run_retention(issuer.authority, NOON)
    return Listener(issuer)


def work(issuer: Service, *, hours: float = 0) -> None:
    issuer.clock.now += int(hours * HOUR)
    one_round(issuer.authority, issuer.clock)


def fault(call: Callable[[], object]) -> NoticeFault | ApprovalFault:
    with pytest.raises((NoticeRefused, ApprovalRefused)) as caught:
        call()
    return caught.value.fault


def audited(issuer: Service) -> list[tuple[str, int]]:
    return [(line.action, line.account) for line in reversed(issuer.authority.audit.recent(99))]


def full_disk(*_arguments: Any) -> None:
    raise OSError(28, "No space left on device")


def number_listed(issuer: Service) -> int:
    listed = issuer.authority.notices()
    return -1 if listed is None else len(listed.hours)


# Publishing


def test_two_officers_publish_hours_and_whoever_was_there_is_warned(
    issuer: Service, listener: Listener
) -> None:
    hour, bundle = PAST[2], issuer.authority.bundle()
    keys = SealingKeys.of(hour, venue=public_half(venue_key(hour)), authority=bundle.tracing[hour])
    stay = HourOfStay.of(hour, arrive=begin_of(hour), leave=begin_of(hour) + 1800)
    record = seal_visit(stay, keys)
    assert listener.hours() == []
    publish_hours(issuer, PAST)
    assert listener.hours() == list(PAST)
    data = issuer.home.notices.read_bytes()
    accepted = accept_notices(data, bundle=bundle, seen={}, now=NOON)
    opening = [
        OpeningKeys(n.hour, venue=n.venue_key, authority=n.authority_key) for n in accepted.notices
    ]
    assert [found for keys in opening if (found := keys.open(record))] == [stay]


def test_nothing_is_published_by_one_alone(issuer: Service, listener: Listener) -> None:
    proposal = proposal_of(issuer, PAST)
    waiting = propose_notice(issuer.authority, proposal, FIRST, NOON)
    again = fault(lambda: agree_to_notice(issuer.authority, waiting.digest, FIRST, NOON))
    assert again is ApprovalFault.SAME_OFFICER
    assert listener.hours() == []
    assert len(pending(issuer.home, KIND, NOON)) == 1


def test_whoever_can_write_to_the_home_is_one_of_the_two(
    issuer: Service, listener: Listener
) -> None:
    waiting = propose_notice(issuer.authority, proposal_of(issuer, PAST), None, NOON)
    assert waiting.proposer == 0
    agree_to_notice(issuer.authority, waiting.digest, FIRST, NOON)
    assert listener.hours() == list(PAST)
    assert audited(issuer) == [("propose", 0), ("agree", 1), ("notice publish", 1)]


def test_what_an_officer_brought_who_is_gone_is_not_published(
    issuer: Service, listener: Listener
) -> None:
    proposal = proposal_of(issuer, PAST)
    waiting = propose_notice(issuer.authority, proposal, FIRST, NOON)
    issuer.authority.staff.remove(FIRST.name)
    refused = fault(lambda: agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON))
    assert refused is ApprovalFault.PROPOSER_GONE
    assert listener.hours() == []
    reject(issuer.home, KIND, waiting.digest, SECOND, NOON)
    propose_notice(issuer.authority, proposal, None, NOON)
    agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    assert listener.hours() == list(PAST)


def test_what_waits_holds_no_opened_key(issuer: Service) -> None:
    propose_notice(issuer.authority, proposal_of(issuer, PAST), FIRST, NOON)
    [file] = issuer.home.approvals.glob("*.json")
    assert file.name.startswith("notice.")
    [waiting] = pending(issuer.home, KIND, NOON)
    for hour in PAST:
        assert venue_key(hour) not in waiting.value
        assert str(hour).encode() not in waiting.value


def test_the_audit_tells_neither_hours_nor_places(issuer: Service) -> None:
    publication = publish_hours(issuer, PAST)
    withdraw_notice(issuer.authority, publication.name, SECOND, NOON)
    assert [action for action, _ in audited(issuer)] == [
        "propose",
        "agree",
        "notice publish",
        "notice withdraw",
    ]
    assert {line.total for line in issuer.authority.audit.recent(9)} == {1}
    assert publication.name not in issuer.home.audit.read_text()


def test_of_two_who_agree_at_once_one_publishes(issuer: Service) -> None:
    waiting = propose_notice(issuer.authority, proposal_of(issuer, PAST), FIRST, NOON)
    agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    again = fault(lambda: agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON))
    assert again is ApprovalFault.UNKNOWN
    assert number_listed(issuer) == 5


@pytest.mark.parametrize("broken", ["_encode", "write_private"])
def test_hours_wait_on_when_they_cannot_be_stored_and_are_published_by_agreeing_again(
    issuer: Service, listener: Listener, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    waiting = propose_notice(issuer.authority, proposal_of(issuer, PAST), FIRST, NOON)
    with monkeypatch.context() as patch:
        patch.setattr(publishing, broken, full_disk)
        with pytest.raises(OSError, match="No space"):
            agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    assert listener.hours() == []
    assert [one.digest for one in pending(issuer.home, KIND, NOON)] == [waiting.digest]
    published = agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    assert publications(issuer.authority, NOON) == [published]
    assert listener.hours() == list(PAST)
    assert pending(issuer.home, KIND, NOON) == []


def test_two_who_agree_in_the_same_moment_beside_retention_publish_once(issuer: Service) -> None:
    waiting = propose_notice(issuer.authority, proposal_of(issuer, PAST), FIRST, NOON)
    third = Account(3, "Third", Role.OFFICER, 0)

    def agree(account: Account) -> list[str]:
        try:
            return [agree_to_notice(issuer.authority, waiting.digest, account, NOON).name]
        except ApprovalRefused as refused:
            return [] if refused.fault is ApprovalFault.UNKNOWN else [refused.fault]

    with ThreadPoolExecutor(3) as pool:
        round_ = pool.submit(run_retention, issuer.authority, NOON)
        names = [name for found in pool.map(agree, (SECOND, third)) for name in found]
        round_.result()
    assert names == [waiting.digest[:16]]
    assert number_listed(issuer) == 5
    assert [action for action, _ in audited(issuer)] == ["propose", "agree", "notice publish"]


def test_hours_that_died_while_they_waited_are_not_published_and_wait_on(issuer: Service) -> None:
    hours = [THIS - 24, THIS - 1]
    waiting = propose_notice(issuer.authority, proposal_of(issuer, hours), FIRST, NOON)
    late = NOON + 6 * DAY
    # The seed of the older hour is gone before its time here: it cannot be waited for.
    (issuer.home.tracing_seeds / "2026-03-16.seed").unlink()
    refused = fault(lambda: agree_to_notice(issuer.authority, waiting.digest, SECOND, late))
    assert refused is NoticeFault.SEED_GONE
    assert len(pending(issuer.home, KIND, late)) == 1
    assert issuer.authority.store.count(Kind.NOTICE, late) == 0


def test_the_same_proposal_is_not_published_twice(issuer: Service) -> None:
    proposal = proposal_of(issuer, PAST)
    waiting = propose_notice(issuer.authority, proposal, FIRST, NOON)
    agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    same = fault(lambda: propose_notice(issuer.authority, proposal, SECOND, NOON))
    assert same is NoticeFault.PUBLISHED_ALREADY
    assert pending(issuer.home, KIND, NOON) == []


def test_an_hour_of_two_publications_stands_in_the_list_once(
    issuer: Service, listener: Listener
) -> None:
    publish_hours(issuer, PAST)
    second = publish_hours(issuer, range(THIS - 7, THIS - 3))
    assert second.hours == tuple(range(THIS - 7, THIS - 3))
    assert listener.hours() == list(range(THIS - 7, THIS))
    # What the store holds twice does not make the list anew every minute.
    assert refresh_list(issuer.authority, NOON) is False


@pytest.mark.parametrize("mistaken", [range(THIS - 5, THIS - 2), range(THIS - 3, THIS - 2)])
def test_withdrawing_a_mistake_leaves_the_hours_of_a_right_publication(
    issuer: Service, listener: Listener, mistaken: range
) -> None:
    wrong = publish_hours(issuer, mistaken)
    right = publish_hours(issuer, range(THIS - 4, THIS))
    assert withdraw_notice(issuer.authority, wrong.name, SECOND, NOON) == len(mistaken)
    assert listener.hours() == list(right.hours) == list(range(THIS - 4, THIS))
    assert publications(issuer.authority, NOON) == [right]


def test_the_same_hour_at_two_venues_is_two_entries_that_tell_no_venue(issuer: Service) -> None:
    publish_hours(issuer, PAST, venue="one")
    publish_hours(issuer, PAST, venue="other")
    entries = parse(issuer.home.notices.read_text()).unverified_payload["notices"]
    assert [entry["hour"] for entry in entries] == sorted([*PAST, *PAST])
    assert entries == sorted(entries, key=lambda e: (e["hour"], b64url_decode(e["venue_key"])))


def test_a_full_list_takes_no_more(issuer: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "MOST_NOTICES", 7)
    publish_hours(issuer, PAST)
    assert fault(lambda: publish_hours(issuer, PAST, venue="other")) is NoticeFault.FULL
    publish_hours(issuer, PAST[:2], venue="other")
    assert number_listed(issuer) == 7


def test_more_notices_may_wait_than_statements(issuer: Service) -> None:
    for number in range(20):
        proposal = proposal_of(issuer, PAST, venue=f"venue {number}")
        propose_notice(issuer.authority, proposal, FIRST, NOON)
    more = proposal_of(issuer, PAST, venue="one more")
    full = fault(lambda: propose_notice(issuer.authority, more, FIRST, NOON))
    assert full is ApprovalFault.TOO_MANY


# Withdrawing


def test_a_notice_is_withdrawn_at_once_by_its_name(issuer: Service, listener: Listener) -> None:
    wrong = publish_hours(issuer, PAST, venue="wrong")
    right = publish_hours(issuer, PAST[:1], venue="right")
    assert len(listener.hours()) == 6
    assert withdraw_notice(issuer.authority, wrong.name, SECOND, NOON) == 5
    assert listener.hours() == list(right.hours)
    assert audited(issuer)[-1] == ("notice withdraw", 2)


@pytest.mark.parametrize("name", ["", "0" * 16, "../x"])
def test_an_unknown_name_withdraws_nothing(issuer: Service, name: str) -> None:
    publish_hours(issuer, PAST)
    refused = fault(lambda: withdraw_notice(issuer.authority, name, SECOND, NOON))
    assert refused is NoticeFault.UNKNOWN_NAME
    assert number_listed(issuer) == 5


def test_what_was_withdrawn_can_be_published_again(issuer: Service) -> None:
    proposal = proposal_of(issuer, PAST)
    names = set()
    for _ in range(2):
        waiting = propose_notice(issuer.authority, proposal, FIRST, NOON)
        publication = agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
        names.add(publication.name)
        withdraw_notice(issuer.authority, publication.name, SECOND, NOON)
    assert len(names) == 1
    assert number_listed(issuer) == 0


# The list


def test_the_list_is_made_anew_every_six_hours_and_not_before(
    issuer: Service, listener: Listener
) -> None:
    listener.hours()
    before = issuer.home.notices.read_bytes()
    work(issuer, hours=5.99)
    assert issuer.home.notices.read_bytes() == before
    work(issuer, hours=0.01)
    assert issuer.home.notices.read_bytes() != before
    first = listener.version
    listener.hours()
    assert listener.version > first


def test_after_a_key_was_stolen_the_next_one_is_heard_whatever_its_lists_were_numbered(
    issuer: Service, listener: Listener
) -> None:
    publish_hours(issuer, PAST)
    key, listed = load_notices_key(issuer.home), issuer.authority.notices()
    assert listed is not None
    forged = parse(listed.data.decode()).unverified_payload | {"version": (1 << 53) - 1}
    write_private(issuer.home.notices, key.sign(forged | {"notices": []}).encode())
    assert listener.hours() == []
    notices_key_path(issuer.home).unlink()
    create_issuing_keys(issuer.home)
    issuer.reopen()
    work(issuer)
    assert listener.hours() == list(PAST)
    assert listener.version == issuer.now


def test_a_list_is_good_for_three_days_and_never_past_the_sunset(issuer: Service) -> None:
    publish_hours(issuer, PAST)
    payload = parse(issuer.home.notices.read_text()).unverified_payload
    assert (payload["iat"], payload["exp"]) == (NOON, NOON + 72 * HOUR)
    assert payload["iss"] == issuer.authority.config.url


@pytest.mark.process
def test_every_entry_dies_on_its_day_and_the_list_is_made_anew(
    issuer: Service, listener: Listener
) -> None:
    hours = [THIS - 24, THIS - 1]
    publish_hours(issuer, hours)
    for end, left in ((tracing_ends("2026-03-16"), hours[1:]), (tracing_ends("2026-03-17"), [])):
        issuer.clock.now = end - 1
        work(issuer)
        kept = [*hours[:1], *left] if left else hours[1:]
        assert listener.hours() == kept
        issuer.clock.now = end
        totals = run_retention(issuer.authority, end)
        assert totals["notice"] == 1
        assert listener.hours() == left
        assert issuer.authority.store.count(Kind.NOTICE, end) == len(left)


@pytest.mark.process
def test_a_list_that_outlives_its_entries_is_found(issuer: Service) -> None:
    publish_hours(issuer, PAST)
    end = tracing_ends("2026-03-17")
    found = "5 hours in the list of notices outlived their 14 days"
    assert found not in overdue(issuer.home, end)
    assert found in overdue(issuer.home, end + HOUR)
    run_retention(issuer.authority, end + HOUR)
    assert found not in overdue(issuer.home, end + HOUR)


def test_a_lost_list_comes_back_and_sets_no_wallet_back(
    issuer: Service, listener: Listener
) -> None:
    publish_hours(issuer, PAST)
    listener.hours()
    for damage in (None, b"garbage", b"a.b.c"):
        issuer.home.notices.unlink()
        if damage is not None:
            issuer.home.notices.write_bytes(damage)
            issuer.home.notices.chmod(0o600)
            assert issuer.authority.notices() is None
        work(issuer, hours=1)
        assert listener.hours() == list(PAST)


def test_lists_made_within_one_second_have_different_versions(
    issuer: Service, listener: Listener
) -> None:
    versions = []
    for number in range(3):
        publish_hours(issuer, PAST, venue=f"venue {number}")
        listener.hours()
        versions.append(listener.version)
    assert versions == sorted(set(versions))


def test_a_list_that_was_not_written_after_publishing_is_made_by_the_next_round(
    issuer: Service, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(publishing, "write_private", full_disk)
        with pytest.raises(OSError, match="No space"):
            publish_hours(issuer, PAST)
    assert listener.hours() == []
    work(issuer)
    assert listener.hours() == list(PAST)


def test_a_home_of_the_version_before_gets_its_list_by_itself(issuer: Service) -> None:
    assert issuer.authority.notices() is None
    work(issuer)
    assert number_listed(issuer) == 0


@pytest.mark.process
def test_nothing_is_left_of_notices_after_the_sunset(issuer: Service) -> None:
    publish_hours(issuer, PAST)
    issuer.clock.now = issuer.authority.sunset
    run_retention(issuer.authority, issuer.now)
    assert not issuer.home.notices.exists()
    assert issuer.authority.notices() is None
    assert issuer.authority.store.count(Kind.NOTICE, issuer.now) == 0
    run_retention(issuer.authority, issuer.now + DAY)
    assert not issuer.home.notices.exists()


def test_the_statement_and_the_figures_show_notices_rounded(issuer: Service) -> None:
    publish_hours(issuer, PAST)
    run_retention(issuer.authority, NOON)
    kinds = parse(issuer.home.statement.read_text()).unverified_payload["kinds"]
    [shown] = [kind for kind in kinds if kind["kind"] == "notice"]
    assert (shown["held"], shown["period_seconds"]) == (10, 14 * DAY)
    figures = issuer.call("GET", "/metrics", address="127.0.0.1").body.decode()
    assert 'qupia_held{kind="notice"} 10' in figures


def test_a_list_of_thousands_of_hours_is_made_quickly(issuer: Service) -> None:
    """Six venues with all hours of a fortnight: some seconds on a slow machine, not minutes."""
    for date in dates_between(NOON - 13 * DAY, NOON):
        tracing_seeds(issuer.home).make(date, NOON)
    hours = range(THIS - 330 + 12, THIS)
    for number in range(7):
        file = export_of(issuer, hours, venue=f"venue {number}")
        proposal = Proposal.of(file, start=0, end=NOON)
        waiting = propose_notice(issuer.authority, proposal, FIRST, NOON)
        agree_to_notice(issuer.authority, waiting.digest, SECOND, NOON)
    assert number_listed(issuer) == 7 * len(hours) > 2_000
    work(issuer, hours=6)
    assert number_listed(issuer) > 2_000
    assert refresh_list(issuer.authority, issuer.now) is False
