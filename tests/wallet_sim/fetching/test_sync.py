"""Fetching: what is asked, what is stored when, and what survives what."""

import json
from dataclasses import replace

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.issuer_in_memory import CODE, IssuerInMemory, Phone, Time
from tests.support.world import NOON
from wallet_sim.fetching.sync import Synced, by_plan, sync
from wallet_sim.passes.blinding import BlindingError
from wallet_sim.passes.state import BatchFault, NotActivated, Plan


@pytest.fixture
def activated(phone: Phone) -> Phone:
    phone.activate()
    return phone


def synced(phone: Phone) -> Synced:
    return sync(phone.session())


def fresh(phone: Phone) -> list[int]:
    return [len(batch.fresh) for batch in phone.wallet.batches]


def passes_requests(issuer: IssuerInMemory) -> list[bytes]:
    return [r.body for r in issuer.posted if r.path == "/v1/passes"]


def test_the_current_and_the_next_window_are_fetched_in_one_request_at_equal_size(
    activated: Phone,
) -> None:
    result = synced(activated)
    assert [batch.window for batch in activated.wallet.batches] == list(activated.windows())
    assert fresh(activated) == [4, 4]
    assert [len(ids) for ids in activated.issuer.batches_asked()] == [2]
    assert result.has_current


def test_the_wallet_knows_when_the_issuer_saw_the_time_of_current_passes(
    activated: Phone,
) -> None:
    assert synced(activated).asked_now
    activated.clock.now += DAY
    assert not synced(activated).asked_now


def test_what_is_held_is_not_asked_for_again(activated: Phone) -> None:
    synced(activated)
    result = synced(activated)
    assert (result.asked, result.has_current) == ((), True)
    assert len(passes_requests(activated.issuer)) == 1


def test_the_request_is_stored_before_it_is_sent(activated: Phone) -> None:
    stored = []

    def look(members: dict) -> dict:
        stored.append([b64url_encode(b.key_id) for b in activated.wallet.pending])
        return members

    activated.issuer.cheat["/v1/passes"] = look
    synced(activated)
    assert stored == activated.issuer.batches_asked()


def test_after_a_lost_answer_the_identical_request_is_sent_and_answered(activated: Phone) -> None:
    activated.issuer.lost.add("/v1/passes")
    for _ in range(2):
        with pytest.raises(CommandError, match="no answer"):
            synced(activated)
    assert fresh(activated) == []
    activated.issuer.lost.clear()
    assert synced(activated).has_current
    assert fresh(activated) == [4, 4]
    assert len(set(passes_requests(activated.issuer))) == 1


def test_a_lost_answer_can_still_be_had_when_the_day_has_changed(activated: Phone) -> None:
    activated.issuer.lost.add("/v1/passes")
    with pytest.raises(CommandError):
        synced(activated)
    activated.issuer.lost.clear()
    lost = json.loads(passes_requests(activated.issuer)[0])["batches"]
    activated.clock.now += DAY
    synced(activated)
    again = json.loads(passes_requests(activated.issuer)[1])["batches"]
    assert again[0] == lost[1]
    assert again[1] not in lost
    assert fresh(activated) == [4, 4]


def test_blinds_and_requests_are_gone_from_the_file_once_the_passes_are_there(
    activated: Phone,
) -> None:
    activated.issuer.lost.add("/v1/passes")
    with pytest.raises(CommandError):
        synced(activated)
    items = [item for batch in activated.wallet.pending for item in batch.passes]
    secrets = [b64url_encode(v).encode() for i in items for v in (i.blinded, i.inverse)]
    assert all(secret in activated.path.read_bytes() for secret in secrets)
    activated.issuer.lost.clear()
    synced(activated)
    assert not any(secret in activated.path.read_bytes() for secret in secrets)


@pytest.mark.parametrize("length", [0, 340, 341, 343, 344])
def test_signatures_of_another_length_make_no_sense(activated: Phone, length: int) -> None:
    def spoil(members: dict) -> dict:
        members["batches"][1]["signatures"][0] = "A" * length
        return members

    activated.issuer.cheat["/v1/passes"] = spoil
    with pytest.raises(CommandError, match="makes no sense"):
        synced(activated)
    assert activated.wallet.batches == ()


