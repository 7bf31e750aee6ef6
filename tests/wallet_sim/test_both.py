"""A wallet that runs by itself hears of notices, whether or not there are passes to be had."""

from dataclasses import replace
from pathlib import Path

import pytest

from schemas.hours import hour_at
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.notices import NoticesRejected
from schemas.paths import NOTICES_PATH
from schemas.problems import ApiProblem, Problem
from shell.files import write_private
from tests.support.issuer_in_memory import CODE, Phone, Time
from tests.support.keys import ec_key
from tests.support.venue_in_memory import Venue
from tests.support.world import NOON
from wallet_sim.both import NoticesOfWallet, check_in_here, fetch_notices, visits_of
from wallet_sim.fetching.runner import POLL, Fetching
from wallet_sim.fetching.sync import Synced, sync
from wallet_sim.passes.schedule import QUIET, wanted_windows
from wallet_sim.presence.state import Visits


class Run:
    """A phone that runs by itself; when it heard the list, and what it complained of, is kept."""

    def __init__(self, phone: Phone) -> None:
        self.phone = phone
        self.heard: list[int] = []
        self.warned: list[int] = []
        self.complaints: list[Exception] = []
        notices = NoticesOfWallet(phone.file, self._hear, self.complaints.append)
        self._fetching = Fetching(
            phone.file,
            phone.session,
            lambda n: n // 2,
            self._report,
            self.complaints.append,
            notices,
        )

    def look(self) -> None:
        self._fetching.look()

    def until(self, end: int, *, each: int = POLL) -> "Run":
        while self.phone.clock.now < end:
            self.look()
            self.phone.clock.now += each
        return self

    def _hear(self, visits: Visits) -> None:
        self.heard.append(self.phone.clock.now)
        if visits.warnings:
            self.warned.append(self.phone.clock.now)

    def _report(self, _synced: Synced) -> None:
        """What came of the passes is another test's business."""


@pytest.fixture
def activated(phone: Phone) -> Phone:
    """With the passes of now, and a plan for the next ones at six in the afternoon."""
    phone.activate()
    sync(phone.session(), lambda wallet, bundle, now: wanted_windows(wallet, bundle, now=now)[:1])
    phone.issuer.requests.clear()
    return phone


FIRST = NOON + QUIET + HOUR // 2
"""When the list is first asked for by a wallet that was started at noon."""


def test_the_list_comes_with_the_passes_and_every_six_hours_or_so(activated: Phone) -> None:
    run = Run(activated).until(NOON + DAY, each=5 * MINUTE)
    assert run.heard[0] == FIRST
    assert NOON + 6 * HOUR in run.heard
    pauses = [later - earlier for earlier, later in zip(run.heard, run.heard[1:], strict=False)]
    assert all(pause <= 7 * HOUR for pause in pauses)
    assert 4 <= len(run.heard) <= 6
    assert run.complaints == []


