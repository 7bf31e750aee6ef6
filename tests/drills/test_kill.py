"""``kill -9`` of a serving issuer at any moment of activation, signing and purge.

Six times, fifty in ``make drill``. Clients go on with what was cut off, as wallets do.
"""

import json
import os
import random
import sqlite3
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from issuer.perishable.purge import MARK
from issuer.perishable.store import Store
from schemas.activation import Activation, format_activation_url
from schemas.encoding import format_time
from schemas.jws import parse
from schemas.kinds import DAY, HOUR, Kind
from schemas.problems import ApiProblem, Problem
from schemas.trust import read_bundle
from shell.clock import system_clock
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.processes import RealIssuer, RealWallet, run_real
from tests.support.servers import PROGRAMS
from tests.support.waiting import PATIENCE, wait_until
from verifier.door.seen import SeenSet
from verifier.door.verification import verify
from wallet_sim.passes.account import dpop_proof, new_private_key
from wallet_sim.passes.issuance import PASSES_PATH, new_request, passes_body
from wallet_sim.passes.presentation import choose, present

KILLS = 50 if os.environ.get("QUPIA_DRILL") == "full" else 6
CLIENTS = 3
CODES = 40
"""For each round; a round uses a dozen."""

OLD_RECORDS = 5000
LONGEST_WAIT = 0.4
"""Seconds of traffic before a kill."""


@dataclass
class Book:
    """Every answer that ever arrived, by what was asked."""

    entitlements: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    requests: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    answers: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))
    registered: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)

    def note(self, path: str, body: bytes, answer: Answer) -> None:
        if answer.status >= 500:
            self.unexpected.append(f"{path} {answer.status}")
        if answer.status != 200 or not body:
            return
        asked, given = json.loads(body), json.loads(answer.body)
        if path == "/v1/entitlements":
            self.entitlements[asked["code"]].add(given["entitlement"].rpartition(".")[0])
        if path == PASSES_PATH:
            jti = parse(asked["entitlement"]).unverified_payload["jti"]
            for batch, signed in zip(asked["batches"], given["batches"], strict=True):
                place = (jti, batch["key_id"])
                self.requests[place].add(_digest(batch["blinded"]))
                self.answers[place].add(_digest(signed["signatures"]))


def _digest(values: list[str]) -> bytes:
    return sha256("".join(values).encode()).digest()


@dataclass
class NotingIssuer(RealIssuer):
    """An issuer whose answers are written into the book."""

    book: Book = field(default_factory=Book)

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        answer = super().call(method, path, body, headers)
        self.book.note(path, body, answer)
        return answer


