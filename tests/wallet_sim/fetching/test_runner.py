"""A wallet that runs by itself."""

import itertools
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from benchmarks.privacy.real_figures import NOT_UNIFORM, distance_from_uniform
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR, MINUTE
from schemas.problems import ApiProblem, Problem
from tests.support.issuer_in_memory import CODE, Phone
from tests.support.world import NOON
from wallet_sim.both import NoticesOfWallet
from wallet_sim.fetching.runner import POLL, Fetching, keep_fetching
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced, sync
from wallet_sim.passes.schedule import QUIET, plan_soon, wanted_windows
from wallet_sim.passes.state import NotActivated
from wallet_sim.showing import take_pass

EACH = 3 * MINUTE
"""Between two looks; a real wallet looks six times as often, and does the same."""


class Run:
    """Runs a phone until a time comes; what it asked for and complained of is kept, and when."""

    def __init__(
        self, phone: Phone, *, until: int, notices: bool = False, each: int = EACH
    ) -> None:
        self.phone, self.until, self.each = phone, until, each
        self.requests: list[tuple[int, str]] = []
        self.fetched: list[int] = []
        self.complaints: list[str] = []
        self.complained: list[int] = []
        listening = NoticesOfWallet(phone.file, lambda _: None, lambda _: None)
        self.fetching = Fetching(
            phone.file,
            self._connect,
            lambda n: n // 2,
            self._report,
            self._complain,
            listening if notices else None,
        )

    def __call__(self) -> "Run":
        return self.go_on()

    def go_on(self) -> "Run":
        while self.phone.clock.now < self.until:
            self.fetching.look()
            self.phone.clock.now += self.each
        return self

    def _connect(self) -> Session:
        session = self.phone.session()

        def send(method: str, url: str, **members: Any) -> Any:
            path = url.removeprefix(self.phone.issuer.world.iss)
            self.requests.append((self.phone.clock.now, path))
            return self.phone.issuer.send(method, url, **members)

        return replace(session, client=replace(session.client, send=send))

    def _report(self, synced: Synced) -> None:
        if synced.asked:
            self.fetched.append(self.phone.clock.now)

    def _complain(self, error: Exception) -> None:
        self.complaints.append(str(error))
        self.complained.append(self.phone.clock.now)


@pytest.fixture
def activated(phone: Phone) -> Phone:
    """With the passes of now and of the next window, as after an activation."""
    phone.activate()
    sync(phone.session())
    phone.issuer.requests.clear()
    return phone


@pytest.fixture
def planned(phone: Phone) -> Phone:
    """With the passes of now, and a plan to ask for the next window at six in the afternoon."""
    phone.activate()
    sync(phone.session(), lambda wallet, bundle, now: wanted_windows(wallet, bundle, now=now)[:1])
    phone.issuer.requests.clear()
    return phone


SIX = NOON + 6 * HOUR


def retire(phone: Phone, *, at: int) -> None:
    """Withdraw the current window's key of the phone's cell, from ``at`` on."""
    world, now = phone.issuer.world, phone.clock.now
    world.retire(world.calendar.window_at(now), at=at)
    phone.issuer.publish()


def asked_at(run: Run) -> list[int]:
    return [at for at, path in run.requests if path == "/v1/passes"]


