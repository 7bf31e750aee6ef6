"""Tests lean on the product and ``tests/support``, never on each other, and lie where it lies."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests"
PACKAGES = ("schemas", "shell", "issuer", "verifier", "wallet_sim")
SHARED = ("support", "vectors")
"""Folders of what tests have in common; they hold no tests."""

TOLD_ELSEWHERE = {"wallet_sim/demo": "stories/test_demo.py"}
"""Rooms without a folder of tests, and where they are tested."""


def imported(source: str) -> Iterator[str]:
    """The full names of all that a module imports, wherever it does so."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{one.name}" for one in node.names)


def leans_on_a_test(name: str) -> bool:
    """Whether an imported name is, or is in, a module of tests or of fixtures."""
    parts = name.split(".")
    return parts[0] == "tests" and any(
        part == "conftest" or part.startswith("test_") for part in parts
    )


def rooms(top: Path) -> set[str]:
    """The folders under ``top`` that hold a module besides ``__init__``, relative to it."""
    modules = (path for path in top.rglob("*.py") if path.name != "__init__.py")
    folders = {path.parent for path in modules if "node_modules" not in path.parts}
    return {folder.relative_to(top).as_posix() for folder in folders}


@pytest.mark.parametrize(
    "line",
    [
        "import tests.issuer.test_paper",
        "from tests.issuer import test_paper",
        "from tests.issuer.test_paper import page",
        "from tests.issuer.conftest import found",
        "def f():\n    from tests import conftest",
    ],
)
def test_an_import_of_a_test_is_seen_however_it_is_written(line: str) -> None:
    assert any(map(leans_on_a_test, imported(line)))


def test_no_module_imports_a_test_or_a_conftest() -> None:
    found = {
        (path.relative_to(TESTS).as_posix(), name)
        for path in TESTS.rglob("*.py")
        for name in imported(path.read_text(encoding="utf-8"))
        if leans_on_a_test(name)
    }
    assert found == set()


def test_what_tests_share_lies_in_the_folders_for_it() -> None:
    found = {
        path.relative_to(TESTS).as_posix()
        for path in TESTS.rglob("*.py")
        if path.relative_to(TESTS).parts[0] not in SHARED
        if path.name not in ("__init__.py", "conftest.py") and not path.name.startswith("test_")
    }
    assert found == set()


def test_the_folders_for_what_is_shared_hold_no_tests() -> None:
    assert not [path for name in SHARED for path in (TESTS / name).rglob("test_*.py")]


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_lie_in_the_rooms_of_the_product(package: str) -> None:
    tested = {path.parent for path in (TESTS / package).rglob("test_*.py")}
    assert {folder.relative_to(TESTS / package).as_posix() for folder in tested} == {
        room
        for room in rooms(ROOT / package) | ({"web"} if package == "verifier" else set())
        if f"{package}/{room}" not in TOLD_ELSEWHERE
    }


def test_rooms_that_are_tested_elsewhere_are_there_with_their_tests() -> None:
    for room, test in TOLD_ELSEWHERE.items():
        assert (ROOT / room).is_dir() and (TESTS / test).is_file(), room
