"""``checkin``, ``trace`` and ``retention`` as people type them, and what ``scan`` makes of it."""

import json
import stat
from pathlib import Path

import pytest

from schemas.catalogues import sentence
from schemas.check_in import CheckInCode, parse_check_in
from schemas.encoding import format_time, parse_time
from schemas.hour_keys import public_half
from schemas.hours import begin_of, day_at, hour_at
from schemas.kinds import DAY, HOUR
from schemas.languages import Language
from schemas.presentation import slot_at
from schemas.trace import open_trace, parse_trace
from shell.pictures import read_codes
from tests.support.commands import Run, Terminal, complaint
from tests.support.world import NOON, World

FROM, TO = "2026-03-17T10:20+05:00", "2026-03-17T11:40+05:00"


@pytest.fixture
def world() -> World:
    return World(tracing=True)


def check_in(device: Run, *arguments: object, now: int = NOON) -> CheckInCode:
    """Show a code, and read it as a wallet does."""
    result = device("checkin", "--json", *arguments, now=now)
    assert result.status == 0
    return parse_check_in(result.members["code"])


def code(world: World, binding: bytes | None = None, now: int = NOON) -> str:
    """A pass, bound or not."""
    shown = {} if binding is None else {"venue": binding}
    return world.show(world.issue(now), slot_at(now), **shown)


def reason(device: Run, text: str, now: int = NOON) -> str | None:
    """Why a code is refused; None when it is admitted."""
    result = device("scan", text, "--json", now=now)
    found: str | None = result.members["reason"]
    assert (found is None) == (result.status == 0)
    return found


def seeds_of(tmp_path: Path) -> list[str]:
    return sorted(p.name for p in (tmp_path / "home" / "no-backup" / "seeds").glob("*.seed"))


# The code


def test_a_first_code_switches_check_in_on_and_says_until_when(device: Run, tmp_path: Path) -> None:
    result = device("checkin", "--json", "--name", "  Café   Мария ", now=NOON + 600)
    members = result.members
    assert {name: members[name] for name in members if name != "code"} == {
        "first_hour": hour_at(NOON),
        "hours": 4,
        "until": "2026-03-17T11:00:00Z",
        "name": "Café Мария",
        "check_in": "shown",
    }
    parsed = parse_check_in(members["code"])
    assert (parsed.first_hour, len(parsed.keys), parsed.name) == (hour_at(NOON), 4, "Café Мария")
    status = device("status", "--json").members
    assert (status["check_in"], status["name"]) == ("shown", "Café Мария")
    assert seeds_of(tmp_path) == ["2026-03-17.seed"]


def test_a_picture_of_the_code_is_read_back_and_replaced(device: Run, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    first = device("checkin", "--png", path, "--json")
    assert read_codes(path) == [first.members["code"]]
    second = device("checkin", "--png", path, "--name", "Café", now=NOON + HOUR)
    [text] = read_codes(path)
    assert parse_check_in(text).name == "Café"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "\x1b[" not in second.out


def test_a_terminal_shows_the_code_its_end_and_a_reminder_of_the_name(device: Run) -> None:
    lines = device("checkin").out.splitlines()
    drawn = [line for line in lines if line.startswith("\x1b[30;107m")]
    assert lines[: len(drawn)] == drawn
    assert len(drawn) == (17 + 4 * 9 + 2 * 4 + 1) // 2  # QR version 9 with its border.
    assert lines[-1] == "The code has no name. With --name NAME visitors see that it is yours."
    assert lines[-2].endswith("Show a new one before then: run this command again.")
    named = device("checkin", "--name", "Café").out
    assert "The code has no name" not in named
    assert "Café" in named


def test_name_and_mode_are_kept_until_they_are_changed(
    device: Run, world: World, bundle_file: Path
) -> None:
    device("checkin", "--strict", "--name", "Café")
    assert check_in(device).name == "Café"
    assert device("status", "--json").members["check_in"] == "strict"
    device("setup", bundle_file, "--root", world.pin, "--policy", "no-hint")
    assert device("status", "--json").members["check_in"] == "strict"
    assert device("status", "--json").members["name"] == "Café"
    device("checkin", "--no-strict", "--name", "")
    status = device("status", "--json").members
    assert (status["check_in"], status["name"]) == ("shown", "")


@pytest.mark.parametrize("name", ["ж" * 31, "x" * 61, "a\u202eb", "a\u200bb"])
@pytest.mark.parametrize("language", Language)
def test_a_name_that_cannot_be_shown_is_refused_and_changes_nothing(
    device: Run, tmp_path: Path, name: str, language: Language
) -> None:
    message = complaint(device("checkin", "--name", name, "--lang", language.value))
    assert message == sentence("check_in_bad_name", language, count=60)
    assert device("status", "--json").members["check_in"] == "off"
    assert not (tmp_path / "home" / "no-backup").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hours", "0"], "Invalid value for '--hours'"),
        (["--hours", "7"], "Invalid value for '--hours'"),
        (["--off", "--png", "x.png"], "--off shows no code"),
        (["--off", "--name", "x"], "--off shows no code"),
        (["--off", "--no-strict"], "--off shows no code"),
        (["--png", "/nowhere/code.png"], "No such file or directory: /nowhere/code.png"),
        (["now"], "unexpected extra argument"),
    ],
)
def test_wrong_arguments_are_one_line(device: Run, arguments: list[str], message: str) -> None:
    assert message in complaint(device("checkin", *arguments))


