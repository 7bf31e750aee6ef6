"""A bundle goes on from the one that is held, in a log that only grows."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.continuity import LogMemory
from schemas.encoding import b64url_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.log.entries import split_carried
from schemas.log.tails import TAIL_LEAVES
from schemas.trust import Accepted, accept_bundle
from tests.support import texts
from tests.support.logs import MemoryWitness
from tests.support.world import NOON, World

UNKNOWN = (TrustWarning.CONTINUITY_UNKNOWN,)
REPLACED = (TrustWarning.LOG_REPLACED,)
WITNESSES = tuple(MemoryWitness(f"witness-{number}.example") for number in range(3))


class Client:
    """Somebody who was set up with the world's next bundle, and is offered others."""

    def __init__(self, world: World) -> None:
        self.accepted = accept_bundle(world.bundle(NOON), state=world.state(), now=NOON)

    def offer(self, data: bytes, *, leaves: Sequence[bytes] | None = None) -> Accepted:
        held, state = self.accepted.data, self.accepted.state
        self.accepted = accept_bundle(data, state=state, now=NOON, held=held, leaves=leaves)
        return self.accepted

    def fault_of(self, data: bytes, *, leaves: Sequence[bytes] | None = None) -> BundleFault:
        before = self.accepted
        with pytest.raises(BundleRejected) as rejected:
            self.offer(data, leaves=leaves)
        assert self.accepted is before
        return rejected.value.fault


def jws_of(world: World, **members: Any) -> bytes:
    """The next bundle, in no log yet."""
    payload = world.payload(NOON, **members)
    return texts.jws(payload, typ=Typ.TRUST, key=world.signer).encode()


def publish(world: World, count: int) -> bytes:
    """The last of so many further bundles."""
    return [world.bundle(NOON) for _ in range(count)][-1]


# What a client remembers


def test_a_client_remembers_the_largest_tree() -> None:
    world = World()
    client = Client(world)
    world.bundle(NOON)
    log = client.offer(world.bundle(NOON)).state.log
    assert log == LogMemory(world.log.vkey.text, 3, b64url_encode(world.log.tree.root()))
    assert log.origin == "qupia.example/.well-known/qupia/log/1"


@pytest.mark.parametrize("missed", [0, 1, 5, TAIL_LEAVES - 1])
def test_a_proof_shows_that_the_log_only_grew_since(missed: int) -> None:
    world = World()
    client = Client(world)
    assert client.offer(publish(world, missed + 1)).warnings == ()


def test_who_was_away_for_longer_than_the_proof_reaches_back_is_warned() -> None:
    world = World()
    client = Client(world)
    newest = publish(world, TAIL_LEAVES + 1)
    assert client.offer(newest).warnings == UNKNOWN
    # It remembers the tree of before until it can compare it, and then goes on from there.
    assert client.offer(world.bundle(NOON)).warnings == UNKNOWN
    assert client.offer(world.bundle(NOON), leaves=world.log.leaves(TAIL_LEAVES + 4)).warnings == ()
    assert client.offer(world.bundle(NOON)).warnings == ()


def test_the_leaves_of_the_whole_log_show_it_too() -> None:
    world = World()
    client = Client(world)
    newest = publish(world, TAIL_LEAVES + 1)
    assert client.offer(newest, leaves=world.log.leaves(TAIL_LEAVES + 2)).warnings == ()


# Another tree


def test_another_tree_under_the_same_key_is_a_split_view() -> None:
    world = World()
    client = Client(world)
    fork = world.log.fork(0)
    fork.append(bytes(32))
    assert client.fault_of(fork.carry(jws_of(world))) is BundleFault.SPLIT_VIEW


def test_a_tree_that_has_the_held_bundle_elsewhere_is_a_split_view() -> None:
    world = World()
    client = Client(world)
    fork = world.log.fork(0)
    fork.append(bytes(32))
    fork.append(world.log.entries[0])
    assert client.fault_of(fork.carry(jws_of(world))) is BundleFault.SPLIT_VIEW


