"""The page decides on every code as the command does, whatever the code, the time and the venue."""

import json
from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.encoding import BASE45_ALPHABET, base45_encode
from schemas.jws import Typ
from schemas.kinds import DAY, HOUR
from schemas.presentation import (
    PREFIX,
    SLOTS,
    TEXT_LENGTH,
    UNBOUND,
    Presentation,
    format_presentation,
    slot_at,
)
from schemas.token import DevicePoint
from tests.support.engines import Node, Python
from tests.support.spellings import VALUES
from tests.support.texts import signed, to_json
from tests.support.world import NOON, Pass, World
from tests.vectors.make import (
    BINDING,
    DOORS,
    NEXT_PAPER_KEY,
    OLD_PAPER_KEY,
    OTHER_BINDING,
    P256_ORDER,
    THIS_HOUR,
    Authority,
    shown_by,
)

any_character = st.characters(exclude_categories=())
P256_PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
POLICIES = ["everyone", "first-only", "no-hint", "no such policy"]
VENUES = [
    None,
    shown_by({THIS_HOUR: BINDING}),
    shown_by({THIS_HOUR: BINDING}, strict=True),
    shown_by({THIS_HOUR - 1: OTHER_BINDING, THIS_HOUR: OTHER_BINDING, THIS_HOUR + 1: BINDING}),
    shown_by({}, strict=True),
]
AUTHORITY = Authority()
BUNDLES = {"authority.jws": AUTHORITY.world, "training.jws": AUTHORITY.training}


@dataclass(frozen=True)
class Engines:
    here: Python
    there: Node

    def assert_agree(self, cases: list[dict[str, Any]]) -> None:
        for case, here, there in zip(
            cases, self.here.scan(cases), self.there.scan(cases), strict=True
        ):
            assert there == here, case


@pytest.fixture(scope="module")
def engines(node: Node) -> Engines:
    here = Python()
    for name, world in BUNDLES.items():
        for engine in (here, node):
            engine.read(name, AUTHORITY.bundles[name], root=world.pin)
    return Engines(here, node)


def case(text: str, now: int = NOON, **members: Any) -> dict[str, Any]:
    return {
        "bundle": "authority.jws",
        "policy": "everyone",
        "venue": None,
        "before": [],
        "text": text,
        "now": now,
    } | members


# The vectors

VECTORS = [json.loads(path.read_text()) for path in sorted(DOORS.glob("*.json"))]
TEXTS = sorted({vector["text"] for vector in VECTORS})
GOOD = AUTHORITY.show()
SLIP = AUTHORITY.slip()
PAPERS = [vector["text"] for vector in VECTORS if "paper" in vector["name"]]


def test_every_vector_under_every_policy_and_venue(engines: Engines) -> None:
    engines.assert_agree(
        [
            vector | {"policy": policy, "venue": venue}
            for vector in VECTORS
            for policy in POLICIES
            for venue in (*VENUES, vector["venue"])
        ]
    )


# Honest codes, at any time

TODAY, TOMORROW = AUTHORITY.today, AUTHORITY.tomorrow
PASSES: list[tuple[World, Pass]] = [
    *(
        (AUTHORITY.world, a_pass)
        for a_pass in (
            AUTHORITY.green,
            AUTHORITY.second,
            AUTHORITY.blue,
            AUTHORITY.of_retired_key,
            AUTHORITY.world.issue(NOON, window=TOMORROW),
        )
    ),
    (AUTHORITY.training, AUTHORITY.training.issue(NOON)),
    (AUTHORITY.other, AUTHORITY.other.issue(NOON)),
]
EDGES = [
    0,
    NOON - 120,
    NOON,
    NOON + HOUR,
    TODAY.nbf,
    TODAY.exp,
    TOMORROW.exp,
    NOON + AUTHORITY.world.life,
    AUTHORITY.world.sunset,
    (SLOTS - 1) * 30,
]
moments = st.builds(
    lambda edge, seconds: edge + seconds, st.sampled_from(EDGES), st.integers(-200, 200)
)
near_noon = st.integers(NOON - 5, NOON + 400)


bindings = st.sampled_from([UNBOUND, UNBOUND, BINDING, OTHER_BINDING])


