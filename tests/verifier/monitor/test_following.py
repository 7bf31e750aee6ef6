"""A monitor reads the whole log, judges every bundle, and reports what is in a closed list."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from schemas.bundle_faults import BundleFault, OddRule
from schemas.encoding import b64url_encode
from schemas.evidence import EvidencePair
from schemas.kinds import HOUR
from schemas.log.checkpoints import Checkpoint
from schemas.log.entries import bundle_entry, split_carried
from schemas.log.notes import Note, sign_note
from schemas.paths import TRUST_BUNDLE_PATH
from schemas.trust import read_bundle
from tests.support.followed_log import SIX, Followed
from tests.support.keys import filler_modulus, rsa_key
from tests.support.logs import MemoryWitness
from tests.support.served_log import LOG
from tests.support.world import NOON, World
from verifier.monitor.findings import Contradiction, FindingKind, Unhad
from verifier.monitor.memory import Memory
from verifier.monitor.missing import KEPT, PATIENCE

CHECKPOINT = f"{LOG}1/checkpoint"
New = Callable[..., Followed]


def with_another_key(followed: Followed, **members: object) -> None:
    """Publish a bundle whose first key is another one than before."""
    followed.now += HOUR
    payload = followed.world.payload(followed.now)
    key = rsa_key(197)
    payload["pass_keys"][0] |= {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)}
    followed.served.publish(followed.world.sign(payload | members))


# An honest authority


def test_of_an_honest_authority_there_is_nothing_to_report(followed: Followed) -> None:
    for _ in range(6):
        run = followed.run()
        assert (run.findings, run.bundles) == ((), 1)
        followed.later()


def test_a_first_run_reads_all_bundles_and_the_next_only_new_ones(followed: Followed) -> None:
    for _ in range(4):
        followed.later()
    assert followed.run().bundles == 5
    assert followed.run().bundles == 0
    followed.later()
    followed.later()
    assert followed.run().bundles == 2
    assert followed.memory.log is not None
    assert followed.memory.log.size == 7


def test_new_roots_a_new_log_and_new_witnesses_in_good_order_are_no_finding(
    follow_new: New,
) -> None:
    witness = MemoryWitness("w.example")
    followed = follow_new()
    world = followed.world
    followed.run()
    world.rotate_root(followed.now)
    followed.later()
    assert followed.kinds() == []
    world.replace_log(followed.now)
    followed.later()
    assert followed.kinds() == []
    world.witnesses, world.quorum, world.log.witnesses = (witness,), 1, (witness,)
    world.delegate(followed.now)
    world.hand_over(world.log)
    followed.later()
    followed.later()
    assert followed.kinds() == []


def test_whoever_missed_them_and_whoever_begins_then_finds_nothing_either(
    followed: Followed,
) -> None:
    world = followed.world
    followed.run()
    for change in (world.rotate_root, world.replace_log, world.delegate, world.replace_log):
        followed.later()
        change(followed.now)
        followed.later()
    assert followed.kinds() == []
    for version in (1, 2, 4):
        pinned = read_bundle(followed.served.in_force, anchor=world.pin).chain
        anchor = pinned.statements[version - 1].anchor
        begun = Followed(followed.served, Memory(anchor), followed.now)
        assert begun.kinds() == []


def test_what_is_older_than_14_days_may_be_gone(followed: Followed) -> None:
    for _ in range(80):
        followed.later()
    for index in range(20):
        followed.served.instead[followed.served.bundle_path(index)] = None
    run = followed.run()
    assert (run.findings, run.bundles) == ((), 61)
    assert run.memory.missing == ()


def test_an_issuer_is_not_asked_for_what_it_cannot_have_any_more(followed: Followed) -> None:
    for number in range(200):
        if number == 100:
            followed.world.delegate(followed.now)
        followed.later()
    followed.served.is_near = False
    assert followed.run().bundles == 168


def test_whoever_waits_is_told_how_far_it_is(followed: Followed) -> None:
    followed.later()
    followed.run()
    assert followed.told[-1] == (2, 2)


# Each finding


def test_keys_that_were_replaced_without_a_word_are_found_with_both_bundles(
    followed: Followed,
) -> None:
    followed.run()
    with_another_key(followed)
    [finding] = followed.found()
    assert (finding.finding, finding.version) == (FindingKind.KEYS_REPLACED, 2)
    assert isinstance(finding.pair, EvidencePair)
    for carried in (finding.pair.held, finding.pair.offered):
        read_bundle(carried.encode(), anchor=followed.world.pin)
    followed.later()
    assert followed.kinds() == ["keys_replaced"], "the old key came back"


def test_a_bundle_that_no_client_ever_fetched_is_judged_all_the_same(followed: Followed) -> None:
    followed.run()
    with_another_key(followed)
    bad = followed.served.in_force
    followed.later()
    followed.later()
    first, second = followed.found()
    assert (first.version, second.version) == (2, 3)
    assert first.digest == b64url_encode(bundle_entry(split_carried(bad)[0]))


def test_odd_rules_are_told_with_what_is_odd(followed: Followed) -> None:
    followed.run()
    followed.later(batch_size=1)
    [finding] = followed.found()
    assert (finding.finding, finding.version) == (FindingKind.ODD_RULES, 2)
    assert finding.odd is OddRule.BATCH_SIZE
    followed.later()
    assert [one.version for one in followed.found()] == [2]


def test_withdrawn_keys_are_told_once_and_are_no_alarm(followed: Followed) -> None:
    followed.run()
    window = followed.world.calendar.window_at(followed.now)
    followed.world.retire(window)
    followed.later(HOUR)
    [finding] = followed.found()
    assert (finding.finding, finding.version, finding.count) == (FindingKind.RETIRED, 2, 1)
    assert not finding.is_alarm
    followed.later(HOUR)
    assert followed.kinds() == []


def test_more_than_twelve_bundles_a_day_are_told_once(followed: Followed) -> None:
    for _ in range(11):
        followed.later(HOUR)
    assert followed.kinds() == []
    for _ in range(3):
        followed.later(HOUR)
    [finding] = followed.found()
    assert (finding.finding, finding.version) == (FindingKind.TOO_MANY_BUNDLES, 13)


def test_false_dates_hide_no_flood(followed: Followed) -> None:
    followed.run()
    for _ in range(30):
        followed.later()
    followed.now = NOON + HOUR
    assert followed.kinds() == ["too_many_bundles"]


def test_a_log_that_is_lost_is_told(followed: Followed) -> None:
    followed.run()
    followed.world.replace_log(followed.now, is_lost=True)
    del followed.served.logs[1]
    followed.later()
    [finding] = followed.found()
    assert (finding.finding, finding.version) == (FindingKind.LOG_REPLACED, 1)
    assert finding.statement == followed.last_statement()
    followed.later()
    assert followed.kinds() == []


def test_new_witnesses_of_which_the_log_knows_nothing_are_told(followed: Followed) -> None:
    world = followed.world
    followed.run()
    world.witnesses = (MemoryWitness("w.example"),)
    world.delegate(followed.now)
    followed.later()
    assert followed.kinds() == ["log_replaced"]


@pytest.mark.parametrize("gone", ["the bundle", "what is served is another one"])
def test_a_bundle_of_late_that_is_not_given_out_is_a_contradiction_until_it_is(
    followed: Followed, gone: str
) -> None:
    followed.run()
    followed.later()
    path = followed.served.bundle_path(1)
    followed.served.instead[path] = None if gone == "the bundle" else b"eyJ.eyJ.c2ln"
    followed.later()
    for _ in range(2):
        [finding] = followed.found()
        assert (finding.finding, finding.index) == (FindingKind.INCONSISTENT, 1)
        assert finding.what is Contradiction.BUNDLE_MISSING
    del followed.served.instead[path]
    assert followed.kinds() == []


def test_a_bundle_that_was_kept_back_is_judged_when_it_comes(followed: Followed) -> None:
    followed.run()
    with_another_key(followed)
    path = followed.served.bundle_path(1)
    followed.served.instead[path] = None
    followed.later()
    assert followed.kinds() == ["inconsistent"]
    del followed.served.instead[path]
    [finding] = followed.found()
    assert (finding.finding, finding.version) == (FindingKind.KEYS_REPLACED, 2)


def test_a_bundle_that_was_missing_is_forgotten_after_14_days(followed: Followed) -> None:
    followed.run()
    followed.later()
    followed.served.instead[followed.served.bundle_path(1)] = None
    followed.later()
    assert followed.kinds() == ["inconsistent"]
    for _ in range(KEPT // SIX):
        followed.later()
    assert followed.kinds() == []


def test_a_root_statement_may_stand_in_the_log_for_half_a_day_before_a_bundle_has_it(
    followed: Followed,
) -> None:
    world = followed.world
    followed.run()
    before = followed.served.in_force
    old = world.log
    world.replace_log(followed.now)
    followed.served.logs[1] = old
    followed.now += HOUR
    assert followed.served.in_force == before
    assert followed.kinds() == []
    waiting = replace(followed, now=followed.now + PATIENCE)
    assert waiting.found()[0].what is Contradiction.BUNDLE_MISSING
    followed.later()
    assert followed.kinds() == []


# Contradictions


def bundles_of_two_kinds() -> dict[str, Callable[[Followed], None]]:
    def twice(followed: Followed) -> None:
        followed.later()
        followed.later(version=2)

    def lower(followed: Followed) -> None:
        followed.later(version=5)
        followed.later(version=4)

    def wrong_entry_before(followed: Followed) -> None:
        followed.later(previous=b64url_encode(bytes(32)))

    def other_pins(followed: Followed) -> None:
        followed.later(batch_size=9)

    def beside_the_grid(followed: Followed) -> None:
        followed.now += SIX
        payload = followed.world.payload(followed.now)
        modulus = filler_modulus("beside")
        payload["pass_keys"].append(payload["pass_keys"][0] | {"n": b64url_encode(modulus)})
        followed.served.publish(followed.world.sign(payload))
        followed.later()

    return {
        "split_view": twice,
        "rollback": lower,
        "split_view ": wrong_entry_before,
        "pin_changed": other_pins,
        "wrong_key_id": beside_the_grid,
    }


@pytest.mark.parametrize("fault", bundles_of_two_kinds())
def test_a_bundle_that_clients_would_refuse_is_a_contradiction(
    followed: Followed, fault: str
) -> None:
    followed.run()
    bundles_of_two_kinds()[fault](followed)
    [finding] = followed.found()
    assert (finding.finding, finding.what) == (
        FindingKind.INCONSISTENT,
        Contradiction.REFUSED_BUNDLE,
    )
    assert finding.fault == fault.strip()
    assert (finding.pair is None) == (finding.fault != "split_view")


def test_a_stolen_signer_of_before_is_seen_in_the_log(followed: Followed) -> None:
    stolen = followed.world.signer
    followed.run()
    followed.world.delegate(followed.now)
    forged = followed.world.payload(followed.now)
    followed.served.publish(followed.world.sign(forged, key=stolen))
    followed.later()
    [finding] = followed.found()
    assert finding.fault is BundleFault.UNKNOWN_SIGNER


def test_serial_views_between_two_runs_are_told_apart_and_kept(followed: Followed) -> None:
    other = deepcopy(followed)
    followed.later()
    followed.run()
    other.later(HOUR)
    other.later(HOUR)
    lying = replace(followed, served=other.served, now=followed.now + HOUR)
    before = lying.memory
    [finding] = lying.found()
    assert (finding.finding, finding.version) == (FindingKind.INCONSISTENT, 3)
    assert finding.what is Contradiction.ANOTHER_TREE
    assert finding.pair is not None and finding.pair.fault is BundleFault.LOG_FORKED
    assert lying.memory == before
    followed.later()
    assert followed.kinds() == []


def test_a_log_that_forked_is_told_until_the_roots_name_another(followed: Followed) -> None:
    followed.later()
    followed.run()
    world = followed.world
    world.log = world.log.fork(1)
    followed.later(version=2)
    followed.later()
    assert followed.kinds() == ["inconsistent"]
    assert followed.kinds() == ["inconsistent"]
    world.replace_log(followed.now)
    followed.later()
    assert followed.kinds() == ["inconsistent"]
    followed.later()
    assert followed.kinds() == []


def test_a_log_that_shrank_is_told_and_what_was_seen_stays(followed: Followed) -> None:
    older = deepcopy(followed)
    followed.later()
    followed.run()
    lagging = replace(followed, served=older.served)
    [finding] = lagging.found()
    assert finding.what is Contradiction.SMALLER_TREE
    assert lagging.memory == followed.memory


def test_two_trees_at_once_are_told(followed: Followed) -> None:
    followed.later()
    fork = followed.world.log.fork(1)
    fork.append(bytes(32))
    followed.served.instead[CHECKPOINT] = fork.proof(0).note.whole.encode()
    [finding] = followed.found()
    assert finding.what is Contradiction.ANOTHER_TREE


@pytest.mark.parametrize("cut", [1, 34])
def test_a_tile_that_was_cut_off_is_told(followed: Followed, cut: int) -> None:
    followed.later()
    path = f"{LOG}1/tile/entries/000.p/2"
    followed.served.instead[path] = followed.served.read(path, limit=9000)[:-cut]
    [finding] = followed.found()
    assert finding.what is Contradiction.WRONG_TREE


def test_a_tile_with_other_entries_is_told(followed: Followed) -> None:
    path = f"{LOG}1/tile/entries/000.p/1"
    followed.served.instead[path] = bytes((0, 32)) + bytes(32)
    [finding] = followed.found()
    assert finding.what is Contradiction.WRONG_TREE


def test_a_partial_tile_may_give_way_to_the_full_one(followed: Followed) -> None:
    followed.later()
    data = followed.served.read(f"{LOG}1/tile/entries/000.p/2", limit=9000)
    followed.served.instead[f"{LOG}1/tile/entries/000.p/2"] = None
    full = data + (bytes((0, 32)) + bytes(32)) * 254
    followed.served.instead[f"{LOG}1/tile/entries/000"] = full
    assert followed.kinds() == []


def test_a_root_that_leads_nowhere_is_told(followed: Followed) -> None:
    other = World(iss="https://other.example")
    wrong = Followed(followed.served, Memory(other.pin))
    [finding] = wrong.found()
    assert (finding.finding, finding.fault) == (FindingKind.INCONSISTENT, BundleFault.UNKNOWN_ROOT)


def test_root_statements_that_were_seen_must_come_again(followed: Followed) -> None:
    twin = deepcopy(followed)
    followed.world.delegate(followed.now)
    followed.later()
    followed.run()
    older = replace(followed, served=twin.served)
    assert [one.fault for one in older.found()] == [BundleFault.ROLLBACK]
    twin.world.sunset -= 1
    twin.world.delegate(twin.now)
    twin.later()
    [finding] = older.found()
    assert finding.fault is BundleFault.SPLIT_VIEW
    assert finding.pair is not None


def test_too_few_cosignatures_are_told(follow_new: New) -> None:
    followed = follow_new(witnesses=(MemoryWitness("w.example"),), quorum=1)
    assert followed.kinds() == []
    followed.world.log.witnesses = ()
    followed.later()
    [finding] = followed.found()
    assert finding.fault is BundleFault.NOT_COSIGNED


def test_a_bundle_that_waits_for_witnesses_is_judged_and_no_finding(follow_new: New) -> None:
    followed = follow_new(witnesses=(MemoryWitness("w.example"),), quorum=1)
    in_force = followed.served.in_force
    followed.world.log.witnesses = ()
    followed.later()
    followed.served.in_force = in_force
    run = followed.run()
    assert (run.findings, run.bundles) == ((), 2)


def test_new_roots_whose_first_bundle_waits_for_witnesses_are_no_finding(follow_new: New) -> None:
    witness = MemoryWitness("w.example")
    followed = follow_new(witnesses=(witness,), quorum=1)
    followed.run()
    in_force = followed.served.in_force
    followed.world.rotate_root(followed.now)
    followed.world.log.witnesses = ()
    followed.later()
    followed.served.in_force = in_force
    for _ in range(2):
        assert followed.kinds() == []
    followed.world.log.witnesses = (witness,)
    followed.later()
    assert followed.kinds() == []


def test_a_log_beyond_all_bounds_is_not_read(followed: Followed) -> None:
    log = followed.world.log
    text = Checkpoint(log.origin, 65_537, bytes(32)).text
    note = Note(text, (sign_note(text, name=log.origin, key=log.key),))
    followed.served.instead[CHECKPOINT] = note.whole.encode()
    assert followed.kinds() == ["too_many_bundles"]
    assert not [path for path in followed.served.asked if "tile" in path]


# Unreachable


@pytest.mark.parametrize("part", ["trust-bundle", "checkpoint", "tile", "bundle/"])
def test_whatever_is_not_answered_costs_nothing_of_what_was_seen(
    followed: Followed, part: str
) -> None:
    followed.run()
    before = followed.memory
    followed.later()
    followed.later()
    followed.served.down = (part,)
    [finding] = followed.found()
    assert (finding.finding, finding.why) == (FindingKind.UNREACHABLE, Unhad.NO_ANSWER)
    assert finding.path is not None and part in finding.path
    assert followed.memory == before
    followed.served.down = ()
    assert followed.run().bundles == 2


@pytest.mark.parametrize("path", [TRUST_BUNDLE_PATH, CHECKPOINT])
def test_something_else_in_the_place_of_what_is_signed_is_unreachable(
    followed: Followed, path: str
) -> None:
    followed.served.instead[path] = b"<!doctype html>\n\nSign in\n"
    [finding] = followed.found()
    assert (finding.finding, finding.why) == (FindingKind.UNREACHABLE, Unhad.SOMETHING_ELSE)


def test_a_tile_that_is_not_there_is_unreachable(followed: Followed) -> None:
    followed.served.instead[f"{LOG}1/tile/entries/000.p/1"] = None
    [finding] = followed.found()
    assert (finding.finding, finding.why) == (FindingKind.UNREACHABLE, Unhad.NOT_THERE)


def test_what_has_expired_is_read_and_told(followed: Followed) -> None:
    followed.now += 12 * HOUR
    run = followed.run()
    [finding] = run.findings
    assert (finding.finding, finding.why) == (FindingKind.UNREACHABLE, Unhad.OUT_OF_DATE)
    assert run.bundles == 1


def test_a_replaced_log_that_is_not_answered_is_read_later(followed: Followed) -> None:
    followed.run()
    before = followed.memory
    followed.world.replace_log(followed.now, is_lost=True)
    followed.later()
    followed.served.down = (CHECKPOINT,)
    assert followed.kinds() == ["unreachable"]
    assert followed.memory == before
    followed.served.down = ()
    assert followed.kinds() == ["log_replaced"]


def test_an_old_log_that_names_the_new_one_must_stay_readable(followed: Followed) -> None:
    followed.run()
    before = followed.memory
    followed.world.replace_log(followed.now)
    followed.later()
    followed.served.instead[CHECKPOINT] = None
    assert followed.kinds() == ["unreachable"]
    assert followed.memory == before
    del followed.served.instead[CHECKPOINT]
    assert followed.kinds() == []