def test_a_fork_from_before_a_long_absence_is_seen_by_the_leaves_alone() -> None:
    world = World()
    client = Client(world)
    fork = world.log.fork(0)
    for number in range(TAIL_LEAVES + 1):
        fork.append(bytes((number,)) * 32)
    forked = fork.carry(jws_of(world))
    leaves = fork.leaves(fork.tree.size)
    assert client.fault_of(forked, leaves=leaves) is BundleFault.LOG_FORKED
    assert client.offer(forked).warnings == UNKNOWN


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda leaves: leaves[:-1], id="one too few"),
        pytest.param(lambda leaves: [*leaves, bytes(32)], id="one too many"),
        pytest.param(lambda leaves: [*leaves[:-1], bytes(32)], id="another one"),
        pytest.param(lambda leaves: [], id="none"),
    ],
)
def test_leaves_that_are_not_those_of_the_checkpoint_prove_nothing(
    spoil: Callable[[list[bytes]], list[bytes]],
) -> None:
    world = World()
    client = Client(world)
    newest = publish(world, TAIL_LEAVES + 1)
    leaves = spoil(world.log.leaves(TAIL_LEAVES + 2))
    assert client.offer(newest, leaves=leaves).warnings == UNKNOWN


def test_a_tail_that_is_not_of_the_checkpoint_s_tree_is_a_split_view() -> None:
    world = World()
    client = Client(world)
    other = world.log.fork(0)
    other.append(bytes(32))
    text, proof = split_carried(world.bundle(NOON))
    other.append(bytes(32))
    lines, wrong = proof.splitlines(), other.proof(0).text.splitlines()
    lines[1] = wrong[1]
    data = text + b"\n\n" + "\n".join(lines).encode()
    assert client.fault_of(data) is BundleFault.SPLIT_VIEW


# A smaller tree


def test_a_host_that_lags_may_show_a_newer_bundle_in_a_smaller_tree() -> None:
    world = World()
    client = Client(world)
    newer = world.bundle(NOON)
    world.bundle(NOON)
    first, _ = split_carried(client.accepted.data)
    assert client.offer(world.log.carry(first)).state.log == LogMemory.of(
        world.log.vkey, world.log.proof(0).checkpoint
    )
    after = client.offer(newer)
    assert (after.bundle.version, after.warnings) == (2, ())
    assert after.state.log is not None
    assert after.state.log.size == 3


def test_a_smaller_tree_that_is_another_is_a_split_view() -> None:
    world = World()
    world.bundle(NOON)
    fork = world.log.fork(1)
    for number in range(3):
        world.log.append(bytes((number,)) * 32)
    client = Client(world)
    assert client.fault_of(fork.carry(jws_of(world))) is BundleFault.SPLIT_VIEW


def test_a_smaller_tree_that_nothing_held_reaches_is_taken_with_a_warning() -> None:
    world = World()
    client = Client(world)
    second, third = world.bundle(NOON), world.bundle(NOON)
    world.bundle(NOON)
    first, _ = split_carried(client.accepted.data)
    client.offer(world.log.carry(first))
    assert client.offer(second).warnings == ()
    after = client.offer(third)
    assert (after.bundle.version, after.warnings) == (3, UNKNOWN)


# The entry before


def test_the_next_entry_names_the_one_that_is_held() -> None:
    world = World()
    client = Client(world)
    wrong = world.bundle(NOON, previous=b64url_encode(bytes(32)))
    assert client.fault_of(wrong) is BundleFault.SPLIT_VIEW


def test_the_next_entry_names_one_although_the_log_had_none_before_is_a_split_view() -> None:
    world = World()
    client = Client(world)
    assert client.fault_of(world.bundle(NOON, previous=None)) is BundleFault.SPLIT_VIEW


def test_an_entry_after_missed_ones_names_one_that_nobody_here_knows() -> None:
    world = World()
    client = Client(world)
    world.bundle(NOON)
    data = world.bundle(NOON, previous=b64url_encode(bytes(32)))
    assert client.offer(data).bundle.version == 3


# Keys


def replace_cell(world: World) -> None:
    """Another key in the cell of this world, and nothing said of it."""
    world.retire(world.calendar.window_at(NOON))
    world._retired.clear()