@st.composite
def codes(
    draw: st.DrawFn, times: st.SearchStrategy[int], passes: list[tuple[World, Pass]] = PASSES
) -> dict[str, Any]:
    """A code that a wallet shows, up to five slots too early or too late, or at any time."""
    now = draw(times)
    world, a_pass = draw(st.sampled_from(passes))
    shown = min(max(slot_at(now) + draw(st.integers(-5, 5)), 0), SLOTS - 1)
    slot = draw(st.just(shown) | st.just(shown) | st.integers(0, SLOTS - 1))
    return {"text": world.show(a_pass, slot, venue=draw(bindings)), "now": now}


@st.composite
def visits(draw: st.DrawFn, scans: st.SearchStrategy[dict[str, Any]]) -> dict[str, Any]:
    """A door at which a few codes are shown in turn, while its clock may be set."""
    shown = draw(st.lists(scans, min_size=1, max_size=5))
    return case(
        **shown[-1],
        before=shown[:-1],
        bundle=draw(st.sampled_from(["authority.jws"] * 4 + ["training.jws", None])),
        policy=draw(st.sampled_from(POLICIES)),
        venue=draw(st.sampled_from(VENUES)),
    )


at_noon = codes(near_noon, PASSES[:2])
at_any_time = codes(near_noon) | codes(moments)


@given(st.lists(visits(at_noon) | visits(at_any_time), min_size=5, max_size=15))
def test_honest_codes_at_any_time(engines: Engines, cases: list[dict[str, Any]]) -> None:
    engines.assert_agree(cases)


@st.composite
def rushes(draw: st.DrawFn) -> dict[str, Any]:
    """Fresh codes of two passes, again and again, while the clock may be set back."""
    times = draw(st.lists(near_noon, min_size=2, max_size=8))
    scans: list[dict[str, Any]] = [
        {"text": AUTHORITY.show(draw(st.sampled_from(PASSES[:2]))[1], slot_at(now)), "now": now}
        for now in times
    ]
    return case(**scans[-1], before=scans[:-1])


@given(st.lists(rushes(), min_size=1, max_size=5))
def test_passes_that_are_shown_again(engines: Engines, cases: list[dict[str, Any]]) -> None:
    engines.assert_agree(cases)


# Codes whose fields are spoilt


def numbers_near(*values: int, length: int) -> st.SearchStrategy[bytes]:
    """Numbers around ``values``, as big-endian bytes."""
    top = 256**length
    near = st.builds(lambda value, by: value + by, st.sampled_from(values), st.integers(-2, 2))
    return near.filter(lambda number: 0 <= number < top).map(lambda n: n.to_bytes(length, "big"))


def flipped(data: bytes) -> st.SearchStrategy[bytes]:
    number = int.from_bytes(data, "big")
    bits = st.integers(0, 8 * len(data) - 1)
    return bits.map(lambda bit: (number ^ (1 << bit)).to_bytes(len(data), "big"))


def spoilt(good: Presentation, modulus: int) -> st.SearchStrategy[dict[str, Any]]:
    """Members to replace in a good presentation."""
    point, proof = good.device, good.proof
    r, s = (int.from_bytes(half, "big") for half in (proof[:32], proof[32:]))
    halves = numbers_near(0, r, s, P256_ORDER - s, P256_ORDER, 2**256 - 1, length=32)
    coordinates = numbers_near(
        0, *(int.from_bytes(c, "big") for c in (point.x, point.y)), P256_PRIME, length=32
    )
    prefixes = [a_pass.key.id[:4] for _, a_pass in PASSES]
    signed = int.from_bytes(good.signature, "big")
    devices = st.builds(DevicePoint, coordinates, coordinates) | st.sampled_from(
        [a_pass.point for _, a_pass in PASSES]
    )
    strategies: dict[str, st.SearchStrategy[Any]] = {
        "key_prefix": st.sampled_from(prefixes)
        | flipped(good.key_prefix)
        | st.binary(min_size=4, max_size=4),
        "device": devices,
        "signature": numbers_near(0, signed, modulus, modulus - signed, 2**2048 - 1, length=256)
        | flipped(good.signature),
        "slot": st.integers(good.slot - 5, good.slot + 5) | st.integers(0, SLOTS - 1),
        "proof": st.builds(bytes.__add__, halves, halves)
        | flipped(proof)
        | st.binary(min_size=64, max_size=64),
    }
    assert strategies.keys() == {field.name for field in fields(Presentation)}
    return st.one_of(
        [st.fixed_dictionaries({name: values}) for name, values in strategies.items()]
    ) | st.fixed_dictionaries({}, optional=strategies)


