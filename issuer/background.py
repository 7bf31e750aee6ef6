"""What one serving process does beside answering: retention, keys ahead of time, bundles.

Several processes may serve one home; the one that holds the worker lock does this, once a minute.
When it dies the kernel frees the lock and another takes over.
"""

import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from issuer.authority import Authority
from issuer.making import make_missing_keys, publish
from issuer.retention import run_retention
from shell.clock import Clock
from shell.errors import CommandError
from shell.files import locked

INTERVAL = 60
"""Seconds between two rounds."""


@asynccontextmanager
async def beside(authority: Authority, clock: Clock) -> AsyncIterator[None]:
    """Run the rounds in a thread for as long as the application serves."""
    stop = threading.Event()
    thread = threading.Thread(target=_work, args=(authority, clock, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()


def one_round(authority: Authority, clock: Clock) -> None:
    """Delete what is over, then make what is missing, then publish it."""
    run_retention(authority, clock())
    make_missing_keys(authority, clock())
    publish(authority, clock())


def _work(authority: Authority, clock: Clock, stop: threading.Event) -> None:
    while not stop.is_set():
        with locked(authority.home.worker_lock, wait=False) as mine:
            while mine and not stop.is_set():
                _guarded_round(authority, clock)
                _forget(authority, clock)
                stop.wait(INTERVAL)
        _forget(authority, clock)
        stop.wait(INTERVAL / 12)


def _guarded_round(authority: Authority, clock: Clock) -> None:
    """A round that fails is said and tried again; the service goes on answering."""
    try:
        one_round(authority, clock)
    except (CommandError, OSError) as error:
        reason = error.message if isinstance(error, CommandError) else error.strerror
        print(f"error: background work: {reason}", file=sys.stderr)  # noqa: T201 - service's log.


def _forget(authority: Authority, clock: Clock) -> None:
    published = authority.published()
    listed = frozenset(published.bundle.by_id) if published else frozenset()
    authority.raw_keys.forget(clock(), listed)
