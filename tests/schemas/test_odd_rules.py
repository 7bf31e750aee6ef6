"""An issuer is held to what an honest one does, by the vectors that the page's tests read, too."""

import json
from typing import Any

import pytest

from schemas.bundle import check_keys, parse_bundle
from schemas.bundle_faults import BundleFault, BundleRejected, OddRule
from schemas.odd_rules import is_one_script
from tests.support.world import NOON, World
from tests.vectors.make_odd_rules import VECTORS, document

GIVEN = json.loads(VECTORS.read_text(encoding="utf-8"))
CASES = GIVEN["cases"]


def judged(replaced: dict[str, Any]) -> OddRule | None:
    """What is odd, to a client that reads a bundle of these members."""
    beside = {name: replaced.get(name, GIVEN[name]) for name in ("roots", "signers")}
    payload = GIVEN["payload"] | {k: v for k, v in replaced.items() if k not in beside}
    try:
        check_keys(parse_bundle(payload, sunset=payload["exp"]), **beside)
    except BundleRejected as rejected:
        assert rejected.fault is BundleFault.ODD_RULES
        return rejected.odd
    return None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_vector_is_judged_as_it_says(case: dict[str, Any]) -> None:
    assert judged(case["replaced"]) == case["odd"]


def test_each_rule_has_vectors_that_break_it() -> None:
    assert {case["odd"] for case in CASES} == {*OddRule, None}
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_the_vectors_are_what_their_script_makes() -> None:
    assert VECTORS.read_bytes() == document()


def test_a_single_status_needs_a_name_and_no_other_colour() -> None:
    payload = World(statuses=("green",)).payload(NOON)
    assert parse_bundle(payload, sunset=payload["exp"]).statuses[0].id == "green"
    payload["statuses"][0]["name"] = dict.fromkeys(("kk", "ru", "en"), "***")
    with pytest.raises(BundleRejected) as rejected:
        parse_bundle(payload, sunset=payload["exp"])
    assert rejected.value.odd is OddRule.TWIN_STATUSES


def test_every_letter_of_the_three_languages_is_allowed_in_names() -> None:
    kazakh = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
    assert is_one_script([kazakh, kazakh.upper()])
    assert is_one_script(["abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])


def test_many_odd_things_are_told_in_one_order() -> None:
    twins = next(case["replaced"] for case in CASES if case["odd"] == OddRule.TWIN_STATUSES)
    assert judged(twins | {"batch_size": 1}) is OddRule.TWIN_STATUSES
    assert judged({"batch_size": 1, "paper_keys": GIVEN["payload"]["paper_keys"] * 2}) is (
        OddRule.BATCH_SIZE
    )
