"""What holds for the classes of all five packages: one root of errors, one name for one thing."""

import ast
import doctest
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import get_type_hints

import pytest

import schemas.errors
from schemas.errors import QupiaError, Refusal
from schemas.languages import Language

PACKAGES = ("schemas", "shell", "issuer", "verifier", "wallet_sim")


def _modules() -> Iterator[ModuleType]:
    for name in PACKAGES:
        package = pkgutil.resolve_name(name)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            yield pkgutil.resolve_name(found.name)


def _errors() -> list[type[BaseException]]:
    """Every class of an exception that is written down in the five packages."""
    classes = [
        (module, value)
        for module in _modules()
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseException)
    ]
    return [value for module, value in classes if value.__module__ == module.__name__]


ERRORS = _errors()
REFUSALS = [error for error in ERRORS if issubclass(error, Refusal) and error is not Refusal]


def _faults(refusal: type[BaseException]) -> type[StrEnum]:
    """The closed list that a type of refusal names."""
    [base] = [one for one in refusal.__orig_bases__ if getattr(one, "__origin__", None) is Refusal]
    [faults] = base.__args__
    return faults


def test_there_are_errors_in_every_package() -> None:
    assert {error.__module__.split(".")[0] for error in ERRORS} == set(PACKAGES)
    assert len(ERRORS) > 30


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_every_error_stands_under_the_one_root(error: type[BaseException]) -> None:
    assert issubclass(error, QupiaError)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_an_error_with_a_fault_of_a_closed_list_is_the_generic_type(
    error: type[BaseException],
) -> None:
    made_with = vars(error).get("__init__")
    hints = [*get_type_hints(error).values()]
    hints += get_type_hints(made_with).values() if made_with is not None else ()
    lists = [hint for hint in hints if isinstance(hint, type) and issubclass(hint, StrEnum)]
    assert not lists or issubclass(error, Refusal)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.__name__)
def test_a_refusal_names_its_list_and_its_texts_have_every_fault_and_nothing_else(
    refusal: type[Refusal[StrEnum]],
) -> None:
    faults = _faults(refusal)
    assert issubclass(faults, StrEnum)
    assert not refusal.table or set(refusal.table) == {fault.value for fault in faults}
    for fault in faults:
        refused = refusal(fault)
        assert (refused.fault, str(refused)) == (fault, fault.value)
        assert not refusal.kind or all(refused.text(language) for language in Language)


def test_the_example_of_the_errors_runs() -> None:
    assert doctest.testmod(schemas.errors) == (0, 3)


def test_no_public_name_of_a_class_stands_for_two_things() -> None:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for module in _modules():
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module.__name__)
    assert len(found) > 100
    assert {name: places for name, places in found.items() if len(places) > 1} == {}
