"""Witnesses that are down or lie, and a log that forks, shrinks or is lost."""

from copy import deepcopy
from dataclasses import replace

from schemas.bundle_faults import BundleFault
from schemas.log.entries import split_carried
from schemas.log.notes import Signature
from schemas.log.proofs import parse_proof
from schemas.log.tails import TAIL_LEAVES
from schemas.root_statements import parse_signed
from tests.support.clients import WITNESSES, Begin, cosigned, on_the_page
from tests.support.logs import MemoryWitness
from tests.support.world import NOON, World

# Witnesses


def test_a_witness_that_is_down_stops_nothing_while_the_quorum_signs(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    clients = begin(world)
    world.log.witnesses = WITNESSES[1:]
    clients.take(world.bundle(NOON))
    world.log.witnesses = WITNESSES[2:]
    data = world.bundle(NOON)
    vector = on_the_page("quorum_not_reached")
    assert clients.fault(data) is vector is BundleFault.NOT_COSIGNED
    assert clients.found(world, data) == ["inconsistent not_cosigned"]
    world.log.witnesses = WITNESSES
    clients.take(world.bundle(NOON))


def test_a_witness_that_signs_wrongly_is_no_witness(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    clients = begin(world)

    def spoil(line: Signature) -> Signature:
        return replace(line, signature=line.signature[:-1] + bytes((line.signature[-1] ^ 1,)))

    data = cosigned(world.bundle(NOON), spoil)
    assert clients.fault(data) is on_the_page("wrong_cosignature") is BundleFault.NOT_COSIGNED
    assert clients.found(world, data) == ["inconsistent not_cosigned"]
    clients.take(world.bundle(NOON))


def test_a_signature_of_a_stranger_counts_for_nothing(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=3)
    clients = begin(world)
    stranger = MemoryWitness("stranger.example")

    def another(_: Signature) -> Signature:
        return stranger.cosign(parse_proof(split_carried(data)[1]).note.text)

    data = world.bundle(NOON)
    strange = cosigned(data, another)
    vector = on_the_page("quorum_of_a_stranger")
    assert clients.fault(strange) is vector is BundleFault.NOT_COSIGNED
    assert clients.found(world, strange) == ["inconsistent not_cosigned"]
    clients.take(data)


def test_witnesses_that_sign_two_trees_leave_the_evidence_of_it(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=3)
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    other = twin.bundle(NOON + 1)
    assert clients.fault(other, NOON + 1) is BundleFault.SPLIT_VIEW
    assert clients.found(twin, other, NOON + 1) == ["inconsistent another_tree"]
    [pair] = clients.venue.evidence()
    for carried in (pair.held, pair.offered):
        names = {
            line.name for line in parse_proof(split_carried(carried.encode())[1]).note.signatures
        }
        assert names >= {witness.name for witness in WITNESSES}
    clients.take(world.bundle(NOON))


# The log


def test_a_log_that_forked_long_ago_is_found_by_its_leaves(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    liar = deepcopy(world)
    fork = liar.log = liar.log.fork(0)
    for number in range(TAIL_LEAVES + 2):
        fork.append(bytes((number,)) * 32)
    data = liar.bundle(NOON)
    leaves = fork.leaves(fork.tree.size)
    fault = clients.fault(data, leaves=leaves)
    assert fault is on_the_page("log_forked") is BundleFault.LOG_FORKED
    assert clients.found(liar, data) == ["inconsistent another_tree"]
    clients.take(world.bundle(NOON))


def test_a_log_that_shrinks_to_another_tree_is_a_split_view(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    for _ in range(4):
        clients.take(world.bundle(NOON))
    liar = deepcopy(world)
    liar.log = liar.log.fork(1)
    data = liar.bundle(NOON)
    vector = on_the_page("smaller_tree_of_a_fork")
    assert clients.fault(data) is vector is BundleFault.SPLIT_VIEW
    assert clients.found(liar, data) == ["inconsistent smaller_tree"]
    clients.take(world.bundle(NOON))


def test_a_log_that_is_lost_is_replaced_by_the_roots_and_people_are_told(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    world.replace_log(NOON, is_lost=True)
    assert on_the_page("log_replaced") is None
    clients.take(world.bundle(NOON), found=["log_replaced"])
    assert clients.phone.trust.log_replaced
    clients.venue.forget_warnings()
    assert not clients.venue.state().log_replaced
    statement = parse_signed(world.statements[-1]).statement
    assert clients.venue.state().log is not None
    assert statement.place.number == 2
