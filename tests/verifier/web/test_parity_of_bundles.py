"""The page refuses every bundle that the command refuses, for the same reason, and no other."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.bundle_faults import BundleFault, OddRule
from schemas.encoding import b64url_encode
from schemas.kinds import DAY, HOUR
from tests.support.engines import Node, Offers, Python
from tests.support.hostile import hostile, offers
from tests.support.spoilt_bundles import (
    BESIDE_THE_GRID,
    BREAKING_A_RULE,
    FOREIGN_MODULI,
    OFF_THE_GRID,
    retiring,
)
from tests.support.world import NOON, World

HOSTILE = hostile()
Spoil = Callable[[Any], None]


@pytest.fixture(scope="module")
def page(node: Node) -> Node:
    return node


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_bundle_meets_the_same_fault(page: Node, name: str) -> None:
    chain = [HOSTILE[name]]
    assert page.accept(chain) == Python().accept(chain)


MET_ELSEWHERE = {
    BundleFault.WRONG_KEY_ID,
    BundleFault.KEYS_REPLACED,
    BundleFault.ODD_RULES,
    BundleFault.NOT_COSIGNED,
    BundleFault.LOG_FORKED,
}
"""Faults of which tests of their own have the bundles."""


def test_the_hostile_bundles_meet_every_fault_that_is_not_met_elsewhere() -> None:
    met = {fault for faults in Python().accept(HOSTILE.values()) for fault in faults}
    assert met - {*OddRule} == {*BundleFault, None} - MET_ELSEWHERE


# The rules of a payload, as their own tests break them


def values_of(cases: list[Any]) -> list[Any]:
    """What the tests of the rules are called with first."""
    return [getattr(case, "values", case)[0] for case in cases]


def in_keys(spoil: Spoil) -> Spoil:
    return lambda payload: spoil(payload["pass_keys"])


def with_modulus(modulus: bytes) -> Spoil:
    return lambda payload: payload["pass_keys"][0].update(n=b64url_encode(modulus))


def spoilt(spoil: Spoil, **kind: Any) -> Offers:
    world = World(**kind)
    payload = deepcopy(world.payload(NOON))
    spoil(payload)
    return offers(world, world.sign(payload))


def test_a_payload_that_breaks_a_rule_meets_the_same_fault(page: Node) -> None:
    spoils = values_of(BREAKING_A_RULE)
    moduli = values_of(FOREIGN_MODULI)
    chains = [spoilt(spoil) for spoil in (*spoils, *map(with_modulus, moduli))]
    faults = page.accept(chains)
    assert faults == Python().accept(chains)
    assert {fault for [fault] in faults} == {BundleFault.NOT_A_BUNDLE, BundleFault.WRONG_KEY_ID}


@pytest.mark.parametrize("form", ["none", "month"])
def test_a_bundle_off_the_grid_meets_the_same_fault(page: Node, form: str) -> None:
    spoils = values_of(OFF_THE_GRID)
    chains = [spoilt(in_keys(spoil), hint=form) for spoil in (*spoils, list.reverse)]
    assert page.accept(chains) == Python().accept(chains)


def test_a_key_beside_the_grid_meets_the_same_fault(page: Node) -> None:
    chains = []
    for spoil in (lambda _payload: None, *values_of(BESIDE_THE_GRID)):
        payload = retiring(NOON + HOUR)
        spoil(payload)
        chains.append(offers(World(), World().sign(payload)))
    faults = page.accept(chains)
    assert faults == Python().accept(chains)
    assert faults == [[None], *([["broken_grid"]] * len(BESIDE_THE_GRID))]


def the_30th_of_february(keys: list[Any]) -> None:
    keys[0]["holder"] = "02-30"


def test_a_grid_of_days_is_the_same_grid(page: Node) -> None:
    chains = [spoilt(in_keys(spoil), hint="day") for spoil in (list.reverse, the_30th_of_february)]
    assert page.accept(chains) == Python().accept(chains) == [[None], ["broken_grid"]]


def test_many_windows_with_few_keys_do_not_fill_the_memory(page: Node) -> None:
    """Four statuses and 366 days call for a million cells when each key has a window of its own."""
    world = World(hint="day")
    payload = world.payload(NOON)
    names = [payload["statuses"][0] | {"id": name} for name in ("green", "blue", "amber", "violet")]
    for hour, key in enumerate(payload["pass_keys"][:1000]):
        key |= {"nbf": NOON + hour, "exp": NOON + hour + 1}
    payload["pass_keys"] = payload["pass_keys"][:1000]
    payload |= {"statuses": names, "iat": NOON, "exp": NOON + 1000}
    chain = [offers(world, world.sign(payload))]
    assert page.accept(chain) == Python().accept(chain) == [["broken_grid"]]


# Payloads that are spoilt at random, and signed

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.integers(NOON - 10 * DAY, NOON + 10 * DAY)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["green", "blue", "red", "month", "day", "none", "ask", "03", "A" * 43])
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@st.composite
def edits(draw: st.DrawFn) -> Spoil:
    """Goes down into a payload and changes something there: one path, one way."""
    depth, steps = draw(st.integers(0, 4)), draw(st.lists(st.integers(0, 30), min_size=5))
    way, value = draw(st.sampled_from(WAYS)), draw(json_values)
    among_the_keys = draw(st.booleans())

    def edit(payload: Any) -> None:
        keys_left = among_the_keys and isinstance(payload.get("pass_keys"), list)
        place = payload["pass_keys"] if keys_left else payload
        for step in steps[:depth]:
            inner = [item for item in items_of(place) if isinstance(item, dict | list) and item]
            place = inner[step % len(inner)] if inner else place
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if keys:
            one, other = (keys[step % len(keys)] for step in steps[-2:])
            way(place, one, other, value)

    return edit


def items_of(place: Any) -> list[Any]:
    return list(place.values()) if isinstance(place, dict) else place


def replace(place: Any, key: Any, _other: Any, value: Any) -> None:
    place[key] = value


def remove(place: Any, key: Any, _other: Any, _value: Any) -> None:
    del place[key]


def copy(place: Any, key: Any, other: Any, _value: Any) -> None:
    place[key] = place[other]


def swap(place: Any, key: Any, other: Any, _value: Any) -> None:
    place[key], place[other] = place[other], place[key]


def nudge(place: Any, key: Any, _other: Any, value: Any) -> None:
    """A number becomes one more; a text loses its end; a list has an item twice."""
    match place[key]:
        case bool():
            place[key] = not place[key]
        case int() | float():
            place[key] += 1 if value else -1
        case str():
            place[key] = place[key][:-1]
        case [first, *others]:
            place[key] = [first, first, *others]
        case _:
            place[key] = value


WAYS = [replace, remove, copy, swap, nudge]
FORMS = {form: World(hint=form, tracing=True) for form in ("none", "month")}
for world in FORMS.values():
    world.bundle(NOON)


@settings(max_examples=60)
@given(
    st.sampled_from(list(FORMS)), st.lists(st.lists(edits(), max_size=3), min_size=3, max_size=8)
)
def test_a_payload_that_was_spoilt_before_it_was_signed_meets_the_same_fault(
    page: Node, form: str, spoils: list[list[Spoil]]
) -> None:
    world = FORMS[form]
    world.version = 0
    shown = [world.bundle(NOON)]
    for edits_of_one in spoils:
        payload = deepcopy(world.payload(NOON))
        for edit in edits_of_one:
            edit(payload)
        shown.append(world.sign(payload))
    chains = [offers(world, *shown), *(offers(world, data) for data in shown)]
    assert page.accept(chains) == Python().accept(chains)