@dataclass
class Traffic:
    """Clients that work until the issuer is gone, and keep what was cut off for the next time."""

    issuer: NotingIssuer
    folder: Path
    codes: list[str] = field(default_factory=list)
    waiting: list[RealWallet] = field(default_factory=list)
    done: list[RealWallet] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        self._stop.clear()
        work = [self._be_citizens] * CLIENTS + [self._be_laboratory]
        self._threads = [threading.Thread(target=one, daemon=True) for one in work]
        for thread in self._threads:
            thread.start()

    def await_progress(self) -> None:
        """Until two more wallets have their passes and somebody was registered."""
        so_far = len(self.done)
        wait_until(
            lambda: self.failed or (len(self.done) > so_far + 1 and self.issuer.book.registered),
            "any traffic",
        )

    def end(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _be_citizens(self) -> None:
        while not self._stop.is_set():
            wallet = self._next_wallet()
            if wallet is None:
                return
            try:
                serve_once(wallet)
            except CommandError:
                self.waiting.append(wallet)
                self._stop.wait(0.01)
            except ApiProblem as problem:
                self.failed.append(problem.fault)
                return
            else:
                self.done.append(wallet)

    def _next_wallet(self) -> RealWallet | None:
        try:
            return self.waiting.pop()
        except IndexError:
            pass
        try:
            code = self.codes.pop()
        except IndexError:
            return None
        return RealWallet(self.issuer, self.folder / f"wallet {code}", code)

    def _be_laboratory(self) -> None:
        while not self._stop.is_set():
            at = format_time(system_clock() - HOUR)
            try:
                answer = self.issuer.register(evidence="pcr_negative", at=at)
            except OSError:
                self._stop.wait(0.01)
                continue
            if answer.status != 200:
                self.failed.append(f"register {answer.status}")
                return
            self.issuer.book.registered.append(json.loads(answer.body)["code"])
            self._stop.wait(0.02)


def serve_once(wallet: RealWallet) -> None:
    """Go on from wherever it was: activate, then fetch."""
    if wallet.file.load().entitlement is None:
        wallet.activate()
    synced = wallet.sync()
    assert synced.has_current
    assert [len(batch.passes) for batch in synced.wallet.batches] == [8, 8]


def leave_old_records(issuer: RealIssuer, number: int) -> None:
    """What a service left that did not run at midnight: records of yesterday, and their key."""
    midnight = system_clock() // DAY * DAY
    store = Store.open(issuer.home.perishable)
    try:
        with store.transaction(midnight - 10 * HOUR) as tx:
            for _ in range(number):
                tx.put(Kind.CODE, os.urandom(16), b"old", expires=midnight - HOUR)
    finally:
        store.close()


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[NotingIssuer]:
    found = NotingIssuer.found(tmp_path)
    yield found
    found.kill()


def kill_at_random(issuer: RealIssuer, chance: random.Random) -> None:
    """Sometimes with what it started; else a compaction goes on alone, as it would on a machine."""
    assert issuer.process is not None
    if chance.random() < 0.5:
        issuer.process.kill()
        issuer.process.wait()
        issuer.process = None
    issuer.kill()


def test_nothing_is_lost_or_done_twice_however_often_it_is_killed(
    issuer: NotingIssuer, tmp_path: Path
) -> None:
    chance, traffic = random.Random(1), Traffic(issuer, tmp_path)
    startup, in_traffic, in_purge = 1.0, 0, 0
    for number in range(KILLS):
        traffic.codes += issuer.codes(CODES - len(traffic.codes))
        leave_old_records(issuer, OLD_RECORDS)
        began = time.monotonic()
        issuer.start(wait=False)
        try:
            if number % 2:
                issuer.await_ready()
                startup = time.monotonic() - began
                traffic.begin()
                traffic.await_progress()
                time.sleep(chance.uniform(0, LONGEST_WAIT))
            else:
                # While it starts: retention runs first, then keys and the bundle.
                traffic.begin()
                time.sleep(chance.uniform(0.5, 1.4) * startup)
        finally:
            kill_at_random(issuer, chance)
        traffic.end()
        assert traffic.failed == []
        in_traffic += len(traffic.waiting)
        in_purge += (issuer.home.perishable / "store" / MARK).exists()

    assert in_traffic or KILLS < 50
    assert in_purge or KILLS < 50
    cut_off = list(traffic.waiting)
    issuer.start()
    rivals(cut_off[1::2])
    for wallet in cut_off[::2]:
        serve_once(wallet)
    check_book(issuer.book)
    assert issuer.book.entitlements
    assert issuer.book.answers
    traffic.done += cut_off[::2]
    assert len(traffic.done) > KILLS / 2
    check_passes(issuer, traffic.done)
    check_codes(issuer, tmp_path, traffic.done)
    wait_until_clean(issuer)
    issuer.stop()
    check_files(issuer)
    assert [line for line in issuer.log.read_text().splitlines() if "error" in line] == []


def test_a_wallet_that_is_killed_goes_on_where_it_was(issuer: NotingIssuer, tmp_path: Path) -> None:
    chance, rounds = random.Random(2), KILLS // 2
    codes, usual = issuer.codes(rounds), 1.0
    with issuer.serving():
        for number, code in enumerate(codes):
            wallet = RealWallet(issuer, tmp_path / f"wallet {number}", code)
            link = format_activation_url(Activation(issuer.url, code, issuer.root))
            began = time.monotonic()
            command = [PROGRAMS / "qupia-wallet", "activate", "-", "--home", wallet.home]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as one:
                assert one.stdin is not None
                one.stdin.write(link.encode())
                one.stdin.close()
                if number:
                    time.sleep(chance.uniform(0.5, 1.0) * usual)
                    one.kill()
                else:
                    assert one.wait(PATIENCE) == 0
                    usual = time.monotonic() - began
            serve_once(wallet)
            assert list(wallet.home.glob(".*")) == []
    check_book(issuer.book)


def rivals(wallets: list[RealWallet]) -> None:
    """Another request for a batch that was perhaps signed: one of the two is, never both."""
    for wallet in wallets:
        if wallet.file.load().entitlement is None:
            wallet.activate()
        held, session = wallet.file.load(), wallet.session()
        authority, entitlement = held.activated()
        bundle = session.fetch_bundle(authority).bundle
        window = next(one for one in bundle.windows if one.contains(system_clock()))
        key = bundle.key_for(status="green", holder=None, window=window)
        assert key is not None
        stored = [one for one in held.pending if one.key_id == key.id]
        own = stored[0] if stored else new_request(key, bundle=bundle)
        outcomes = []
        for request in (new_request(key, bundle=bundle), own):
            try:
                session.client.post(
                    PASSES_PATH,
                    passes_body(entitlement, [request]),
                    account_key=entitlement.account_key,
                    schema="passes-answer",
                )
                outcomes.append("signed")
            except ApiProblem as problem:
                outcomes.append(problem.fault)
        assert sorted(outcomes) == [Problem.BATCH_ALREADY_ISSUED, "signed"]


def check_book(book: Book) -> None:
    """Whatever was answered more than once was answered alike."""
    assert book.unexpected == []
    for answers in (book.entitlements, book.requests, book.answers):
        assert {len(each) for each in answers.values()} <= {1}
    given = [one for each in book.entitlements.values() for one in each]
    assert len(given) == len(set(given))


def check_passes(issuer: RealIssuer, wallets: list[RealWallet]) -> None:
    """Each wallet's passes open a door, and no pass was given to two."""
    data = issuer.call("GET", "/.well-known/qupia/trust-bundle").body
    bundle, seen = read_bundle(data, anchor=issuer.root).bundle, SeenSet()
    for wallet in wallets:
        now = system_clock()
        held = wallet.file.load()
        showing = choose(held, now=now, again=False, agreed=False, below=lambda _: 0)
        code = present(showing, now=now)
        verdict = verify(code, bundle=bundle, policy=bundle.policies[0], now=now, seen=seen)
        assert verdict.status == "green"
    devices = [p.device_key for w in wallets for b in w.file.load().batches for p in b.passes]
    assert len(devices) == len(set(devices))


def check_codes(issuer: NotingIssuer, folder: Path, used: list[RealWallet]) -> None:
    """A used code is used; one that a laboratory was told works, once."""
    for wallet in used[-5:]:
        thief = RealWallet(issuer, folder / f"thief {wallet.code}", wallet.code)
        with pytest.raises(ApiProblem) as refused:
            thief.activate()
        assert refused.value.fault in (Problem.CODE_USED, Problem.CODE_UNKNOWN)
    told = issuer.book.registered
    assert len(told) == len(set(told)) > 0
    for code in [*told[:4], *told[-4:]]:
        body = json.dumps({"code": code}).encode()
        account = new_private_key()
        answer = _activate(issuer, body, account)
        assert answer.status == 200, answer.body
        assert _activate(issuer, body, new_private_key()).status == 409


def _activate(issuer: RealIssuer, body: bytes, account: bytes) -> Answer:
    path = "/v1/entitlements"
    proof = dpop_proof(account, method="POST", url=issuer.url + path, body=body, now=system_clock())
    return issuer.call("POST", path, body, {"DPoP": proof})


def wait_until_clean(issuer: RealIssuer) -> None:
    """Retention caught up at the start, and says so."""

    def is_clean() -> bool:
        outcome = run_real("qupia-issuer", "retention", "verify", "--home", issuer.home.path)
        return outcome.status == 0 and issuer.drafts() == []

    wait_until(is_clean, "retention")


def check_files(issuer: RealIssuer) -> None:
    path = issuer.home.perishable / "store" / "store.db"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        kinds: dict[str, Any] = dict(
            connection.execute("SELECT kind, count(*) FROM records GROUP BY kind")
        )
    assert kinds["count"] >= 1
    assert len(list(issuer.home.pass_keys.glob("*.pem"))) == 8
