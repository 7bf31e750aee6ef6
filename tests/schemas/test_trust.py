from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.hints import HintForm
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.log.entries import split_carried
from schemas.trust import (
    Accepted,
    Pins,
    TrustState,
    accept_bundle,
    bundle_digest,
    leads_to,
    read_bundle,
)
from tests.support import texts
from tests.support.keys import EcKey, ec_key
from tests.support.world import NOON, World, signed_statement

STRANGER = ec_key("a stranger")


def accept(data: bytes, state: TrustState, now: int = NOON) -> TrustState:
    return accept_bundle(data, state=state, now=now).state


def first(world: World) -> Accepted:
    """The next bundle on a device that has just been set up."""
    return accept_bundle(world.bundle(NOON), state=world.state(), now=NOON)


def then(before: Accepted, data: bytes, now: int = NOON) -> Accepted:
    """Another bundle on a device that holds one."""
    return accept_bundle(data, state=before.state, now=now, held=before.data)


def fault_of(data: bytes, state: TrustState, now: int = NOON) -> BundleFault:
    with pytest.raises(BundleRejected) as rejected:
        accept_bundle(data, state=state, now=now)
    return rejected.value.fault


def test_the_first_bundle_pins_what_never_changes() -> None:
    world = World(hint="month")
    data = world.bundle(NOON)
    state = accept(data, world.state())
    assert state.pins == Pins(world.iss, world.token_issuer, False, 8, HintForm.MONTH)
    assert (state.version, state.root_version) == (1, 1)
    assert (state.sunset, state.digest) == (world.sunset, bundle_digest(split_carried(data)[0]))


def test_the_same_bundle_again_changes_nothing() -> None:
    before = first(World())
    assert then(before, before.data) == before
    assert accept(before.data, before.state) == before.state


def test_a_newer_bundle_replaces_an_older_one() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    assert accept(world.bundle(NOON + 6 * HOUR), state, NOON + 6 * HOUR).version == 2


def test_an_older_bundle_is_not_taken_and_changes_nothing() -> None:
    """Hosts lag behind each other."""
    world = World()
    older = first(world)
    newer = then(older, world.bundle(NOON))
    assert then(newer, older.data) == newer


def test_an_older_bundle_that_has_expired_is_nothing_either() -> None:
    world = World()
    older = first(world)
    now = NOON + world.life
    newer = then(older, world.bundle(now), now)
    assert then(newer, older.data, now) == newer


def test_an_older_bundle_cannot_replace_one_that_was_lost() -> None:
    world = World()
    older = first(world)
    newer = then(older, world.bundle(NOON))
    assert fault_of(older.data, newer.state) is BundleFault.ROLLBACK


def test_another_payload_of_the_same_version_is_a_split_view() -> None:
    world = World()
    one, other = world.bundle(NOON, version=7), world.bundle(NOON + 1, version=7)
    assert fault_of(other, accept(one, world.state()), NOON + 1) is BundleFault.SPLIT_VIEW


def signed_again(world: World, payload: dict[str, Any]) -> bytes:
    """The payload under another signature of the same signer, which is another entry."""
    header = {"alg": "ES256", "kid": world.signer.kid, "typ": Typ.TRUST.value, "extra": 1}
    text = texts.signed(texts.to_json(header), texts.to_json(payload), world.signer)
    return world.log.carry(text.encode())


def test_another_signature_of_the_same_payload_is_nothing() -> None:
    world = World()
    payload = world.payload(NOON)
    before = accept_bundle(world.sign(payload), state=world.state(), now=NOON)
    after = then(before, signed_again(world, payload))
    assert (after.data, after.state.digest) == (before.data, before.state.digest)
    assert after.warnings == ()


def test_where_the_bundle_was_lost_only_the_same_bytes_replace_it() -> None:
    world = World()
    payload = world.payload(NOON)
    state = accept(world.sign(payload), world.state())
    assert fault_of(signed_again(world, payload), state) is BundleFault.SPLIT_VIEW


