"""Files as editors, mail programs and other systems leave them, given to commands by a real shell.

Each has a byte order mark, CR LF at the end of its lines, and empty lines after the last one.
"""

import codecs
import csv
import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.encoding import format_time
from schemas.kinds import DAY, HOUR
from shell.clock import system_clock
from tests.support.processes import RealIssuer
from tests.support.servers import PROGRAMS
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process

PERSON = "KZ-PASSPORT-77"


@dataclass(frozen=True)
class Desk:
    """A folder with the homes of an authority that serves, a wallet and a venue."""

    folder: Path
    issuer: RealIssuer

    def wrapped(self, text: str | bytes, name: str = "given") -> Path:
        """A file with the text as somebody's editor saved it."""
        plain = text.encode() if isinstance(text, str) else text
        path = self.folder / name
        data = plain.strip().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        path.write_bytes(codecs.BOM_UTF8 + data + b"\r\n\r\n")
        return path

    def shell(self, line: str, *, status: int = 0) -> tuple[list[dict[str, Any]], str]:
        """The JSON that a line for the shell printed, and its standard error."""
        homes = {
            "QUPIA_ISSUER_HOME": str(self.issuer.home.path),
            "QUPIA_WALLET_HOME": str(self.folder / "wallet"),
            "QUPIA_VERIFIER_HOME": str(self.folder / "venue"),
        }
        path = f"{PROGRAMS}:{os.environ['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=self.folder,
            env=os.environ | homes | {"PATH": path},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == status, done
        return [json.loads(printed) for printed in done.stdout.splitlines()], done.stderr.decode()

    def answer(self, line: str) -> dict[str, Any]:
        """The one object that a line printed which succeeds."""
        [members], _ = self.shell(line)
        return members

    def register(self, *words: str) -> dict[str, Any]:
        at = format_time(system_clock() - HOUR)
        return self.answer(
            f"qupia-issuer register --evidence pcr_negative --at {at} --json {' '.join(words)}"
        )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with RealIssuer.found(folder).serving() as issuer:
        yield Desk(folder, issuer)


def test_references_and_codes_come_from_files(desk: Desk) -> None:
    desk.wrapped(PERSON)
    code = desk.register("--reference - < given")["code"]
    withdraw = "qupia-issuer withdraw --evidence contact --json --reference -"
    assert desk.answer(f"{withdraw} < given")["withdrawn_until"]
    (desk.folder / "plain").write_text(PERSON)
    # It is the same person to whom that is done.
    assert desk.answer(f"{withdraw} --lift < plain") == {"withdrawn_until": None}
    _, refused = desk.shell(
        f"qupia-issuer register --evidence pcr_negative --reference - --json "
        f"--at {format_time(system_clock() - 2 * DAY)} < /dev/null",
        status=2,
    )
    assert "standard input was empty" in refused
    desk.wrapped(code)
    assert desk.answer("qupia-issuer codes cancel - --json < given") == {"done": True}


def test_an_export_of_results_comes_from_a_file(desk: Desk) -> None:
    sample = (Path(__file__).parent.parent / "samples" / "lab_results.csv").read_bytes()
    lines = sample.decode("cp1251").splitlines()[:20]
    desk.wrapped("\n".join(lines), "results.csv")
    [told], _ = desk.shell("qupia-issuer intake results.csv --out codes.csv --json", status=1)
    assert told["rows"] == len(lines) - 1
    with (desk.folder / "codes.csv").open(encoding="utf-8", newline="") as file:
        assert told["codes"] == len(list(csv.reader(file))) - 1


def test_root_keys_and_requests_come_from_files(desk: Desk) -> None:
    key = desk.wrapped(desk.issuer.home.root_key.read_bytes(), "stick.pem")
    key.chmod(0o600)
    asked = desk.answer("qupia-issuer keys request --out asked.json --json")
    desk.wrapped((desk.folder / "asked.json").read_bytes(), "request.json")
    signed = desk.answer(
        "qupia-issuer keys sign request.json --root stick.pem --out signed.json --home any --json"
    )
    assert signed["signer"] == asked["signer"]
    desk.wrapped((desk.folder / "signed.json").read_bytes(), "carried.json")
    assert desk.answer("qupia-issuer keys take carried.json --json")["signer"] == asked["signer"]
    assert not (desk.folder / "any").exists()
    assert desk.answer("qupia-issuer keys delegate --root stick.pem --json")["signer"]


def test_a_bundle_comes_from_a_file_or_a_redirection(desk: Desk) -> None:
    desk.wrapped(desk.issuer.home.bundle.read_bytes(), "bundle.jws")
    setup = f"qupia-verifier setup bundle.jws --root {desk.issuer.root} --json"
    version = desk.answer(setup)["version"]
    for source in ("bundle.jws", "/dev/stdin < bundle.jws"):
        assert desk.answer(f"qupia-verifier import {source} --json")["version"] == version


def test_a_link_a_venues_code_and_a_pass_come_from_files(desk: Desk) -> None:
    desk.wrapped(desk.register()["activation_url"])
    assert desk.answer("qupia-wallet activate - --json < given")["status"] == "green"
    desk.answer(f"qupia-verifier setup {desk.issuer.url} --root {desk.issuer.root} --json")
    desk.wrapped(desk.answer("qupia-verifier checkin --json")["code"])
    assert desk.answer("qupia-wallet checkin - --json < given")
    shown = desk.answer("qupia-wallet show --venue - --json < given")["qr"]
    desk.wrapped(shown)
    for line in ("- --json < given", '--json "$(cat given)"'):
        assert desk.answer(f"qupia-verifier scan {line}")["outcome"] == "admit"
    desk.wrapped(f"{shown}\n{shown}")
    verdicts, _ = desk.shell("cat given given | qupia-verifier scan - --json", status=1)
    assert [one["reason"] for one in verdicts] == [None, *["already_shown"] * 3]


def test_an_officers_key_and_a_venues_export_come_from_files(desk: Desk) -> None:
    desk.wrapped(desk.answer("qupia-issuer staff add aliya --role officer --json")["key"])
    _, refused = desk.shell(f"qupia-issuer notice agree {'0' * 64} - < given", status=1)
    # The key is known, and nothing waits.
    assert "nothing of that digest waits" in refused
    desk.answer(f"qupia-verifier setup {desk.issuer.url} --root {desk.issuer.root} --json")
    desk.answer("qupia-verifier checkin --json")
    now = system_clock()
    span = f"--from {format_time(now)} --to {format_time(now + 1)}"
    desk.answer(f"qupia-verifier trace {span} --out export.json --json")
    desk.wrapped((desk.folder / "export.json").read_bytes(), "export.json")
    _, refused = desk.shell(f"qupia-issuer notice add export.json {span}", status=1)
    # It was opened: the only fault is one of its hours.
    assert "these hours are not over yet" in refused
