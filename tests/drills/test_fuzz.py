"""Readers are fed with what is nearly right: none breaks, and the page reads as Python does.

Short by default, and then always the same. In ``make drill`` long and under a seed of its own each
time. What fails names its seed and its input in hex; ``QUPIA_FUZZ_SEED`` brings it back.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from random import Random
from secrets import randbits
from typing import Any, TypeVar

import pytest

from schemas.check_in import parse_check_in
from schemas.encoding import base45_decode, base45_encode
from schemas.jws import Typ
from schemas.log.entries import split_carried
from schemas.presentation import format_presentation, slot_at
from schemas.token import DevicePoint
from tests.support import engines
from tests.support.engines import Node, Offers, Python
from tests.support.hostile import offers
from tests.support.logs import MemoryLog
from tests.support.mutation import changed_bytes, changed_json, changed_jws
from tests.support.parsers import (
    BUNDLE_DATA,
    CHECK_IN,
    PARSERS,
    WORLD,
    feed,
)
from tests.support.texts import jws
from tests.support.vectors import foreign_texts
from tests.support.world import NOON

ROOT = Path(__file__).parents[2]
FULL = os.environ.get("QUPIA_DRILL") == "full"
SEED = int(os.environ.get("QUPIA_FUZZ_SEED", randbits(32) if FULL else 0))
INPUTS = 20_000 if FULL else 300
"""For each reader."""

RUNS = 200_000 if FULL else 2_000
"""By coverage, for each reader."""

COMPARED = 10_000 if FULL else 200
"""For each kind of input that both programs read."""

AT_ONCE = 50

Input = TypeVar("Input")
FOREIGN = [
    text.encode() for name in ("eu_certificates", "smart_cards") for text in foreign_texts(name)
]


def random_of(*what: object) -> Random:
    """Draws that depend on the seed and on what is drawn."""
    return Random(" ".join(map(str, (SEED, *what))))


def failed(what: str, number: object, data: bytes, why: object) -> None:
    pytest.fail(f"QUPIA_FUZZ_SEED={SEED}: {what} {number}: {why}\ninput in hex: {data.hex()}")


# Python alone


@pytest.mark.parametrize("name", PARSERS)
def test_no_reader_breaks_whatever_it_is_fed(name: str) -> None:
    seeds = PARSERS[name].seeds
    others = [seed for parser in PARSERS.values() for seed in parser.seeds] + FOREIGN
    assert any(feed(name, seed) for seed in seeds)
    for number in range(INPUTS):
        random = random_of(name, number)
        data = changed_bytes(
            random.choice((*seeds, *seeds, random.choice(others))), random, others=others
        )
        try:
            feed(name, data)
        except Exception as error:  # noqa: BLE001 - whatever it is, the input is to be told.
            failed(name, number, data, repr(error))


@pytest.mark.skipif(
    find_spec("atheris") is None,
    reason="atheris is not installed: .venv/bin/pip install atheris (Python 3.11 to 3.13)",
)
@pytest.mark.parametrize("name", PARSERS)
def test_no_reader_breaks_on_what_coverage_leads_to(name: str, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number, seed in enumerate((*PARSERS[name].seeds, *FOREIGN[:5])):
        (corpus / str(number)).write_bytes(seed)
    program = [sys.executable, "-m", "tests.support.coverage_fuzzer", name]
    # A seed of zero means any seed to libFuzzer.
    options = [f"-runs={RUNS}", f"-seed={SEED + 1}", "-max_len=65536", "-verbosity=0", str(corpus)]
    done = subprocess.run(
        [*program, *options],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    for crash in (
        path for kind in ("crash", "timeout", "oom") for path in tmp_path.glob(f"{kind}-*")
    ):
        failed(name, crash.name, crash.read_bytes(), done.stderr[-2000:])
    assert done.returncode == 0, done.stderr[-2000:]


# Python against the page


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with engines.node() as node:
        node.read("fuzzed", BUNDLE_DATA, root=WORLD.pin)
        yield node


@pytest.fixture(scope="module")
def here() -> Python:
    here = Python()
    here.read("fuzzed", BUNDLE_DATA, root=WORLD.pin)
    return here


def compare(
    kind: str,
    make: Callable[[Random], Input],
    sides: Sequence[Callable[[list[Input]], Sequence[object]]],
    as_bytes: Callable[[Input], bytes],
) -> list[Any]:
    """What both sides say of each input; fails at the first of which they say different things."""
    said: list[Any] = []
    for first in range(0, COMPARED, AT_ONCE):
        inputs = [make(random_of(kind, number)) for number in range(first, first + AT_ONCE)]
        here, there = (side(inputs) for side in sides)
        for number, (given, one, other) in enumerate(zip(inputs, here, there, strict=True), first):
            if one != other:
                failed(kind, number, as_bytes(given), f"Python says {one}, the page {other}")
        said += here
    return said


# Bundles and root statements


def spoilt_bundle(random: Random) -> Offers:
    """In the log of a world of its own, so that what is wrong is the bundle itself."""
    changed = changed_jws(split_carried(BUNDLE_DATA)[0].decode(), WORLD.signer, random)
    return offers(WORLD, MemoryLog(WORLD.token_issuer).carry(changed.encode("utf-8")))


def spoilt_statement(random: Random) -> Offers:
    payload = WORLD.payload(NOON, version=1)
    statements = payload["delegations"]
    [signature] = statements[-1]["signatures"]
    text = f"{signature['protected']}.{statements[-1]['payload']}.{signature['signature']}"
    protected, body, end = (*changed_jws(text, WORLD.root, random).split("."), "", "")[:3]
    statements[-1] = {"payload": body, "signatures": [{"protected": protected, "signature": end}]}
    signed = jws(payload, typ=Typ.TRUST, key=WORLD.signer)
    return offers(WORLD, MemoryLog(WORLD.token_issuer).carry(signed.encode()))


# Another payload of the pinned statement has another anchor, so few faults are left.
@pytest.mark.parametrize(("make", "least"), [(spoilt_bundle, 4), (spoilt_statement, 3)])
def test_both_accept_the_same_bundles(
    make: Callable[[Random], Offers], least: int, here: Python, node: Node
) -> None:
    said = compare(
        make.__name__, make, (here.accept, node.accept), lambda chain: chain.offers[0][0]
    )
    assert [None] in said
    assert len({str(one) for one in said}) >= least


# Codes at the door


def at_the_door(text: str, random: Random) -> dict[str, Any]:
    return {
        "bundle": "fuzzed",
        "policy": random.choice(["everyone", "first-only", "no such policy"]),
        "venue": None,
        "before": [],
        "text": text,
        "now": NOON + random.choice((0, 0, 0, 60, 120, 86_400)),
    }


PASSES = [WORLD.issue(NOON), WORLD.issue(NOON, status="blue")]


def spoilt_pass(random: Random) -> dict[str, Any]:
    """A field in other bytes, a proof of another moment, or other letters."""
    shown = WORLD.present(random.choice(PASSES), slot_at(NOON) + random.randint(-3, 3))
    point = DevicePoint(shown.device.x, changed_bytes(shown.device.y, random)[:32].ljust(32, b"\0"))
    members: dict[str, Any] = random.choice(
        (
            {},
            {"device": point},
            {"slot": random.getrandbits(32)},
            {"proof": changed_bytes(shown.proof, random)[:64].ljust(64, b"\0")},
            {"signature": changed_bytes(shown.signature, random)[:256].ljust(256, b"\0")},
            {"key_prefix": random.choice(PASSES).key.id[:4]},
        )
    )
    text = format_presentation(replace(shown, **members))
    if random.random() < 0.3:
        text = changed_bytes(text.encode(), random, others=FOREIGN).decode("latin-1")
    return at_the_door(text, random)


def spoilt_paper(random: Random) -> dict[str, Any]:
    return at_the_door(changed_jws(WORLD.paper(NOON), WORLD.paper_key, random), random)


@pytest.mark.parametrize("make", [spoilt_pass, spoilt_paper])
def test_both_decide_alike_on_a_code(
    make: Callable[[Random], dict[str, Any]], here: Python, node: Node
) -> None:
    said = compare(
        make.__name__, make, (here.scan, node.scan), lambda case: case["text"].encode("utf-8")
    )
    outcomes = {decided["reason"] for [decided] in said}
    assert {"not_a_pass", None} <= outcomes
    assert len(outcomes) > 3


# Check-in codes


def spoilt_check_in(random: Random) -> str:
    prefix, _, digits = CHECK_IN.partition(":")
    data = changed_bytes(base45_decode(digits), random)
    text = f"{prefix}:{base45_encode(data)}"
    return text if random.random() < 0.8 else changed_bytes(text.encode(), random).decode("latin-1")


def parsed_here(codes: list[str]) -> list[object]:
    return [_parsed(text) for text in codes]


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        code = parse_check_in(text)
    except ValueError:
        return None
    keys = [key.hex() for key in code.keys]
    return {"first_hour": code.first_hour, "keys": keys, "grid": code.grid.hex(), "name": code.name}


def test_both_read_the_same_check_in_codes(node: Node) -> None:
    sides = (parsed_here, lambda codes: node.presence("parse", codes))
    said = compare("check-in", spoilt_check_in, sides, lambda text: text.encode("utf-8"))
    assert None in said
    assert any(said)


# The tool itself


def test_a_change_is_brought_back_by_its_seed() -> None:
    for make in (spoilt_bundle, spoilt_pass, spoilt_paper, spoilt_check_in):
        assert str(make(Random(7))) == str(make(Random(7)))
    value = json.loads(PARSERS["json"].seeds[0])
    assert changed_json(value, Random(7)) == changed_json(value, Random(7))
