from collections.abc import Callable

import pytest

from schemas.bundle import TrustBundle, parse_bundle
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.encoding import b64url_decode, b64url_encode
from schemas.hints import HintForm
from schemas.kinds import DAY, HOUR
from tests.support.spoilt_bundles import (
    BESIDE_THE_GRID,
    BREAKING_A_RULE,
    FOREIGN_MODULI,
    OFF_THE_GRID,
    Entry,
    Payload,
    replaced_in_retiring,
    retiring,
    tracing,
)
from tests.support.world import NOON, World

SUNSET = NOON + 180 * DAY


def parse(payload: Payload) -> TrustBundle:
    return parse_bundle(payload, sunset=SUNSET)


def fault_of(payload: Payload) -> BundleFault:
    with pytest.raises(BundleRejected) as rejected:
        parse_bundle(payload, sunset=SUNSET)
    return rejected.value.fault


def test_a_bundle_of_the_world_is_read() -> None:
    world = World(hint="month")
    bundle = parse(world.payload(NOON))
    assert (bundle.iss, bundle.version, bundle.hint) == (world.iss, 1, HintForm.MONTH)
    assert len(bundle.pass_keys) == len(bundle.windows) * 2 * 12
    assert bundle.windows[0].contains(NOON)
    assert [status.id for status in bundle.statuses] == ["green", "blue"]
    assert (bundle.sunset, bundle.previous) == (SUNSET, None)


def test_a_grid_of_days_has_366_hints() -> None:
    bundle = parse(World(hint="day").payload(NOON))
    assert len(bundle.pass_keys) == len(bundle.windows) * 2 * 366


def test_a_cell_has_one_key_and_a_foreign_cell_none() -> None:
    world = World(hint="month")
    bundle = parse(world.payload(NOON))
    window = bundle.windows[1]
    key = bundle.key_for(status="blue", holder="03", window=window)
    assert key is not None
    assert key.id == world.key(window, status="blue").id
    assert bundle.key_for(status="blue", holder="03-17", window=window) is None
    assert bundle.key_for(status="red", holder="03", window=window) is None


def test_a_policy_is_found_by_its_id_and_the_first_is_taken_without_one() -> None:
    bundle = parse(World().payload(NOON))
    first, named = bundle.policy(None), bundle.policy("first-only")
    assert first is not None
    assert first.id == "everyone"
    assert named is not None
    assert named.admit == {"green"}
    assert bundle.policy("no such policy") is None


def test_a_retired_key_is_known_as_such() -> None:
    world = World()
    window = world.calendar.window_at(NOON)
    world.bundle(NOON)
    old = world.retire(window)
    bundle = parse(world.payload(NOON))
    assert bundle.by_prefix[old.id[:4]] is None
    assert bundle.retired == {old.id: 0}
    assert bundle.key_for(status="green", holder=None, window=window) is not None


def test_a_retiring_key_is_known_beside_its_replacement_until_its_time() -> None:
    payload = retiring(NOON + DAY)
    bundle = parse(payload)
    [old] = bundle.retiring
    assert bundle.by_prefix[old.id[:4]] == old
    assert not bundle.is_retired(old.id, NOON + DAY - 1)
    assert bundle.is_retired(old.id, NOON + DAY)
    assert old.id not in bundle.by_id


@pytest.mark.parametrize("spoil", BESIDE_THE_GRID)
def test_no_key_stands_beside_the_grid_but_one_that_was_in_it(
    spoil: Callable[[Payload], None],
) -> None:
    payload = retiring(NOON + HOUR)
    spoil(payload)
    assert fault_of(payload) is BundleFault.BROKEN_GRID


def test_an_id_is_retired_once() -> None:
    payload = retiring(NOON + HOUR)
    payload["retired"].append(payload["retired"][0] | {"at": NOON})
    assert fault_of(payload) is BundleFault.NOT_A_BUNDLE


def test_a_retiring_key_has_its_own_id() -> None:
    payload = retiring(NOON + HOUR)
    replaced_in_retiring(payload, n=payload["pass_keys"][0]["n"])
    assert fault_of(payload) is BundleFault.WRONG_KEY_ID


