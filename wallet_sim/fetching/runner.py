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


class Neighbour(Protocol):
    """What lies beside the wallet and is looked after with it, but is none of its business."""

    def tend(self) -> None:
        """Remove what has died meanwhile."""

    def listen(self, session: Session) -> bool:
        """Ask for the list of notices; whether it came. What went wrong is told there."""


POLL = 30
"""Seconds between two looks at the clock: a device may sleep, and clocks are corrected."""

RETRY = 10 * MINUTE
"""The shortest pause after a failure; the longest is twice that, at random."""

LONGEST_RETRY = 2 * RETRY

LISTEN_EACH = 6 * HOUR
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
    neighbour: Neighbour | None = None,
) -> NoReturn:
    """Fetch what is due, for ever. What fails for now is tried again; all else is raised.

    Every look at the file also removes from it what has died meanwhile.
    """
    fetching = Fetching(file, connect, below, report, complain, neighbour)
    while True:
        fetching.look()
        sleep(POLL)


@dataclass
class Fetching:
    """What a running wallet does by itself; it is told to look at the clock now and then.

    ``neighbour`` is tended at each look. It listens after each fetch of passes, and every few
    hours, whether or not there are passes to be had. Without ``wants_passes`` none are asked for.
    """

    file: WalletFile
    connect: Callable[[], Session]
    below: Below
    report: Callable[[Synced, Session], None]
    complain: Callable[[Exception], None]
    neighbour: Neighbour | None = None
    wants_passes: bool = True
    not_before: int = 0
    listen_from: int = 0

    def look(self) -> bool:
        """Fetch what is due; whether the issuer was asked.

        What fails for now is complained of and tried again later; all else is raised.
        """
        wallet = self.file.load()
        if self.neighbour is None:
            wallet.activated()
        else:
            self.neighbour.tend()
        wallet.trusted()
        now = self._now()
        may_fetch = self.wants_passes and _is_over(self.not_before, now, LONGEST_RETRY)
        if may_fetch and has_work(wallet, now):
            self._fetch_once()
            return True
        if self.neighbour is not None and _is_over(self.listen_from, now, LISTEN_EACH + HOUR):
            self._listen_once()
            return True
        return False

    def listen_again_soon(self) -> None:
        """The list did not come: try again after a short pause."""
        self.listen_from = self._pause()

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
            self._listen_once()
        else:
            self.listen_from = self.not_before

    def _listen_once(self) -> None:
        if self.neighbour is None:
            return
        if self.neighbour.listen(self.connect()):
            self.listen_from = self._now() + LISTEN_EACH + self.below(HOUR)
        else:
            self.listen_again_soon()

    def _pause(self) -> int:
        return self._now() + RETRY + self.below(RETRY)


def _is_over(until: int, now: int, longest: int) -> bool:
    """Whether a pause is over; one that is longer than any was begun by a clock that was wrong."""
    return not now < until <= now + longest


def _passes_by_itself(error: Exception) -> bool:
    if isinstance(error, ApiProblem):
        return error.problem in _PASSING
    if isinstance(error, BundleRejected):
        return error.fault is BundleFault.EXPIRED
    return isinstance(error, CommandError) and error.exit_code == 2
