"""What one serving process does beside answering: retention, keys ahead of time, bundles.

Several processes may serve one home; the one that holds the worker lock does this, once a minute.
When it dies the kernel frees the lock and another takes over.
"""

import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from issuer.authority import Authority
from issuer.publication.making import make_missing_keys, publish
from issuer.retention import run_retention
from shell.clock import Clock
from shell.errors import CommandError, place_of
from shell.files import locked

INTERVAL = 60
"""Seconds between two rounds."""


@asynccontextmanager
async def run_rounds(authority: Authority, clock: Clock) -> AsyncIterator[None]:
    """Run the rounds in a thread for as long as the application serves."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(authority, clock, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def one_round(authority: Authority, clock: Clock) -> None:
    """Delete what is over, then make what is missing, then publish it.

    What cannot be deleted, or be listed as gone, holds up neither keys nor bundles.
    """
    try:
        run_retention(authority, clock())
    finally:
        make_missing_keys(authority, clock())
        publish(authority, clock())


def forget_what_is_over(authority: Authority, clock: Clock) -> None:
    """Let go of keys that this process has in memory and that are no longer used."""
    now = clock()
    if authority.is_over(now):
        authority.forget_keys()
    published = authority.published()
    listed = frozenset(published.bundle.by_id) if published else frozenset()
    authority.raw_keys.forget(now, listed)
    authority.store.keys.forget_finished(now)


def _work(authority: Authority, clock: Clock, stop: threading.Event) -> None:
    while not stop.is_set():
        _guarded(lambda: _work_while_mine(authority, clock, stop))
        _guarded(lambda: forget_what_is_over(authority, clock))
        stop.wait(INTERVAL / 12)


def _work_while_mine(authority: Authority, clock: Clock, stop: threading.Event) -> None:
    with locked(authority.home.worker_lock, wait=False) as mine:
        while mine and not stop.is_set():
            _guarded(lambda: one_round(authority, clock))
            _guarded(lambda: forget_what_is_over(authority, clock))
            stop.wait(INTERVAL)


def _guarded(work: Callable[[], None]) -> None:
    """What fails is said and tried again; the service goes on answering."""
    try:
        work()
    except CommandError as error:
        _say(error.message)
    except OSError as error:
        _say(error.strerror or type(error).__name__)
    except Exception as error:  # noqa: BLE001 - or retention would end with this thread.
        _say(place_of(error))


def _say(reason: str) -> None:
    print(f"error: background work: {reason}", file=sys.stderr)  # noqa: T201 - the service's log.
