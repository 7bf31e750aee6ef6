"""A wallet that fetches by itself, until it is stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol

from schemas.bundle import TrustBundle
from schemas.bundle_faults import BundleRejected
from schemas.kinds import HOUR
from schemas.problems import ApiProblem, Problem
from schemas.windows import Window
from shell.errors import CommandError
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced, by_plan, sync
from wallet_sim.fetching.trust import stored_bundle
from wallet_sim.passes.schedule import (
    QUIET,
    Below,
    has_work,
    hold_back,
    needs_plan,
    plan_next,
    plan_replacement,
    wanted_windows,
)
from wallet_sim.passes.state import Wallet, is_quiet

Sleep = Callable[[float], None]


class NoticesTask(Protocol):
    """The list of notices, fetched by the same loop as passes, which knows no visit."""

    def prune(self) -> None:
        """Delete the visits and warnings whose time is over."""

    def fetch(self, session: Session, *, refreshed: bool) -> bool:
        """Fetch the list of notices; whether it came. What went wrong is told there.

        The trust bundle is fetched first, unless that has just happened.
        """


POLL = 30
"""Seconds between two looks at the clock, on average: a device may sleep, and clocks are corrected.
"""

SLEPT = QUIET
"""Seconds between two looks after which a wallet counts as started anew: the device was asleep."""

NOTICES_EACH = 6 * HOUR
"""Seconds between two looks at the bundle and the list of notices, which are made anew that often;
a pause is up to an hour longer, at random."""

_PASSING = (Problem.TOO_MANY, Problem.NOT_READY, Problem.FAILED, Problem.WITHDRAWN)


def keep_fetching(
    file: WalletFile,
    *,
    connect: Callable[[], Session],
    sleep: Sleep,
    below: Below,
    report: Callable[[Synced], None],
    complain: Callable[[Exception], None],
    notices: NoticesTask | None = None,
) -> NoReturn:
    """Fetch what is due, for ever. What fails for now is tried again; all else is raised.

    Every look at the file also removes from it what has died meanwhile.
    """
    fetching = Fetching(file, connect, below, report, complain, notices)
    while True:
        fetching.look()
        sleep(pause(below))


def pause(below: Below) -> float:
    """Seconds until the next look: :data:`POLL`, or up to half as many more or less, at random.

    Requests leave after a look. Looks at fixed steps would be a rhythm: all requests of one program
    would lie whole steps apart, and tell which wallets are on one device.
    """
    return POLL / 2 + below(POLL * 1000) / 1000


@dataclass
class Fetching:
    """What a running wallet does by itself; call :meth:`look` after each :func:`pause`.

    ``notices`` are pruned at each look, and fetched after each fetch of passes and every few
    hours, whether or not there are passes to be had. Without ``wants_passes`` none are asked for.
    ``free_from`` is the corrected time before which nothing is asked for: the first minutes after
    a start, and after others have seen this wallet.
    """

    file: WalletFile
    connect: Callable[[], Session]
    below: Below
    report: Callable[[Synced], None]
    complain: Callable[[Exception], None]
    notices: NoticesTask | None = None
    wants_passes: bool = True
    free_from: int = 0
    notices_from: int | None = None
    _hears: bool = False
    _looked: int | None = None
    _read: tuple[str, TrustBundle] | None = None

    def look(self, *, quiet_until: int = 0, may_ask: bool = True) -> bool:
        """Fetch what is due; whether the issuer was asked.

        What fails for now is complained of and tried again later; all else is raised. Nothing is
        asked for before ``quiet_until``, nor at all unless it ``may_ask``.
        """
        wallet = self.file.load()
        if self.notices is None:
            wallet.activated()
        else:
            self.notices.prune()
        wallet.trusted()
        self._notice_start()
        self._stay_free_until(wallet, quiet_until)
        wallet = self._renew_plans(wallet)
        if self._hears:
            self._hears = False
            self._fetch_notices(refreshed=False)
            return True
        now = self._now()
        if not may_ask or self._is_quiet(now):
            return False
        if self.wants_passes and has_work(wallet, now):
            self._fetch_once()
            return True
        if self.notices is not None and self._are_notices_due(now):
            self._fetch_notices(refreshed=False)
            return True
        return False

    def hear_now(self) -> None:
        """Somebody asks: the list of notices is fetched at the next look, quiet minutes or not."""
        self._hears = True

    def retry_notices(self) -> None:
        """The list did not come: try again after an hour or two, like everybody."""
        self.notices_from = self._now() + HOUR + self.below(HOUR)

    def _now(self) -> int:
        """The corrected time; read anew after each call, which may have corrected it."""
        return self.file.clock() + self.file.load().clock_offset

    def _notice_start(self) -> None:
        """A program that was just started, or a device that woke, may be in somebody's hand."""
        now, before = self.file.clock(), self._looked
        self._looked = now
        if before is not None and abs(now - before) <= SLEPT:
            return
        self._stay_free(self._now() + QUIET)

    def _stay_free_until(self, wallet: Wallet, quiet_until: int) -> None:
        shown = wallet.quiet_until if is_quiet(wallet, self._now()) else None
        until = max(quiet_until, shown or 0)
        if until > self.free_from:
            self._stay_free(until)

    def _stay_free(self, until: int) -> None:
        """The list of notices waits, too: right after the minutes would tell when they began."""
        self.free_from = until
        if self.notices_from is None or self.notices_from < until:
            self.notices_from = until + self.below(HOUR)

    def _is_quiet(self, now: int) -> bool:
        """A quiet time that is longer than any was begun by a clock that was wrong."""
        return now < self.free_from <= now + 2 * QUIET

    def _are_notices_due(self, now: int) -> bool:
        begins = self.notices_from
        return begins is None or not now < begins <= now + NOTICES_EACH + HOUR

    def _renew_plans(self, wallet: Wallet) -> Wallet:
        """The wallet with times for what it has to ask for, none of them in quiet minutes."""
        now, free_from = self._now(), self.free_from
        windows = self._wanted(wallet, now) if needs_plan(wallet, now) else ()

        def change(held: Wallet) -> Wallet:
            held = hold_back(held, free_from=min(free_from, now + 2 * QUIET), below=self.below)
            if windows:
                held = plan_next(held, windows, now=now, below=self.below, free_from=free_from)
            return plan_replacement(held, now=now, below=self.below, free_from=free_from)

        return wallet if change(wallet) == wallet else self.file.update(change)

    def _wanted(self, wallet: Wallet, now: int) -> tuple[Window, ...]:
        """By the bundle that is held, which is read once: a long one takes a while."""
        authority = wallet.trusted()
        if self._read is None or self._read[0] != authority.bundle:
            self._read = authority.bundle, stored_bundle(authority)
        return wanted_windows(wallet, self._read[1], now=now)

    def _fetch_once(self) -> None:
        try:
            self.report(sync(self.connect(), by_plan))
        except (ApiProblem, BundleRejected, CommandError) as error:
            if not _passes_by_itself(error):
                raise
            self.complain(error)
            reached = not isinstance(error, CommandError)
        else:
            reached = True
        now = self._now()
        if has_work(self.file.load(), now):
            self.free_from = now + QUIET  # It is put off, with all that would come before.
        if reached:
            self._fetch_notices(refreshed=True)
        else:
            self.retry_notices()

    def _fetch_notices(self, *, refreshed: bool) -> None:
        if self.notices is None:
            return
        if self.notices.fetch(self.connect(), refreshed=refreshed):
            self.notices_from = self._now() + NOTICES_EACH + self.below(HOUR)
        else:
            self.retry_notices()


def _passes_by_itself(error: Exception) -> bool:
    if isinstance(error, ApiProblem):
        return error.fault in _PASSING
    if isinstance(error, BundleRejected):
        # Whoever sends one bad bundle must not make everybody ask at the door on the next day.
        return True
    return isinstance(error, CommandError) and error.exit_code == 2
