"""What one serving process does besides answering; it goes on whatever fails."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest

from issuer.api import background
from issuer.api.app import create_app
from issuer.api.background import forget_what_is_over, one_round, run_rounds
from issuer.keys.grid import list_keys
from issuer.retention import read_log
from schemas.kinds import DAY, HOUR
from shell.errors import CommandError
from shell.files import locked, write_private
from tests.support.issuers import NOON, Service
from tests.support.waiting import PATIENCE


def test_a_round_deletes_makes_and_publishes(issuer: Service) -> None:
    issuer.clock.now += 4 * DAY
    one_round(issuer.authority, issuer.clock)
    assert len(list_keys(issuer.home.pass_keys)) == 8
    assert issuer.authority.bundle().version == 2
    assert issuer.get("/healthz").status == 200
    assert len(read_log(issuer.authority)) == 1


def test_a_round_makes_and_publishes_also_when_retention_fails(issuer: Service) -> None:
    issuer.home.retention_log.write_bytes(b"damaged")
    issuer.home.retention_log.chmod(0o600)
    issuer.clock.now += 4 * DAY
    with pytest.raises(CommandError, match="is damaged"):
        one_round(issuer.authority, issuer.clock)
    assert len(list_keys(issuer.home.pass_keys)) == 8
    assert issuer.authority.bundle().version == 2


def test_a_round_past_the_sunset_only_deletes(issuer: Service) -> None:
    issuer.clock.now = issuer.authority.sunset
    one_round(issuer.authority, issuer.clock)
    assert list_keys(issuer.home.pass_keys) == []
    assert not issuer.home.bundle.exists()


async def until(done: Callable[[], bool]) -> None:
    """Wait for it, and let the loop go on meanwhile."""
    async with asyncio.timeout(PATIENCE):
        while not done():
            await asyncio.sleep(0.01)


def serve_until(issuer: Service, done: Callable[[], bool]) -> None:
    """Let the background work beside an application until ``done``."""

    async def story() -> None:
        async with run_rounds(issuer.authority, issuer.clock):
            await until(done)

    asyncio.run(story())


def joined() -> None:
    """Wait for the background's thread of this test to end."""
    for thread in threading.enumerate():
        if getattr(thread, "_target", None) is background._work:
            thread.join(PATIENCE)
            assert not thread.is_alive()


def test_it_works_while_the_application_serves(issuer: Service) -> None:
    issuer.clock.now += DAY
    serve_until(issuer, lambda: issuer.authority.bundle().version == 2)
    joined()


def test_the_application_starts_and_stops_it(issuer: Service) -> None:
    app = create_app(issuer.authority, issuer.clock, background=run_rounds, step=0)
    issuer.clock.now += DAY

    async def live() -> None:
        async with app.router.lifespan_context(app):
            await until(lambda: issuer.authority.bundle().version == 2)

    asyncio.run(live())
    joined()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (CommandError("do this"), "error: background work: do this\n"),
        (
            OSError(28, "No space left on device"),
            "error: background work: No space left on device\n",
        ),
        (OSError(), "error: background work: OSError\n"),
        (BrokenProcessPool("880317300134"), "BrokenProcessPool at test_background.py:"),
    ],
    ids=repr,
)
def test_a_round_that_fails_is_said_and_the_next_one_comes(
    issuer: Service,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    line: str,
) -> None:
    rounds: list[int] = []

    def stumble(*_arguments: Any) -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise error

    monkeypatch.setattr(background, "one_round", stumble)
    monkeypatch.setattr(background, "INTERVAL", 0.01)
    serve_until(issuer, lambda: len(rounds) >= 3)
    joined()
    shown = capfd.readouterr().err
    assert line in shown and shown.count("\n") == 1
    assert "880317300134" not in shown


def test_a_damaged_bundle_does_not_end_it(
    issuer: Service, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(background, "INTERVAL", 0.01)
    content = issuer.home.bundle.read_bytes()
    issuer.home.bundle.write_bytes(b"damaged")
    said: list[str] = []

    def is_said() -> bool:
        said.append(capfd.readouterr().err)
        return "bundle.jws is damaged; remove it" in "".join(said)

    async def story() -> None:
        async with run_rounds(issuer.authority, issuer.clock):
            await until(is_said)
            with issuer.authority.making():
                write_private(issuer.home.bundle, content)
            issuer.clock.now += DAY
            await until(lambda: issuer.authority.bundle().version == 2)

    asyncio.run(story())
    joined()


def test_of_two_processes_one_does_the_work(issuer: Service) -> None:
    with locked(issuer.home.worker_lock, wait=False) as mine:
        assert mine
        stop = threading.Event()
        background._work_while_mine(issuer.authority, issuer.clock, stop)
    assert read_log(issuer.authority) == []


def test_keys_are_let_go_of_when_their_window_is_over(issuer: Service) -> None:
    wallet = issuer.activated()
    key = issuer.pass_key(wallet)
    wallet.fetch()
    assert key.id in issuer.authority.raw_keys._keys
    issuer.clock.now = key.window.exp + HOUR - 1
    forget_what_is_over(issuer.authority, issuer.clock)
    assert key.id in issuer.authority.raw_keys._keys
    issuer.clock.now += 1
    forget_what_is_over(issuer.authority, issuer.clock)
    assert issuer.authority.raw_keys._keys == {}


def test_keys_are_let_go_of_when_they_are_no_longer_listed(issuer: Service) -> None:
    wallet = issuer.activated()
    wallet.fetch()
    issuer.home.bundle.unlink()
    forget_what_is_over(issuer.authority, issuer.clock)
    assert issuer.authority.raw_keys._keys == {}


@pytest.mark.process
def test_at_the_sunset_no_key_stays_in_memory(issuer: Service) -> None:
    issuer.activated().fetch()
    assert {"registrar", "entitlement_key"} <= vars(issuer.authority).keys()
    issuer.clock.now = issuer.authority.sunset
    one_round(issuer.authority, issuer.clock)
    forget_what_is_over(issuer.authority, issuer.clock)
    assert not {"registrar", "entitlement_key"} & vars(issuer.authority).keys()
    assert issuer.authority.raw_keys._keys == {}
    with pytest.raises(CommandError, match="is missing"):
        _ = issuer.authority.entitlement_key


def test_the_clock_is_asked_again_for_each_step(issuer: Service) -> None:
    told: list[int] = []

    def clock() -> int:
        told.append(NOON)
        return NOON

    one_round(issuer.authority, clock)
    assert len(told) == 3