@pytest.mark.parametrize("missed", [0, 3])
def test_a_cell_whose_key_changed_unsaid_is_refused(missed: int) -> None:
    world = World()
    client = Client(world)
    for _ in range(missed):
        world.bundle(NOON)
    replace_cell(world)
    assert client.fault_of(world.bundle(NOON)) is BundleFault.KEYS_REPLACED


@pytest.mark.parametrize("missed", [0, 3])
def test_a_cell_whose_key_was_withdrawn_has_another(missed: int) -> None:
    world = World()
    client = Client(world)
    world.retire(world.calendar.window_at(NOON))
    for _ in range(missed):
        world.bundle(NOON)
    assert client.offer(world.bundle(NOON)).bundle.version == missed + 2


def test_one_withdrawn_key_is_no_leave_for_another_cell() -> None:
    world = World()
    client = Client(world)
    window = world.calendar.window_at(NOON)
    world.retire(window, status="blue")
    said = list(world._retired)
    world.retire(window)
    world._retired[:] = said
    assert client.fault_of(world.bundle(NOON)) is BundleFault.KEYS_REPLACED


def test_cells_of_windows_that_only_one_bundle_has_are_compared_with_nothing() -> None:
    world = World()
    client = Client(world)
    now = NOON + 2 * DAY
    after = accept_bundle(
        world.bundle(now), state=client.accepted.state, now=now, held=client.accepted.data
    )
    assert after.bundle.version == 2


@pytest.mark.parametrize(
    ("member", "when", "at"),
    [("tracing", "hour", NOON // HOUR), ("tracing_exports", "day", NOON // DAY)],
)
def test_a_tracing_key_that_changed_is_refused(member: str, when: str, at: int) -> None:
    world = World(tracing=True)
    client = Client(world)
    payload = world.payload(NOON)
    [entry] = [entry for entry in payload[member] if entry[when] == at]
    entry["x"] = b64url_encode(bytes(range(32)))
    assert client.fault_of(world.sign(payload)) is BundleFault.KEYS_REPLACED


@pytest.mark.parametrize("member", ["tracing", "tracing_exports"])
def test_tracing_keys_may_be_left_out(member: str) -> None:
    world = World(tracing=True)
    client = Client(world)
    assert client.offer(world.bundle(NOON, **{member: []})).bundle.version == 2


def test_keys_are_compared_under_a_new_statement_too() -> None:
    world = World()
    client = Client(world)
    world.delegate(NOON)
    replace_cell(world)
    assert client.fault_of(world.bundle(NOON)) is BundleFault.KEYS_REPLACED


# In the log, and cosigned


def test_a_bundle_without_its_proof_is_in_no_log() -> None:
    world = World()
    text, _ = split_carried(world.bundle(NOON))
    assert Client(World()).fault_of(text) is BundleFault.NOT_IN_LOG


def spoil_line(at: int, line: str) -> Callable[[list[str]], None]:
    def spoil(lines: list[str]) -> None:
        lines[at] = line

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(spoil_line(0, "c2sp.org/tlog-proof@v2"), id="another version"),
        pytest.param(lambda lines: lines.pop(1), id="no tail"),
        pytest.param(spoil_line(2, "index 0"), id="another place"),
        pytest.param(spoil_line(2, "index 01"), id="a place in another spelling"),
        pytest.param(spoil_line(3, b64url_encode(bytes(32)) + "="), id="another path"),
        pytest.param(spoil_line(-3, "3"), id="another size"),
        pytest.param(lambda lines: lines.pop(), id="no signature"),
    ],
)
def test_a_proof_that_does_not_hold_is_none(spoil: Callable[[list[str]], None]) -> None:
    world = World()
    client = Client(world)
    text, proof = split_carried(world.bundle(NOON))
    lines = proof.rstrip("\n").split("\n")
    spoil(lines)
    data = text + b"\n\n" + "\n".join(lines).encode()
    assert client.fault_of(data) is BundleFault.NOT_IN_LOG


def test_a_proof_of_another_bundle_is_none() -> None:
    world = World()
    client = Client(world)
    _, proof = split_carried(world.bundle(NOON))
    text, _ = split_carried(world.bundle(NOON))
    assert client.fault_of(text + b"\n\n" + proof.encode()) is BundleFault.NOT_IN_LOG


