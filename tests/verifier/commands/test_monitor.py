"""``qupia-verifier monitor``: a folder or an address, one file of memory, and sentences."""

import errno
import json
import stat
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from schemas.kinds import HOUR
from shell.errors import CommandError
from shell.fetching import Answer, NoAnswer
from tests.support.commands import Outcome, Run, complaint
from tests.support.served_log import LOG, ServedLog
from tests.support.world import NOON, World
from verifier.commands import monitor as command
from verifier.monitor import issuer_source
from verifier.monitor.sources import NotHad


@pytest.fixture
def served() -> ServedLog:
    served = ServedLog(World(statuses=("green",)))
    served.make(NOON)
    return served


@pytest.fixture
def copy(served: ServedLog, tmp_path: Path) -> Path:
    return served.write(tmp_path / "copy")


@pytest.fixture
def memory(served: ServedLog, tmp_path: Path) -> Path:
    return tmp_path / "home" / "monitor" / f"{served.world.pin}.json"


@pytest.fixture
def look(run: Run, served: ServedLog, copy: Path) -> Callable[..., Outcome]:
    """Runs the command on the copy as it is now."""

    def look(*words: str, now: int = NOON) -> Outcome:
        served.write(copy)
        return run("monitor", copy, "--root", served.world.pin, *words, now=now)

    return look


def test_it_needs_no_set_up_and_says_what_it_read(look: Callable[..., Outcome]) -> None:
    assert look().out.splitlines() == [
        "Log qupia.example/.well-known/qupia/log/1: 1 entry.",
        "1 new bundle was checked.",
        "Nothing to report.",
    ]


def test_json_has_bundles_checkpoint_and_findings(
    look: Callable[..., Outcome], served: ServedLog
) -> None:
    members = look("--json").members
    assert members["bundles"] == 1
    assert members["checkpoint"].keys() == {"log", "size", "root"}
    assert members["findings"] == []
    served.make(NOON + HOUR, batch_size=1)
    outcome = look("--json", now=NOON + HOUR)
    [finding] = outcome.members["findings"]
    assert (outcome.status, finding["finding"], finding["version"]) == (1, "odd_rules", 2)
    assert finding["odd"] == "batch_size"


def test_withdrawn_keys_alone_end_with_0(look: Callable[..., Outcome], served: ServedLog) -> None:
    look()
    served.world.retire(served.world.calendar.window_at(NOON))
    served.make(NOON + HOUR)
    outcome = look("--json", now=NOON + HOUR)
    [finding] = outcome.members["findings"]
    assert (outcome.status, finding["finding"]) == (0, "retired")
    assert len(finding["keys"]) == finding["count"] == 1


def test_a_pair_is_kept_as_evidence_beside_that_of_the_device(
    look: Callable[..., Outcome], run: Run, served: ServedLog
) -> None:
    look()
    served.make(NOON + HOUR)
    served.make(NOON + HOUR, version=2)
    outcome = look(now=NOON + HOUR)
    assert outcome.status == 1
    assert "qupia-verifier evidence" in outcome.out
    [pair] = run("evidence", "--json").members["pairs"]
    assert pair["fault"] == "split_view"


def test_a_device_can_be_set_up_where_a_monitor_was_before(
    look: Callable[..., Outcome], run: Run, served: ServedLog, tmp_path: Path
) -> None:
    look()
    path = tmp_path / "bundle.jws"
    path.write_bytes(served.in_force)
    assert run("setup", path, "--root", served.world.pin).status == 0


@pytest.mark.parametrize(
    ("language", "said"),
    [("kk", "Ескерту жоқ."), ("ru", "Замечаний нет."), ("en", "Nothing to report.")],
)
def test_it_speaks_three_languages(look: Callable[..., Outcome], language: str, said: str) -> None:
    assert look("--lang", language).out.splitlines()[-1] == said


# Memory


