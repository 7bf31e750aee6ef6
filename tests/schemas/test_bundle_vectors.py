"""What a client takes and refuses, in files that every implementation can read."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.trust import Accepted, TrustState, accept_bundle
from tests.vectors.make_bundles import FOLDER, OTHERS, files

CASES = sorted(path for path in FOLDER.glob("*.json") if path.name not in OTHERS)


def offer(
    before: Accepted | None, anchor: str, offered: dict[str, Any], leaves: list[str] | None = None
) -> Accepted:
    return accept_bundle(
        offered["bundle"].encode(),
        state=TrustState(anchor=anchor) if before is None else before.state,
        now=offered["now"],
        held=None if before is None else before.data,
        leaves=None if leaves is None else [bytes.fromhex(leaf) for leaf in leaves],
    )


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_vector_ends_as_it_says(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8"))
    assert case["name"] == path.stem
    held = None
    for earlier in case["before"]:
        held = offer(held, case["anchor"], earlier)
    if case["fault"] is None:
        held = offer(held, case["anchor"], case, case["leaves"])
        assert list(held.warnings) == case["warnings"]
    else:
        with pytest.raises(BundleRejected) as rejected:
            offer(held, case["anchor"], case, case["leaves"])
        assert rejected.value.fault == case["fault"]
    assert (held and held.bundle.version) == case["version"]


def test_there_is_a_vector_for_each_fault_of_the_roots_and_of_the_log_and_for_each_warning() -> (
    None
):
    cases = [json.loads(path.read_text(encoding="utf-8")) for path in CASES]
    assert {case["fault"] for case in cases} == {
        None,
        BundleFault.UNKNOWN_ROOT,
        BundleFault.BROKEN_CHAIN,
        BundleFault.SUNSET_LATER,
        BundleFault.ROLLBACK,
        BundleFault.SPLIT_VIEW,
        BundleFault.KEYS_REPLACED,
        BundleFault.NOT_IN_LOG,
        BundleFault.NOT_COSIGNED,
        BundleFault.LOG_FORKED,
    }
    assert {warning for case in cases for warning in case["warnings"]} == set(TrustWarning)


def test_the_vectors_are_what_their_script_makes() -> None:
    made = files()
    assert {path.name for path in CASES} == made.keys()
    assert all((FOLDER / name).read_bytes() == data for name, data in made.items())
