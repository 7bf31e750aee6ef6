"""A bundle's proof: its bytes, what verifying it takes, and that a long log costs no more.

And what a monitor takes that reads a year of bundles for the first time.
"""

import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.figures import Figure, cpu_rate
from issuer.home import Home
from issuer.log.log import Log, create_log
from schemas.kinds import DAY, HOUR
from schemas.log.notes import KeyType, VerifierKey, cosign, vkey_of
from schemas.log.proofs import cosigners, in_log, parse_proof
from tests.support.keys import filler_modulus
from tests.support.served_log import ServedLog
from tests.support.world import NOON, World
from verifier.monitor.following import follow
from verifier.monitor.memory import Memory
from verifier.monitor.sources import FolderSource

SECONDS = 0.5
YEAR, TEN_YEARS = 1_460, 15_000
"""Bundles, one every six hours."""

NAMES = [f"witness-{number}.qupia.example/w" for number in (1, 2, 3)]


def run() -> list[Figure]:
    """Bytes and milliseconds of a proof with three cosignatures, at a year and at ten."""
    proofs = [figure for size in (YEAR, TEN_YEARS) for figure in _figures(size)]
    return [*proofs, _monitor_of_a_year()]


def _figures(size: int) -> list[Figure]:
    with TemporaryDirectory() as folder:
        log, begin = _new_log(Path(folder)), time.perf_counter()
        log.folder.append(b"".join(map(_entry, range(size))))
        log.sign()
        opening = time.perf_counter() - begin
        publishing = 1000 / cpu_rate(lambda: _publish(log), SECONDS)
        witnesses, text = _cosigned(log)
        verifying = 1000 / cpu_rate(_verification(log, witnesses, text), SECONDS)
        at = f"at {size:,} entries"
        return [
            Figure(f"a proof with three cosignatures {at}", len(text.encode()), "B", 3_500),
            Figure(f"verifying it {at}", verifying, "ms", 2.0),
            Figure(f"entry, checkpoint and proof {at}", publishing, "ms", 10.0),
            Figure(f"reading the log once {at}", opening * 1000, "ms"),
        ]


class _Authority(World):
    """One whose keys sign nothing, so that a year of them is made in no time."""

    def _new_modulus(self, cell: Any) -> bytes:
        return filler_modulus(f"{cell}")


def _monitor_of_a_year() -> Figure:
    """Every bundle of a year is in a folder, and all of them are judged."""
    with TemporaryDirectory() as folder:
        served = _publish_a_year()
        source = FolderSource(served.write(Path(folder)))
        end, begin = served.now, time.perf_counter()
        run = follow(source, Memory(served.world.pin), now=end, tell=lambda _done, _of: None)
        seconds = time.perf_counter() - begin
        if run.findings or run.bundles != YEAR:
            raise RuntimeError("the monitor has not judged a whole year")
    size = len(served.in_force) // 1000
    return Figure(f"a monitor over {YEAR:,} bundles of {size} kB from disk", seconds, "s", 60.0)


def _publish_a_year() -> ServedLog:
    """Bundles with hints by month; the roots name a new signer every 30 days."""
    world = _Authority(hint="month", tracing=True)
    world.begin_with_sunset(NOON + 400 * DAY)
    served = ServedLog(world)
    for number in range(YEAR):
        served.now = NOON + number * 6 * HOUR
        if number and number % 120 == 0:
            world.delegate(served.now)
        served.make(served.now)
    return served


def _new_log(folder: Path) -> Log:
    home = Home(folder / "home")
    home.make()
    create_log(home, number=1, token_issuer="pass.health-authority.example")
    return Log.open(home, 1)


def _publish(log: Log) -> str:
    index = log.append(_entry(log.size))
    log.sign()
    return log.proof(index).text


def _cosigned(log: Log) -> tuple[list[VerifierKey], str]:
    """Three witnesses, and the proof of the last entry with their lines."""
    keys = [Ed25519PrivateKey.generate() for _ in NAMES]
    text = log.checkpoint.text
    named = list(zip(NAMES, keys, strict=True))
    log.add_cosignatures(cosign(text, name=name, key=key, at=1) for name, key in named)
    witnesses = [vkey_of(key, name=name, type=KeyType.COSIGNATURE) for name, key in named]
    return witnesses, log.proof(log.checkpoint.size - 1).text


def _verification(log: Log, witnesses: list[VerifierKey], text: str) -> Callable[[], object]:
    """All that a client does with a proof."""
    entry = _entry(log.checkpoint.size - 1)

    def verify() -> None:
        proof = parse_proof(text)
        checkpoint = in_log(entry, proof, log_key=log.key)
        if cosigners(proof, witnesses) != len(NAMES):
            raise RuntimeError("not cosigned")
        if proof.tail.root_at(checkpoint.size) != checkpoint.root:
            raise RuntimeError("not the end of this log")

    return verify


def _entry(number: int) -> bytes:
    return sha256(f"entry {number}".encode()).digest()