def test_a_running_wallet_fetches_each_next_window_once_in_the_window_before(
    planned: Phone,
) -> None:
    first, second = planned.windows()
    run = Run(planned, until=second.nbf + 2 * DAY)()
    assert first.contains(run.fetched[0])
    assert [(at - second.nbf) // DAY for at in run.fetched[1:]] == [0, 1]
    asked = planned.issuer.batches_asked()
    assert [len(ids) for ids in asked] == [1, 1, 1]
    assert len({key_id for ids in asked for key_id in ids}) == 3


def test_the_time_of_a_request_does_not_depend_on_when_the_wallet_was_started(
    planned: Phone,
) -> None:
    plan = planned.wallet.plan
    for _ in range(3):
        Run(planned, until=planned.clock.now + HOUR)()
    assert planned.wallet.plan == plan
    assert planned.issuer.batches_asked() == []


def test_nothing_is_asked_for_in_the_first_ten_minutes_of_a_wallet(planned: Phone) -> None:
    planned.clock.now = SIX - 60
    run = Run(planned, until=SIX + 3 * HOUR, notices=True)()
    assert run.requests[0][0] >= SIX - 60 + 10 * MINUTE


class Enough(Exception):
    """It has looked often enough."""


def test_looks_have_no_step_by_which_requests_of_one_device_could_be_told(
    activated: Phone,
) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 400:
            raise Enough

    with pytest.raises(Enough):
        keep_fetching(
            activated.file,
            connect=activated.session,
            sleep=sleep,
            below=Random(7).randrange,
            report=lambda _: None,
            complain=lambda _: None,
        )
    assert POLL / 2 <= min(pauses) < max(pauses) < POLL * 3 / 2
    steps = [moment % POLL / POLL for moment in itertools.accumulate(pauses)]
    assert distance_from_uniform(steps) < NOT_UNIFORM


def test_a_plan_in_the_first_minutes_is_drawn_anew_over_what_is_left(planned: Phone) -> None:
    end = planned.windows()[0].exp
    planned.clock.now = begun = SIX - 60
    [at] = Run(planned, until=end)().fetched
    assert abs(at - (begun + QUIET + end) // 2) <= EACH


def test_a_plan_that_was_missed_is_drawn_anew_once_and_kept_when_started_again(
    planned: Phone,
) -> None:
    planned.clock.now = SIX + HOUR
    Run(planned, until=SIX + HOUR + 60)()
    plan = planned.wallet.plan
    assert plan is not None
    assert plan.at > SIX + HOUR + QUIET
    Run(planned, until=SIX + HOUR + 120)()
    assert planned.wallet.plan == plan


def test_with_under_ten_minutes_left_nothing_is_asked_and_the_day_is_missed(
    planned: Phone,
) -> None:
    end = planned.windows()[0].exp
    planned.clock.now = end - QUIET
    run = Run(planned, until=end + HOUR)()
    assert asked_at(run) == []
    wallet = planned.wallet
    assert wallet.batch_at(planned.clock.now) is None
    assert wallet.plan is not None
    assert wallet.plan.window == planned.windows()[0]


def test_a_device_that_slept_counts_as_started_anew(planned: Phone) -> None:
    fetching = Run(planned, until=0).fetching
    fetching.look()
    planned.clock.now = SIX + HOUR
    assert not fetching.look()
    assert fetching.free_from == SIX + HOUR + QUIET


def test_a_wallet_that_missed_a_day_asks_for_no_passes_of_now_by_itself(activated: Phone) -> None:
    activated.clock.now += 2 * DAY
    current, _ = activated.windows()
    run = Run(activated, until=current.exp)()
    assert run.fetched != []
    assert activated.wallet.batch_at(current.nbf) is None
    [[key_id]] = activated.issuer.batches_asked()
    assert key_id == b64url_encode(activated.wallet.batches[0].key_id)


def test_after_a_showing_nothing_is_asked_for_during_ten_minutes(planned: Phone) -> None:
    run = Run(planned, until=SIX - 60)()
    take_pass(planned.file, planned.tools(), again=False, agreed=False)
    run.until = SIX + 4 * HOUR
    run.go_on()
    assert run.requests[0][0] >= SIX - 60 + QUIET


def test_passes_for_now_come_within_two_hours_when_their_holder_asks_for_them_later(
    phone: Phone,
) -> None:
    phone.activate()
    phone.file.update(lambda held: plan_soon(held, now=NOON, below=lambda n: n // 2))
    run = Run(phone, until=NOON + 3 * HOUR)()
    assert [abs(at - (NOON + HOUR)) <= EACH for at in run.fetched] == [True]
    [both] = phone.issuer.batches_asked()
    assert len(both) == 2
    assert phone.wallet.soon is None


def test_later_is_over_after_two_hours_and_the_holder_is_asked_again(phone: Phone) -> None:
    phone.activate()
    phone.file.update(lambda held: plan_soon(held, now=NOON, below=lambda n: n // 2))
    phone.clock.now += 2 * HOUR - QUIET
    run = Run(phone, until=NOON + 3 * HOUR)()
    assert asked_at(run) == []
    assert phone.wallet.soon is None


def test_an_issuer_that_is_not_reached_is_tried_few_times_and_without_a_rhythm(
    planned: Phone,
) -> None:
    planned.issuer.unreachable = True
    run = Run(planned, until=planned.windows()[0].exp)()
    assert set(run.complaints) == {"no answer from the issuer"}
    assert 2 <= len(run.complaints) <= 8
    pauses = {b - a for a, b in itertools.pairwise(run.complained)}
    assert len(pauses) == len(run.complained) - 1
    assert min(pauses) >= QUIET


@pytest.mark.parametrize("problem", [Problem.NOT_READY, Problem.TOO_MANY, Problem.FAILED])
def test_a_refusal_that_may_pass_does_not_end_the_wallet(planned: Phone, problem: Problem) -> None:
    planned.issuer.refuse["/v1/passes"] = problem
    run = Run(planned, until=SIX + HOUR)()
    assert set(run.complaints) == {problem}
    planned.issuer.refuse.clear()
    run.until = planned.windows()[0].exp
    assert len(run.go_on().fetched) == 1


def test_whoever_is_withdrawn_has_asked_and_asks_next_as_planned(planned: Phone) -> None:
    """Asking again and again would be a beacon of the ill."""
    planned.issuer.refuse["/v1/passes"] = Problem.WITHDRAWN
    _, second = planned.windows()
    run = Run(planned, until=second.exp + 2 * DAY)()
    days = [(at - second.nbf) // DAY for at in asked_at(run)]
    assert days == [-1, 0, 1, 2]
    assert run.complaints == [Problem.WITHDRAWN] * 4


def test_a_wallet_asks_again_for_what_it_was_refused_when_its_holder_does(planned: Phone) -> None:
    planned.issuer.refuse["/v1/passes"] = Problem.WITHDRAWN
    Run(planned, until=SIX + HOUR)()
    planned.issuer.refuse.clear()
    assert len(sync(planned.session()).asked) == 1


@pytest.mark.parametrize("problem", [Problem.ENDED, Problem.ENTITLEMENT_EXPIRED, Problem.SUNSET])
def test_a_refusal_that_is_final_ends_the_wallet(planned: Phone, problem: Problem) -> None:
    planned.issuer.refuse["/v1/passes"] = problem
    with pytest.raises(ApiProblem, match=problem):
        Run(planned, until=SIX + HOUR)()


def test_one_bundle_that_must_not_be_believed_does_not_end_the_wallet(planned: Phone) -> None:
    planned.clock.now = SIX - HOUR
    held = planned.wallet.batches
    planned.issuer.publish(batch_size=9)
    run = Run(planned, until=SIX + HOUR)()
    assert run.complaints == ["pin_changed"]
    assert planned.wallet.batches == held
    planned.issuer.publish()
    run.until = planned.windows()[0].exp
    assert len(run.go_on().fetched) == 1


def test_an_expired_bundle_is_asked_for_again_later(planned: Phone) -> None:
    planned.issuer.world.life = 60
    planned.issuer.publish()
    planned.clock.now += 120
    run = Run(planned, until=planned.windows()[0].exp)()
    assert set(run.complaints) == {"expired"}
    assert 2 <= len(run.complaints) <= 6


def test_an_empty_wallet_does_not_run(phone: Phone) -> None:
    with pytest.raises(NotActivated):
        Run(phone, until=NOON + HOUR)()


def test_at_the_end_of_its_entitlement_a_wallet_asks_no_more(phone: Phone) -> None:
    phone.issuer.codes[CODE] = end = phone.windows()[1].exp
    phone.activate()
    sync(phone.session())
    phone.issuer.requests.clear()
    assert asked_at(Run(phone, until=end - 60, each=5 * MINUTE)()) == []
    with pytest.raises(NotActivated):
        Run(phone, until=end + HOUR)()


def test_used_passes_leave_the_file_of_a_running_wallet_by_themselves(activated: Phone) -> None:
    batch = activated.wallet.batches[0]
    used = replace(batch, passes=(replace(batch.passes[0], shown=NOON), *batch.passes[1:]))
    activated.file.update(lambda held: held.with_batch(used))
    before = activated.path.read_bytes()
    Run(activated, until=NOON + 400)()
    assert len(activated.path.read_bytes()) < len(before)


def test_passes_under_a_key_that_is_being_replaced_are_fetched_anew_before_it_is_retired(
    activated: Phone,
) -> None:
    retire(activated, at=SIX)
    run = Run(activated, until=SIX + HOUR, notices=True)()
    [at] = asked_at(run)
    assert NOON + QUIET <= at < SIX
    assert activated.wallet.batches[0].retires is None
    assert len(activated.wallet.batches[0].passes) == activated.issuer.world.batch_size


def test_a_second_replacement_in_one_window_is_left_to_the_holder(activated: Phone) -> None:
    retire(activated, at=SIX)
    run = Run(activated, until=SIX + 60, notices=True)()
    activated.issuer.requests.clear()
    retire(activated, at=SIX + 5 * HOUR)
    run.until = SIX + 5 * HOUR + 60
    first = len(asked_at(run))
    run.go_on()
    assert len(asked_at(run)) - first <= 1
    assert activated.wallet.batch_at(activated.clock.now) is None


def test_after_a_key_was_withdrawn_at_once_the_holder_is_asked(activated: Phone) -> None:
    retire(activated, at=NOON)
    run = Run(activated, until=SIX, notices=True)()
    assert asked_at(run) == []
    assert activated.wallet.batch_at(SIX) is None
    assert activated.wallet.soon is None
