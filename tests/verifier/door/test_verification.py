"""The ten steps, one after the other, and what must be true of all of them."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bundle import TrustBundle
from schemas.encoding import BASE45_ALPHABET, base45_decode, base45_encode
from schemas.jwk import thumbprint
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.presentation import (
    PREFIX,
    TEXT_LENGTH,
    UNBOUND,
    format_presentation,
    parse_presentation,
    slot_at,
)
from schemas.refusals import Outcome, Reason, Refused
from schemas.token import DevicePoint
from tests.support.keys import ec_key
from tests.support.texts import jws
from tests.support.world import NOON, Pass, World
from verifier.door.seen import SeenSet
from verifier.door.verification import Venue, Verdict, verify

SLOT = slot_at(NOON)
WORLD = World(hint="month")
BUNDLE = WORLD.accepted(NOON)
PASS = WORLD.issue(NOON)
TEXT = WORLD.show(PASS, SLOT)
ADMITTED = Verdict("green", "03", True)
FIELDS = {
    range(4): Reason.UNKNOWN_KEY,
    range(4, 68): Reason.BAD_SIGNATURE,
    range(68, 324): Reason.BAD_SIGNATURE,
    range(324, 328): Reason.BAD_PROOF,
    range(328, 392): Reason.BAD_PROOF,
}


def decide(
    text: str,
    *,
    bundle: TrustBundle | None = BUNDLE,
    policy: str | None = None,
    now: int = NOON,
    venue: Venue | None = None,
    seen: SeenSet | None = None,
) -> Verdict:
    chosen = bundle.policy(policy) if bundle is not None else None
    return verify(text, bundle=bundle, policy=chosen, now=now, venue=venue, seen=seen)


def refusal(text: str, **members: object) -> Refused:
    with pytest.raises(Refused) as refused:
        decide(text, **members)  # type: ignore[arg-type] # The same members as decide has.
    return refused.value


def reason(text: str, **members: object) -> Reason:
    return refusal(text, **members).reason


def test_a_fresh_pass_is_admitted_with_its_status_and_hint() -> None:
    assert decide(TEXT) == ADMITTED


def test_a_hint_is_not_asked_for_where_the_policy_ignores_it() -> None:
    assert decide(TEXT, policy="no-hint") == Verdict("green", "03", asks_hint=False)


def test_a_hint_is_not_asked_for_where_there_is_none() -> None:
    world = World(hint="none")
    bundle = world.accepted(NOON)
    text = world.show(world.issue(NOON), SLOT)
    assert decide(text, bundle=bundle) == Verdict("green", None, asks_hint=False)


def test_a_hint_of_a_day_is_asked_for() -> None:
    world = World(hint="day", statuses=("green",))
    bundle = world.accepted(NOON)
    text = world.show(world.issue(NOON), SLOT)
    assert decide(text, bundle=bundle) == Verdict("green", "03-17", asks_hint=True)


# Every change to a code is refused


def reason_of_byte(position: int) -> Reason:
    return next(reason for field, reason in FIELDS.items() if position in field)


@pytest.mark.parametrize("byte", range(392))
def test_every_bit_that_is_flipped_is_refused_with_the_reason_of_its_field(byte: int) -> None:
    data = bytearray(base45_decode(TEXT[len(PREFIX) :]))
    for bit in range(8):
        data[byte] ^= 1 << bit
        assert reason(PREFIX + base45_encode(bytes(data))) is reason_of_byte(byte)
        data[byte] ^= 1 << bit


@pytest.mark.parametrize("position", range(TEXT_LENGTH))
def test_every_character_that_is_changed_is_refused(position: int) -> None:
    for character in ("0", ":", "a", "А", "\x00", " "):
        if character != TEXT[position]:
            refused = refusal(TEXT[:position] + character + TEXT[position + 1 :])
            assert refused.outcome is not Outcome.ADMIT


@given(st.text(max_size=700))
def test_any_text_gives_a_verdict_or_a_refusal(text: str) -> None:
    assert reason(text) is Reason.NOT_A_PASS


@given(st.binary(min_size=392, max_size=392))
def test_any_bytes_in_the_form_of_a_pass_are_refused(data: bytes) -> None:
    assert reason(PREFIX + base45_encode(data)) in {Reason.UNKNOWN_KEY, Reason.BAD_SIGNATURE}


@given(st.text(alphabet=BASE45_ALPHABET.decode(), min_size=588, max_size=588))
def test_any_base45_of_the_right_length_is_refused(text: str) -> None:
    assert reason(PREFIX + text) in {Reason.NOT_A_PASS, Reason.UNKNOWN_KEY}


@settings(max_examples=50)
@given(st.binary(min_size=388, max_size=388))
def test_any_bytes_under_a_known_key_are_refused(data: bytes) -> None:
    assert reason(PREFIX + base45_encode(PASS.key.id[:4] + data)) is Reason.BAD_SIGNATURE


@settings(max_examples=50)
@given(st.integers(min_value=-(2**40), max_value=2**40), st.binary(min_size=64, max_size=64))
def test_any_time_and_any_proof_give_a_verdict_or_a_refusal(now: int, proof: bytes) -> None:
    text = format_presentation(replace(WORLD.present(PASS, SLOT), proof=proof))
    assert isinstance(refusal(text, now=now).reason, Reason)


# Step 1


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_one_line_end_is_stripped(end: str) -> None:
    assert decide(TEXT + end) == ADMITTED
    assert reason(TEXT + end + end) is Reason.NOT_A_PASS
    assert reason(end + TEXT) is Reason.NOT_A_PASS


@pytest.mark.parametrize("extra", [" ", "\t", "\n\r", "\r\r", "\x85", "\u2028", "\x0b"])
def test_nothing_else_is_stripped(extra: str) -> None:
    assert reason(TEXT + extra) is Reason.NOT_A_PASS


def test_a_shape_is_judged_before_the_device() -> None:
    assert reason("hello", bundle=None) is Reason.NOT_A_PASS


# Step 2


def test_without_a_bundle_nothing_is_checked() -> None:
    assert reason(TEXT, bundle=None) is Reason.NO_BUNDLE


@pytest.mark.parametrize(
    ("bundle", "now", "expected"),
    [
        (BUNDLE, BUNDLE.exp - 1, Reason.EXPIRED),
        (BUNDLE, BUNDLE.exp, Reason.BUNDLE_EXPIRED),
        (BUNDLE, BUNDLE.sunset - 1, Reason.BUNDLE_EXPIRED),
        (BUNDLE, BUNDLE.sunset, Reason.SUNSET),
        (replace(BUNDLE, sunset=BUNDLE.exp), BUNDLE.exp, Reason.SUNSET),
        (replace(BUNDLE, sunset=NOON), NOON, Reason.SUNSET),
        (replace(BUNDLE, sunset=NOON - HOUR), NOON - HOUR, Reason.SUNSET),
        (BUNDLE, BUNDLE.iat - 121, Reason.CLOCK_BEHIND),
    ],
)
def test_a_bundle_is_usable_between_its_edges(
    bundle: TrustBundle, now: int, expected: Reason
) -> None:
    assert reason(TEXT, bundle=bundle, now=now) is expected


def test_a_clock_may_be_120_seconds_behind_the_bundle() -> None:
    assert decide(WORLD.show(PASS, slot_at(NOON - 120)), now=NOON - 120) == ADMITTED


def test_a_clock_further_behind_is_told_by_how_much() -> None:
    assert refusal(TEXT, now=NOON - DAY).seconds == DAY


# Step 3


def test_a_pass_of_another_issuer_cannot_be_checked() -> None:
    other = World(iss="https://other.example", hint="none", first_key=150)
    other.bundle(NOON)
    refused = refusal(other.show(other.issue(NOON), SLOT))
    assert (refused.reason, refused.outcome) == (Reason.UNKNOWN_KEY, Outcome.CANNOT_CHECK)


def test_a_pass_of_a_retired_key_is_refused_and_one_of_its_replacement_admitted() -> None:
    world = World(hint="none")
    world.bundle(NOON)
    old = world.issue(NOON)
    world.retire(old.window)
    bundle = world.accepted(NOON)
    assert reason(world.show(old, SLOT), bundle=bundle) is Reason.KEY_RETIRED
    assert decide(world.show(world.issue(NOON), SLOT), bundle=bundle).status == "green"


# Step 4


@pytest.mark.parametrize(
    ("day", "second", "expected"),
    [
        (0, 11 * HOUR + 3599, None),
        (0, 12 * HOUR, Reason.EXPIRED),
        (1, 12 * HOUR - 1, Reason.NOT_YET_VALID),
        (1, 12 * HOUR, None),
        (1, 36 * HOUR - 1, None),
        (1, 36 * HOUR, Reason.EXPIRED),
    ],
)
def test_a_pass_works_from_its_first_second_to_its_last(
    day: int, second: int, expected: Reason | None
) -> None:
    now = NOON + second
    window = BUNDLE.windows[day]
    text = WORLD.show(WORLD.issue(NOON, window=window), slot_at(now))
    if expected is None:
        assert decide(text, now=now) == ADMITTED
    else:
        assert reason(text, now=now) is expected


# Step 5


def test_a_token_of_another_status_under_this_key_is_refused() -> None:
    blue = WORLD.issue(NOON, status="blue")
    forged = replace(WORLD.present(blue, SLOT), key_prefix=PASS.key.id[:4])
    assert reason(format_presentation(forged)) is Reason.BAD_SIGNATURE


def test_a_token_of_another_window_under_this_key_is_refused() -> None:
    tomorrow = WORLD.issue(NOON, window=BUNDLE.windows[1])
    forged = replace(WORLD.present(tomorrow, SLOT), key_prefix=PASS.key.id[:4])
    assert reason(format_presentation(forged)) is Reason.BAD_SIGNATURE


def test_a_token_for_another_issuers_name_is_refused_even_under_the_same_key() -> None:
    other = World(iss="https://other.example", hint="month")
    other.bundle(NOON)
    pass_ = other.issue_to(PASS.device, PASS.point, PASS.window)
    assert pass_.key == PASS.key
    assert reason(other.show(pass_, SLOT)) is Reason.BAD_SIGNATURE


def test_a_signature_plus_the_modulus_is_refused() -> None:
    """It is the same number modulo n, and would be a second form of the same pass."""
    passes = (WORLD.issue(NOON) for _ in range(50))
    small = next(p for p in passes if number(p.signature) + p.key.n < 2**2048)
    larger = (number(small.signature) + small.key.n).to_bytes(256, "big")
    present = WORLD.present(small, SLOT)
    assert decide(format_presentation(present)) == ADMITTED
    assert reason(format_presentation(replace(present, signature=larger))) is Reason.BAD_SIGNATURE


def test_a_negated_signature_is_refused() -> None:
    negated = (PASS.key.n - number(PASS.signature)).to_bytes(256, "big")
    spoiled = replace(WORLD.present(PASS, SLOT), signature=negated)
    assert reason(format_presentation(spoiled)) is Reason.BAD_SIGNATURE


def number(data: bytes) -> int:
    return int.from_bytes(data, "big")


@pytest.mark.parametrize("salt", [b"", bytes(20), bytes(32), bytes(47), bytes(49)], ids=len)
def test_a_salt_has_48_bytes(salt: bytes) -> None:
    signature = PASS.key.sign_pss(PASS.token_input, salt=salt)
    spoiled = replace(WORLD.present(PASS, SLOT), signature=signature)
    assert reason(format_presentation(spoiled)) is Reason.BAD_SIGNATURE


def test_a_jwt_under_a_pass_key_is_no_pass() -> None:
    message = "eyJhbGciOiJQUzM4NCJ9.eyJzdGF0dXMiOiJncmVlbiJ9"
    assert reason(message + "." + PASS.key.sign_pss(message.encode()).hex()) is Reason.NOT_A_PASS


# Step 6


def test_swapped_proofs_are_refused() -> None:
    one, other = WORLD.present(PASS, SLOT), WORLD.present(WORLD.issue(NOON), SLOT)
    swapped = [replace(one, proof=other.proof), replace(other, proof=one.proof)]
    assert [reason(format_presentation(p)) for p in swapped] == [Reason.BAD_PROOF] * 2


def test_a_proof_in_der_is_refused() -> None:
    present = WORLD.present(PASS, SLOT)
    der = PASS.device.sign_der(b"a message")
    for start in (0, len(der) - 64):
        spoiled = replace(present, proof=der[start : start + 64])
        assert reason(format_presentation(spoiled)) is Reason.BAD_PROOF


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(DevicePoint(PASS.point.x, PASS.point.x), id="off the curve"),
        pytest.param(DevicePoint(bytes(32), bytes(32)), id="zero"),
        pytest.param(DevicePoint(b"\xff" * 32, b"\xff" * 32), id="beyond the field"),
    ],
)
def test_a_point_off_the_curve_is_refused_although_its_token_is_signed(point: DevicePoint) -> None:
    crooked = WORLD.issue_to(PASS.device, point, PASS.window)
    spoiled = replace(WORLD.present(crooked, SLOT), device=point)
    assert reason(format_presentation(spoiled)) is Reason.BAD_PROOF


@pytest.mark.parametrize("proof", [bytes(64), b"\xff" * 64, bytes(32) + b"\x01" * 32], ids=len)
def test_a_proof_out_of_range_is_refused(proof: bytes) -> None:
    spoiled = replace(WORLD.present(PASS, SLOT), proof=proof)
    assert reason(format_presentation(spoiled)) is Reason.BAD_PROOF


def test_a_proof_of_a_stranger_is_refused() -> None:
    thief = replace(PASS, device=ec_key("a thief"))
    spoiled = replace(WORLD.present(thief, SLOT), device=PASS.point)
    assert reason(format_presentation(spoiled)) is Reason.BAD_PROOF


def test_a_proof_cannot_be_moved_to_another_slot() -> None:
    moved = replace(WORLD.present(PASS, SLOT - 10), slot=SLOT)
    assert reason(format_presentation(moved)) is Reason.BAD_PROOF


# Step 6, bindings

BINDING, OTHER = b"a venue's hour..", b"another's hour.."
HERE = Venue({NOON // HOUR: BINDING})
STRICT = Venue({NOON // HOUR: BINDING}, strict=True)


@pytest.mark.parametrize(
    ("binding", "venue", "expected"),
    [
        (UNBOUND, None, None),
        (BINDING, None, Reason.BAD_PROOF),
        (UNBOUND, HERE, None),
        (BINDING, HERE, None),
        (OTHER, HERE, Reason.BAD_PROOF),
        (UNBOUND, STRICT, Reason.NOT_BOUND),
        (BINDING, STRICT, None),
        (OTHER, STRICT, Reason.BAD_PROOF),
        (UNBOUND, Venue({}, strict=True), Reason.NOT_BOUND),
        (BINDING, Venue({}, strict=True), Reason.BAD_PROOF),
        (BINDING, Venue({}), Reason.BAD_PROOF),
    ],
)
def test_bindings_are_tried_as_the_venue_demands(
    binding: bytes, venue: Venue | None, expected: Reason | None
) -> None:
    text = WORLD.show(PASS, SLOT, venue=binding)
    if expected is None:
        assert decide(text, venue=venue) == ADMITTED
    else:
        assert reason(text, venue=venue) is expected


@pytest.mark.parametrize(
    ("slot", "binding", "expected"),
    [
        (SLOT - 1, BINDING, Reason.BAD_PROOF),
        (SLOT - 1, OTHER, None),
        (SLOT, BINDING, None),
        (SLOT, OTHER, Reason.BAD_PROOF),
    ],
)
def test_the_hour_of_a_binding_is_that_of_the_slot(
    slot: int, binding: bytes, expected: Reason | None
) -> None:
    """Noon is the first second of an hour, so the slot before it belongs to the hour before."""
    venue = Venue({NOON // HOUR - 1: OTHER, NOON // HOUR: BINDING}, strict=True)
    text = WORLD.show(PASS, slot, venue=binding)
    if expected is None:
        assert decide(text, venue=venue) == ADMITTED
    else:
        assert reason(text, venue=venue) is expected


@pytest.mark.parametrize("binding", [UNBOUND, b"", b"short", bytes(17)])
def test_a_binding_has_16_bytes_and_is_not_zero(binding: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Venue({0: binding})


# Step 7


@pytest.mark.parametrize(
    ("slots", "expected", "seconds"),
    [
        (-1000, Reason.STALE, 30_000),
        (-3, Reason.STALE, 90),
        (-2, None, 0),
        (-1, None, 0),
        (1, None, 0),
        (2, None, 0),
        (3, Reason.FROM_THE_FUTURE, 90),
        (1000, Reason.FROM_THE_FUTURE, 30_000),
    ],
)
def test_a_proof_is_good_for_two_slots_either_way(
    slots: int, expected: Reason | None, seconds: int
) -> None:
    text = WORLD.show(PASS, SLOT + slots)
    if expected is None:
        assert decide(text) == ADMITTED
    else:
        refused = refusal(text)
        assert (refused.reason, refused.seconds) == (expected, seconds)


def test_slots_are_compared_and_not_seconds() -> None:
    text = WORLD.show(PASS, SLOT)
    assert decide(text, now=NOON + 89) == ADMITTED
    assert refusal(text, now=NOON + 90).seconds == 90


# Step 8


@pytest.mark.parametrize(
    ("after", "expected"), [(0, 0), (1, 1), (179, 179), (180, None), (181, None)]
)
def test_a_pass_is_admitted_once_in_three_minutes(after: int, expected: int | None) -> None:
    seen, now = SeenSet(), NOON + after
    assert decide(TEXT, seen=seen) == ADMITTED
    text = WORLD.show(PASS, slot_at(now))
    if expected is None:
        assert decide(text, now=now, seen=seen) == ADMITTED
    else:
        refused = refusal(text, now=now, seen=seen)
        assert (refused.reason, refused.seconds) == (Reason.ALREADY_SHOWN, expected)


def test_a_second_refusal_does_not_lengthen_the_three_minutes() -> None:
    seen = SeenSet()
    decide(TEXT, seen=seen)
    at_170 = WORLD.show(PASS, slot_at(NOON + 170))
    assert reason(at_170, now=NOON + 170, seen=seen) is Reason.ALREADY_SHOWN
    assert decide(WORLD.show(PASS, slot_at(NOON + 180)), now=NOON + 180, seen=seen) == ADMITTED


@pytest.mark.parametrize(
    "refuse",
    [
        pytest.param(lambda seen: reason(WORLD.show(PASS, SLOT - 9), seen=seen), id="stale"),
        pytest.param(
            lambda seen: reason(
                WORLD.show(
                    WORLD.issue_to(PASS.device, PASS.point, PASS.window, status="blue"), SLOT
                ),
                policy="first-only",
                seen=seen,
            ),
            id="status",
        ),
        pytest.param(
            lambda seen: reason(TEXT, bundle=replace(BUNDLE, specimen=True), seen=seen),
            id="specimen",
        ),
        pytest.param(lambda seen: reason(TEXT, venue=STRICT, seen=seen), id="not bound"),
    ],
)
def test_a_refused_pass_is_not_remembered(refuse: Callable[[SeenSet], Reason]) -> None:
    seen = SeenSet()
    assert isinstance(refuse(seen), Reason)
    assert len(seen) == 0
    assert decide(TEXT, seen=seen) == ADMITTED


def test_other_passes_of_the_same_person_are_admitted_at_once() -> None:
    seen = SeenSet()
    passes = [WORLD.issue(NOON) for _ in range(8)]
    assert [decide(WORLD.show(p, SLOT), seen=seen) for p in passes] == [ADMITTED] * 8


def test_without_a_memory_a_pass_is_admitted_each_time() -> None:
    assert decide(TEXT) == decide(TEXT) == ADMITTED


# Steps 9 and 10


def test_a_status_that_the_policy_does_not_admit_is_refused() -> None:
    text = WORLD.show(WORLD.issue(NOON, status="blue"), SLOT)
    assert decide(text) == Verdict("blue", "03", asks_hint=True)
    assert reason(text, policy="first-only") is Reason.STATUS_NOT_ADMITTED


def test_no_policy_admits_nobody() -> None:
    with pytest.raises(Refused) as refused:
        verify(TEXT, bundle=BUNDLE, policy=None, now=NOON)
    assert refused.value.reason is Reason.STATUS_NOT_ADMITTED


def specimen_world() -> tuple[World, TrustBundle, Pass]:
    world = World(hint="none", specimen=True, first_key=150)
    bundle = world.accepted(NOON)
    return world, bundle, world.issue(NOON)


def test_a_training_pass_is_never_admitted() -> None:
    world, bundle, pass_ = specimen_world()
    refused = refusal(world.show(pass_, SLOT), bundle=bundle)
    assert (refused.reason, refused.outcome) == (Reason.SPECIMEN, Outcome.REFUSE)


def test_specimen_is_said_only_when_all_else_is_right() -> None:
    world, bundle, pass_ = specimen_world()
    blue = world.show(world.issue(NOON, status="blue"), SLOT)
    spoiled = replace(world.present(pass_, SLOT), proof=bytes(64))
    assert reason(world.show(pass_, SLOT - 3), bundle=bundle) is Reason.STALE
    assert reason(format_presentation(spoiled), bundle=bundle) is Reason.BAD_PROOF
    assert reason(blue, bundle=bundle, policy="first-only") is Reason.STATUS_NOT_ADMITTED
    assert reason(TEXT, bundle=bundle) is Reason.UNKNOWN_KEY


# Order


def test_the_first_step_that_fails_gives_the_reason() -> None:
    """Each of these codes breaks the rule of one step and those of all later ones too."""
    present = WORLD.present(WORLD.issue(NOON, status="blue"), SLOT - 9)
    broken_proof = replace(present, proof=bytes(64))
    broken_signature = replace(broken_proof, signature=bytes(256))
    unknown = replace(broken_signature, key_prefix=bytes(4))
    late = BUNDLE.windows[0].exp
    expected = [
        (present, NOON, BUNDLE, Reason.STALE),
        (broken_proof, NOON, BUNDLE, Reason.BAD_PROOF),
        (broken_signature, NOON, BUNDLE, Reason.BAD_SIGNATURE),
        (broken_signature, late, BUNDLE, Reason.EXPIRED),
        (unknown, late, BUNDLE, Reason.UNKNOWN_KEY),
        (unknown, late, None, Reason.NO_BUNDLE),
    ]
    for presentation, now, bundle, first in expected:
        text = format_presentation(presentation)
        assert parse_presentation(text) == presentation
        assert reason(text, now=now, bundle=bundle, policy="first-only") is first


# Paper

SLIP = WORLD.paper(NOON)
ON_PAPER = Verdict("green", "03-17", asks_hint=True, paper=True)


@pytest.mark.parametrize("policy", [policy.id for policy in BUNDLE.policies])
def test_paper_is_admitted_with_an_id_check_under_every_policy(policy: str) -> None:
    assert decide(SLIP, policy=policy) == ON_PAPER


def test_paper_is_never_remembered_so_one_class_of_slips_can_be_shown_by_many() -> None:
    seen = SeenSet()
    assert [decide(SLIP, seen=seen) for _ in range(3)] == [ON_PAPER] * 3
    assert len(seen) == 0


def test_paper_is_admitted_where_a_phone_must_be_bound() -> None:
    assert decide(SLIP, venue=Venue({}, strict=True)) == ON_PAPER


def test_paper_counts_only_while_its_key_does() -> None:
    key, begins = WORLD.paper_key, NOON + HOUR
    entry = key.jwk | {"kid": key.kid, "nbf": begins, "exp": begins + HOUR}
    bundle = WORLD.accepted(NOON, paper_keys=[entry])
    assert refusal(SLIP, bundle=bundle, now=begins - 1).reason == Reason.NOT_YET_VALID
    assert decide(SLIP, bundle=bundle, now=begins) == ON_PAPER
    assert decide(SLIP, bundle=bundle, now=begins + HOUR - 1) == ON_PAPER
    assert refusal(SLIP, bundle=bundle, now=begins + HOUR).reason == Reason.EXPIRED


def test_paper_of_a_key_that_is_no_point_has_a_wrong_signature() -> None:
    jwk = WORLD.paper_key.jwk | {"y": "A" * 43}
    entry = jwk | {"kid": thumbprint(jwk), "nbf": NOON - DAY, "exp": NOON + DAY}
    bundle = WORLD.accepted(NOON, paper_keys=[entry])
    slip = jws(WORLD.slip(NOON), typ=Typ.PAPER, key=WORLD.paper_key, kid=thumbprint(jwk))
    assert refusal(slip, bundle=bundle).reason == Reason.BAD_SIGNATURE


def test_a_retiring_key_and_its_replacement_are_admitted_until_its_time() -> None:
    world = World(hint="none")
    world.bundle(NOON)
    old = world.issue(NOON)
    world.retire(old.window, at=NOON + 30)
    bundle = world.accepted(NOON)
    assert decide(world.show(old, SLOT), bundle=bundle).status == "green"
    assert decide(world.show(world.issue(NOON), SLOT), bundle=bundle).status == "green"
    late = world.show(old, SLOT + 1)
    assert reason(late, bundle=bundle, now=NOON + 30) is Reason.KEY_RETIRED


def test_a_change_of_any_character_of_paper_is_refused() -> None:
    for at, character in enumerate(SLIP):
        other = "A" if character != "A" else "B"
        refusal(SLIP[:at] + other + SLIP[at + 1 :])