@pytest.mark.parametrize("command", [["checkin"], ["checkin", "--off"]])
def test_before_the_set_up_there_is_no_code(run: Run, tmp_path: Path, command: list[str]) -> None:
    assert "qupia-verifier setup URL" in complaint(run(*command))
    assert not (tmp_path / "home").exists()


def test_without_usable_keys_there_is_no_code(device: Run, tmp_path: Path) -> None:
    assert complaint(device("checkin", now=NOON + 4 * DAY)).endswith("(Q03)")
    assert complaint(device("checkin", now=NOON - DAY)).endswith("(Q04)")
    assert not (tmp_path / "home" / "no-backup").exists()
    assert device("status", "--json").members["check_in"] == "off"


def test_keys_without_tracing_are_warned_of(run: Run, tmp_path: Path) -> None:
    world, path = World(), tmp_path / "old.jws"
    path.write_bytes(world.bundle(NOON))
    run("setup", path, "--root", world.pin)
    result = run("checkin", "--json")
    assert (result.status, result.members["hours"]) == (0, 4)
    assert "have none for tracing at this hour" in result.err


# At the door


def test_off_takes_unbound_passes_only(device: Run, world: World) -> None:
    bound = check_in(device).bindings()[hour_at(NOON)]
    result = device("checkin", "--off", "--json")
    assert (result.status, result.members["check_in"]) == (0, "off")
    assert reason(device, code(world)) is None
    assert reason(device, code(world, bound)) == "bad_proof"


def test_shown_takes_both(device: Run, world: World) -> None:
    bound = check_in(device).bindings()[hour_at(NOON)]
    assert reason(device, code(world)) is None
    assert reason(device, code(world, bound)) is None


def test_strict_refuses_a_relayed_code_that_is_bound_to_nothing(device: Run, world: World) -> None:
    bound = check_in(device, "--strict").bindings()[hour_at(NOON)]
    assert reason(device, code(world)) == "not_bound"
    assert reason(device, code(world, bound)) is None


@pytest.mark.parametrize("mode", ["--strict", "--no-strict"])
def test_a_pass_bound_to_another_venue_or_hour_is_refused(
    device: Run, world: World, bundle_file: Path, tmp_path: Path, mode: str
) -> None:
    here = check_in(device, mode).bindings()
    other = tmp_path / "other"
    device("setup", bundle_file, "--root", world.pin, "--home", other)
    there = check_in(device, mode, "--home", other).bindings()
    hour = hour_at(NOON)
    assert reason(device, code(world, there[hour])) == "bad_proof"
    assert reason(device, code(world, here[hour + 1])) == "bad_proof"
    assert reason(device, code(world, here[hour - 1])) == "bad_proof"
    assert reason(device, code(world, here[hour])) is None


def test_a_pass_bound_to_an_hour_that_is_over_is_stale(device: Run, world: World) -> None:
    bound = check_in(device, "--strict").bindings()[hour_at(NOON)]
    text = code(world, bound)
    assert reason(device, text, NOON + 3 * HOUR) == "stale"


def test_strict_admits_paper(device: Run, world: World) -> None:
    check_in(device, "--strict")
    assert reason(device, world.paper(NOON)) is None


def test_a_pass_is_bound_over_midnight_utc(device: Run, world: World) -> None:
    midnight = parse_time("2026-03-18T00:00:00Z")
    shown = check_in(device, "--strict", now=midnight - 1800).bindings()
    for now in (midnight - 1, midnight, midnight + HOUR):
        assert reason(device, code(world, shown[hour_at(now)], now), now) is None