def test_unknown_members_are_ignored() -> None:
    payload = World().payload(NOON, colour_of_the_year="blue")
    payload["pass_keys"][0]["note"] = "x"
    payload["policies"][0]["note"] = {"deep": [1]}
    assert parse(payload).version == 1


def test_the_authority_s_tracing_keys_are_found_by_their_hours() -> None:
    keys = {492_703 + i: bytes((i,)) * 32 for i in range(1, 256)}
    entries = [{"hour": hour, "x": b64url_encode(key)} for hour, key in reversed(keys.items())]
    assert parse(World().payload(NOON, tracing=entries)).tracing == keys
    assert parse(World().payload(NOON)).tracing == {}


def test_the_authority_s_keys_of_exports_are_found_by_their_days() -> None:
    keys = {20_529 + i: bytes((i,)) * 32 for i in range(16)}
    entries = [{"day": day, "x": b64url_encode(key)} for day, key in reversed(keys.items())]
    assert parse(World().payload(NOON, tracing_exports=entries)).tracing_exports == keys
    assert parse(World().payload(NOON)).tracing_exports == {}


def test_a_tracing_key_that_cannot_be_used_spoils_its_own_hour_only() -> None:
    """It is refused where something would be sealed under it; passes go on being checked."""
    entries = tracing(7, x=b64url_encode(bytes(32)))
    assert parse(World().payload(NOON, tracing=entries)).tracing == {7: bytes(32)}


@pytest.mark.parametrize(
    ("spoil", "fault"),
    OFF_THE_GRID,
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_bundle_off_the_grid_is_refused(
    spoil: Callable[[list[Entry]], None], fault: BundleFault
) -> None:
    payload = World(hint="month").payload(NOON)
    spoil(payload["pass_keys"])
    assert fault_of(payload) is fault


def test_the_30th_of_february_breaks_a_grid_of_days() -> None:
    payload = World(hint="day").payload(NOON)
    payload["pass_keys"][0]["holder"] = "02-30"
    assert fault_of(payload) is BundleFault.BROKEN_GRID


def test_a_bundle_from_before_its_first_window_is_refused() -> None:
    payload = World().payload(NOON)
    payload["iat"] -= DAY
    assert fault_of(payload) is BundleFault.BROKEN_GRID


def test_a_key_for_every_window_that_begins_before_the_end_is_required() -> None:
    payload = World().payload(NOON)
    payload["exp"] += DAY
    assert fault_of(payload) is BundleFault.BROKEN_GRID


@pytest.mark.parametrize("modulus", FOREIGN_MODULI)
def test_an_id_that_is_not_the_hash_of_its_key_is_refused(modulus: bytes) -> None:
    payload = World().payload(NOON)
    payload["pass_keys"][0]["n"] = b64url_encode(modulus)
    assert fault_of(payload) is BundleFault.WRONG_KEY_ID


def test_an_id_of_other_bytes_is_refused() -> None:
    payload = World().payload(NOON)
    payload["pass_keys"][0]["id"] = b64url_encode(bytes(32))
    assert fault_of(payload) is BundleFault.WRONG_KEY_ID


def test_a_retired_id_that_begins_like_another_is_refused() -> None:
    payload = World().payload(NOON)
    prefix = b64url_decode(payload["pass_keys"][0]["id"])[:4]
    payload["retired"] = [{"id": b64url_encode(prefix + bytes(28)), "at": 0}]
    assert fault_of(payload) is BundleFault.KEY_ID_COLLISION


def test_a_key_that_is_listed_and_retired_is_refused() -> None:
    payload = World().payload(NOON)
    payload["retired"] = [{"id": payload["pass_keys"][0]["id"], "at": 0}]
    assert fault_of(payload) is BundleFault.KEY_ID_COLLISION


@pytest.mark.parametrize("spoil", BREAKING_A_RULE)
def test_a_payload_that_breaks_a_rule_is_not_a_bundle(spoil: Callable[[Payload], None]) -> None:
    payload = World().payload(NOON)
    spoil(payload)
    assert fault_of(payload) is BundleFault.NOT_A_BUNDLE
