"""An authority that lies: serial views, twin statuses, a key for one person."""

from copy import deepcopy

from schemas.bundle_faults import BundleFault, OddRule
from schemas.encoding import b64url_encode
from schemas.kinds import DAY
from tests.support.clients import WITNESSES, Begin, on_the_page, other_keys
from tests.support.keys import rsa_key
from tests.support.world import NOON, World


def test_two_views_of_one_version_are_told_apart_where_they_meet(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    other = twin.bundle(NOON + 1)
    vector = on_the_page("split_view_version")
    assert clients.fault(other, NOON + 1) is vector is BundleFault.SPLIT_VIEW
    [pair] = clients.venue.evidence()
    assert len(set(pair.digests)) == 2
    assert clients.found(twin, other, NOON + 1) == ["inconsistent another_tree"]
    clients.take(world.bundle(NOON))


def test_a_view_with_numbers_of_its_own_is_told_by_its_log(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    twin = deepcopy(world)
    clients.take(world.bundle(NOON))
    twin.version = 100
    other = twin.bundle(NOON)
    assert clients.fault(other) is on_the_page("split_view_tree") is BundleFault.SPLIT_VIEW
    assert clients.found(twin, other) == ["inconsistent another_tree"]
    clients.take(world.bundle(NOON))


def test_both_views_in_one_log_are_seen_by_the_monitor_alone(begin: Begin) -> None:
    """Each client is shown one of them; the log has both, since clients want to see it there."""
    world = World()
    clients = begin(world)
    one = world.payload(NOON)
    world.sign(one)
    world.version -= 1
    for_another = world.bundle(NOON + 1)
    clients.take(for_another, NOON + 1, found=["inconsistent split_view"])


def test_statuses_that_no_screen_tells_apart_are_refused(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    liar = deepcopy(world)
    statuses = liar.payload(NOON)["statuses"]
    twin = statuses[1] | {"name": statuses[0]["name"]}
    offered = liar.bundle(NOON, statuses=[statuses[0], twin])
    rejected = clients.rejected(offered)
    assert (rejected.fault, rejected.odd) == (BundleFault.ODD_RULES, OddRule.TWIN_STATUSES)
    assert clients.found(liar, offered) == ["odd_rules twin_statuses"]
    assert clients.found(liar, liar.bundle(NOON)) == ["odd_rules twin_statuses"]
    clients.take(world.bundle(NOON))


def test_a_key_for_one_person_is_refused_in_the_grid_and_beside_it(begin: Begin) -> None:
    world = World()
    clients = begin(world)
    liar = deepcopy(world)
    offered = other_keys(liar)
    assert clients.fault(offered) is on_the_page("keys_replaced") is BundleFault.KEYS_REPLACED
    assert clients.found(liar, offered) == ["keys_replaced"]
    liar = deepcopy(world)
    payload, key = liar.payload(NOON), rsa_key(197)
    another = {"id": b64url_encode(key.id), "n": b64url_encode(key.modulus)}
    payload["pass_keys"].append(payload["pass_keys"][0] | another)
    offered = liar.sign(payload)
    assert clients.fault(offered) is BundleFault.BROKEN_GRID
    assert clients.found(liar, offered) == ["inconsistent broken_grid"]
    clients.take(world.bundle(NOON))


def test_nothing_of_this_needs_a_new_set_up(begin: Begin) -> None:
    """Three days of an authority that is attacked again and again, and of its clients."""
    world = World(witnesses=WITNESSES, quorum=1)
    clients = begin(world)
    for day in range(10, 60, 10):
        now = NOON + day * DAY // 20
        world.delegate(now)
        clients.take(world.bundle(now), now)
        liar = deepcopy(world)
        offered = other_keys(liar, now)
        assert clients.fault(offered, now) is BundleFault.KEYS_REPLACED
        assert clients.found(liar, offered, now) == ["keys_replaced"]
    world.rotate_root(NOON + 3 * DAY)
    clients.take(world.bundle(NOON + 3 * DAY), NOON + 3 * DAY)
    assert clients.phone.trust.root_version == len(world.statements)
