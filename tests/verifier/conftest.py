"""A venue's device, as the tests of its commands use it."""

from pathlib import Path

import pytest

from tests.support.commands import Given, Outcome, Run, run_here
from tests.support.world import NOON, World


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``qupia-verifier`` at noon, with a home of its own; the language is the test's."""
    monkeypatch.setenv("QUPIA_VERIFIER_HOME", str(tmp_path / "home"))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*words: object, given: Given = "", now: int = NOON) -> Outcome:
        said = map(str, words)
        return run_here("qupia-verifier", *said, clock=lambda: now, given=given, environment={})

    return run


@pytest.fixture
def world() -> World:
    return World(hint="month")


@pytest.fixture
def bundle_file(tmp_path: Path, world: World) -> Path:
    path = tmp_path / "bundle.jws"
    path.write_bytes(world.bundle(NOON))
    return path


@pytest.fixture
def device(run: Run, world: World, bundle_file: Path) -> Run:
    """A device that was set up from a file."""
    assert run("setup", bundle_file, "--root", world.pin).status == 0
    return run
