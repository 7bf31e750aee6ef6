"""The file's JSON: what goes in comes out, and nothing else is taken for it."""

import json
from dataclasses import dataclass
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.codec import decode, encode, from_json, to_json
from schemas.hints import HintForm
from schemas.trust import Pins, TrustState
from schemas.windows import Window
from wallet_sim.passes.state import (
    Activating,
    Batch,
    BatchFault,
    Entitlement,
    Names,
    Pass,
    PendingBatch,
    PendingPass,
    PinnedAuthority,
    Plan,
    Wallet,
)

numbers = st.integers(min_value=-(2**53), max_value=2**53)
windows = st.builds(Window, numbers, numbers)
pins = st.builds(
    Pins, st.text(), st.text(), st.booleans(), numbers, st.sampled_from(list(HintForm))
)
trusts = st.builds(TrustState, st.text(), st.none() | pins, st.none() | numbers)
passes = st.builds(Pass, st.binary(), st.binary(), st.none() | numbers)
pending = st.builds(PendingPass, st.binary(), st.binary(), st.binary())
faults = st.none() | st.sampled_from(list(BatchFault))
entitlements = st.builds(
    Entitlement,
    st.text(),
    st.binary(),
    st.text(),
    st.builds(Names, st.text(), st.text(), st.text()),
    st.none() | st.text(),
    numbers,
)


def tuples(items: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(items, max_size=2).map(tuple)


wallets = st.builds(
    Wallet,
    st.none() | st.builds(PinnedAuthority, st.text(), trusts, st.text()),
    tuples(st.builds(Activating, st.text(), st.text(), st.binary(), numbers)),
    st.none() | entitlements,
    tuples(st.builds(Batch, st.binary(), windows, tuples(passes), faults)),
    tuples(st.builds(PendingBatch, st.binary(), st.binary(), windows, tuples(pending))),
    st.none() | st.builds(Plan, windows, numbers),
    st.none() | st.builds(Plan, windows, numbers),
    tuples(windows),
    st.none() | numbers,
    numbers,
)


@given(wallets)
def test_every_wallet_comes_back_as_it_was(wallet: Wallet) -> None:
    assert decode(Wallet, json.loads(json.dumps(encode(wallet)))) == wallet


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Sample:
    number: int
    data: bytes
    colour: Colour
    maybe: str | None
    many: tuple[int, ...]
    pair: tuple[int, str]


GOOD = {
    "number": 1,
    "data": "AA",
    "colour": "red",
    "maybe": None,
    "many": [1, 2],
    "pair": [3, "x"],
}
SAMPLE = Sample(1, b"\0", Colour.RED, None, (1, 2), (3, "x"))


def test_the_wire_form_is_plain_json() -> None:
    assert encode(SAMPLE) == GOOD


@pytest.mark.parametrize("indent", [None, 1])
def test_the_bytes_of_a_value_are_ascii_and_come_back(indent: int | None) -> None:
    data = to_json(SAMPLE, indent=indent)
    assert data.isascii()
    assert from_json(Sample, b" " + data + b"\n") == SAMPLE


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b'{"number": 1, "number": 1}'])
def test_bytes_that_are_no_object_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_json(Sample, data)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("number", "1"),
        ("number", True),
        ("number", 1.0),
        ("number", None),
        ("data", "AB"),
        ("data", "AA=="),
        ("data", 1),
        ("colour", "green"),
        ("colour", 1),
        ("maybe", 1),
        ("many", "12"),
        ("many", {"0": 1}),
        ("many", [1, "2"]),
        ("pair", [3]),
        ("pair", [3, "x", "y"]),
        ("pair", ["x", 3]),
    ],
)
def test_a_member_of_the_wrong_type_is_refused(member: str, value: object) -> None:
    with pytest.raises(ValueError):
        decode(Sample, GOOD | {member: value})


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, GOOD | {"more": 1}])
def test_other_members_than_the_expected_ones_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="not the expected members"):
        decode(Sample, value)