def test_a_newer_proof_of_the_same_bundle_replaces_the_older() -> None:
    world = World()
    before = first(world)
    text, _ = split_carried(before.data)
    world.bundle(NOON)
    newer = world.log.carry(text)
    after = then(before, newer)
    assert after.data == newer != before.data
    assert (after.state.digest, after.state.version) == (before.state.digest, 1)
    assert then(after, before.data) == after


@pytest.mark.parametrize(("late", "accepted"), [(-1, True), (0, False), (1, False)])
def test_a_bundle_ends_at_its_exp(late: int, accepted: bool) -> None:
    world = World()
    data, now = world.bundle(NOON), NOON + world.life + late
    if accepted:
        assert accept(data, world.state(), now).version == 1
    else:
        assert fault_of(data, world.state(), now) is BundleFault.EXPIRED


def test_a_bundle_of_the_future_is_kept_for_when_the_clock_is_right() -> None:
    world = World()
    assert accept(world.bundle(NOON), world.state(), NOON - 30 * DAY).version == 1


def test_a_bundle_over_4_megabytes_is_refused_unread() -> None:
    assert fault_of(b"a" * (BUNDLE_LIMIT + 1), World().state()) is BundleFault.TOO_LARGE
    assert fault_of(b"a" * BUNDLE_LIMIT, World().state()) is BundleFault.NOT_A_BUNDLE


# Who signs


def test_a_bundle_of_another_root_is_refused() -> None:
    other = World(iss="https://other.example", first_key=50)
    assert fault_of(other.bundle(NOON), World().state()) is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize(
    "role", ["root", "paper_key", "retention_key", "notices_key", "entitlement_key"]
)
def test_only_a_signer_signs_bundles(role: str) -> None:
    world = World()
    key: EcKey = getattr(world, role)
    data = world.sign(world.payload(NOON), key=key)
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_SIGNER


def test_a_stranger_who_names_the_signer_is_refused() -> None:
    world = World()
    text = texts.jws(world.payload(NOON), typ=Typ.TRUST, key=STRANGER, kid=world.signer.kid)
    assert fault_of(text.encode(), world.state()) is BundleFault.UNKNOWN_SIGNER


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.TRUST])
def test_a_text_of_another_typ_under_the_signers_key_is_no_bundle(typ: Typ) -> None:
    world = World()
    data = world.sign(world.payload(NOON), typ=typ)
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    "members",
    [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["exp"]}, {"kid": 7}, {"kid": None}],
    ids=str,
)
def test_a_header_of_another_kind_is_refused(members: dict[str, Any]) -> None:
    world = World()
    header = {"alg": "ES256", "kid": world.signer.kid, "typ": Typ.TRUST.value} | members
    text = texts.signed(texts.to_json(header), texts.to_json(world.payload(NOON)), world.signer)
    assert fault_of(text.encode(), world.state()) is BundleFault.UNKNOWN_SIGNER


def test_a_kid_in_a_list_names_nobody() -> None:
    """A program that makes a text of it would find the signer."""
    world = World()
    kid: Any = [world.signer.kid]
    text = texts.jws(world.payload(NOON), typ=Typ.TRUST, key=world.signer, kid=kid)
    assert fault_of(text.encode(), world.state()) is BundleFault.UNKNOWN_SIGNER


def test_whole_numbers_in_another_form_are_the_same() -> None:
    world = World()
    state = accept(world.bundle(NOON, batch_size=8.0), world.state())
    members = world.statement_members(2, now=NOON) | {"version": 2.0}
    world.statements.append(signed_statement(members, world.roots))
    world.version = 0
    assert accept(world.bundle(NOON, version=2.0, iat=float(NOON)), state).version == 2


def test_an_unsigned_bundle_is_refused() -> None:
    world = World()
    header = {"alg": "none", "kid": world.signer.kid, "typ": Typ.TRUST.value}
    text = texts.compact(texts.to_json(header), texts.to_json(world.payload(NOON)), b"")
    assert fault_of(text.encode(), world.state()) is BundleFault.UNKNOWN_SIGNER


def test_a_changed_payload_is_refused() -> None:
    world = World()
    header, _, signature = split_carried(world.bundle(NOON))[0].decode().split(".")
    payload = texts.jws(world.payload(NOON), typ=Typ.TRUST, key=world.signer).split(".")[1]
    data = world.log.carry(f"{header}.{payload}.{signature}".encode())
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_SIGNER