def test_a_door_whose_clock_is_an_hour_off_refuses_bound_passes_and_says_why(
    device: Run, world: World
) -> None:
    now = NOON + 2 * HOUR
    bound = check_in(device, "--strict", now=now - HOUR).bindings()[hour_at(now)]
    text = code(world, bound, now)
    assert reason(device, text, now - HOUR) == "from_the_future"
    assert reason(device, text, now + HOUR) == "stale"
    assert reason(device, text, now) is None


def test_a_device_that_has_shown_no_code_today_says_so_at_the_door(
    device: Run, world: World
) -> None:
    check_in(device, "--strict")
    result = device("scan", code(world, now=NOON + DAY), "--json", now=NOON + DAY)
    assert result.members["reason"] == "not_bound"
    assert "Run: qupia-verifier checkin" in result.err


def test_a_damaged_seed_stops_the_door_with_one_line(
    device: Run, world: World, tmp_path: Path
) -> None:
    check_in(device, "--strict")
    seed = tmp_path / "home" / "no-backup" / "seeds" / "2026-03-17.seed"
    seed.write_bytes(b"")
    for arguments in (["scan", code(world)], ["checkin"]):
        assert complaint(device(*arguments)) == (
            f"{seed} is damaged; remove it, its hours are lost"
        )
    seed.unlink()
    assert reason(device, code(world, check_in(device).bindings()[hour_at(NOON)])) is None


def test_a_damaged_seed_keeps_nobody_out_where_passes_need_none(
    device: Run, world: World, tmp_path: Path
) -> None:
    check_in(device)
    (tmp_path / "home" / "no-backup" / "seeds" / "2026-03-17.seed").write_bytes(b"")
    outcome = device("scan", code(world), code(world), "--json")
    assert [decided["outcome"] for decided in outcome.lines] == ["admit", "admit"]
    assert outcome.err.count("is damaged; remove it") == 1


def test_a_scan_for_another_time_destroys_no_seed(
    device: Run, world: World, tmp_path: Path
) -> None:
    check_in(device)
    seed = tmp_path / "home" / "no-backup" / "seeds" / "2026-03-17.seed"
    device("scan", code(world), "--at", "2026-04-17T12:00Z")
    assert seed.exists()


def test_a_seed_that_others_can_read_stops_every_command(device: Run, tmp_path: Path) -> None:
    check_in(device)
    seed = tmp_path / "home" / "no-backup" / "seeds" / "2026-03-17.seed"
    seed.chmod(0o644)
    out = tmp_path / "trace.json"
    for arguments in (
        ["status"],
        ["scan", "x"],
        ["checkin"],
        ["trace", "--from", FROM, "--to", TO, "--out", out],
        ["retention", "status"],
    ):
        assert complaint(device(*arguments)) == f"others can read {seed}; run: chmod 600 '{seed}'"


# Tracing


def test_hours_are_exported_for_the_authority_alone(
    device: Run, world: World, tmp_path: Path
) -> None:
    shown, out = check_in(device), tmp_path / "trace.json"
    result = device(
        "trace",
        "--from",
        FROM,
        "--to",
        "2026-03-17T12:30+05:00",
        "--out",
        out,
        "--json",
        now=NOON + 1800,
    )
    assert result.status == 0
    assert result.members == {
        "hours": ["2026-03-17T05:00:00Z", "2026-03-17T06:00:00Z", "2026-03-17T07:00:00Z"],
        "destroyed_dates": [],
        "unknown_dates": [],
        "file": str(out),
    }
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    trace = parse_trace(out.read_bytes())
    keys = open_trace(trace, world.export_key(day_at(NOON)))
    assert list(keys) == [hour_at(NOON) - 2, hour_at(NOON) - 1, hour_at(NOON)]
    assert public_half(keys[hour_at(NOON)]) == shown.key_at(hour_at(NOON))


def test_the_hours_are_named_in_local_time_with_their_date(device: Run, tmp_path: Path) -> None:
    check_in(device)
    out = tmp_path / "trace.json"
    result = device("trace", "--from", FROM, "--to", TO, "--out", out)
    named = result.err.splitlines()
    assert named[0] == "The keys of these hours go into a file that only Qupia can open:"
    assert named[1].endswith("(2 h, UTC date 2026-03-17)")
    assert result.out == (
        f"2 h exported to {out}. Hand it to the authority soon: it can be opened for 14 days "
        "at most.\n"
    )


