"""The files under ``tests/vectors`` and ``tests/foreign``."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"
FOREIGN = VECTORS.parent / "foreign"
_HALF_OF_P256_ORDER = 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8


def rfc9578() -> list[dict[str, bytes]]:
    """RFC 9578, issuance protocol 2: every value as bytes."""
    vectors = json.loads((VECTORS / "rfc9578.json").read_text())["vectors"]
    return [{name: bytes.fromhex(value) for name, value in v.items()} for v in vectors]


def rfc9474() -> list[dict[str, Any]]:
    """RFC 9474 appendix A, as published."""
    vectors: list[dict[str, Any]] = json.loads((VECTORS / "rfc9474.json").read_text())["vectors"]
    return vectors


def log_cases(kind: str) -> list[dict[str, Any]]:
    """The cases of one kind in ``tests/vectors/log``; each has a name."""
    file = json.loads((VECTORS / "log" / f"{kind}.json").read_text(encoding="utf-8"))
    cases: list[dict[str, Any]] = file["cases"]
    return cases


def wycheproof(name: str) -> list[dict[str, Any]]:
    """The cases of a file of Wycheproof, each with the members of its group."""
    groups = json.loads((FOREIGN / f"{name}.json").read_text(encoding="utf-8"))["groups"]
    return [group | test for group in groups for test in group["tests"]]


def number_of(case: dict[str, Any]) -> str:
    """How a case of Wycheproof is called there."""
    return f"tcId {case['tcId']}"


def has_high_s(case: dict[str, Any]) -> bool:
    """Of the two s that are right a door may refuse the larger, lest they tell wallets apart."""
    return int(case["sig"][64:] or "0", 16) > _HALF_OF_P256_ORDER


def stricter(name: str) -> set[str]:
    """The flags of a file's cases that are refused here whatever their result."""
    return set(json.loads((FOREIGN / "stricter.json").read_text(encoding="utf-8"))[name])


def foreign_texts(name: str) -> list[str]:
    """The texts of a file of other systems' codes."""
    entries = json.loads((FOREIGN / f"{name}.json").read_text(encoding="utf-8"))["texts"]
    return [entry["text"] for entry in entries]