def test_an_expired_signer_is_refused_although_its_bundle_is_not() -> None:
    world = World()
    world.life = 7 * DAY
    end = NOON + 34 * DAY
    data = world.bundle(end - DAY)
    assert accept(data, world.state(), end - 1).version == 1
    assert fault_of(data, world.state(), end) is BundleFault.UNKNOWN_SIGNER


@pytest.mark.parametrize("iat", [NOON - DAY - 1, NOON + 34 * DAY], ids=["before", "after"])
def test_a_bundle_from_outside_its_signers_time_is_refused(iat: int) -> None:
    world = World()
    assert fault_of(world.bundle(iat), world.state(), iat) is BundleFault.UNKNOWN_SIGNER


# The pins


@pytest.mark.parametrize(
    "members",
    [
        {"iss": "https://other.example"},
        {"specimen": True},
        {"batch_size": 9},
    ],
    ids=lambda members: next(iter(members)),
)
def test_a_pin_never_changes(members: dict[str, Any]) -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    assert fault_of(world.bundle(NOON, **members), state) is BundleFault.PIN_CHANGED


def test_the_token_issuer_is_the_one_whose_log_the_roots_name() -> None:
    world = World()
    data = world.bundle(NOON, token_issuer="other.example")
    assert fault_of(data, world.state()) is BundleFault.NOT_IN_LOG


def test_the_hint_form_never_changes() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    world.hint, world.holder = HintForm.MONTH, "03"
    assert fault_of(world.bundle(NOON), state) is BundleFault.PIN_CHANGED


def test_pins_outlive_a_new_root() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    world.rotate_root(NOON)
    data = world.bundle(NOON, iss="https://other.example")
    assert fault_of(data, state) is BundleFault.PIN_CHANGED


def test_the_sunset_is_what_the_roots_say_and_no_bundle() -> None:
    world = World()
    state = accept(world.bundle(NOON, sunset=NOON + 2), world.state())
    assert state.sunset == world.sunset


def test_the_sunset_moves_earlier_and_never_back() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    world.move_sunset(world.sunset - DAY, NOON)
    assert accept(world.bundle(NOON), state).sunset == world.sunset
    world.move_sunset(world.sunset + 1, NOON)
    assert fault_of(world.bundle(NOON), state) is BundleFault.SUNSET_LATER


# The chain


def test_a_new_root_starts_the_versions_anew() -> None:
    world = World()
    world.version = 40
    state = accept(world.bundle(NOON), world.state())
    world.rotate_root(NOON)
    following = accept(world.bundle(NOON), state)
    assert (state.version, following.version, following.root_version) == (41, 1, 2)


def test_a_new_signer_starts_the_versions_anew() -> None:
    world = World()
    world.version = 40
    state = accept(world.bundle(NOON), world.state())
    world.delegate(NOON)
    assert accept(world.bundle(NOON), state).version == 1


def test_after_a_new_statement_only_its_signers_are_known() -> None:
    world = World()
    old = world.signer
    world.delegate(NOON)
    data = world.sign(world.payload(NOON), key=old)
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_SIGNER


def test_after_a_new_root_the_old_one_names_nobody() -> None:
    world = World()
    old = world.root
    world.rotate_root(NOON)
    world.statements.append(world.statement(3, by=[old], now=NOON))
    assert fault_of(world.bundle(NOON), world.state()) is BundleFault.BROKEN_CHAIN


def test_the_chain_is_walked_from_the_pin_over_many_roots() -> None:
    world = World()
    for _ in range(5):
        world.rotate_root(NOON)
    assert accept(world.bundle(NOON), world.state()).root_version == 6


def test_a_bundle_of_an_older_chain_is_a_rollback() -> None:
    world = World()
    old = world.bundle(NOON)
    world.rotate_root(NOON)
    assert fault_of(old, accept(world.bundle(NOON), world.state())) is BundleFault.ROLLBACK


