"""Who has stolen a key, and an authority that lies: what a venue and a phone say of it.

Both must say the same, keep what they have, and go on by themselves once the owner has acted.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from schemas.bundle_faults import BundleFault, BundleRejected, OddRule
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from schemas.log.entries import join_carried, split_carried
from schemas.log.notes import Note, Signature
from schemas.log.proofs import Proof, parse_proof
from schemas.log.tails import TAIL_LEAVES
from schemas.root_statements import parse_signed
from schemas.trust import TrustState
from tests.support.keys import rsa_key
from tests.support.logs import MemoryLog, MemoryWitness, ed25519_key
from tests.support.world import NOON, World
from verifier.presence.seeds import is_past_sunset
from verifier.trust.settings import Settings
from verifier.trust.store import TrustStore
from wallet_sim.fetching.trust import accept
from wallet_sim.passes.state import PinnedAuthority

WITNESSES = tuple(MemoryWitness(f"witness-{number}.example") for number in range(3))


class Clients:
    """A venue's device and a phone that trust one authority."""

    def __init__(self, home: Path, world: World) -> None:
        first = world.bundle(NOON)
        self.venue = TrustStore(home)
        self.venue.set_up(first, anchor=world.pin, settings=Settings(), now=NOON)
        pinned = PinnedAuthority(world.iss, TrustState(anchor=world.pin))
        self.phone = accept(pinned, first, now=NOON).authority

    def take(self, data: bytes, now: int = NOON) -> None:
        """Both take a bundle, without being set up anew."""
        self.phone = accept(self.phone, data, now=now).authority
        self.venue.accept(data, now=now)
        assert self.venue.state() == self.phone.trust

    def fault(self, data: bytes, now: int = NOON, leaves: list[bytes] | None = None) -> BundleFault:
        """Why both refuse it; what they hold stays in force."""
        return self.rejected(data, now, leaves).fault

    def rejected(
        self, data: bytes, now: int = NOON, leaves: list[bytes] | None = None
    ) -> BundleRejected:
        before = self.venue.state()
        with pytest.raises(BundleRejected) as of_phone:
            accept(self.phone, data, now=now, leaves=leaves)
        with pytest.raises(BundleRejected) as of_venue:
            self.venue.accept(data, now=now, leaves=leaves)
        assert of_phone.value.fault is of_venue.value.fault
        assert self.venue.state() == before
        assert self.venue.bundle() is not None
        return of_venue.value


Begin = Callable[[World], Clients]


@pytest.fixture
def begin(tmp_path: Path) -> Begin:
    return lambda world: Clients(tmp_path / "venue", world)


@dataclass
class OtherLog(MemoryLog):
    """A log that somebody made who has not the key of the right one."""

    @property
    def key(self) -> Ed25519PrivateKey:
        return ed25519_key("a thief")


def other_keys(world: World, now: int = NOON, **members: Any) -> bytes:
    """A bundle with another key in the place of the first, and what is said of it."""
    payload = world.payload(now)
    key = rsa_key(197)
    payload["pass_keys"][0] |= {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)}
    return world.sign(payload | members)


def cosigned(data: bytes, change: Callable[[Signature], Signature]) -> bytes:
    """A bundle under a proof whose last signature was changed."""
    text, proof = split_carried(data)
    parsed = parse_proof(proof)
    *others, last = parsed.note.signatures
    note = Note(parsed.note.text, (*others, change(last)))
    return join_carried(text, replace_note(parsed, note).text)


def replace_note(proof: Proof, note: Note) -> Proof:
    return replace(proof, note=note)


# A stolen signer


