"""``qupia-verifier`` as a process: scanners, keys, pipes and full disks."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.check_in import parse_check_in
from schemas.hours import hour_at
from schemas.kinds import DAY, HOUR
from schemas.presentation import UNBOUND, slot_at
from shell.clock import system_clock
from tests.support.waiting import PATIENCE
from tests.support.world import World

PROGRAM = Path(sys.executable).parent / "qupia-verifier"


@dataclass(frozen=True)
class Machine:
    """A home, and the installed command at the real time."""

    home: Path
    world: World
    bundle_file: Path
    now: int

    def run(self, *arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
        command = [str(PROGRAM), *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, env=self.environment, check=False, **options
        )

    def code(self) -> str:
        """A code of this moment: one of some minutes ago would be stale."""
        return self.world.code(system_clock())

    @property
    def environment(self) -> dict[str, str]:
        return {
            "QUPIA_VERIFIER_HOME": str(self.home),
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
        }


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    now = system_clock()
    # Where it is noon now, no window ends while the test runs.
    world = World(start=now, zone=f"Etc/GMT{now % DAY // HOUR - 12:+d}")
    path = tmp_path / "bundle.jws"
    path.write_bytes(world.bundle(now))
    machine = Machine(tmp_path / "home", world, path, now)
    assert machine.run("setup", path, "--root", world.pin).returncode == 0
    return machine


def test_a_hand_scanner_gets_each_verdict_at_once(machine: Machine) -> None:
    with subprocess.Popen(
        [PROGRAM, "scan", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=machine.environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for number in (1, 2):
            process.stdin.write(machine.code().encode() + b"\r")
            process.stdin.flush()
            line = json.loads(process.stdout.readline())
            assert (line["source"], line["outcome"]) == (f"line {number}", "admit")
        process.stdin.close()
        assert process.wait() == 0


def test_a_key_that_stops_the_scanner_leaves_no_traceback(machine: Machine) -> None:
    with subprocess.Popen(
        [PROGRAM, "scan", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=machine.environment,
        # A test run in the background of a shell hands on that it ignores this signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"x\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=PATIENCE)
        assert errors == b""
        assert process.returncode == 130


def test_a_scan_does_not_even_load_the_web_client_or_the_web_server(machine: Machine) -> None:
    program = (
        "import sys; from verifier.commands import app\n"
        "sys.argv = ['qupia-verifier', 'scan', sys.argv[1]]\n"
        "try: app.main()\n"
        "finally: print({'httpx', 'starlette', 'uvicorn'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, machine.code()],
        capture_output=True,
        text=True,
        env=machine.environment,
        check=True,
    )
    assert result.stdout.splitlines() == ["line 1: ✓ ADMIT — Green", "set()"]


def test_an_endless_line_eats_no_memory(machine: Machine) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (100_000_000, 100_000_000))

    result = machine.run("scan", "-", "--json", input="A" * 100_000_000, preexec_fn=limit)
    assert (result.returncode, result.stderr) == (1, "")
    assert json.loads(result.stdout)["reason"] == "not_a_pass"


def test_a_reader_that_goes_away_ends_the_command_quietly(machine: Machine) -> None:
    with subprocess.Popen(
        [PROGRAM, "scan", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=machine.environment,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate(b"x\n" * 10, timeout=PATIENCE)
        assert errors == b""
        assert process.returncode == 1


def test_a_full_disk_is_one_line_and_loses_nothing(machine: Machine, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    path = tmp_path / "new.jws"
    path.write_bytes(machine.world.bundle(machine.now))
    result = machine.run("import", path, preexec_fn=limit)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: File too large")
    assert len(result.stderr.splitlines()) == 1
    status = json.loads(machine.run("status", "--json").stdout)
    assert (status["version"], status["keys"]) == (1, "fresh")
    assert machine.run("import", path).returncode == 0


def test_a_terminal_without_our_letters_gets_their_numbers(machine: Machine) -> None:
    environment = {**machine.environment, "PYTHONIOENCODING": "ascii"}
    result = subprocess.run(
        [PROGRAM, "scan", "x", "--lang", "kk"], capture_output=True, env=environment, check=False
    )
    assert result.returncode == 1
    assert result.stdout.startswith(b"line 1: \\u2717 ")
    assert result.stderr == b""


def test_a_scan_that_runs_for_long_takes_the_next_bundle(machine: Machine, tmp_path: Path) -> None:
    world, path = machine.world, tmp_path / "new.jws"
    world.retire(world.calendar.window_at(machine.now))
    path.write_bytes(world.bundle(machine.now))
    with subprocess.Popen(
        [PROGRAM, "scan", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=machine.environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        reasons = []
        for _ in range(2):
            process.stdin.write(machine.code().encode() + b"\n")
            process.stdin.flush()
            reasons.append(json.loads(process.stdout.readline())["reason"])
            machine.run("import", path)
        process.stdin.close()
    assert reasons == ["unknown_key", None]


def test_a_scan_that_runs_for_long_follows_the_check_in_code(machine: Machine) -> None:
    world = machine.world
    with subprocess.Popen(
        [PROGRAM, "scan", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=machine.environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        reasons, bindings = [], {}
        for options in (["--strict"], ["--no-strict"], ["--off"]):
            now = system_clock()
            binding = bindings.get(hour_at(now), UNBOUND)
            text = world.show(world.issue(now), slot_at(now), venue=binding)
            process.stdin.write(f"{machine.code()}\n{text}\n".encode())
            process.stdin.flush()
            reasons.append([json.loads(process.stdout.readline())["reason"] for _ in range(2)])
            shown = json.loads(machine.run("checkin", "--json", *options).stdout)
            if "code" in shown:
                bindings = parse_check_in(shown["code"]).bindings()
        process.stdin.close()
    assert reasons == [[None, None], ["not_bound", None], [None, None]]
