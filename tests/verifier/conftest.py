"""A venue's device, as the tests of its commands use it."""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.device_commands import Result, Run
from tests.support.world import NOON, World
from verifier.commands import app


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Run]:
    """The whole command line in this process, at noon, with a home of its own."""
    before = os.umask(0o022)
    monkeypatch.setenv("QUPIA_VERIFIER_HOME", str(tmp_path / "home"))
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object, typed: str | bytes = b"", now: int = NOON) -> Result:
        data = typed.encode() if isinstance(typed, str) else typed
        monkeypatch.setattr(sys, "argv", ["qupia-verifier", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        monkeypatch.setattr("verifier.commands.app.system_clock", lambda: now)
        monkeypatch.setattr("verifier.commands.presence.system_clock", lambda: now)
        monkeypatch.setattr("shell.command_line.system_clock", lambda: now)
        with pytest.raises(SystemExit) as ended:
            app.main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        assert isinstance(ended.value.code, int)
        return Result(ended.value.code, out, err)

    yield run
    os.umask(before)


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
