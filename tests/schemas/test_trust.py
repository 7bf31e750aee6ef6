from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.bundle import BUNDLE_LIMIT
from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.hints import HintForm
from schemas.jwk import thumbprint
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.trust import (
    LONGEST_DELEGATION,
    Pins,
    TrustState,
    accept_bundle,
    bundle_digest,
    read_bundle,
    walk_chain,
)
from tests.support import texts
from tests.support.keys import EcKey, ec_key
from tests.support.world import NOON, World

STRANGER = ec_key("a stranger")


def accept(data: bytes, state: TrustState, now: int = NOON) -> TrustState:
    _, following = accept_bundle(data, state=state, now=now)
    return following


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
    assert (state.sunset, state.digest) == (world.sunset, bundle_digest(data))


def test_the_same_bundle_again_changes_nothing() -> None:
    world = World()
    data = world.bundle(NOON)
    state = accept(data, world.state())
    assert accept(data, state) == state


def test_a_newer_bundle_replaces_an_older_one() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    assert accept(world.bundle(NOON + 6 * HOUR), state, NOON + 6 * HOUR).version == 2


def test_an_older_bundle_is_a_rollback() -> None:
    world = World()
    older, newer = world.bundle(NOON), world.bundle(NOON)
    assert fault_of(older, accept(newer, world.state())) is BundleFault.ROLLBACK


def test_other_bytes_of_the_same_version_are_a_split_view() -> None:
    world = World()
    one, other = world.bundle(NOON, version=7), world.bundle(NOON + 1, version=7)
    assert fault_of(other, accept(one, world.state()), NOON + 1) is BundleFault.SPLIT_VIEW


def test_the_same_payload_under_another_signature_is_other_bytes() -> None:
    """Else an issuer could mark each copy it hands out."""
    world = World()
    payload = world.payload(NOON)
    one = world.sign(payload)
    header = {"alg": "ES256", "kid": world.signer.kid, "typ": Typ.TRUST.value, "extra": 1}
    other = texts.signed(texts.to_json(header), texts.to_json(payload), world.signer).encode()
    assert fault_of(other, accept(one, world.state())) is BundleFault.SPLIT_VIEW


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
    world.statements = [statement_of(world, version=1.0)]
    state = accept(world.bundle(NOON, batch_size=8.0), world.state())
    assert accept(world.bundle(NOON, version=2.0, iat=float(NOON)), state).version == 2


def test_an_unsigned_bundle_is_refused() -> None:
    world = World()
    header = {"alg": "none", "kid": world.signer.kid, "typ": Typ.TRUST.value}
    text = texts.compact(texts.to_json(header), texts.to_json(world.payload(NOON)), b"")
    assert fault_of(text.encode(), world.state()) is BundleFault.UNKNOWN_SIGNER


def test_a_changed_payload_is_refused() -> None:
    world = World()
    header, _, signature = world.bundle(NOON).decode().split(".")
    payload = texts.jws(world.payload(NOON), typ=Typ.TRUST, key=world.signer).split(".")[1]
    data = f"{header}.{payload}.{signature}".encode()
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
        {"token_issuer": "other.example"},
        {"specimen": True},
        {"batch_size": 9},
    ],
    ids=lambda members: next(iter(members)),
)
def test_a_pin_never_changes(members: dict[str, Any]) -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    assert fault_of(world.bundle(NOON, **members), state) is BundleFault.PIN_CHANGED


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


def test_the_sunset_moves_earlier_and_never_back() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    assert fault_of(world.bundle(NOON, sunset=world.sunset + 1), state) is BundleFault.SUNSET_LATER
    earlier = accept(world.bundle(NOON, sunset=world.sunset - DAY), state)
    assert earlier.sunset == world.sunset - DAY
    assert fault_of(world.bundle(NOON), earlier) is BundleFault.SUNSET_LATER


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
    world.statements.append(world.statement(3, by=old, now=NOON))
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
    world.statements.append(world.statement(2, by=world.root, now=NOON))
    seen = accept(world.bundle(NOON), state)
    assert fault_of(twin.bundle(NOON), seen) is BundleFault.SPLIT_VIEW


def test_a_later_chain_that_rewrites_the_past_is_a_split_view() -> None:
    world = World()
    state = accept(world.bundle(NOON), world.state())
    world.statements = [world.statement(1, by=world.root, now=NOON + 1)]
    world.delegate(NOON)
    assert fault_of(world.bundle(NOON), state) is BundleFault.SPLIT_VIEW


def test_a_gap_in_the_chain_is_refused() -> None:
    world = World()
    world.rotate_root(NOON)
    world.rotate_root(NOON)
    gap = [world.statements[0], world.statements[2]]
    data = world.bundle(NOON, delegations=gap)
    assert fault_of(data, world.state()) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize("version", [1, 3], ids=["repeated", "left out"])