@pytest.mark.parametrize("ahead", [3 * DAY, -3 * DAY])
def test_a_clock_that_is_wrong_or_is_put_right_silences_no_wallet(
    activated: Phone, ahead: int
) -> None:
    time = activated.issuer.clock
    phone = replace(activated, clock=Time(time.now + ahead))
    run = Run(phone)
    for wrong_by in (ahead, 0):
        run.heard.clear()
        for _ in range(12 * HOUR // (5 * MINUTE)):
            phone.clock.now = time.now + wrong_by
            run.look()
            time.now += 5 * MINUTE
        assert len(run.heard) >= 2


def test_a_wallet_without_visits_asks_when_one_with_some_does(
    activated: Phone, venue: Venue, tmp_path: Path
) -> None:
    other = replace(activated, home=tmp_path / "other")
    other.activate("0000111122223333")
    check_in_here(other.file, venue.code(NOON))
    runs = Run(activated), Run(other)
    while activated.clock.now < NOON + DAY:
        for run in runs:
            run.look()
        activated.clock.now += 5 * MINUTE
    assert len(runs[0].heard) == len(runs[1].heard) > 2
    apart = [abs(one - other) for one, other in zip(*(run.heard for run in runs), strict=True)]
    assert max(apart) <= 5 * MINUTE


def test_a_notice_is_heard_of_without_anybody_asking(activated: Phone, venue: Venue) -> None:
    run = Run(activated)
    check_in_here(activated.file, venue.code(NOON))
    run.until(NOON + 4 * HOUR, each=5 * MINUTE)
    activated.issuer.publish_notices(venue.notice(hour_at(NOON)))
    run.until(NOON + 12 * HOUR, each=5 * MINUTE)
    assert run.warned[0] <= NOON + 11 * HOUR


def test_a_list_that_does_not_come_is_asked_for_again_later_and_passes_come_all_the_same(
    activated: Phone,
) -> None:
    activated.issuer.refuse[NOTICES_PATH] = Problem.NOT_READY
    run = Run(activated).until(NOON + 7 * HOUR, each=5 * MINUTE)
    assert 4 <= len(run.complaints) <= 6
    assert len(activated.issuer.batches_asked()) == 1
    activated.issuer.refuse.clear()
    assert len(run.until(NOON + 10 * HOUR, each=5 * MINUTE).heard) == 1


def test_a_list_that_must_not_be_believed_does_not_end_the_wallet(activated: Phone) -> None:
    activated.issuer.publish_notices(iss="https://another.example")
    run = Run(activated).until(NOON + HOUR)
    assert {type(error) for error in run.complaints} == {NoticesRejected}
    activated.issuer.publish_notices()
    assert len(run.until(NOON + 3 * HOUR).heard) == 1


def test_an_issuer_that_is_not_reached_is_complained_of_once_at_a_time(activated: Phone) -> None:
    activated.issuer.unreachable = True
    run = Run(activated).until(NOON + 3 * HOUR)
    assert [str(error) for error in run.complaints] == ["no answer from the issuer"] * 2


def test_who_gets_no_passes_for_now_is_warned_all_the_same(activated: Phone, venue: Venue) -> None:
    check_in_here(activated.file, venue.code(NOON))
    activated.issuer.publish_notices(venue.notice(hour_at(NOON)))
    activated.issuer.refuse["/v1/passes"] = Problem.WITHDRAWN
    assert Run(activated).until(NOON + HOUR).warned[0] == FIRST


def test_when_the_entitlement_has_ended_the_wallet_goes_on_listening(
    phone: Phone, venue: Venue
) -> None:
    phone.issuer.codes[CODE] = end = phone.windows()[0].exp
    phone.activate()
    run = Run(phone).until(end - HOUR, each=5 * MINUTE)
    check_in_here(phone.file, venue.code(phone.clock.now))
    visited = hour_at(phone.clock.now)
    run.until(end + HOUR)
    assert phone.wallet.entitlement is None
    phone.issuer.publish_notices(venue.notice(visited))
    assert run.until(end + 10 * HOUR, each=5 * MINUTE).warned != []
    for day in range(1, 5):
        phone.issuer.publish_notices()
        run.until(end + day * DAY + HOUR, each=QUIET)
    assert run.complaints == []
    assert run.heard[-1] > end + 3 * DAY + HOUR


def test_what_is_known_of_a_stay_leaves_the_file_of_a_running_wallet_by_itself(
    activated: Phone, venue: Venue
) -> None:
    run = Run(activated).until(NOON + 10 * MINUTE)
    came = activated.clock.now
    check_in_here(activated.file, venue.code(came))
    path = activated.home / "visits.json"
    run.until(NOON + 2 * HOUR)
    assert str(came).encode() in path.read_bytes()
    run.until(NOON + 3 * HOUR + POLL)
    assert str(came).encode() not in path.read_bytes()


def test_what_a_stolen_key_said_goes_with_it_although_lists_are_withheld(
    activated: Phone, venue: Venue
) -> None:
    """The bundle of the day after names another key, and nobody answers with a list."""
    check_in_here(activated.file, venue.code(NOON))
    activated.issuer.publish_notices(venue.notice(hour_at(NOON)))
    assert fetch_notices(activated.session()).warnings
    activated.issuer.world.notices_key = ec_key("a new key of the notices")
    activated.issuer.publish()
    activated.issuer.refuse[NOTICES_PATH] = Problem.FAILED
    activated.clock.now += DAY
    with pytest.raises(ApiProblem):
        fetch_notices(activated.session())
    visits = visits_of(activated.file).load()
    assert (visits.warnings, visits.heard) == ((), ())
    assert visits.days


def test_a_damaged_file_of_visits_does_not_end_the_fetching_of_passes(activated: Phone) -> None:
    write_private(activated.home / "visits.json", b"{")
    run = Run(activated).until(NOON + 7 * HOUR, each=5 * MINUTE)
    assert len(activated.issuer.batches_asked()) == 1
    assert {str(error).partition(", and")[0].rpartition("/")[2] for error in run.complaints} == {
        "visits.json is damaged"
    }


def test_a_wallet_that_was_emptied_meanwhile_has_nobody_to_warn(activated: Phone) -> None:
    session, complaints = activated.session(), list[Exception]()
    activated.file.erase()
    beside = NoticesOfWallet(activated.file, lambda _: None, complaints.append)
    assert not beside.fetch(session, refreshed=False)
    assert complaints == []
    assert not (activated.home / "visits.json").exists()