def test_the_memory_is_its_owner_s_alone(look: Callable[..., Outcome], memory: Path) -> None:
    look()
    assert stat.S_IMODE(memory.stat().st_mode) == 0o600
    assert stat.S_IMODE(memory.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("spoil", ["half", "nothing", "other", "newer", "bundle"])
def test_a_damaged_memory_is_one_line_that_says_what_to_do(
    look: Callable[..., Outcome], memory: Path, spoil: str
) -> None:
    look()
    data = memory.read_bytes()
    members = json.loads(data)
    spoilt = {
        "half": data[: len(data) // 2],
        "nothing": b"",
        "other": b'{"format":1}',
        "newer": json.dumps(members | {"format": 2}).encode(),
        "bundle": json.dumps(
            members | {"memory": members["memory"] | {"held": "no bundle"}}
        ).encode(),
    }[spoil]
    memory.write_bytes(spoilt)
    assert complaint(look()) == (
        f"{memory} is damaged or of a newer program; remove it: the next run begins anew and "
        "cannot compare with what was seen before"
    )
    assert memory.read_bytes() == spoilt
    memory.unlink()
    assert look().status == 0


def test_an_unreachable_issuer_leaves_the_memory_as_it_was(
    look: Callable[..., Outcome], copy: Path, served: ServedLog, memory: Path, run: Run
) -> None:
    look()
    before = memory.read_bytes()
    (copy / LOG.lstrip("/") / "1" / "checkpoint").unlink()
    outcome = run("monitor", copy, "--root", served.world.pin, "--json")
    assert outcome.status == 1
    [finding] = outcome.members["findings"]
    assert (finding["finding"], finding["why"]) == ("unreachable", "not_there")
    assert memory.read_bytes() == before


@pytest.mark.parametrize("where", ["keep_evidence", "answer", "save"])
def test_an_interrupted_run_is_made_up_for_by_the_next(
    look: Callable[..., Outcome], served: ServedLog, where: str
) -> None:
    look()
    served.make(NOON + HOUR)
    served.make(NOON + HOUR, version=2)

    def stop(*_given: object, **_more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    place = command if where == "answer" else command.MonitorFiles
    with patch.object(place, where, stop):
        assert look(now=NOON + HOUR).status == 2
    [finding] = look("--json", now=NOON + HOUR).members["findings"]
    assert (finding["finding"], finding["version"]) == ("inconsistent", 2)
    assert look("--json", now=NOON + HOUR).members["findings"] == []


def test_two_authorities_are_followed_from_one_home(
    look: Callable[..., Outcome], run: Run, tmp_path: Path
) -> None:
    other = ServedLog(World(statuses=("green",), iss="https://other.example"))
    other.make(NOON)
    assert look().status == 0
    words = ("monitor", other.write(tmp_path / "other"), "--root", other.world.pin)
    assert run(*words).status == 0
    assert look("--json").members["bundles"] == 0


def test_past_the_end_there_is_nothing_to_follow(
    look: Callable[..., Outcome], served: ServedLog
) -> None:
    look()
    outcome = look("--lang", "en", now=served.world.sunset)
    assert outcome.status == 0
    assert "The system ended at" in outcome.out


# An address


def test_an_address_is_read_over_the_network(run: Run, served: ServedLog) -> None:
    def send(method: str, url: str, *, limit: int) -> Answer:
        assert method == "GET"
        try:
            data = served.read(url.removeprefix("https://qupia.example"), limit=limit)
        except NotHad:
            return Answer(404, b"{}", "", "")
        return Answer(200, data, "", "")

    words = ("monitor", "https://QUPIA.example/", "--root", served.world.pin, "--json")
    with patch.object(issuer_source, "send", send):
        assert run(*words).members["bundles"] == 1


@pytest.mark.parametrize(
    ("status", "why"), [(404, "not_there"), (410, "no_answer"), (500, "no_answer")]
)
def test_what_an_address_answers_instead_is_told(
    run: Run, served: ServedLog, status: int, why: str
) -> None:
    words = ("monitor", "https://qupia.example", "--root", served.world.pin, "--json")
    with patch.object(issuer_source, "send", lambda *_a, **_k: Answer(status, b"", "", "")):
        outcome = run(*words)
    assert outcome.status == 1
    assert [one["why"] for one in outcome.members["findings"]] == [why]
    assert outcome.members["checkpoint"] is None


@pytest.mark.parametrize(
    ("error", "why"), [(NoAnswer("no"), "no_answer"), (CommandError("large"), "too_large")]
)
def test_an_address_that_cannot_be_read_is_unreachable(
    run: Run, served: ServedLog, error: CommandError, why: str
) -> None:
    def send(*_given: object, **_more: object) -> Answer:
        raise error

    words = ("monitor", "https://qupia.example", "--root", served.world.pin, "--json")
    with patch.object(issuer_source, "send", send):
        outcome = run(*words)
    assert [one["why"] for one in outcome.members["findings"]] == [why]


# Wrong input


def test_wrong_input_is_one_line(run: Run, served: ServedLog, tmp_path: Path) -> None:
    root = served.world.pin
    assert "has 43 letters and digits" in complaint(run("monitor", tmp_path, "--root", "abc"))
    assert "there is no folder" in complaint(run("monitor", tmp_path / "no", "--root", root))
    said = complaint(run("monitor", "https://qupia.example/path", "--root", root))
    assert "the URL is an origin" in said
    said = complaint(run("monitor", "http://qupia.example", "--root", root))
    assert "use https" in said
    assert "--root" in complaint(run("monitor", tmp_path))
    assert "URL|FOLDER" in complaint(run("monitor", "--root", root))


def test_an_empty_folder_is_unreachable(run: Run, served: ServedLog, tmp_path: Path) -> None:
    outcome = run("monitor", tmp_path, "--root", served.world.pin)
    assert outcome.status == 1
    assert "/.well-known/qupia/trust-bundle is not there." in outcome.out


def test_what_is_too_large_in_a_folder_is_not_read(run: Run, served: ServedLog, copy: Path) -> None:
    (copy / ".well-known" / "qupia" / "trust-bundle").write_bytes(bytes(4_000_001))
    outcome = run("monitor", copy, "--root", served.world.pin, "--json")
    assert [one["why"] for one in outcome.members["findings"]] == ["too_large"]


def test_another_authority_s_root_is_told_in_words(run: Run, copy: Path) -> None:
    outcome = run("monitor", copy, "--root", World(iss="https://other.example").pin)
    assert outcome.status == 1
    assert "does not lead back to the pinned root" in outcome.out