def test_each_statement_is_one_version_higher(version: int) -> None:
    world = World()
    world.statements.append(world.statement(version, by=world.root, now=NOON))
    assert fault_of(world.bundle(NOON), world.state()) is BundleFault.BROKEN_CHAIN


def test_a_chain_without_its_beginning_is_refused() -> None:
    world = World()
    world.rotate_root(NOON)
    data = world.bundle(NOON, delegations=world.statements[1:])
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_ROOT


def test_the_first_statement_lists_the_pinned_root() -> None:
    world = World()
    statement = world.statement(1, by=world.root, now=NOON, roots=[STRANGER])
    data = world.bundle(NOON, delegations=[statement])
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_ROOT


def test_the_first_statement_is_signed_by_the_pinned_root() -> None:
    world = World()
    statement = world.statement(1, by=STRANGER, now=NOON, roots=[world.root, STRANGER])
    data = world.bundle(NOON, delegations=[statement])
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_ROOT


@pytest.mark.parametrize("typ", [typ for typ in Typ if typ is not Typ.ROOT])
def test_a_text_of_another_typ_under_the_root_is_no_statement(typ: Typ) -> None:
    world = World()
    payload = {"version": 1, "roots": [world.root.jwk], "signers": []}
    data = world.bundle(NOON, delegations=[texts.jws(payload, typ=typ, key=world.root)])
    assert fault_of(data, world.state()) is BundleFault.UNKNOWN_ROOT


def statement_of(world: World, **members: Any) -> str:
    life = {"nbf": NOON - DAY, "exp": NOON + DAY}
    payload = {"version": 1, "roots": [world.root.jwk], "signers": [world.signer.jwk | life]}
    return texts.jws(payload | members, typ=Typ.ROOT, key=world.root)


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"version": 0}, id="version 0"),
        pytest.param({"roots": []}, id="no root"),
        pytest.param({"signers": None}, id="no list of signers"),
        pytest.param({"signers": [{"kty": "EC"}]}, id="half a signer"),
        pytest.param(
            {"signers": [STRANGER.jwk | {"nbf": NOON, "exp": NOON + LONGEST_DELEGATION + 1}]},
            id="a signer for more than 35 days",
        ),
        pytest.param(
            {"signers": [STRANGER.jwk | {"nbf": NOON, "exp": NOON}]}, id="a signer for no time"
        ),
        pytest.param(
            {"signers": [STRANGER.jwk | {"nbf": NOON, "exp": NOON + 1, "d": "A" * 43}]},
            id="a private key",
        ),
    ],
)
def test_a_statement_of_another_form_breaks_the_chain(members: dict[str, Any]) -> None:
    world = World()
    data = world.bundle(NOON, delegations=[statement_of(world, **members)])
    assert fault_of(data, world.state()) is BundleFault.BROKEN_CHAIN


@pytest.mark.parametrize(
    ("delegations", "fault"),
    [
        ([], BundleFault.BROKEN_CHAIN),
        (["x"], BundleFault.BROKEN_CHAIN),
        (["x.y.z"], BundleFault.BROKEN_CHAIN),
        ([7], BundleFault.NOT_A_BUNDLE),
        ("x", BundleFault.NOT_A_BUNDLE),
        (None, BundleFault.NOT_A_BUNDLE),
    ],
)
def test_delegations_of_another_form_are_refused(delegations: object, fault: BundleFault) -> None:
    world = World()
    assert fault_of(world.bundle(NOON, delegations=delegations), world.state()) is fault


def test_a_root_that_is_no_point_on_the_curve_signs_nothing() -> None:
    world = World()
    crooked = world.root.jwk | {"y": world.root.jwk["x"]}
    first = statement_of(world, roots=[world.root.jwk, crooked])
    second = texts.jws({}, typ=Typ.ROOT, key=STRANGER, kid=thumbprint(crooked))
    with pytest.raises(BundleRejected) as rejected:
        walk_chain([first, second], root=world.pin)
    assert rejected.value.fault is BundleFault.BROKEN_CHAIN


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


@pytest.mark.parametrize("spoil", [b"\n", b" ", b"\r\n", b"\x00"])
def test_nothing_stands_after_a_bundle(spoil: bytes) -> None:
    world = World()
    assert fault_of(world.bundle(NOON) + spoil, world.state()) is BundleFault.NOT_A_BUNDLE


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
    older = world.bundle(NOON)
    state = accept(world.bundle(NOON), world.state())
    before = replace(state)
    assert fault_of(older, state) is BundleFault.ROLLBACK
    assert state == before


def test_a_stored_bundle_is_read_whatever_the_time() -> None:
    world = World()
    data = world.bundle(NOON)
    assert read_bundle(data, root=world.pin).bundle.version == 1
