"""Who has stolen a key: what a venue, a phone, the page and a monitor say of it.

All keep what they have, and go on by themselves once the owner has acted.
"""

import pytest

from schemas.bundle_faults import BundleFault
from schemas.kinds import HOUR
from tests.support.clients import (
    Begin,
    OtherLog,
    copied,
    on_the_page,
    other_keys,
)
from tests.support.world import NOON, World
from verifier.presence.seeds import is_past_sunset

# A stolen signer


def test_a_stolen_signer_alone_publishes_nothing(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    thief = copied(world)
    thief.log = OtherLog(world.token_issuer)
    forged = thief.bundle(NOON)
    assert clients.fault(forged) is on_the_page("proof_of_another_log") is BundleFault.NOT_IN_LOG
    assert clients.found(thief, forged) == ["inconsistent not_in_log"]
    clients.take(world.bundle(NOON))


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
    thief = copied(world)
    forged = thief.sign(thief.payload(NOON), key=stolen)
    assert clients.fault(forged) is BundleFault.UNKNOWN_SIGNER
    assert clients.found(thief, forged) == ["inconsistent unknown_signer"]
    clients.take(world.bundle(NOON))


# A stolen server


def test_whoever_has_signer_and_log_cannot_replace_keys_without_saying_so(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    thief = copied(world)
    forged = other_keys(thief)
    assert clients.fault(forged) is on_the_page("keys_replaced") is BundleFault.KEYS_REPLACED
    [pair] = clients.venue.evidence()
    assert pair.fault is BundleFault.KEYS_REPLACED
    assert clients.found(thief, forged) == ["keys_replaced"]
    clients.take(world.bundle(NOON))


def test_what_was_done_between_two_updates_of_a_venue_only_the_monitor_sees(begin: Begin) -> None:
    """Keys were replaced for an hour, and are back when the venue looks again."""
    world = World()
    clients = begin(world)
    thief = copied(world)
    other_keys(thief)
    clients.take(thief.bundle(NOON), served_by=thief, found=["keys_replaced", "keys_replaced"])


def test_whoever_has_signer_and_log_can_retire_keys_until_the_roots_speak(begin: Begin) -> None:
    """What is not defended: it is in the log, for all to see, and ends with the next statement."""
    world = World()
    clients = begin(world)
    thief = copied(world)
    old = thief.payload(NOON)["pass_keys"][0]["id"]
    forged = other_keys(thief, retired=[{"id": old, "at": NOON}])
    assert on_the_page("keys_retired") is None
    clients.take(forged, served_by=thief, found=["retired"])
    clients.serve(world.log)
    world.replace_log(NOON)
    # The owner's log is not the one that the monitor was shown; it says so, and goes on.
    clients.take(world.bundle(NOON), found=["inconsistent another_tree"])
    clients.take(world.bundle(NOON))
    again = thief.bundle(NOON)
    assert clients.fault(again) is on_the_page("rollback") is BundleFault.ROLLBACK
    assert clients.found(thief, again) == ["inconsistent rollback"]


def test_after_a_new_log_nothing_of_a_copied_server_is_believed(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    thief = copied(world)
    world.replace_log(NOON)
    clients.take(world.bundle(NOON))
    assert not clients.phone.trust.log_replaced
    assert clients.fault(thief.bundle(NOON)) is BundleFault.ROLLBACK
    thief.statements = world.statements
    forged = thief.bundle(NOON)
    assert clients.fault(forged) is BundleFault.UNKNOWN_SIGNER
    assert clients.found(thief, forged) == ["inconsistent unknown_signer"]
    signing = copied(world)
    signing.log = thief.log
    forged = signing.bundle(NOON)
    assert clients.fault(forged) is BundleFault.NOT_IN_LOG
    assert clients.found(signing, forged) == ["inconsistent not_in_log"]
    clients.take(world.bundle(NOON))


# One stolen root of three


@pytest.mark.parametrize("times", [1, 2, 3])
def test_one_root_of_two_of_three_changes_nothing(begin: Begin, times: int) -> None:
    world = World(roots=3, threshold=2)
    clients = begin(world)
    thief = copied(world)
    thief.sunset = NOON + HOUR
    thief.delegate(NOON, by=[thief.roots[0]] * times)
    forged = thief.bundle(NOON)
    vector = "threshold_not_reached" if times == 1 else "threshold_one_root_twice"
    assert clients.fault(forged) is on_the_page(vector) is BundleFault.BROKEN_CHAIN
    assert clients.found(thief, forged) == ["inconsistent broken_chain"]
    clients.take(world.bundle(NOON))


def test_two_roots_put_a_stolen_third_out(begin: Begin) -> None:
    world = World(roots=3, threshold=2)
    clients = begin(world)
    stolen, *others = world.roots
    fresh = World(iss="https://other.example").root
    world.roots = [fresh, *others]
    world.delegate(NOON, by=[*others, fresh])
    world.hand_over(world.log)
    clients.take(world.bundle(NOON))
    thief = copied(world)
    thief.delegate(NOON, by=[stolen, fresh])
    forged = thief.bundle(NOON)
    assert clients.fault(forged) is BundleFault.BROKEN_CHAIN
    assert clients.found(thief, forged) == ["inconsistent broken_chain"]
    clients.take(world.bundle(NOON))
