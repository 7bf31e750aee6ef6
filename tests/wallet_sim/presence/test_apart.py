"""Every module of the package is in the contract that keeps it apart from passes, or named here."""

import tomllib
from pathlib import Path

import wallet_sim.presence

ROOT = Path(__file__).parents[3]
HOLD_BOTH = {"beside", "commands", "speaking"}


def test_no_module_is_forgotten_by_the_contract() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    [contract] = [
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["name"].endswith("what has records knows no pass")
    ]
    kept_apart = {name.rpartition(".")[2] for name in contract["source_modules"]}
    modules = {path.stem for path in Path(wallet_sim.presence.__path__[0]).glob("*.py")}
    assert modules - {"__init__"} == kept_apart | HOLD_BOTH
    assert not kept_apart & HOLD_BOTH