@pytest.mark.parametrize(("typed", "status"), [("y\n", 0), ("n\n", 2), ("", 2)])
def test_a_person_at_a_terminal_is_asked_first(
    device: Run, tmp_path: Path, typed: str, status: int
) -> None:
    check_in(device)
    out = tmp_path / "trace.json"
    result = device("trace", "--from", FROM, "--to", TO, "--out", out, given=Terminal(typed))
    assert result.status == status
    assert "Export the keys of these hours? [y/N]" in result.err
    assert "UTC date 2026-03-17" in result.err
    assert out.exists() == (status == 0)


def test_part_of_the_hours_is_exported_and_the_rest_is_named(
    device: Run, world: World, tmp_path: Path
) -> None:
    check_in(device)
    out = tmp_path / "trace.json"
    result = device("trace", "--from", "2026-02-27T12:00Z", "--to", FROM, "--out", out, "--json")
    assert result.status == 0
    assert result.members["destroyed_dates"] == ["2026-02-27", "2026-03-03"]
    assert result.members["unknown_dates"] == [f"2026-03-{day:02}" for day in range(4, 17)]
    assert len(result.members["hours"]) == 6
    first, second = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert "2026-02-27 to 2026-03-03 (UTC dates): over 14 days old" in first
    assert "2026-03-04, 2026-03-05" in second


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (TO, FROM, "The end is not after the beginning"),
        (FROM, FROM, "The end is not after the beginning"),
        (FROM, "2026-03-17T13:00:01+05:00", "Some of these hours have not begun"),
        ("2027-01-01T00:00Z", "2027-01-01T01:00Z", "Some of these hours have not begun"),
        ("2026-03-16T00:00Z", "2026-03-16T05:00Z", "This device has no seed of them"),
        ("2026-03-01T00:00Z", "2026-03-01T05:00Z", "over 14 days old"),
        ("today", TO, "a time looks like"),
        (FROM, "2026-03-17T10:00", "a time looks like"),
    ],
)
def test_hours_that_cannot_be_exported_are_one_line_and_no_file(
    device: Run, tmp_path: Path, start: str, end: str, message: str
) -> None:
    check_in(device)
    out = tmp_path / "trace.json"
    assert message in complaint(device("trace", "--from", start, "--to", end, "--out", out))
    assert not out.exists()


def test_a_new_device_in_place_of_a_lost_one_says_that_its_hours_cannot_be_traced(
    device: Run, tmp_path: Path
) -> None:
    out = tmp_path / "trace.json"
    message = complaint(device("trace", "--from", FROM, "--to", TO, "--out", out))
    assert "2026-03-17" in message
    assert "if that is lost, these hours cannot be traced" in message


def test_a_file_that_is_there_is_never_overwritten(device: Run, tmp_path: Path) -> None:
    check_in(device)
    out = tmp_path / "trace.json"
    out.write_bytes(b"other")
    message = complaint(device("trace", "--from", FROM, "--to", TO, "--out", out))
    assert message == f"{out} is there already; name another file."
    assert out.read_bytes() == b"other"


def test_a_folder_that_is_not_there_is_one_line(device: Run) -> None:
    check_in(device)
    result = device("trace", "--from", FROM, "--to", TO, "--out", "/nowhere/trace.json")
    assert result.status == 2
    assert result.err.splitlines()[-1] == ("error: No such file or directory: /nowhere/trace.json")


def test_keys_that_cannot_seal_an_export_are_to_be_updated(run: Run, tmp_path: Path) -> None:
    world, path, out = World(), tmp_path / "bundle.jws", tmp_path / "trace.json"
    path.write_bytes(world.bundle(NOON))
    run("setup", path, "--root", world.pin)
    check_in(run)
    message = complaint(run("trace", "--from", FROM, "--to", TO, "--out", out))
    assert "qupia-verifier sync, or import FILE" in message
    unusable = [{"day": day_at(NOON), "x": "A" * 43}]
    path.write_bytes(world.bundle(NOON, tracing_exports=unusable))
    run("import", path)
    message = complaint(run("trace", "--from", FROM, "--to", TO, "--out", out))
    assert "tell the authority" in message
    assert not out.exists()


def test_past_hours_are_traced_although_no_code_is_shown_any_more(
    device: Run, tmp_path: Path
) -> None:
    check_in(device)
    device("checkin", "--off")
    out = tmp_path / "trace.json"
    assert device("trace", "--from", FROM, "--to", TO, "--out", out).status == 0


