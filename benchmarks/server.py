"""A real issuer process, wallets with prepared requests, and what the operating system counts."""

import http.client
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from issuer.authority import Authority
from issuer.entitlement import activate, sign_entitlement
from issuer.home import Home
from schemas.encoding import b64url_encode
from schemas.jwk import jwk_from_key, thumbprint
from shell.clock import system_clock
from wallet_sim.passes.account import dpop_proof, load_private_key, new_private_key

PORT = 18473
URL = f"http://127.0.0.1:{PORT}"
COMMAND = str(Path(sys.executable).with_name("qupia-issuer"))
START_SECONDS = 120


@dataclass(frozen=True)
class PreparedCall:
    """The body of a request for two batches, and its proof; good for a minute."""

    body: bytes
    proof: str


def found(home: Path) -> None:
    """A new issuer with all its keys made and published."""
    words = ["--name", "Bench", "--url", URL, "--json"]
    for command in (["init", *words], ["keys", "make", "--json"]):
        subprocess.run([COMMAND, *command, "--home", home], check=True, capture_output=True)


@contextmanager
def serving(home: Path, *, at_once: bool = False) -> Iterator[int]:
    """The process id of a running issuer; ``at_once`` it answers without waiting for a step."""
    command = [sys.executable, "-m", "benchmarks.at_once"] if at_once else [COMMAND, "serve"]
    process = subprocess.Popen(
        [*command, "--home", home], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await_health()
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def prepare_calls(home: Path, number: int) -> list[PreparedCall]:
    """Requests of so many wallets, each with an entitlement of its own."""
    authority = Authority.open(Home(home))
    try:
        bodies = [_body(authority) for _ in range(number)]
    finally:
        authority.store.close()
    now = system_clock()
    url = f"{URL}/v1/passes"
    return [
        PreparedCall(body, dpop_proof(account, method="POST", url=url, body=body, now=now))
        for body, account in bodies
    ]


def drive(calls: Sequence[PreparedCall], connections: int) -> list[float]:
    """Send the calls over so many kept-alive connections; the seconds that each took."""
    parts = [calls[index::connections] for index in range(connections)]
    with ThreadPoolExecutor(connections) as pool:
        return [seconds for times in pool.map(_send_all, parts) for seconds in times]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process with all its threads (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_megabytes(pid: int) -> float:
    """The most memory that a process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(row for row in status.splitlines() if row.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _await_health() -> None:
    for _ in range(START_SECONDS * 10):
        try:
            with urllib.request.urlopen(f"{URL}/healthz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("the issuer was not ready in time")


def _body(authority: Authority) -> tuple[bytes, bytes]:
    """A request for the current and the next window, and the account key of its wallet."""
    now = system_clock()
    account = new_private_key()
    jkt = thumbprint(jwk_from_key(load_private_key(account).public_key()))
    with authority.store.transaction(now) as tx:
        issued = authority.registrar.register(
            tx, evidence="pcr_negative", at=now, birthday="03-17", reference=None, now=now
        )
        entitlement = activate(tx, code=issued.code, jkt=jkt, now=now)
    signed = sign_entitlement(entitlement, key=authority.entitlement_key, url=URL)
    current = authority.policy.calendar.window_at(now)
    batches = []
    for window in (current, authority.policy.calendar.next_window(current)):
        key = authority.bundle().key_for(status="green", holder="03", window=window)
        n = int.from_bytes(key.modulus, "big")
        values = [secrets.randbelow(n - 3) + 2 for _ in range(8)]
        blinded = [b64url_encode(value.to_bytes(256, "big")) for value in values]
        batches.append({"key_id": b64url_encode(key.id), "blinded": blinded})
    return json.dumps({"entitlement": signed, "batches": batches}).encode(), account


def _send_all(calls: Sequence[PreparedCall]) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    times = []
    for call in calls:
        start = time.perf_counter()
        connection.request("POST", "/v1/passes", call.body, {"DPoP": call.proof})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
        times.append(time.perf_counter() - start)
        if response.status != 200 or [len(b["signatures"]) for b in answer["batches"]] != [8, 8]:
            raise RuntimeError(f"POST /v1/passes answered {response.status}")
    connection.close()
    return times
