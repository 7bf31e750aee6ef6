"""The files under ``tests/vectors``."""

import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent.parent / "vectors"


def rfc9578() -> list[dict[str, bytes]]:
    """RFC 9578, issuance protocol 2: every value as bytes."""
    vectors = json.loads((VECTORS / "rfc9578.json").read_text())["vectors"]
    return [{name: bytes.fromhex(value) for name, value in v.items()} for v in vectors]


def rfc9474() -> list[dict[str, Any]]:
    """RFC 9474 appendix A, as published."""
    vectors: list[dict[str, Any]] = json.loads((VECTORS / "rfc9474.json").read_text())["vectors"]
    return vectors