FIELDS = AUTHORITY.fields()
SPOILT = spoilt(FIELDS, AUTHORITY.green.key.n)


@given(st.lists(SPOILT, min_size=10, max_size=30), st.sampled_from(VENUES))
def test_codes_with_other_bytes_in_their_fields(
    engines: Engines, spoils: list[dict[str, Any]], venue: dict[str, Any] | None
) -> None:
    texts = [format_presentation(replace(FIELDS, **members)) for members in spoils]
    engines.assert_agree([case(text, venue=venue) for text in texts])


def test_signed_tokens_of_points_that_no_key_has(engines: Engines) -> None:
    """An issuer signs blind, so it may have signed any of these."""
    good = AUTHORITY.green.point
    x, y = int.from_bytes(good.x, "big"), int.from_bytes(good.y, "big")
    b = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    root_of_b = pow(b, (P256_PRIME + 1) // 4, P256_PRIME)
    points = [
        (x, P256_PRIME - y),
        (x, y ^ 1),
        (y, x),
        (0, 0),
        (0, 1),
        (0, root_of_b),
        (P256_PRIME, root_of_b),
        (P256_PRIME, 0),
        (x, P256_PRIME),
        (2**256 - 1, 2**256 - 1),
    ]
    cases = []
    for point in points:
        device = DevicePoint(*(number.to_bytes(32, "big") for number in point))
        crooked = AUTHORITY.world.issue_to(AUTHORITY.green.device, device, TODAY)
        members: dict[str, Any] = {"device": device, "signature": crooked.signature}
        cases += [case(AUTHORITY.spoiled(**members), venue=venue) for venue in VENUES]
    engines.assert_agree(cases)
    assert {decided["reason"] for [decided] in engines.here.scan(cases)} == {"bad_proof"}


# Paper

CLAIMS = AUTHORITY.world.slip(NOON)
PAPER_KEY = AUTHORITY.world.paper_key
PAPER_KEYS = [PAPER_KEY, OLD_PAPER_KEY, NEXT_PAPER_KEY, AUTHORITY.world.retention_key]


def paper_header(**members: Any) -> bytes:
    return to_json({"alg": "ES256", "kid": PAPER_KEY.kid, "typ": Typ.PAPER.value} | members)


def test_papers_in_other_letters_than_an_authority_writes(engines: Engines) -> None:
    """Right and wrong JSON, each under a signature that verifies."""
    payload, header = to_json(CLAIMS), paper_header()
    texts = []
    for value in VALUES.values():
        extra = b'{"extra":' + value + b","
        texts.append(signed(header, extra + payload[1:], PAPER_KEY))
        texts.append(signed(extra + header[1:], payload, PAPER_KEY))
        for name in CLAIMS:
            member = f'"{name}":'.encode() + to_json(CLAIMS[name])
            other = payload.replace(member, f'"{name}":'.encode() + value)
            assert other != payload
            texts.append(signed(header, other, PAPER_KEY))
        for name in ("alg", "kid", "typ"):
            rest = {key: v for key, v in json.loads(header).items() if key != name}
            written = f'{{"{name}":'.encode() + value + b"," + to_json(rest)[1:]
            texts.append(signed(written, payload, PAPER_KEY))
    engines.assert_agree([case(text) for text in texts])


near_times = st.builds(
    lambda edge, by: edge + by,
    st.sampled_from([NOON, TODAY.nbf, TODAY.exp, TODAY.nbf - 7 * DAY, TODAY.nbf + 7 * DAY]),
    st.integers(-2, 2),
)
odd_values = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@st.composite
def papers(draw: st.DrawFn) -> dict[str, Any]:
    """A slip of some claims under some key, right or wrong, at a time that matters."""
    claims = CLAIMS | draw(
        st.fixed_dictionaries(
            {},
            optional={
                "nbf": near_times | odd_values,
                "exp": near_times | odd_values,
                "status": st.sampled_from(["green", "blue", "amber", "", "Green"]) | odd_values,
                "holder": st.sampled_from(["03", "02-29", "02-30", "04-31", "3-17", "03-17\n"])
                | odd_values,
                "iss": st.sampled_from([AUTHORITY.other.iss, CLAIMS["iss"] + "/"]) | odd_values,
            },
        )
    )
    header = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "alg": st.sampled_from(["ES256", "HS256", "none", "ES384"]) | odd_values,
                "typ": st.sampled_from([typ.value for typ in Typ]) | odd_values,
                "kid": st.sampled_from([key.kid for key in PAPER_KEYS]) | odd_values,
            },
        )
    )
    key = draw(st.sampled_from([PAPER_KEY] * 3 + PAPER_KEYS))
    payload = json.dumps(claims).encode()
    written = json.dumps(json.loads(paper_header(kid=key.kid)) | header).encode()
    return case(
        signed(written, payload, key),
        draw(st.just(NOON) | near_times),
        policy=draw(st.sampled_from(POLICIES)),
        venue=draw(st.sampled_from(VENUES)),
    )


