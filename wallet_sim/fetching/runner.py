"""A wallet that fetches by itself, until it is stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from schemas.bundle_faults import BundleFault, BundleRejected
from schemas.kinds import HOUR, MINUTE
from schemas.problems import ApiProblem, Problem
from shell.errors import CommandError
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced, by_plan, sync
from wallet_sim.passes.schedule import Below, has_work

Sleep = Callable[[float], None]


class NoticesTask(Protocol):
    """The list of notices, fetched by the same loop as passes, which knows no visit."""

    def prune(self) -> None:
        """Delete the visits and warnings whose time is over."""

    def fetch(self, session: Session) -> bool:
        """Fetch the list of notices; whether it came. What went wrong is told there."""


POLL = 30
"""Seconds between two looks at the clock: a device may sleep, and clocks are corrected."""

RETRY = 10 * MINUTE
"""The shortest pause after a failure; the longest is twice that, at random."""

LONGEST_RETRY = 2 * RETRY

NOTICES_EACH = 6 * HOUR
"""Seconds between two looks at the list of notices, which is made anew that often; a pause is up to
an hour longer, at random."""

_PASSING = (Problem.TOO_MANY, Problem.NOT_READY, Problem.FAILED, Problem.WITHDRAWN)


def keep_fetching(
    file: WalletFile,
    *,
    connect: Callable[[], Session],
    sleep: Sleep,
    below: Below,
    report: Callable[[Synced, Session], None],
    complain: Callable[[Exception], None],
    notices: NoticesTask | None = None,
) -> NoReturn:
    """Fetch what is due, for ever. What fails for now is tried again; all else is raised.

    Every look at the file also removes from it what has died meanwhile.
    """
    fetching = Fetching(file, connect, below, report, complain, notices)
    while True:
        fetching.look()
        sleep(POLL)


@dataclass
class Fetching:
    """What a running wallet does by itself; call :meth:`look` every :data:`POLL` seconds.

    ``notices`` are pruned at each look, and fetched after each fetch of passes and every few
    hours, whether or not there are passes to be had. Without ``wants_passes`` none are asked for.
    """

    file: WalletFile
    connect: Callable[[], Session]
    below: Below
    report: Callable[[Synced, Session], None]
    complain: Callable[[Exception], None]
    notices: NoticesTask | None = None
    wants_passes: bool = True
    not_before: int = 0
    notices_from: int = 0

    def look(self) -> bool:
        """Fetch what is due; whether the issuer was asked.

        What fails for now is complained of and tried again later; all else is raised.
        """
        wallet = self.file.load()
        if self.notices is None:
            wallet.activated()
        else:
            self.notices.prune()
        wallet.trusted()
        now = self._now()
        may_fetch = self.wants_passes and _is_over(self.not_before, now, LONGEST_RETRY)
        if may_fetch and has_work(wallet, now):
            self._fetch_once()
            return True
        if self.notices is not None and _is_over(self.notices_from, now, NOTICES_EACH + HOUR):
            self._fetch_notices()
            return True
        return False

    def retry_notices_soon(self) -> None:
        """The list did not come: try again after a short pause."""
        self.notices_from = self._pause()

    def _now(self) -> int:
        """The corrected time; read anew after each call, which may have corrected it."""
        return self.file.clock() + self.file.load().clock_offset

    def _fetch_once(self) -> None:
        try:
            session = self.connect()
            self.report(sync(session, by_plan), session)
        except (ApiProblem, BundleRejected, CommandError) as error:
            if not _passes_by_itself(error):
                raise
            self.complain(error)
            reached = not isinstance(error, CommandError)
        else:
            reached = True
        self.not_before = self._pause()
        if reached:
            self._fetch_notices()
        else:
            self.notices_from = self.not_before

    def _fetch_notices(self) -> None:
        if self.notices is None:
            return
        if self.notices.fetch(self.connect()):
            self.notices_from = self._now() + NOTICES_EACH + self.below(HOUR)
        else:
            self.retry_notices_soon()

    def _pause(self) -> int:
        return self._now() + RETRY + self.below(RETRY)


def _is_over(until: int, now: int, longest: int) -> bool:
    """Whether a pause is over; one that is longer than any was begun by a clock that was wrong."""
    return not now < until <= now + longest


def _passes_by_itself(error: Exception) -> bool:
    if isinstance(error, ApiProblem):
        return error.fault in _PASSING
    if isinstance(error, BundleRejected):
        return error.fault is BundleFault.EXPIRED
    return isinstance(error, CommandError) and error.exit_code == 2