def test_a_stolen_signer_alone_publishes_nothing(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    thief = deepcopy(world)
    thief.log = OtherLog(world.token_issuer)
    assert clients.fault(thief.bundle(NOON)) is BundleFault.NOT_IN_LOG


def test_a_stolen_signer_cannot_end_the_system(begin: Begin) -> None:
    """A bundle has no say in it: what it writes of a sunset is read by nobody."""
    world = World()
    clients = begin(world)
    clients.take(world.bundle(NOON, sunset=NOON + 2))
    assert not is_past_sunset(clients.venue, NOON + 2)
    assert clients.phone.trust.sunset == world.sunset
    clients.take(world.bundle(NOON + HOUR), NOON + HOUR)


def test_after_a_new_delegation_a_stolen_signer_is_powerless(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    stolen = world.signer
    world.delegate(NOON)
    clients.take(world.bundle(NOON))
    forged = world.sign(world.payload(NOON), key=stolen)
    assert clients.fault(forged) is BundleFault.UNKNOWN_SIGNER


# A stolen server


def test_whoever_has_signer_and_log_cannot_replace_keys_without_saying_so(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    assert clients.fault(other_keys(deepcopy(world))) is BundleFault.KEYS_REPLACED
    [pair] = clients.venue.evidence()
    assert pair.fault is BundleFault.KEYS_REPLACED


def test_whoever_has_signer_and_log_can_retire_keys_until_the_roots_speak(begin: Begin) -> None:
    """What is not defended: it is in the log, for all to see, and ends with the next statement."""
    world = World()
    clients = begin(world)
    thief = deepcopy(world)
    old = thief.payload(NOON)["pass_keys"][0]["id"]
    clients.take(other_keys(thief, retired=[{"id": old, "at": NOON}]))
    world.replace_log(NOON)
    clients.take(world.bundle(NOON))
    assert clients.fault(thief.bundle(NOON)) is BundleFault.ROLLBACK


def test_after_a_new_log_nothing_of_a_copied_server_is_believed(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    thief = deepcopy(world)
    world.replace_log(NOON)
    clients.take(world.bundle(NOON))
    assert not clients.phone.trust.log_replaced
    assert clients.fault(thief.bundle(NOON)) is BundleFault.ROLLBACK
    thief.statements = world.statements
    assert clients.fault(thief.bundle(NOON)) is BundleFault.UNKNOWN_SIGNER
    stolen_log, world.log = world.log, thief.log
    assert clients.fault(world.bundle(NOON)) is BundleFault.NOT_IN_LOG
    world.log = stolen_log
    clients.take(world.bundle(NOON))


# One stolen root of three


@pytest.mark.parametrize("times", [1, 2, 3])
def test_one_root_of_two_of_three_changes_nothing(begin: Begin, times: int) -> None:
    world = World(roots=3, threshold=2)
    clients = begin(world)
    thief = deepcopy(world)
    thief.sunset = NOON + HOUR
    thief.delegate(NOON, by=[thief.roots[0]] * times)
    assert clients.fault(thief.bundle(NOON)) is BundleFault.BROKEN_CHAIN


def test_two_roots_put_a_stolen_third_out(begin: Begin) -> None:
    world = World(roots=3, threshold=2)
    clients = begin(world)
    stolen, *others = world.roots
    fresh = World(iss="https://other.example").root
    world.roots = [fresh, *others]
    world.delegate(NOON, by=[*others, fresh])
    world.hand_over(world.log)
    clients.take(world.bundle(NOON))
    world.delegate(NOON, by=[stolen, fresh])
    assert clients.fault(world.bundle(NOON)) is BundleFault.BROKEN_CHAIN


# An authority that lies


def test_two_views_of_one_version_are_told_apart_where_they_meet(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    assert clients.fault(twin.bundle(NOON + 1), NOON + 1) is BundleFault.SPLIT_VIEW
    [pair] = clients.venue.evidence()
    assert len(set(pair.digests)) == 2


def test_a_view_with_numbers_of_its_own_is_told_by_its_log(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    twin.version = 100
    assert clients.fault(twin.bundle(NOON)) is BundleFault.SPLIT_VIEW


def test_statuses_that_no_screen_tells_apart_are_refused(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    statuses = world.payload(NOON)["statuses"]
    twin = statuses[1] | {"name": statuses[0]["name"]}
    rejected = clients.rejected(world.bundle(NOON, statuses=[statuses[0], twin]))
    assert (rejected.fault, rejected.odd) == (BundleFault.ODD_RULES, OddRule.TWIN_STATUSES)


def test_a_key_for_one_person_is_refused_in_the_grid_and_beside_it(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    assert clients.fault(other_keys(deepcopy(world))) is BundleFault.KEYS_REPLACED
    payload = deepcopy(world).payload(NOON)
    key = rsa_key(197)
    beside = payload["pass_keys"][0] | {
        "id": b64url_encode(key.id),
        "n": b64url_encode(key.modulus),
    }
    payload["pass_keys"].append(beside)
    assert clients.fault(deepcopy(world).sign(payload)) is BundleFault.BROKEN_GRID


# Witnesses


def test_a_witness_that_is_down_stops_nothing_while_the_quorum_signs(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    clients = begin(world)
    world.log.witnesses = WITNESSES[1:]
    clients.take(world.bundle(NOON))
    world.log.witnesses = WITNESSES[2:]
    assert clients.fault(world.bundle(NOON)) is BundleFault.NOT_COSIGNED
    world.log.witnesses = WITNESSES
    clients.take(world.bundle(NOON))


def test_a_witness_that_signs_wrongly_is_no_witness(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=2)
    clients = begin(world)

    def spoil(line: Signature) -> Signature:
        return replace(line, signature=line.signature[:-1] + bytes((line.signature[-1] ^ 1,)))

    assert clients.fault(cosigned(world.bundle(NOON), spoil)) is BundleFault.NOT_COSIGNED


def test_a_signature_of_a_stranger_counts_for_nothing(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=3)
    clients = begin(world)
    stranger = MemoryWitness("stranger.example")

    def another(_: Signature) -> Signature:
        return stranger.cosign(parse_proof(split_carried(data)[1]).note.text)

    data = world.bundle(NOON)
    assert clients.fault(cosigned(data, another)) is BundleFault.NOT_COSIGNED


def test_witnesses_that_sign_two_trees_leave_the_evidence_of_it(begin: Begin) -> None:
    world = World(witnesses=WITNESSES, quorum=3)
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    assert clients.fault(twin.bundle(NOON + 1), NOON + 1) is BundleFault.SPLIT_VIEW
    [pair] = clients.venue.evidence()
    for carried in (pair.held, pair.offered):
        names = {
            line.name for line in parse_proof(split_carried(carried.encode())[1]).note.signatures
        }
        assert names >= {witness.name for witness in WITNESSES}


# The log


def test_a_log_that_forked_long_ago_is_found_by_its_leaves(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    fork = world.log.fork(0)
    for number in range(TAIL_LEAVES + 2):
        fork.append(bytes((number,)) * 32)
    world.log = fork
    data = world.bundle(NOON)
    assert clients.fault(data, leaves=fork.leaves(fork.tree.size)) is BundleFault.LOG_FORKED


def test_a_log_that_shrinks_to_another_tree_is_a_split_view(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    for _ in range(4):
        clients.take(world.bundle(NOON))
    world.log = world.log.fork(1)
    assert clients.fault(world.bundle(NOON)) is BundleFault.SPLIT_VIEW


def test_a_log_that_is_lost_is_replaced_by_the_roots_and_people_are_told(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    world.replace_log(NOON, is_lost=True)
    clients.take(world.bundle(NOON))
    assert clients.phone.trust.log_replaced
    clients.venue.forget_warnings()
    assert not clients.venue.state().log_replaced
    statement = parse_signed(world.statements[-1]).statement
    assert clients.venue.state().log is not None
    assert statement.place.number == 2


def test_nothing_of_this_needs_a_new_set_up(begin: Begin) -> None:
    """Three days of an authority that is attacked again and again, and of its clients."""
    world = World(witnesses=WITNESSES, quorum=1)
    clients = begin(world)
    for day in range(10, 60, 10):
        now = NOON + day * DAY // 20
        world.delegate(now)
        clients.take(world.bundle(now), now)
        assert clients.fault(other_keys(deepcopy(world), now), now) is BundleFault.KEYS_REPLACED
    world.rotate_root(NOON + 3 * DAY)
    clients.take(world.bundle(NOON + 3 * DAY), NOON + 3 * DAY)
    assert clients.phone.trust.root_version == len(world.statements)