def test_a_proof_of_another_log_is_none() -> None:
    world, other = World(), World(iss="https://other.example", first_key=50)
    client = Client(world)
    assert client.fault_of(other.log.carry(jws_of(world))) is BundleFault.NOT_IN_LOG


@pytest.mark.parametrize(("cosigned", "is_enough"), [(0, False), (1, False), (2, True), (3, True)])
def test_as_many_witnesses_as_the_roots_ask_for_have_cosigned(
    cosigned: int, is_enough: bool
) -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    client = Client(world)
    world.log.witnesses = WITNESSES[:cosigned]
    data = world.bundle(NOON)
    if is_enough:
        assert client.offer(data).bundle.version == 2
    else:
        assert client.fault_of(data) is BundleFault.NOT_COSIGNED


def test_a_witness_counts_once_however_often_it_signs() -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    client = Client(world)
    world.log.witnesses = (WITNESSES[0], WITNESSES[0])
    assert client.fault_of(world.bundle(NOON)) is BundleFault.NOT_COSIGNED


def test_a_cosignature_of_somebody_else_is_ignored() -> None:
    world = World(witnesses=WITNESSES, quorum=1)
    client = Client(world)
    stranger = MemoryWitness("stranger.example")
    world.log.witnesses = (stranger, WITNESSES[0])
    assert client.offer(world.bundle(NOON)).bundle.version == 2
    world.log.witnesses = (stranger,)
    assert client.fault_of(world.bundle(NOON)) is BundleFault.NOT_COSIGNED


@pytest.mark.parametrize("quorum", [0, 1])
def test_a_wrong_cosignature_of_a_known_witness_refuses_the_proof(quorum: int) -> None:
    world = World(witnesses=WITNESSES, quorum=quorum)
    client = Client(world)
    good = world.bundle(NOON)
    older = split_carried(client.accepted.data)[1].rstrip("\n").split("\n")[-1]
    lines = good.rstrip(b"\n").split(b"\n")
    lines[-1] = older.encode()
    assert client.fault_of(b"\n".join(lines)) is BundleFault.NOT_COSIGNED


# A log that is replaced


def test_another_log_begins_anew() -> None:
    world = World()
    client = Client(world)
    world.replace_log(NOON)
    replace_cell(world)
    after = client.offer(world.bundle(NOON))
    assert (after.state.version, after.warnings) == (1, ())
    assert after.state.log is not None
    assert (after.state.log.origin, after.state.log.size) == (world.log.origin, 1)


def test_a_log_that_was_lost_is_told_until_a_person_has_read_it() -> None:
    world = World()
    client = Client(world)
    world.replace_log(NOON, is_lost=True)
    assert client.offer(world.bundle(NOON)).warnings == REPLACED
    assert client.offer(world.bundle(NOON)).warnings == REPLACED
    assert client.accepted.state.log_replaced


def test_new_roots_that_no_log_knows_of_are_told_as_well() -> None:
    world = World()
    client = Client(world)
    world.rotate_root(NOON)
    world.handover = None
    assert client.offer(world.bundle(NOON)).warnings == REPLACED


def test_a_new_signer_alone_needs_no_handover() -> None:
    world = World()
    client = Client(world)
    world.delegate(NOON)
    assert client.offer(world.bundle(NOON)).warnings == ()


@pytest.mark.parametrize("what", ["nonsense", "of another statement", "of the new log"])
def test_a_handover_that_proves_nothing_is_refused(what: str) -> None:
    world = World()
    client = Client(world)
    old = world.log
    world.replace_log(NOON, is_lost=True)
    if what == "nonsense":
        world.handover = "nonsense"
    elif what == "of another statement":
        world.handover = old.proof(0).text
    else:
        world.hand_over(world.log)
    assert client.fault_of(world.bundle(NOON)) is BundleFault.NOT_IN_LOG


def test_a_handover_is_cosigned_as_the_roots_before_ask() -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    client = Client(world)
    world.log.witnesses = WITNESSES[:1]
    world.quorum = 0
    world.replace_log(NOON)
    assert client.fault_of(world.bundle(NOON)) is BundleFault.NOT_COSIGNED
