"""``qupia-verifier`` as people type it: in order, out of order, twice and with wrong arguments."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.check_in import parse_check_in
from schemas.hours import hour_at
from schemas.kinds import DAY, HOUR
from schemas.presentation import UNBOUND, slot_at
from shell.clock import system_clock
from shell.pictures import read_codes, save_qr
from tests.support.bundle_server import BundleServer, serving
from tests.support.device_commands import Run, complaint
from tests.support.world import NOON, World

PROGRAM = Path(sys.executable).parent / "qupia-verifier"


def code(world: World, now: int = NOON, **members: Any) -> str:
    return world.code(now, **members)


# Before the set-up


def test_without_a_set_up_each_code_cannot_be_checked(run: Run, world: World) -> None:
    world.bundle(NOON)
    result = run("scan", "-", "--json", typed=f"{code(world)}\n{code(world)}\n")
    assert result.status == 2
    assert [line["reason"] for line in result.lines] == ["no_bundle", "no_bundle"]


@pytest.mark.parametrize("arguments", [["sync"], ["import", "bundle.jws"]])
def test_before_the_set_up_a_command_says_what_to_do(run: Run, arguments: list[str]) -> None:
    assert complaint(run(*arguments)) == (
        "this device is not set up; run: qupia-verifier setup URL --root THUMBPRINT"
    )


def test_status_before_the_set_up_names_it(run: Run, tmp_path: Path) -> None:
    result = run("status")
    assert result.status == 0
    assert "qupia-verifier setup URL --root THUMBPRINT" in result.out
    assert run("status", "--json").members["next"] == "setup"
    assert not (tmp_path / "home").exists()


# Set-up


def test_a_set_up_from_a_file_works_offline(run: Run, world: World, bundle_file: Path) -> None:
    result = run("setup", bundle_file, "--root", world.pin, "--json")
    assert (result.status, result.members["keys"], result.members["url"]) == (0, "fresh", None)
    assert run("scan", code(world)).status == 0
    assert complaint(run("sync")) == (
        "this device was set up from a file; run: qupia-verifier import FILE"
    )


def test_the_same_set_up_again_changes_nothing(
    device: Run, world: World, bundle_file: Path
) -> None:
    before = device("status").out
    again = device("setup", bundle_file, "--root", world.pin)
    assert (again.status, again.out) == (0, before)


def test_a_second_set_up_changes_the_policy_and_keeps_it(
    device: Run, world: World, bundle_file: Path
) -> None:
    blue = code(world, status="blue")
    assert device("scan", blue).status == 0
    device("setup", bundle_file, "--root", world.pin, "--policy", "first-only")
    assert device("scan", blue, "--json").members["reason"] == "status_not_admitted"
    device("setup", bundle_file, "--root", world.pin)
    assert device("status", "--json").members["policy"] == "first-only"


def test_another_root_is_refused_and_another_home_takes_it(device: Run, tmp_path: Path) -> None:
    other, path = World(iss="https://other.example", first_key=100), tmp_path / "other.jws"
    path.write_bytes(other.bundle(NOON))
    message = complaint(device("setup", "https://127.0.0.1:9", "--root", other.pin))
    assert message.endswith("is set up with another root; name another folder with --home")
    message = complaint(device("setup", path, "--root", other.pin))
    assert message.endswith("is set up with another root; name another folder with --home")
    home = tmp_path / "second"
    assert device("setup", path, "--root", other.pin, "--home", home).status == 0
    assert device("status", "--home", home, "--json").members["root"] == other.pin
    assert device("status", "--json").members["root"] != other.pin


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("http://qupia.example", "http is for this machine only; use https"),
        ("https://qupia.example/path", "the URL is an origin: no path, no query and no user"),
        ("ftp://qupia.example", "a URL looks like https://qupia.example"),
        ("nothing.jws", "there is no file nothing.jws; name a bundle file, or a URL such as"),
        ("qupia.example", "there is no file qupia.example; name a bundle file, or a URL such as"),
        (".", "Is a directory: ."),
    ],
)
def test_a_source_that_is_no_address_and_no_file_is_refused(
    run: Run, world: World, source: str, message: str
) -> None:
    assert complaint(run("setup", source, "--root", world.pin)).startswith(message)


@pytest.mark.parametrize("root", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "=", "A" * 42 + "B"])
def test_a_root_is_a_thumbprint(run: Run, bundle_file: Path, root: str) -> None:
    assert complaint(run("setup", bundle_file, "--root", root)) == (
        "a root thumbprint has 43 letters and digits; ask the authority for it"
    )


def test_a_bundle_of_another_root_is_refused_in_the_language_of_the_device(
    run: Run, bundle_file: Path
) -> None:
    stranger = World(iss="https://other.example", first_key=100).pin
    english = run("setup", bundle_file, "--root", stranger)
    assert complaint(english, status=1).endswith("(Q42)")
    kazakh = run("setup", bundle_file, "--root", stranger, "--lang", "kk")
    assert "түпкі кілт" in complaint(kazakh, status=1)


def test_a_policy_that_does_not_exist_is_refused_with_those_that_do(
    run: Run, world: World, bundle_file: Path
) -> None:
    message = complaint(run("setup", bundle_file, "--root", world.pin, "--policy", "cinema"))
    assert message == (
        "there is no such policy; use --policy with one of: everyone, first-only, no-hint"
    )
    assert run("status", "--json").members["next"] == "setup"


# Updates


def test_an_import_takes_a_newer_bundle_with_a_line_end(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "new.jws"
    path.write_bytes(world.bundle(NOON) + b"\r\n\n")
    assert device("import", path, "--json").members["version"] == 2


@pytest.mark.parametrize(
    ("content", "helpdesk"),
    [(b"", "Q40"), (b"x" * 4_000_001, "Q41"), (b"x" * 5_000_000, "Q41"), (b"a.b.c", "Q40")],
    ids=["empty", "over 4 MB", "far over 4 MB", "something else"],
)
def test_an_import_of_something_else_is_refused(
    device: Run, tmp_path: Path, content: bytes, helpdesk: str
) -> None:
    path = tmp_path / "new.jws"
    path.write_bytes(content)
    assert complaint(device("import", path), status=1).endswith(f"({helpdesk})")
    assert device("status", "--json").members["version"] == 1


def test_an_older_bundle_is_refused_and_nothing_is_lost(
    device: Run, world: World, tmp_path: Path
) -> None:
    older, newer = tmp_path / "older.jws", tmp_path / "newer.jws"
    older.write_bytes(world.bundle(NOON))
    newer.write_bytes(world.bundle(NOON))
    device("import", newer)
    assert complaint(device("import", older), status=1).endswith("(Q45)")
    assert device("status", "--json").members["version"] == 3


def test_a_bundle_that_has_run_out_is_told_with_the_next_step(device: Run, world: World) -> None:
    later = NOON + 4 * DAY
    assert device("status", "--json", now=later).members["keys"] == "bundle_expired"
    assert "qupia-verifier import FILE" in device("status", now=later).out
    assert device("scan", code(world), now=later).status == 2


# From the issuer's address


@pytest.fixture
def server(world: World) -> Iterator[BundleServer]:
    with serving(world.bundle(NOON), NOON) as server:
        yield server


@pytest.fixture
def online(run: Run, world: World, server: BundleServer) -> Run:
    assert run("setup", server.origin, "--root", world.pin).status == 0
    return run


def test_a_set_up_from_an_address_keeps_it_and_compares_the_clock(
    run: Run, world: World, server: BundleServer
) -> None:
    result = run("setup", f"{server.origin}/", "--root", world.pin, "--json", now=NOON + 40)
    assert (result.status, result.members["url"]) == (0, server.origin)
    assert result.members["clock_ahead_seconds"] == 40
    assert result.members["next"] == "clock"


def test_a_sync_fetches_the_newest_bundle(online: Run, world: World, server: BundleServer) -> None:
    server.body = world.bundle(NOON)
    assert online("sync", "--json").members["version"] == 2
    assert online("sync", "--json").members["version"] == 2


def test_requests_carry_no_cookie_and_nothing_about_the_device(
    online: Run, server: BundleServer
) -> None:
    online("sync")
    for headers in server.headers:
        assert headers.keys() == {
            "host",
            "accept",
            "accept-encoding",
            "connection",
            "user-agent",
        }
        assert headers["user-agent"] == "qupia"


def test_with_the_issuer_down_a_sync_says_so_and_scanning_goes_on(run: Run, world: World) -> None:
    with serving(world.bundle(NOON), NOON) as server:
        run("setup", server.origin, "--root", world.pin)
    message = complaint(run("sync"))
    assert message == (
        f"no answer from {server.origin}; check the address and the network, then try again"
    )
    assert run("scan", code(world)).status == 0


@pytest.mark.parametrize("status", [404, 410, 500, 302])
def test_an_answer_that_is_no_bundle_is_told(
    online: Run, server: BundleServer, status: int
) -> None:
    server.status = status
    message = complaint(online("sync"))
    assert f"answered {status} instead of a trust bundle" in message
    assert online("status", "--json").members["version"] == 1


def test_an_answer_that_is_too_large_is_cut_off(online: Run, server: BundleServer) -> None:
    server.body = b"x" * 4_000_001
    assert complaint(online("sync")) == f"the answer of {server.origin} is too large"


def test_an_answer_with_a_line_end_is_no_bundle(online: Run, server: BundleServer) -> None:
    server.body += b"\n"
    assert complaint(online("sync"), status=1).endswith("(Q40)")


def test_an_answer_out_of_a_cache_says_nothing_about_the_clock(
    online: Run, server: BundleServer
) -> None:
    before = online("status", "--json").members
    server.age, server.date = "300", NOON - 300
    after = online("sync", "--json").members
    for name in ("clock_ahead_seconds", "clock_compared_at"):
        assert after[name] == before[name]


def test_a_clock_that_cannot_be_compared_does_not_stop_a_sync(
    online: Run, world: World, server: BundleServer
) -> None:
    server.body, server.health = world.bundle(NOON), b"x" * 100_000
    result = online("sync", "--json", now=NOON + 60)
    assert (result.status, result.members["version"]) == (0, 2)
    assert result.members["clock_compared_at"] == "2026-03-17T07:00:00Z"


def test_a_split_view_is_told_and_both_bundles_are_kept(
    online: Run, world: World, server: BundleServer, tmp_path: Path
) -> None:
    server.body = world.bundle(NOON + 1, version=1)
    assert complaint(online("sync"), status=1).endswith("(Q46)")
    assert len(list((tmp_path / "home" / "evidence").iterdir())) == 2
    assert online("scan", code(world)).status == 0


# Scanning


def test_a_pass_is_admitted_with_status_and_hint(device: Run, world: World) -> None:
    result = device("scan", code(world), "--json")
    assert (result.status, result.err) == (0, "")
    assert result.members == {
        "source": "line 1",
        "outcome": "admit",
        "reason": None,
        "helpdesk": None,
        "status": "green",
        "holder": "03",
        "paper": False,
    }
    assert device("scan", code(world)).out == (
        "line 1: ✓ ADMIT — Green — check ID: born in March\n"
    )


def test_lines_are_decided_one_by_one_and_the_largest_status_counts(
    device: Run, world: World
) -> None:
    text = code(world)
    lines = f"{text}\r\n\r\n{text}\nhello\n"
    result = device("scan", "-", "--json", typed=lines)
    assert result.status == 1
    assert [(line["source"], line["reason"]) for line in result.lines] == [
        ("line 1", None),
        ("line 3", "already_shown"),
        ("line 4", "not_a_pass"),
    ]


def test_pictures_are_read_and_one_without_a_code_cannot_be_checked(
    device: Run, world: World, tmp_path: Path
) -> None:
    good, again, empty = (tmp_path / name for name in ("a.png", "b.png", "c.png"))
    text = code(world)
    save_qr(text, good)
    save_qr(text, again)
    empty.write_bytes(b"")
    result = device("scan", good, again, empty, "--json")
    assert result.status == 2
    assert [(line["source"], line["reason"]) for line in result.lines] == [
        (str(good), None),
        (str(again), "already_shown"),
        (str(empty), "no_code"),
    ]


def test_a_slip_is_read_from_a_picture_and_by_several_people(
    device: Run, world: World, tmp_path: Path
) -> None:
    picture, slip = tmp_path / "slip.png", world.paper(NOON)
    save_qr(slip, picture)
    result = device("scan", picture, "--json")
    assert (result.status, result.members["holder"], result.members["paper"]) == (0, "03-17", True)
    both = device("scan", "-", typed=f"{slip}\r\n{slip}\n")
    line = "✓ ADMIT — PAPER — Green — check ID: born on 17 March"
    assert both.out == f"line 1: {line}\nline 2: {line}\n"


@pytest.mark.parametrize("shows_a_code", [False, True])
def test_nothing_is_kept_between_two_runs(
    device: Run, world: World, tmp_path: Path, shows_a_code: bool
) -> None:
    text = code(world)
    if shows_a_code:
        device("checkin")
    before = {p: p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()}
    assert device("scan", text).status == device("scan", text).status == 0
    assert {p: p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file()} == before


def test_a_policy_given_for_one_run_counts_for_it(device: Run, world: World) -> None:
    blue = code(world, status="blue")
    assert device("scan", blue, "--policy", "first-only").status == 1
    assert device("scan", blue).status == 0
    assert complaint(device("scan", blue, "--policy", "cinema")) == (
        "there is no such policy; use --policy with one of: everyone, first-only, no-hint"
    )


def test_at_replaces_the_clock(device: Run, world: World) -> None:
    text = code(world)
    stale = device("scan", text, "--at", "2026-03-17T12:02:00+05:00", "--json")
    assert (stale.status, stale.members["reason"]) == (1, "stale")
    assert device("scan", text, "--at", "2026-03-17T07:00Z", now=NOON + DAY).status == 0
    assert complaint(device("scan", text, "--at", "noon")).startswith("a time looks like")


def test_old_keys_still_work_and_say_so(device: Run, world: World) -> None:
    now = NOON + 30 * HOUR
    result = device("scan", code(world, now), "--json", now=now)
    assert (result.status, result.members["outcome"]) == (0, "admit")
    assert result.err == (
        "warning: The keys are old: 30 h. They still work for 42 h; update them.\n"
    )


@pytest.mark.parametrize("arguments", [["-"], [""], ["", ""]])
def test_without_any_code_nothing_is_admitted(device: Run, arguments: list[str]) -> None:
    assert complaint(device("scan", *arguments)) == "no code was given; scan or paste one"


def test_a_policy_that_a_new_bundle_drops_is_told(
    device: Run, world: World, bundle_file: Path, tmp_path: Path
) -> None:
    device("setup", bundle_file, "--root", world.pin, "--policy", "no-hint")
    path = tmp_path / "new.jws"
    del world.policies[2]
    path.write_bytes(world.bundle(NOON))
    result = device("import", path)
    assert result.status == 0
    assert "--policy and one of: everyone, first-only" in result.out
    assert complaint(device("scan", code(world))).endswith("one of: everyone, first-only")


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.binary(max_size=2000))
def test_any_bytes_typed_give_decisions_or_none(device: Run, typed: bytes) -> None:
    result = device("scan", "-", "--json", typed=typed)
    assert result.status in (1, 2)
    assert all(line["reason"] == "not_a_pass" for line in result.lines)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x00WEBP"]),
    st.binary(max_size=500),
)
def test_any_picture_gives_a_list_of_codes(tmp_path: Path, head: bytes, data: bytes) -> None:
    path = tmp_path / "any.png"
    path.write_bytes(head + data)
    assert read_codes(path) == []


@pytest.mark.parametrize("spoil", [10, 100, 500, 1500])
def test_a_damaged_picture_of_a_pass_gives_the_pass_or_nothing(
    world: World, tmp_path: Path, spoil: int
) -> None:
    world.bundle(NOON)
    path, text = tmp_path / "code.png", code(world)
    save_qr(text, path)
    data = bytearray(path.read_bytes())
    data[spoil % len(data)] ^= 0x55
    path.write_bytes(data)
    assert read_codes(path) in ([], [text])


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing command"),
        (["open"], "No such command"),
        (["scan"], "Missing argument"),
        (["scan", "x", "--lang", "de"], "Invalid value for '--lang'"),
        (["scan", "x", "--when", "now"], "No such option"),
        (["setup", "x"], "Missing option '--root'"),
        (["setup"], "Missing"),
        (["import"], "Missing argument"),
        (["sync", "now"], "unexpected extra argument"),
        (["--json", "status"], "No such option"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_2(
    run: Run, arguments: list[str], message: str
) -> None:
    line = complaint(run(*arguments))
    assert message in line
    assert line.endswith("try: qupia-verifier --help")


@pytest.mark.parametrize(
    "command",
    [
        "setup",
        "sync",
        "import",
        "status",
        "scan",
        "checkin",
        "trace",
        "retention run",
        "retention status",
        "retention verify",
    ],
)
def test_each_command_explains_itself_and_knows_home_json_and_lang(run: Run, command: str) -> None:
    result = run(*command.split(), "--help")
    assert result.status == 0
    assert all(option in result.out for option in ("--home", "--json", "--lang"))


@pytest.mark.parametrize(
    ("locale", "word"), [("kk_KZ.UTF-8", "РҰҚСАТ ЕТІЛЕДІ"), ("ru_RU", "ПРОПУСТИТЬ")]
)
def test_the_language_is_that_of_the_machine(
    device: Run, world: World, monkeypatch: pytest.MonkeyPatch, locale: str, word: str
) -> None:
    monkeypatch.setenv("LANG", locale)
    assert word in device("scan", code(world)).out
    assert "ADMIT" in device("scan", code(world), "--lang", "en").out


# Damage


def test_a_file_that_others_can_read_stops_every_command(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "trust.json"
    path.chmod(0o644)
    for arguments in (["status"], ["scan", code(world)], ["sync"], ["import", "x"]):
        assert complaint(device(*arguments)) == (f"others can read {path}; run: chmod 600 '{path}'")


@pytest.mark.parametrize("name", ["trust.json", "settings.json"])
def test_a_damaged_file_is_one_line_that_says_what_to_do(
    device: Run, world: World, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "home" / name
    path.write_text("{")
    for arguments in (["status"], ["scan", code(world)]):
        assert complaint(device(*arguments)).startswith(f"{path} is missing or damaged; ")


def test_a_home_that_is_a_file_is_one_line(run: Run, world: World, bundle_file: Path) -> None:
    message = complaint(run("setup", bundle_file, "--root", world.pin, "--home", bundle_file))
    assert str(bundle_file) in message


# The real program


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
    world = World(start=now)
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
            process.stdin.write(code(machine.world, machine.now).encode() + b"\r")
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
        _, errors = process.communicate(timeout=20)
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
        [sys.executable, "-c", program, code(machine.world, machine.now)],
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
        _, errors = process.communicate(b"x\n" * 10, timeout=20)
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
            process.stdin.write(code(world, machine.now).encode() + b"\n")
            process.stdin.flush()
            reasons.append(json.loads(process.stdout.readline())["reason"])
            machine.run("import", path)
        process.stdin.close()
    assert reasons == ["unknown_key", None]


def test_a_scan_that_runs_for_long_follows_the_check_in_code(machine: Machine) -> None:
    world, now = machine.world, machine.now
    with subprocess.Popen(
        [PROGRAM, "scan", "-", "--json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=machine.environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        reasons, binding = [], UNBOUND
        for options in (["--strict"], ["--no-strict"], ["--off"]):
            text = world.show(world.issue(now), slot_at(now), venue=binding)
            process.stdin.write(f"{code(world, now)}\n{text}\n".encode())
            process.stdin.flush()
            reasons.append([json.loads(process.stdout.readline())["reason"] for _ in range(2)])
            shown = json.loads(machine.run("checkin", "--json", *options).stdout)
            if "code" in shown:
                binding = parse_check_in(shown["code"]).bindings()[hour_at(now)]
        process.stdin.close()
    assert reasons == [[None, None], ["not_bound", None], [None, None]]
