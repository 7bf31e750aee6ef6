"""The hostile bundles that pages are tested with have the faults that they are said to have."""

import pytest

from schemas.bundle_faults import BundleRejected
from schemas.trust import accept_bundle
from tests.support.hostile_answers import hostile_bundles
from tests.support.world import NOON, World

_world = World()
_world.bundle(NOON)
_seen = accept_bundle(_world.bundle(NOON), state=_world.state(), now=NOON)
_BUNDLES = hostile_bundles(_world, NOON)


@pytest.mark.parametrize("name", _BUNDLES)
def test_a_hostile_bundle_is_refused_with_its_fault(name: str) -> None:
    fault, data = _BUNDLES[name]
    with pytest.raises(BundleRejected) as rejected:
        accept_bundle(data, state=_seen.state, now=NOON, held=_seen.data)
    assert rejected.value.fault is fault
