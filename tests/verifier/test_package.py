import doctest
from pathlib import Path

import pytest

import schemas.activation
import schemas.door_texts
import schemas.refusals
import tests.support.world
import verifier


@pytest.mark.parametrize(
    "module",
    [verifier, schemas.activation, schemas.door_texts, schemas.refusals, tests.support.world],
    ids=lambda module: module.__name__,
)
def test_worked_examples_are_true(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    result = doctest.testmod(module)  # type: ignore[arg-type] # Modules have no common type.
    assert result.attempted > 0
    assert result.failed == 0
