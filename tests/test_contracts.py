"""Import contracts cover a module on the day it is made: whatever it imports wrongly is caught."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["importlinter"]["root_packages"]
PROGRAMS = ("issuer", "verifier", "wallet_sim")

PLANTED: Mapping[str, str] = {
    "wallet_sim": "import starlette\nimport schemas.visits\nimport wallet_sim.passes.state\n",
    "verifier": "import sqlite3\nimport shell.daily_seeds\nimport verifier.door.verification\n",
    "issuer": "import sqlite3\nimport starlette\nimport issuer.keys.rawrsa\n",
}
"""A pass and a visit and the web; a pass and a seed and SQL; SQL and the web and a raw key."""


def _plant(folder: Path, room: str, planted: Mapping[str, str] = PLANTED) -> None:
    """The five packages in ``folder``, with a new module in ``room`` of each program."""
    shutil.copy(ROOT / "pyproject.toml", folder)
    built = shutil.ignore_patterns("__pycache__", "dist", "node_modules")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=built)
    for program, imports in planted.items():
        (folder / program / room / "planted.py").write_text(imports, encoding="utf-8")


def _broken(folder: Path) -> list[str]:
    """The contracts that are broken in ``folder``, as the linter names them."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    linted = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={"COLUMNS": "200"}
    )
    assert "Contracts:" in linted.stdout, linted.stdout + linted.stderr
    return re.findall(r"^(.*) BROKEN", linted.stdout, re.MULTILINE)


@pytest.mark.parametrize("room", ["", "commands"])
@pytest.mark.process
def test_new_modules_that_know_too_much_break_the_contracts(tmp_path: Path, room: str) -> None:
    _plant(tmp_path, room)
    assert len(_broken(tmp_path)) >= 6


@pytest.mark.process
def test_a_command_reaches_what_staff_may_do_and_not_the_api_or_a_page(tmp_path: Path) -> None:
    _plant(tmp_path, "commands", {"issuer": "import issuer.api.staff_calls\n"})
    [broken] = _broken(tmp_path)
    assert broken.startswith("Nothing imports demo, pages and the API")


def test_no_module_is_forgotten_by_the_contract() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    for program in PROGRAMS:
        [order] = [one for one in contracts if one.get("containers") == [program]]
        assert order["exhaustive"]
        placed = {stage.strip() for layer in order["layers"] for stage in layer.split("|")}
        there = {
            path.stem
            for path in (ROOT / program).iterdir()
            if path.suffix == ".py" or (path / "__init__.py").exists()
        }
        assert there - {"__init__"} == placed


def test_the_wallet_can_be_taken_in_at_a_glance() -> None:
    entries = {path.name for path in (ROOT / "wallet_sim").iterdir()} - {"__pycache__"}
    assert len(entries) <= 12
