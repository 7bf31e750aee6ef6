"""Two workers over one home, eight clients at once: everything happens once."""

import json
import os
import re
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from schemas.bundle import PassKey
from schemas.encoding import b64url_encode, format_time, parse_time
from schemas.kinds import HOUR
from schemas.trust import read_bundle
from shell.clock import system_clock
from shell.fetching import Answer
from tests.support.issuers import blinded
from tests.support.processes import RealIssuer, session_of
from tests.support.waiting import wait_until
from wallet_sim.passes.account import dpop_proof, new_private_key

ROUNDS = 20 if os.environ.get("QUPIA_DRILL") == "full" else 3
CLIENTS = 8
CAP = 10

_callers = count(1)


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealIssuer]:
    """Served by two workers; a registrar may register ten results a day."""
    found = RealIssuer.found(tmp_path_factory.mktemp("workers"))
    policy = found.home.policy
    text = policy.read_text()
    policy.write_text(re.sub(r"codes_per_day = \d+", f"codes_per_day = {CAP}", text))
    with found.serving("--workers", "2"):
        assert len(workers(found)) == 2
        yield found


def workers(issuer: RealIssuer) -> set[int]:
    """The processes that serve, as soon as there are two."""

    def found() -> set[int]:
        assert issuer.process is not None
        commands = session_of(issuer.process).items()
        return {pid for pid, command in commands if "spawn_main" in command}

    wait_until(lambda: len(found()) == 2, "the start of two workers")
    return found()


class Caller:
    """An account key and calls in its name, each from an address of its own."""

    def __init__(self, issuer: RealIssuer) -> None:
        self.issuer = issuer
        self.account = new_private_key()

    def post(self, path: str, members: dict[str, Any]) -> Answer:
        body = json.dumps(members).encode()
        url = self.issuer.url + path
        proof = dpop_proof(self.account, method="POST", url=url, body=body, now=system_clock())
        return self.issuer.call("POST", path, body, {"DPoP": proof, **_from_elsewhere()})

    def activated(self, code: str) -> str:
        answer = self.post("/v1/entitlements", {"code": code})
        assert answer.status == 200
        return str(json.loads(answer.body)["entitlement"])


def _from_elsewhere() -> dict[str, str]:
    """What a proxy on this machine adds; failures are counted by that address."""
    number = next(_callers)
    return {"X-Forwarded-For": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}


def at_once(calls: list[Callable[[], Answer]]) -> list[Answer]:
    """Make all calls in the same moment."""
    barrier = Barrier(len(calls))

    def wait_and_call(call: Callable[[], Answer]) -> Answer:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(wait_and_call, calls))


def outcomes(answers: list[Answer]) -> Counter[str]:
    """How often each code was answered."""
    return Counter(str(json.loads(answer.body).get("code", "done")) for answer in answers)


def claims(answer: Answer) -> dict[str, Any]:
    """What was answered, without the entitlement's signature, which is another each time."""
    members: dict[str, Any] = json.loads(answer.body)
    if "entitlement" in members:
        members["entitlement"] = members["entitlement"].rpartition(".")[0]
    return members


def current_key(issuer: RealIssuer) -> PassKey:
    data = issuer.call("GET", "/.well-known/qupia/trust-bundle").body
    bundle = read_bundle(data, anchor=issuer.root).bundle
    window = next(one for one in bundle.windows if one.contains(system_clock()))
    key = bundle.key_for(status="green", holder=None, window=window)
    assert key is not None
    return key


def markers(issuer: RealIssuer) -> int:
    path = issuer.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT count(*) FROM records WHERE kind = 'batch'"
        return int(connection.execute(query).fetchone()[0])


@pytest.fixture
def fetching(issuer: RealIssuer) -> Callable[[str], Callable[[], Answer]]:
    """Gives calls for the passes of one new wallet; another label is another batch."""
    caller = Caller(issuer)
    [code] = issuer.codes(1)
    entitlement, key = caller.activated(code), current_key(issuer)

    def call(label: str) -> Callable[[], Answer]:
        batch = {"key_id": b64url_encode(key.id), "blinded": blinded(key, label=label)}
        return lambda: caller.post("/v1/passes", {"entitlement": entitlement, "batches": [batch]})

    return call