@pytest.mark.parametrize("language", Language)
def test_all_is_told_in_each_language(device: Run, tmp_path: Path, language: Language) -> None:
    told = [
        device("checkin", "--lang", language.value),
        device(
            "trace",
            "--from",
            "2026-02-27T12:00Z",
            "--to",
            TO,
            "--out",
            tmp_path / "t",
            "--lang",
            language.value,
        ),
        device("retention", "status", "--lang", language.value),
        device("retention", "run", "--lang", language.value),
        device("retention", "verify", "--lang", language.value),
        device("checkin", "--off", "--lang", language.value),
    ]
    assert [result.status for result in told] == [0] * len(told)
    assert all("{" not in result.out + result.err for result in told)


# Retention


def test_seeds_are_listed_with_their_age_and_destroyed_after_14_days(
    device: Run, tmp_path: Path
) -> None:
    check_in(device)
    kind = {"kind": "venue_seeds", "period_seconds": 14 * DAY, "held": 1}
    members = device("retention", "status", "--json").members
    assert members == {"kinds": [kind | {"oldest_seconds": 7 * HOUR}]}
    end = "2026-03-31T00:00:00Z"
    early = device("retention", "run", "--json", "--at", "2026-03-30T23:59:59Z")
    assert early.members == {"deleted": {}}
    assert device("retention", "run", "--json", "--at", end).members == (
        {"deleted": {"venue_seeds": 1}}
    )
    assert seeds_of(tmp_path) == []
    members = device("retention", "status", "--json").members
    assert members == {"kinds": [kind | {"held": 0, "oldest_seconds": None}]}


def test_verify_finds_a_seed_that_outlived_its_time(device: Run) -> None:
    check_in(device)
    end = parse_time("2026-03-31T00:00:00Z")
    for now, found in ((end, 0), (end + 119, 0), (end + 120, 1)):
        result = device("retention", "verify", "--json", "--at", format_time(now))
        assert (result.status, result.members["ok"]) == (found, not found)
        assert len(result.members["findings"]) == found
    assert device("retention", "verify").out == "Nothing is kept past its time.\n"


def test_verify_finds_all_seeds_after_the_sunset(device: Run, world: World) -> None:
    check_in(device)
    late = format_time(world.sunset + 120)
    assert device("retention", "verify", "--at", late).status == 1
    device("retention", "run", "--at", late)
    assert device("retention", "verify", "--at", late).status == 0


def test_verify_finds_a_seed_that_a_fast_clock_has_made(device: Run) -> None:
    check_in(device, now=NOON + 2 * DAY)
    assert device("retention", "verify", now=NOON + 2 * DAY).status == 0
    result = device("retention", "verify")
    assert result.status == 1
    assert "The clock was ahead when they were made" in result.out


@pytest.mark.parametrize("command", [["status"], ["scan", "x"], ["checkin", "--off"]])
def test_every_command_destroys_what_is_over(
    device: Run, tmp_path: Path, command: list[str]
) -> None:
    check_in(device)
    device(*command, now=NOON + 13 * DAY)
    assert seeds_of(tmp_path) == ["2026-03-17.seed"]
    device(*command, now=NOON + 14 * DAY)
    assert seeds_of(tmp_path) == []


def test_retention_before_the_set_up_finds_nothing_and_makes_nothing(
    run: Run, tmp_path: Path
) -> None:
    for command in ("run", "status", "verify"):
        assert run("retention", command).status == 0
    assert not (tmp_path / "home").exists()


def test_a_code_that_is_shown_has_begun_and_ends_when_it_says(device: Run) -> None:
    result = device("checkin", "--json", "--hours", "1", now=NOON + 3600 - 1)
    parsed = parse_check_in(result.members["code"])
    assert begin_of(parsed.first_hour) <= NOON + 3600 - 1
    assert format_time(begin_of(parsed.end_hour)) == result.members["until"]


def test_settings_from_before_there_were_codes_are_read(
    device: Run, world: World, tmp_path: Path
) -> None:
    path = tmp_path / "home" / "settings.json"
    members = json.loads(path.read_text())
    assert (members.pop("check_in"), members.pop("name")) == ("off", "")
    path.write_text(json.dumps(members))
    assert device("status", "--json").members["check_in"] == "off"
    assert reason(device, code(world)) is None
    check_in(device, "--strict")
    assert json.loads(path.read_text()) == members | {"check_in": "strict", "name": ""}
