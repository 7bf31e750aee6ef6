"""A wallet that runs by itself."""

from dataclasses import replace

import pytest

from schemas.bundle_faults import BundleRejected
from schemas.kinds import DAY, HOUR
from schemas.problems import ApiProblem, Problem
from tests.support.issuer_in_memory import Phone
from tests.support.world import NOON
from wallet_sim.fetching.runner import keep_fetching
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced
from wallet_sim.passes.state import NotActivated


class Stopped(Exception):
    """The person has stopped the program."""


class Run:
    """Runs a phone until a time comes; what it fetched and what it complained of is kept."""

    def __init__(self, phone: Phone, *, until: int) -> None:
        self.phone, self.until = phone, until
        self.fetched: list[int] = []
        self.complaints: list[str] = []

    def __call__(self) -> "Run":
        with pytest.raises(Stopped):
            keep_fetching(
                self.phone.file,
                connect=self.phone.session,
                sleep=self.sleep,
                below=lambda n: n // 2,
                report=self.report,
                complain=lambda error: self.complaints.append(str(error)),
            )
        return self

    def sleep(self, seconds: float) -> None:
        self.phone.clock.sleep(seconds)
        if self.phone.clock.now >= self.until:
            raise Stopped

    def report(self, synced: Synced, session: Session) -> None:
        if synced.asked:
            self.fetched.append(self.phone.clock.now)


@pytest.fixture
def activated(phone: Phone) -> Phone:
    phone.activate()
    return phone


def test_a_running_wallet_fetches_each_next_window_once_in_the_window_before(
    activated: Phone,
) -> None:
    first, second = activated.windows()
    run = Run(activated, until=second.nbf + 2 * DAY)()
    assert len(run.fetched) == 4
    assert run.fetched[0] == NOON
    assert first.contains(run.fetched[1])
    days = [(at - second.nbf) // DAY for at in run.fetched[2:]]
    assert days == [0, 1]
    asked = activated.issuer.batches_asked()
    assert [len(ids) for ids in asked] == [1, 1, 1, 1]
    assert len({key_id for ids in asked for key_id in ids}) == 4


def test_the_time_of_a_request_does_not_depend_on_when_the_wallet_was_started(
    activated: Phone,
) -> None:
    Run(activated, until=NOON + HOUR)()
    plan = activated.wallet.plan
    for _ in range(3):
        Run(activated, until=activated.clock.now + HOUR)()
    assert activated.wallet.plan == plan
    assert len(activated.issuer.batches_asked()) == 1


def test_a_wallet_that_slept_over_a_day_fetches_the_current_window_at_once(
    activated: Phone,
) -> None:
    Run(activated, until=NOON + HOUR)()
    activated.clock.now += 2 * DAY
    woken = activated.clock.now
    run = Run(activated, until=woken + 60)()
    assert run.fetched == [woken]
    assert [len(ids) for ids in activated.issuer.batches_asked()][1:] == [1]


def test_an_issuer_that_is_not_reached_is_tried_again_after_ten_minutes_or_more(
    activated: Phone,
) -> None:
    activated.issuer.unreachable = True
    run = Run(activated, until=NOON + HOUR)()
    assert run.complaints == ["no answer from the issuer"] * 4
    activated.issuer.unreachable = False
    assert len(Run(activated, until=activated.clock.now + HOUR)().fetched) == 1


@pytest.mark.parametrize(
    "problem", [Problem.WITHDRAWN, Problem.NOT_READY, Problem.TOO_MANY, Problem.FAILED]
)
def test_a_refusal_that_may_pass_does_not_end_the_wallet(
    activated: Phone, problem: Problem
) -> None:
    activated.issuer.refuse["/v1/passes"] = problem
    run = Run(activated, until=NOON + HOUR)()
    assert set(run.complaints) == {problem}
    activated.issuer.refuse.clear()
    assert Run(activated, until=activated.clock.now + HOUR)().fetched != []


@pytest.mark.parametrize("problem", [Problem.ENDED, Problem.ENTITLEMENT_EXPIRED, Problem.SUNSET])
def test_a_refusal_that_is_final_ends_the_wallet(activated: Phone, problem: Problem) -> None:
    activated.issuer.refuse["/v1/passes"] = problem
    with pytest.raises(ApiProblem, match=problem):
        Run(activated, until=NOON + HOUR)()


def test_a_bundle_that_must_not_be_believed_ends_the_wallet(activated: Phone) -> None:
    activated.issuer.publish(batch_size=9)
    with pytest.raises(BundleRejected, match="pin_changed"):
        Run(activated, until=NOON + HOUR)()


def test_an_expired_bundle_is_asked_for_again_later(activated: Phone) -> None:
    activated.issuer.world.life = 60
    activated.issuer.publish()
    activated.clock.now += 120
    run = Run(activated, until=NOON + HOUR)()
    assert set(run.complaints) == {"expired"}
    assert len(run.complaints) == 4


def test_an_empty_wallet_does_not_run(phone: Phone) -> None:
    with pytest.raises(NotActivated):
        Run(phone, until=NOON + HOUR)()


def test_at_the_end_of_its_entitlement_a_wallet_asks_no_more(phone: Phone) -> None:
    phone.issuer.codes["7K3M9QX2VT00AC5H"] = phone.windows()[1].exp
    phone.activate()
    end = phone.windows()[1].exp
    Run(phone, until=end - 60)()
    assert len(phone.issuer.batches_asked()) == 2
    with pytest.raises(NotActivated):
        Run(phone, until=end + HOUR)()


def test_used_passes_leave_the_file_of_a_running_wallet_by_themselves(activated: Phone) -> None:
    Run(activated, until=NOON + 60)()
    batch = activated.wallet.batches[0]
    used = replace(batch, passes=(replace(batch.passes[0], shown=NOON), *batch.passes[1:]))
    activated.file.update(lambda held: held.with_batch(used))
    before = activated.path.read_bytes()
    Run(activated, until=NOON + 400)()
    assert len(activated.path.read_bytes()) < len(before)