@given(st.lists(papers(), min_size=10, max_size=30))
def test_papers_of_other_claims_keys_and_times(
    engines: Engines, cases: list[dict[str, Any]]
) -> None:
    engines.assert_agree(cases)


@st.composite
def paper_edits(draw: st.DrawFn) -> str:
    """A slip with up to three places changed, filled, emptied or swapped."""
    text = draw(st.just(SLIP) | st.sampled_from(PAPERS))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        new = draw(st.sampled_from(".-_=A9 \n") | any_character)
        kept = draw(st.integers(0, 2))
        text = text[:at] + new * draw(st.integers(0, 2)) + text[at + kept :]
    return text


@given(st.lists(paper_edits(), min_size=20, max_size=50))
def test_papers_with_a_few_other_characters(engines: Engines, texts: list[str]) -> None:
    engines.assert_agree([case(text) for text in texts])


def test_papers_of_every_length_up_to_what_a_code_can_hold(engines: Engines) -> None:
    slips = [AUTHORITY.slip(x="x" * size) for size in range(350, 600)]
    engines.assert_agree([case(text) for text in [*slips, "eyJ" + "A" * 8000, "." * 3000]])
    reasons = {decided["reason"] for [decided] in engines.here.scan(map(case, slips))}
    assert reasons == {None, "not_a_pass"}


# Texts of any kind

base45_digits = BASE45_ALPHABET.decode()
odd_characters = any_character | st.sampled_from(
    "\r\n\0 \u2028\ufeffАﬀ٣\ud800\udfff😀" + base45_digits
)
LAST = TEXT_LENGTH + 2


@st.composite
def edits(draw: st.DrawFn) -> str:
    """A good code with up to three places changed, filled, emptied or swapped."""
    text = draw(st.just(GOOD) | st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        at = min(draw(st.integers(0, LAST) | st.integers(TEXT_LENGTH - 2, LAST)), len(text))
        new, kept = draw(odd_characters), draw(st.integers(0, 2))
        text = text[:at] + new * draw(st.integers(0, 2)) + text[at + kept :]
    return text


in_the_alphabet = st.integers(0, 620).flatmap(
    lambda size: st.binary(min_size=size, max_size=size).map(
        lambda data: "".join(base45_digits[byte % 45] for byte in data)
    )
)
of_the_right_length = st.binary(min_size=TEXT_LENGTH - 4, max_size=TEXT_LENGTH - 4).map(
    lambda data: PREFIX + "".join(base45_digits[byte % 45] for byte in data)
)
of_any_fields = st.binary(min_size=392, max_size=392).map(lambda data: PREFIX + base45_encode(data))
line_ends = st.text("\r\n\u2028\x85", max_size=4).map(GOOD.__add__)
any_text = st.text(any_character, max_size=60) | st.text(any_character).map(PREFIX.__add__)


@given(st.lists(edits() | line_ends, min_size=20, max_size=50))
def test_good_codes_with_a_few_other_characters(engines: Engines, texts: list[str]) -> None:
    engines.assert_agree([case(text) for text in texts])


@given(
    st.lists(
        any_text | in_the_alphabet | of_the_right_length | of_any_fields, min_size=10, max_size=30
    )
)
def test_texts_that_are_no_codes(engines: Engines, texts: list[str]) -> None:
    engines.assert_agree([case(text) for text in texts])
