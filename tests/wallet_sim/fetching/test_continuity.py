"""What a wallet does with an authority that contradicts itself, and with one it lost sight of."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.kinds import DAY
from schemas.log.entries import join_carried, split_carried
from schemas.log.tails import TAIL_LEAVES
from schemas.trust import TrustWarning
from tests.support.issuer_in_memory import IssuerInMemory, Phone
from tests.support.world import NOON, World
from wallet_sim.fetching.sync import Synced, refresh, sync
from wallet_sim.passes.presentation import choose
from wallet_sim.passes.state import Wallet, warnings_read

Spoil = Callable[[IssuerInMemory], None]

OTHER_NAME = {"kk": "x", "ru": "x", "en": "x"}
TILES = "/.well-known/qupia/log/1/tile/0/"


@pytest.fixture
def held(phone: Phone) -> Wallet:
    """A wallet with passes; what it may lose by nothing that an authority publishes."""
    phone.activate()
    return sync(phone.session()).wallet


def refused(phone: Phone) -> BundleFault:
    with pytest.raises(BundleRejected) as caught:
        sync(phone.session())
    return caught.value.fault


def publish_unseen(issuer: IssuerInMemory, count: int) -> None:
    """So many bundles while the phone is elsewhere."""
    for _ in range(count):
        issuer.publish()


def tiles_asked(issuer: IssuerInMemory) -> list[str]:
    paths = [request.path for request in issuer.requests]
    return [path.removeprefix(TILES) for path in paths if path.startswith(TILES)]


# What is refused


def replace_keys(issuer: IssuerInMemory) -> None:
    issuer.world.retire(issuer.world.calendar.window_at(issuer.clock()))
    issuer.world._retired.clear()
    issuer.publish()


def replace_tracing_keys(issuer: IssuerInMemory) -> None:
    payload = issuer.world.payload(issuer.clock())
    first, second, *_ = payload["tracing"]
    first["x"], second["x"] = second["x"], first["x"]
    issuer._made = (issuer.clock(), issuer.world.sign(payload))


def publish_the_version_twice(issuer: IssuerInMemory) -> None:
    issuer.world.version -= 1
    issuer.publish(name=OTHER_NAME)


def fork_the_log(issuer: IssuerInMemory) -> None:
    issuer.world.log = issuer.world.log.fork(issuer.world.log.tree.size - 1)
    issuer.publish()


def name_another_entry_before(issuer: IssuerInMemory) -> None:
    issuer.publish(previous="A" * 43)


def leave_the_proof_out(issuer: IssuerInMemory) -> None:
    jws, _ = split_carried(issuer.publish())
    issuer._made = (issuer.clock(), jws)


def give_the_proof_of_another(issuer: IssuerInMemory) -> None:
    _, proof = split_carried(issuer.publish())
    jws, _ = split_carried(issuer.publish())
    issuer._made = (issuer.clock(), join_carried(jws, proof))


CONTRADICTIONS = [
    (replace_keys, BundleFault.KEYS_REPLACED),
    (replace_tracing_keys, BundleFault.KEYS_REPLACED),
    (publish_the_version_twice, BundleFault.SPLIT_VIEW),
    (fork_the_log, BundleFault.SPLIT_VIEW),
    (name_another_entry_before, BundleFault.SPLIT_VIEW),
]
UNPROVED = [
    (leave_the_proof_out, BundleFault.NOT_IN_LOG),
    (give_the_proof_of_another, BundleFault.NOT_IN_LOG),
]


@pytest.mark.parametrize(("spoil", "fault"), [*CONTRADICTIONS, *UNPROVED])
def test_a_refused_bundle_costs_neither_passes_nor_entitlement_nor_plan(
    phone: Phone, held: Wallet, spoil: Spoil, fault: BundleFault
) -> None:
    spoil(phone.issuer)
    assert refused(phone) is fault
    assert phone.wallet == held
    showing = choose(phone.wallet, now=NOON, again=False, agreed=False, below=lambda n: 0)
    assert [len(batch.fresh) for batch in showing.wallet.batches] == [3, 4]


@pytest.mark.parametrize(("spoil", "fault"), CONTRADICTIONS)
def test_two_bundles_that_contradict_each_other_are_kept_as_a_pair(
    phone: Phone, held: Wallet, spoil: Spoil, fault: BundleFault
) -> None:
    spoil(phone.issuer)
    for _ in range(2):
        refused(phone)
    [pair] = phone.file.evidence()
    assert (pair.fault, pair.held) == (fault, held.trusted().bundle)
    assert pair.offered.encode() == phone.issuer.bundle()


@pytest.mark.parametrize(("spoil", "fault"), UNPROVED)
def test_what_is_only_not_proved_is_no_evidence(
    phone: Phone, held: Wallet, spoil: Spoil, fault: BundleFault
) -> None:
    spoil(phone.issuer)
    assert refused(phone) is fault
    assert phone.file.evidence() == []


def test_statements_that_were_seen_cannot_be_taken_back(phone: Phone, held: Wallet) -> None:
    world = phone.issuer.world
    old = phone.issuer.bundle()
    world.delegate(NOON)
    phone.issuer.publish()
    before = sync(phone.session()).wallet
    phone.issuer._made = (NOON, old)
    assert refused(phone) is BundleFault.ROLLBACK
    assert phone.wallet == before
    assert phone.file.evidence() == []


def test_a_host_that_lags_behind_changes_nothing(phone: Phone, held: Wallet) -> None:
    old = phone.issuer.bundle()
    phone.issuer.publish()
    before = sync(phone.session()).wallet
    phone.issuer._made = (NOON, old)
    assert sync(phone.session()).wallet == before
    assert before.trusted().trust.version == 2


def test_a_newer_proof_of_the_same_bundle_takes_the_place_of_the_older(
    phone: Phone, held: Wallet
) -> None:
    log = phone.issuer.world.log
    jws, _ = split_carried(phone.issuer.bundle())
    log.append(bytes(32))
    newer = log.carry(jws)
    phone.issuer._made = (NOON, newer)
    assert sync(phone.session()).wallet.trusted().bundle.encode() == newer


def test_a_wallet_goes_on_when_the_authority_is_honest_again(phone: Phone, held: Wallet) -> None:
    honest = phone.issuer.world.log
    fork_the_log(phone.issuer)
    refused(phone)
    phone.issuer.world.log = honest
    phone.clock.now += DAY
    phone.issuer.publish()
    assert sync(phone.session()).has_current
    assert len(phone.file.evidence()) == 1


# What the roots alone can say


@pytest.mark.parametrize("sunset", [NOON + 1, NOON + 3650 * DAY])
def test_a_bundle_cannot_move_the_end(phone: Phone, held: Wallet, sunset: int) -> None:
    phone.issuer.publish(sunset=sunset)
    assert sync(phone.session()).has_current
    assert phone.wallet.trusted().trust.sunset == phone.issuer.world.sunset


def test_a_stolen_signer_can_end_nothing(phone: Phone, held: Wallet) -> None:
    world = phone.issuer.world
    world.sunset = NOON + 1
    world.statements.append(world.statement(2, by=[world.signer], now=NOON))
    phone.issuer.publish()
    assert refused(phone) is BundleFault.BROKEN_CHAIN
    assert phone.wallet == held


def test_the_roots_can_bring_the_end_nearer(phone: Phone, held: Wallet) -> None:
    phone.issuer.world.move_sunset(NOON + 10 * DAY, NOON)
    phone.issuer.publish()
    assert sync(phone.session()).wallet.trusted().trust.sunset == NOON + 10 * DAY


# A wallet that was away


@pytest.mark.parametrize("missed", [1, TAIL_LEAVES])
def test_who_missed_a_week_needs_no_tiles(phone: Phone, held: Wallet, missed: int) -> None:
    publish_unseen(phone.issuer, missed)
    assert sync(phone.session()).warnings == ()
    assert tiles_asked(phone.issuer) == []


def test_who_was_away_for_longer_reads_the_whole_log(phone: Phone, held: Wallet) -> None:
    publish_unseen(phone.issuer, TAIL_LEAVES + 1)
    assert sync(phone.session()).warnings == ()
    assert tiles_asked(phone.issuer) == [f"000.p/{TAIL_LEAVES + 2}"]


def test_a_log_that_cannot_be_read_is_told_and_stops_nothing(phone: Phone, held: Wallet) -> None:
    phone.issuer.hides_log = True
    publish_unseen(phone.issuer, TAIL_LEAVES + 1)
    synced = sync(phone.session())
    assert synced.warnings == (TrustWarning.CONTINUITY_UNKNOWN,)
    assert synced.has_current
    log = synced.wallet.trusted().trust.log
    assert log is not None and log.size == 1
    phone.issuer.hides_log = False
    assert sync(phone.session()).warnings == ()
    log = phone.wallet.trusted().trust.log
    assert log is not None and log.size == TAIL_LEAVES + 2


def test_what_a_list_of_notices_brought_is_not_forgotten(phone: Phone, held: Wallet) -> None:
    phone.issuer.hides_log = True
    publish_unseen(phone.issuer, TAIL_LEAVES + 1)
    refresh(phone.session())
    phone.issuer.hides_log = False
    assert sync(phone.session()).warnings == ()
    authority = phone.wallet.trusted()
    assert authority.unread == (TrustWarning.CONTINUITY_UNKNOWN,)
    assert warnings_read(phone.wallet).trusted().unread == ()


def test_a_fork_further_back_than_a_proof_reaches_is_found_in_the_tiles(
    phone: Phone, held: Wallet
) -> None:
    fork_the_log(phone.issuer)
    publish_unseen(phone.issuer, TAIL_LEAVES + 1)
    assert refused(phone) is BundleFault.LOG_FORKED
    assert phone.wallet == held
    [pair] = phone.file.evidence()
    assert pair.fault is BundleFault.LOG_FORKED


def test_keys_that_changed_while_the_wallet_was_away_are_found(phone: Phone, held: Wallet) -> None:
    replace_keys(phone.issuer)
    publish_unseen(phone.issuer, TAIL_LEAVES + 1)
    assert refused(phone) is BundleFault.KEYS_REPLACED


# Another log


def replaced_log(phone: Phone, *, is_lost: bool) -> Synced:
    phone.issuer.world.replace_log(NOON, is_lost=is_lost)
    phone.issuer.publish()
    return sync(phone.session())


def test_a_log_that_the_one_before_handed_over_to_is_nothing_to_tell(
    phone: Phone, held: Wallet
) -> None:
    synced = replaced_log(phone, is_lost=False)
    assert synced.warnings == ()
    trust = synced.wallet.trusted().trust
    assert trust.log is not None and trust.log.origin.endswith("/log/2")


def test_a_log_in_the_place_of_a_lost_one_is_told_until_it_was_read(
    phone: Phone, held: Wallet
) -> None:
    for synced in (replaced_log(phone, is_lost=True), sync(phone.session())):
        assert synced.warnings == (TrustWarning.LOG_REPLACED,)
        assert synced.has_current
    assert phone.wallet.trusted().trust.log_replaced


def test_the_list_of_notices_renews_a_bundle_under_the_same_rules(
    phone: Phone, held: Wallet, world: World
) -> None:
    fork_the_log(phone.issuer)
    with pytest.raises(BundleRejected, match="split_view"):
        refresh(phone.session())
    assert phone.wallet == held
    assert len(phone.file.evidence()) == 1


def test_nothing_is_asked_for_under_keys_that_were_refused(phone: Phone, held: Wallet) -> None:
    asked = len(phone.issuer.posted)
    phone.file.update(lambda wallet: replace(wallet, batches=()))
    replace_keys(phone.issuer)
    refused(phone)
    assert len(phone.issuer.posted) == asked
