"""The same questions to both programs of the venue: Python here, and the page's code in Node.

A case is what ``tests/vectors/make.py`` describes; its ``bundle`` is the name under which an
:class:`Engine` was given one, or None. ``before`` may hold codes of any kind, and what comes out is
a list: the decisions on those codes, then that on the case's own.
"""

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from schemas.bundle import TrustBundle
from schemas.bundle_faults import BundleRejected
from schemas.refusals import Refused
from schemas.trust import TrustState, accept_bundle, read_bundle
from shell.files import locked
from tests.support.servers import PROGRAMS
from tests.support.waiting import PATIENCE
from verifier.door.seen import SeenSet
from verifier.door.verification import Venue, verify

WEB = Path(__file__).parents[2] / "verifier" / "web"
LABORATORY = WEB / "test" / "dist" / "laboratory.js"
_BUILD = WEB / "vite.laboratory.config.ts"

Case = Mapping[str, Any]
Decided = dict[str, Any]
"""``outcome``, ``reason``, ``seconds``, ``status``, ``holder``, ``asks_hint``, ``paper``."""


@dataclass(frozen=True)
class Offers:
    """Bundles that a device with this pin is offered one after the other, each at its time."""

    root: str
    offers: Sequence[tuple[bytes, int]] = field(repr=False)


class Engine(Protocol):
    """One of the two programs."""

    def read(self, name: str, data: bytes, *, root: str) -> None:
        """Keep a bundle under a name."""

    def scan(self, cases: Iterable[Case]) -> list[list[Decided]]:
        """The decisions on the codes of each case."""

    def accept(self, chains: Iterable[Offers]) -> list[list[str | None]]:
        """For each chain of offers the fault of each, or what is odd; None where it is accepted."""


# Python


class Python:
    """The command's decisions."""

    def __init__(self) -> None:
        self._bundles: dict[str | None, TrustBundle | None] = {None: None}

    def read(self, name: str, data: bytes, *, root: str) -> None:
        self._bundles[name] = read_bundle(data, anchor=root).bundle

    def scan(self, cases: Iterable[Case]) -> list[list[Decided]]:
        return [self._scan(case) for case in cases]

    def accept(self, chains: Iterable[Offers]) -> list[list[str | None]]:
        return [_accept(chain) for chain in chains]

    def _scan(self, case: Case) -> list[Decided]:
        bundle, seen = self._bundles[case["bundle"]], SeenSet()
        door: dict[str, Any] = {
            "bundle": bundle,
            "policy": bundle.policy(case["policy"]) if bundle is not None else None,
            "venue": _venue(case["venue"]),
            "seen": seen,
        }
        codes = [*case["before"], case]
        return [_decide(code["text"], code["now"], door) for code in codes]


def _venue(members: Mapping[str, Any] | None) -> Venue | None:
    if members is None:
        return None
    bindings = {int(hour): bytes.fromhex(b) for hour, b in members["bindings"].items()}
    return Venue(bindings, strict=members["strict"])


_NOTHING: Decided = {"status": None, "holder": None, "asks_hint": False, "paper": False}


def _decide(text: str, now: int, door: Mapping[str, Any]) -> Decided:
    decided = {"reason": None, "seconds": 0} | _NOTHING
    try:
        verdict = verify(text, now=now, **door)
    except Refused as refused:
        why = {"reason": refused.reason.value, "seconds": refused.seconds}
        return decided | {"outcome": refused.outcome.value} | why
    return decided | {
        "outcome": "admit",
        "status": verdict.status,
        "holder": verdict.holder,
        "asks_hint": verdict.asks_hint,
        "paper": verdict.paper,
    }


def _accept(chain: Offers) -> list[str | None]:
    faults: list[str | None] = []
    state, held = TrustState(anchor=chain.root), None
    for data, now in chain.offers:
        try:
            accepted = accept_bundle(data, state=state, now=now, held=held)
            state, held = accepted.state, accepted.data
            faults.append(None)
        except BundleRejected as rejected:
            faults.append((rejected.odd or rejected.fault).value)
    return faults


# JavaScript


class Node:
    """The page's decisions, in a process that lives as long as the tests that ask it."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def read(self, name: str, data: bytes, *, root: str) -> None:
        self._ask("read", {"name": name, "data": _base64(data), "root": root})

    def scan(self, cases: Iterable[Case]) -> list[list[Decided]]:
        answers: list[list[Decided]] = self._ask("scan", list(cases))
        return answers

    def accept(self, chains: Iterable[Offers]) -> list[list[str | None]]:
        asked = [
            {
                "root": chain.root,
                "offers": [{"data": _base64(data), "now": now} for data, now in chain.offers],
            }
            for chain in chains
        ]
        answers: list[list[str | None]] = self._ask("accept", asked)
        return answers

    def presence(self, what: str, given: Sequence[object]) -> list[Any]:
        """What the page's function of presence tracing gives for each; bytes are in hex."""
        answers: list[Any] = self._ask("presence", {"what": what, "given": given})
        return answers

    def _ask(self, name: str, given: object) -> Any:
        streams = self._process.stdin, self._process.stdout
        assert streams[0] is not None
        assert streams[1] is not None
        streams[0].write(json.dumps({name: given}).encode() + b"\n")
        streams[0].flush()
        line = streams[1].readline()
        assert line, "Node has ended; what it said stands in the standard error"
        return json.loads(line)


def _base64(data: bytes) -> str:
    return b64encode(data).decode()


@contextmanager
def node() -> Iterator[Node]:
    """Node with the page's decisions, built anew where a source has changed."""
    build_laboratory()
    command = [PROGRAMS / "node", WEB / "test" / "judge.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Node(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(PATIENCE)
        finally:
            process.kill()


def build_laboratory() -> Path:
    """The page's decisions as one module, newer than all that it is made of."""
    with locked(_BUILD):
        if not _is_current():
            path = f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}"
            done = subprocess.run(
                [PROGRAMS / "npm", "run", "--silent", "laboratory"],
                cwd=WEB,
                env={**os.environ, "PATH": path},
                capture_output=True,
                encoding="utf-8",
                check=False,
                timeout=PATIENCE,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    return LABORATORY


def _is_current() -> bool:
    if not LABORATORY.exists():
        return False
    source = WEB / "src"
    sources = [
        *(source / "schemas").rglob("*.ts"),
        *(source / "door").glob("*.ts"),
        WEB / "test" / "laboratory.ts",
        *WEB.glob("vite*.ts"),
        *(WEB / "plugins").glob("*.ts"),
        *(WEB.parents[1] / "schemas").glob("*.json"),
    ]
    return max(path.stat().st_mtime for path in sources) <= LABORATORY.stat().st_mtime
