"""Disks that are full or read-only: one clear line, nothing lost, and all goes on afterwards."""

import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from schemas.encoding import b64url_encode, format_time
from schemas.kinds import HOUR
from tests.support.commands import Outcome, check_manners
from tests.support.issuers import Foundry, pool_keys
from tests.support.lab_export import local, make_row, write_text
from tests.support.town import Town
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process

PROGRAMS = Path(sys.executable).parent


def mount(*words: str) -> None:
    """Needs root, and a kernel that lets us."""
    program = shutil.which("mount")
    if program is None:
        pytest.skip("there is no mount program on this machine")
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, 4 MB small."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", str(folder))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def town(foundry: Foundry, disk: Path) -> Iterator[Town]:
    """A town whose files are all on that disk."""
    with pool_keys(first=100):
        town = Town(disk, foundry.copy(disk / "issuer"))
        town.activated(evidence="vaccinated_full", reference="N1")
        town.venue()
        yield town
    town.service.close()


def fill(disk: Path) -> Path:
    """Leave not a byte; the file that takes all the room."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(bytes(65536)):
            pass
    return ballast


FULL = ("full", "No space", "check the disk")
READ_ONLY = ("read-only", "Read-only", "check the disk")


def says(outcome: Outcome, words: tuple[str, ...]) -> bool:
    return outcome.status == 2 and any(word in outcome.err for word in words)


def commands(town: Town) -> dict[tuple[str, ...], str]:
    """Commands of the issuer that write, and what they are given."""
    recent = format_time(town.now - HOUR)
    retired = b64url_encode(town.service.authority.bundle().pass_keys[0].id)
    code = ("register", "--evidence", "pcr_negative", "--at", recent, "--birthday", "03-17")
    return {
        code: "",
        (*code, "--reference", "-"): "N2",
        ("withdraw", "--evidence", "contact", "--reference", "-"): "N3",
        ("staff", "add", "laboratory", "--role", "registrar"): "",
        ("keys", "retire", retired): "",
        ("keys", "delegate", "--root", str(town.service.home.root_key)): "",
        ("keys", "replace-all", "--root", str(town.service.home.root_key)): "",
    }


# A full disk


def test_the_issuer_s_commands_do_all_or_nothing_on_a_full_disk(town: Town, disk: Path) -> None:
    words = commands(town)
    ballast = fill(disk)
    for command, given in words.items():
        outcome = town.office.run(*command, given=given)
        assert says(outcome, FULL), (command, outcome)
    ballast.unlink()
    for command, given in words.items():
        outcome = town.office.run(*command, given=given)
        assert outcome.status == 0, (command, outcome)
    assert town.office.done("retention", "verify")["ok"]
    citizen = town.citizen()
    citizen.done("sync")
    assert town.venue().scan(citizen.show()).outcomes == ["admit"]


def test_an_intake_on_a_full_disk_loses_no_result(town: Town, disk: Path) -> None:
    export = disk / "export.csv"
    rows = [make_row(number, date=local(0.1, now=town.now)) for number in range(30)]
    export.write_text(write_text(rows), encoding="cp1251")
    ballast = fill(disk)
    words = ("intake", str(export), "--out")
    outcome = town.office.run(*words, str(disk / "codes.csv"))
    assert says(outcome, FULL), outcome
    ballast.unlink()
    summary = town.office.done(*words, str(disk / "codes-2.csv"))
    assert (summary["codes"], summary["repeated"]) == (30, 0)


def test_calls_to_the_issuer_fail_and_can_be_repeated(town: Town, disk: Path) -> None:
    service, wallet, code = town.service, town.service.wallet(), town.service.code()
    key, body = service.staff("registrar"), service.result()
    ballast = fill(disk)
    assert wallet.activate(code).code == (500, "failed")
    fill(disk)
    assert service.post("/v1/codes", body, key=key).code == (500, "failed")
    ballast.unlink()
    assert wallet.activate(code).status == 200
    assert service.post("/v1/codes", body, key=key).status == 200
    batch = wallet.batch(service.pass_key(wallet))
    ballast = fill(disk)
    assert wallet.fetch(batch).code == (500, "failed")
    ballast.unlink()
    assert wallet.fetch(batch).status == 200
    assert wallet.fetch(wallet.batch(service.pass_key(wallet), label="other")).status == 409


def test_retention_on_a_full_disk_goes_on_when_there_is_room(town: Town, disk: Path) -> None:
    ballast = fill(disk)
    town.clock.now += 20 * 24 * HOUR
    outcome = town.office.run("retention", "run")
    assert says(outcome, FULL), outcome
    ballast.unlink()
    town.office.done("retention", "run")
    assert town.office.done("retention", "verify")["ok"]


def test_a_wallet_on_a_full_disk_shows_nothing_that_it_cannot_mark(town: Town, disk: Path) -> None:
    citizen, venue = town.citizen(), town.venue()
    before = (citizen.home / "wallet.json").read_bytes()
    ballast = fill(disk)
    for words in (("show",), ("show", "--png", str(disk / "pass.png")), ("show", "--text")):
        outcome = citizen.run(*words)
        assert says(outcome, FULL), outcome
        assert "QP1:" not in outcome.out
    town.clock.now = town.window_end() - 1
    assert (citizen.home / "wallet.json").read_bytes() == before
    ballast.unlink()
    assert citizen.done("show")["remaining"] == 7
    assert venue.scan(citizen.show()).outcomes == ["admit"]


def test_a_wallet_on_a_full_disk_asks_for_nothing_that_it_cannot_keep(
    town: Town, disk: Path
) -> None:
    citizen, slip = town.citizen("new"), town.slip()
    town.until(town.window_end() + HOUR)
    ballast = fill(disk)
    assert says(citizen.run("activate", "-", given=slip), FULL)
    assert says(town.citizen().run("sync"), FULL)
    assert town.net.posted("/v1/entitlements")[1:] == []
    assert len(town.net.posted("/v1/passes")) == 1
    ballast.unlink()
    citizen.activate(slip)
    assert town.citizen().done("sync")["fetched"] == 8


def test_a_picture_that_cannot_be_written_can_be_shown_again(town: Town, disk: Path) -> None:
    citizen = town.citizen()
    usb = disk / "usb"
    usb.mkdir()
    mount("-t", "tmpfs", "-o", "size=4k,mode=700", "tmpfs", str(usb))
    try:
        (usb / "full").write_bytes(bytes(4096))
        outcome = citizen.run("show", "--png", str(usb / "pass.png"))
        assert says(outcome, FULL)
    finally:
        subprocess.run(["umount", str(usb)], check=True)
    shown = citizen.done("show", "--again")
    assert (shown["reused"], shown["remaining"]) == (True, 7)


def test_a_venue_on_a_full_disk_goes_on_scanning(town: Town, disk: Path) -> None:
    citizen, venue = town.citizen(), town.venue()
    codes = [citizen.show(), citizen.show()]
    town.until(town.now + 7 * HOUR)
    ballast = fill(disk)
    assert venue.scan(codes[0], at=town.now - 7 * HOUR).outcomes == ["admit"]
    outcome = venue.run("sync")
    assert says(outcome, FULL), outcome
    assert venue.scan(codes[0], at=town.now - 7 * HOUR).outcomes == ["admit"]
    ballast.unlink()
    venue.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]


# A read-only disk


@pytest.fixture
def read_only(town: Town, disk: Path) -> Iterator[Callable[[], None]]:
    """Makes the disk read-only; it can be written again at the end, or when called again."""

    def switch(how: str = "ro") -> None:
        mount("-o", f"remount,{how}", str(disk))

    yield switch
    switch("rw")


def test_on_a_read_only_disk_doors_open_and_all_else_says_why(
    town: Town, read_only: Callable[..., None]
) -> None:
    citizen, venue = town.citizen(), town.venue()
    code, slip = citizen.show(), town.slip()
    words = commands(town)
    town.service.close()
    read_only()
    assert venue.scan(code).outcomes == ["admit"]
    venue.done("status")
    for command, given in words.items():
        assert says(town.office.run(*command, given=given), READ_ONLY), command
    for device, command in (
        (town.office, ("retention", "run")),
        (citizen, ("show",)),
        (citizen, ("sync",)),
        (citizen, ("activate", "-", "--replace")),
        (venue, ("sync",)),
    ):
        outcome = device.run(*command, given=slip)
        assert says(outcome, READ_ONLY), (command, outcome)
    assert town.office.done("retention", "verify")["ok"]
    read_only("rw")
    town.service.open()
    citizen.done("sync")
    assert venue.scan(citizen.show()).outcomes == ["admit"]


# A limit on the size of files, where nobody may mount


def limited(program: str, home: Path, *words: str, given: str = "", size: int = 2048) -> Outcome:
    """Run a real command that may not write files over ``size`` bytes."""
    done = subprocess.run(
        [PROGRAMS / program, *words, "--home", home],
        input=given,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        check=False,
        timeout=PATIENCE,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    check_manners(outcome)
    return outcome


def test_a_limit_on_file_sizes_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "issuer"
    words = ("init", "--name", "X", "--url", "http://127.0.0.1:8000", "--hint", "none")
    outcome = limited("qupia-issuer", home, *words)
    assert outcome.status == 2, outcome
    assert not (home / "issuer.json").exists()
    done = subprocess.run(
        [PROGRAMS / "qupia-issuer", *words, "--home", home], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    recent = ("--at", "2020-01-01T00:00Z")
    words = ("withdraw", "--evidence", "contact", "--reference", "-", *recent)
    outcome = limited("qupia-issuer", home, *words, given="N1")
    assert outcome.status == 2, outcome
    assert "N1" not in outcome.err
