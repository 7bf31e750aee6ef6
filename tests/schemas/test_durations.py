"""A difference is told in words and one whole unit; the page reads the same vectors."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.durations import duration_text, with_zone
from schemas.languages import Language

CASES = json.loads((Path(__file__).parents[1] / "vectors/durations.json").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["seconds"])
@pytest.mark.parametrize("language", Language)
def test_a_duration_is_said_as_people_say_it(case: dict[str, Any], language: Language) -> None:
    assert duration_text(case["seconds"], language) == case["texts"][language]
    assert bool(with_zone("", case["seconds"], language)) is case["zone"]