def test_a_malformed_key_is_not_used(activated: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(message: bytes, *, n: int) -> None:
        raise BlindingError("not coprime")

    monkeypatch.setattr("wallet_sim.passes.issuance.blind", refuse)
    with pytest.raises(BlindingError):
        synced(activated)
    assert activated.wallet.pending == ()
    assert passes_requests(activated.issuer) == []


def test_an_answer_that_makes_no_sense_loses_nothing(activated: Phone) -> None:
    activated.issuer.raw["/v1/passes"] = Answer(200, b'{"batches": []}', "", "")
    with pytest.raises(CommandError, match="makes no sense"):
        synced(activated)
    activated.issuer.raw.clear()
    synced(activated)
    assert fresh(activated) == [4, 4]
    assert len(set(passes_requests(activated.issuer))) == 1


def test_a_bad_signature_discards_its_batch_and_nothing_of_it_is_ever_tried_again(
    activated: Phone,
) -> None:
    def spoil(members: dict) -> dict:
        members["batches"][0]["signatures"][1] = "A" * 342
        return members

    activated.issuer.cheat["/v1/passes"] = spoil
    result = synced(activated)
    assert not result.has_current
    assert [batch.fault for batch in activated.wallet.batches] == [BatchFault.BAD_ANSWER, None]
    assert fresh(activated) == [0, 4]
    assert activated.wallet.pending == ()
    activated.issuer.cheat.clear()
    assert not synced(activated).has_current
    assert len(passes_requests(activated.issuer)) == 1


def test_a_retired_key_takes_its_passes_and_the_new_key_gives_new_ones(activated: Phone) -> None:
    synced(activated)
    current, following = activated.windows()
    kept = activated.wallet.batches[1]
    activated.issuer.world.retire(current)
    activated.issuer.publish()
    synced(activated)
    batches = activated.wallet.batches
    assert [batch.key_id for batch in batches] == [
        activated.issuer.world.key(window).id for window in (current, following)
    ]
    assert fresh(activated) == [4, 4]
    assert batches[1] == kept


def test_passes_of_a_retiring_key_are_shown_until_others_come(activated: Phone) -> None:
    synced(activated)
    activated.issuer.world.retire(activated.windows()[0], at=activated.clock.now + 3600)
    activated.issuer.publish()
    activated.issuer.refuse["/v1/passes"] = Problem.FAILED
    with pytest.raises(ApiProblem):
        synced(activated)
    assert fresh(activated) == [4, 4]
    activated.issuer.refuse.clear()
    synced(activated)
    assert [batch.retires for batch in activated.wallet.batches] == [None, None]


def test_a_request_under_a_key_that_was_retired_meanwhile_is_not_sent_again(
    activated: Phone,
) -> None:
    activated.issuer.lost.add("/v1/passes")
    with pytest.raises(CommandError):
        synced(activated)
    retired = activated.issuer.world.retire(activated.windows()[0])
    activated.issuer.publish()
    activated.issuer.lost.clear()
    synced(activated)
    assert b64url_encode(retired.id) not in activated.issuer.batches_asked()[-1]
    assert fresh(activated) == [4, 4]


def test_passes_that_were_issued_but_are_not_here_are_told_apart_from_used_up_ones(
    activated: Phone,
) -> None:
    synced(activated)
    activated.file.update(lambda held: replace(held, batches=held.batches[1:]))
    result = synced(activated)
    assert [batch.fault for batch in result.asked] == [BatchFault.ALREADY_ISSUED]
    assert not result.has_current
    assert not result.asked_now


def test_one_window_that_was_issued_already_does_not_cost_the_other(activated: Phone) -> None:
    key_id = b64url_encode(activated.issuer.world.key(activated.windows()[0]).id)
    synced(activated)
    activated.file.update(lambda held: replace(held, batches=()))
    for marker in list(activated.issuer.markers):
        if marker[1] != key_id:
            del activated.issuer.markers[marker]
    synced(activated)
    assert [batch.fault for batch in activated.wallet.batches] == [
        BatchFault.ALREADY_ISSUED,
        None,
    ]
    assert fresh(activated) == [0, 4]
    assert [len(ids) for ids in activated.issuer.batches_asked()] == [2, 2, 1, 1]


def test_the_last_window_of_an_entitlement_is_fetched_alone(phone: Phone) -> None:
    phone.issuer.codes[CODE] = phone.windows()[0].exp
    phone.activate()
    synced(phone)
    assert fresh(phone) == [4]
    assert phone.wallet.plan is None


@pytest.mark.parametrize(
    "problem", [Problem.WITHDRAWN, Problem.ENDED, Problem.ENTITLEMENT_EXPIRED, Problem.FAILED]
)
def test_a_refusal_loses_nothing(activated: Phone, problem: Problem) -> None:
    activated.issuer.refuse["/v1/passes"] = problem
    before = activated.wallet.entitlement
    with pytest.raises(ApiProblem, match=problem):
        synced(activated)
    assert activated.wallet.entitlement == before
    activated.issuer.refuse.clear()
    synced(activated)
    assert fresh(activated) == [4, 4]


def test_an_empty_wallet_asks_nothing(phone: Phone) -> None:
    with pytest.raises(NotActivated):
        synced(phone)
    assert phone.issuer.requests == []


def test_a_bundle_that_breaks_a_pin_or_the_grid_stops_everything(activated: Phone) -> None:
    activated.issuer.publish(batch_size=9)
    with pytest.raises(BundleRejected) as caught:
        synced(activated)
    assert caught.value.fault is BundleFault.PIN_CHANGED
    payload = activated.issuer.world.payload(NOON)
    payload["pass_keys"].pop()
    activated.issuer._made = (NOON, activated.issuer.world.sign(payload))
    with pytest.raises(BundleRejected) as caught:
        synced(activated)
    assert caught.value.fault is BundleFault.BROKEN_GRID
    assert passes_requests(activated.issuer) == []


def test_after_fetching_the_next_request_is_planned_for_the_next_window(activated: Phone) -> None:
    synced(activated)
    following = activated.windows()[1]
    assert activated.wallet.plan == Plan(following, (following.nbf + following.exp) // 2)


def test_a_running_wallet_fetches_the_next_window_when_its_plan_is_due_and_nothing_before(
    activated: Phone,
) -> None:
    sync(activated.session(), by_plan)
    current, following = activated.windows()
    assert fresh(activated) == []
    plan = activated.wallet.plan
    assert plan is not None
    assert plan.window == current
    activated.clock.now = plan.at
    sync(activated.session(), by_plan)
    assert [batch.window for batch in activated.wallet.batches] == [following]


@pytest.mark.parametrize("wrong_by", [-5 * HOUR, 5 * HOUR, 13 * HOUR, -13 * HOUR])
def test_windows_chosen_by_a_wrong_clock_are_chosen_again(phone: Phone, wrong_by: int) -> None:
    phone.activate()
    theirs = replace(phone, clock=Time(NOON + wrong_by))
    synced(theirs)
    assert [batch.window for batch in theirs.wallet.batches] == list(phone.windows())
    assert fresh(theirs) == [4, 4]
    assert theirs.wallet.clock_offset == -wrong_by


def test_a_clock_that_went_wrong_is_noticed_even_when_nothing_is_missing(phone: Phone) -> None:
    phone.activate()
    synced(phone)
    theirs = replace(phone, clock=Time(NOON + 90))
    assert sync(theirs.session()).asked == ()
    assert theirs.wallet.clock_offset == -90


def test_a_correction_is_undone_when_the_device_was_put_right(phone: Phone) -> None:
    phone.activate()
    phone.file.update(lambda held: replace(held, clock_offset=4000 * DAY))
    synced(phone)
    assert phone.wallet.clock_offset == 0
    assert fresh(phone) == [4, 4]


def test_two_wallets_ask_for_the_same_number_under_the_same_keys(
    phone: Phone, issuer: IssuerInMemory
) -> None:
    other = Phone(phone.home.with_name("other"), issuer, phone.clock)
    for each, code in ((phone, CODE), (other, "0000111122223333")):
        each.activate(code)
        synced(each)
    first, second = issuer.batches_asked()
    assert first == second
    bodies = [json.loads(body)["batches"] for body in passes_requests(issuer)]
    sizes = {len(batch["blinded"]) for batches in bodies for batch in batches}
    assert sizes == {4}


def test_another_command_that_changes_the_authority_meanwhile_is_noticed(
    activated: Phone,
) -> None:
    session = activated.session()
    fetch = session.client.send

    def meanwhile(method: str, url: str, **rest: object) -> Answer:
        if url.endswith(TRUST_BUNDLE_PATH):
            activated.file.update(lambda held: replace(held, authority=None))
        return fetch(method, url, **rest)

    spied = replace(session, client=replace(session.client, send=meanwhile))
    with pytest.raises(CommandError, match="another command changed this wallet"):
        sync(spied)


def test_a_pass_shown_while_passes_are_fetched_stays_used(activated: Phone) -> None:
    synced(activated)
    activated.clock.now += DAY

    def show_meanwhile(members: dict) -> dict:
        def use(held):
            batch = held.batches[0]
            used = replace(batch.passes[0], shown=activated.clock())
            return held.with_batch(replace(batch, passes=(used, *batch.passes[1:])))

        activated.file.update(use)
        return members

    activated.issuer.cheat["/v1/passes"] = show_meanwhile
    synced(activated)
    assert fresh(activated) == [3, 4]