@pytest.mark.parametrize("number", range(ROUNDS))
def test_the_same_batch_from_eight_clients_leaves_one_marker_and_gives_one_answer(
    issuer: RealIssuer, fetching: Callable[[str], Callable[[], Answer]], number: int
) -> None:
    before = markers(issuer)
    answers = at_once([fetching(f"batch {number}")] * CLIENTS)
    assert outcomes(answers) == {"done": CLIENTS}
    assert len({answer.body for answer in answers}) == 1
    assert markers(issuer) == before + 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_different_batches_for_one_entitlement_exactly_one_wins(
    issuer: RealIssuer, fetching: Callable[[str], Callable[[], Answer]], number: int
) -> None:
    before = markers(issuer)
    calls = [fetching(f"batch {number}, client {client}") for client in range(CLIENTS)]
    answers = at_once(calls)
    assert outcomes(answers) == {"done": 1, "batch_already_issued": CLIENTS - 1}
    assert markers(issuer) == before + 1
    again = [call() for call in calls]
    assert [answer.status for answer in again] == [answer.status for answer in answers]
    assert [a.body for a in again if a.status == 200] == [
        a.body for a in answers if a.status == 200
    ]


@pytest.mark.parametrize("number", range(ROUNDS))
def test_of_eight_wallets_with_one_code_exactly_one_is_activated(
    issuer: RealIssuer, number: int
) -> None:
    [code] = issuer.codes(1)
    calls = [
        partial(Caller(issuer).post, "/v1/entitlements", {"code": code}) for _ in range(CLIENTS)
    ]
    answers = at_once(calls)
    assert outcomes(answers) == {"done": 1, "code_used": CLIENTS - 1}, number
    again = [call() for call in calls]
    assert [claims(answer) for answer in again] == [claims(answer) for answer in answers]


def test_the_daily_cap_of_a_registrar_holds_across_workers(issuer: RealIssuer) -> None:
    def register() -> Answer:
        body = {"evidence": "pcr_negative", "at": format_time(system_clock() - HOUR)}
        return issuer.register(**body)

    answers = [answer for _ in range(4) for answer in at_once([register] * CLIENTS)]
    assert outcomes(answers)["too_many"] == 4 * CLIENTS - CAP
    given = [json.loads(answer.body)["code"] for answer in answers if answer.status == 200]
    assert len(set(given)) == len(given) == CAP


def holders(path: Path) -> list[int]:
    """The processes that hold the lock on a file (proc(5), /proc/locks)."""
    if not Path("/proc/locks").exists():
        pytest.skip("this system does not tell who holds a lock")
    inode = str(path.stat().st_ino)
    lines = Path("/proc/locks").read_text().splitlines()
    fields = [line.split() for line in lines if "FLOCK" in line and "->" not in line]
    return [int(field[4]) for field in fields if field[5].rpartition(":")[2] == inode]


def last_run(issuer: RealIssuer) -> int:
    lines = issuer.home.retention_log.read_text().splitlines()
    return parse_time(json.loads(lines[-1])["last_run"])


def is_taken_over(issuer: RealIssuer, dead: int, since: int) -> bool:
    """Whether another worker works in the background, and has done so."""
    return holders(issuer.home.worker_lock) not in ([], [dead]) and last_run(issuer) > since


def test_one_worker_works_in_the_background_and_when_it_dies_another_takes_over(
    issuer: RealIssuer,
) -> None:
    for _ in range(2):
        [working] = holders(issuer.home.worker_lock)
        assert working in workers(issuer)
        killed_at = system_clock()
        time.sleep(1)
        os.kill(working, signal.SIGKILL)
        wait_until(partial(is_taken_over, issuer, working, killed_at), "the work of another")
        assert working not in workers(issuer)
        assert len(workers(issuer)) == 2
        assert {issuer.call("GET", "/healthz").status for _ in range(10)} == {200}


def test_workers_whose_supervisor_is_killed_leave_the_port_to_the_next(issuer: RealIssuer) -> None:
    supervisor = issuer.process
    assert supervisor is not None
    assert len(workers(issuer)) == 2
    supervisor.kill()
    supervisor.wait()
    wait_until(lambda: not session_of(supervisor), "the end of all workers")
    issuer.start("--workers", "2")
    assert issuer.call("GET", "/healthz").status == 200