def test_two_chains_of_one_length_are_a_split_view() -> None:
    world, twin = World(), World()
    state = accept(world.bundle(NOON), world.state())
    twin.delegate(NOON)
    twin.delegate(NOON)
    world.signer = ec_key("another second signer")
    world.statements.append(world.statement(2, by=world.roots, now=NOON))
    seen = accept(world.bundle(NOON), state)
    assert fault_of(twin.bundle(NOON), seen) is BundleFault.SPLIT_VIEW


def test_a_later_chain_that_rewrites_the_past_is_a_split_view() -> None:
    world = World()
    world.delegate(NOON)
    state = accept(world.bundle(NOON), world.state())
    world.statements[1] = world.statement(2, by=world.roots, now=NOON + 1)
    world.delegate(NOON)
    assert fault_of(world.bundle(NOON), state) is BundleFault.SPLIT_VIEW


@pytest.mark.parametrize(
    ("delegations", "fault"),
    [
        ([], BundleFault.BROKEN_CHAIN),
        (["x"], BundleFault.BROKEN_CHAIN),
        (["x.y.z"], BundleFault.BROKEN_CHAIN),
        ([7], BundleFault.BROKEN_CHAIN),
        ("x", BundleFault.NOT_A_BUNDLE),
        (None, BundleFault.NOT_A_BUNDLE),
    ],
)
def test_delegations_of_another_form_are_refused(delegations: object, fault: BundleFault) -> None:
    world = World()
    assert fault_of(world.bundle(NOON, delegations=delegations), world.state()) is fault


# Forms


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b'{"delegations":[],"delegations":[]}', id="a duplicate member"),
        pytest.param(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", id="deep nesting"),
        pytest.param(b'{"iat":1e999}', id="a number out of range"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"{}", id="nothing"),
    ],
)
def test_a_payload_of_another_form_is_not_a_bundle(payload: bytes) -> None:
    world = World()
    header = {"alg": "ES256", "kid": world.signer.kid, "typ": Typ.TRUST.value}
    data = texts.signed(texts.to_json(header), payload, world.signer).encode()
    assert fault_of(data, world.state()) is BundleFault.NOT_A_BUNDLE


def test_white_space_around_a_carried_bundle_is_nothing() -> None:
    """Editors and mail add it; it is no part of what was signed."""
    world = World()
    data = world.bundle(NOON)
    assert accept(b" \r\n" + data + b"\n\t", world.state()) == accept(data, world.state())


@pytest.mark.parametrize("spoil", [b" ", b"\n", b"\x00"])
def test_nothing_stands_between_a_bundle_and_the_empty_line(spoil: bytes) -> None:
    world = World()
    data = world.bundle(NOON).replace(b"\n\n", spoil + b"\n\n", 1)
    fault = BundleFault.NOT_IN_LOG if spoil == b"\n" else BundleFault.NOT_A_BUNDLE
    assert fault_of(data, world.state()) is fault


def test_a_broken_grid_is_refused_although_it_is_signed() -> None:
    world = World()
    payload = world.payload(NOON)
    del payload["pass_keys"][0]
    assert fault_of(world.sign(payload), world.state()) is BundleFault.BROKEN_GRID


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_rejected_with_a_fault(data: bytes) -> None:
    assert fault_of(data, World().state()) is BundleFault.NOT_A_BUNDLE


def test_a_refused_bundle_leaves_the_state_as_it_was() -> None:
    world = World()
    old = world.bundle(NOON)
    world.delegate(NOON)
    state = accept(world.bundle(NOON), world.state())
    before = replace(state)
    assert fault_of(old, state) is BundleFault.ROLLBACK
    assert state == before


def test_a_stored_bundle_is_read_whatever_the_time() -> None:
    world = World()
    data = world.bundle(NOON)
    assert read_bundle(data, anchor=world.pin).bundle.version == 1


def test_a_bundle_leads_to_the_anchor_of_a_new_root_and_to_no_other() -> None:
    world = World()
    world.rotate_root(NOON)
    data = world.bundle(NOON)
    later = read_bundle(data, anchor=world.pin).chain.anchor
    assert later != world.pin
    assert leads_to(data, world.pin, later)
    assert not leads_to(data, world.pin, World(iss="https://other.example").pin)
