"""Fetching what is missing: the trust bundle, then the passes of the current and next window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from schemas.bundle import TrustBundle
from schemas.bundle_faults import TrustWarning
from schemas.problems import ApiProblem, Problem
from schemas.windows import Window
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.trust import Trusted, adopt
from wallet_sim.passes.issuance import (
    PASSES_PATH,
    faulty,
    finish,
    passes_body,
    request_missing,
    store_batches,
    store_requests,
)
from wallet_sim.passes.schedule import due_windows, settle, wanted_windows
from wallet_sim.passes.state import (
    Batch,
    BatchFault,
    PendingBatch,
    PinnedAuthority,
    Wallet,
    close,
    drop_past,
)

Choose = Callable[[Wallet, TrustBundle, int], Sequence[Window]]
"""Which windows are asked for: wallet, bundle and now in."""


@dataclass(frozen=True)
class Synced:
    """What came of it: the wallet afterwards, the batches that were asked for, and when.

    ``warnings`` are of the trust bundle.
    """

    wallet: Wallet
    asked: tuple[Batch, ...]
    now: int
    warnings: tuple[TrustWarning, ...] = ()

    @property
    def asked_now(self) -> bool:
        """Whether passes of the current window came, so that the issuer saw their time."""
        return any(batch.window.contains(self.now) and not batch.fault for batch in self.asked)

    @property
    def has_current(self) -> bool:
        """Whether the current window's batch is there, however little is left of it."""
        current = self.wallet.batch_at(self.now)
        return current is not None and current.fault is None


def all_windows(wallet: Wallet, bundle: TrustBundle, now: int) -> Sequence[Window]:
    """What a person means who asks for passes: the current and the next window."""
    return wanted_windows(wallet, bundle, now=now)


def by_plan(wallet: Wallet, bundle: TrustBundle, now: int) -> Sequence[Window]:
    """What a running wallet asks for by itself."""
    return due_windows(wallet, bundle, now=now)


def sync(session: Session, choose: Choose = all_windows) -> Synced:
    """Fetch what is missing of the windows that ``choose`` names.

    The issuer is asked for the time first: a wrong clock would choose wrong windows. Raises
    NotActivated, ApiProblem, BundleRejected or CommandError; what was asked for is then still
    stored, and the next call sends it again, the same.
    """
    session.file.load().activated()
    session.client.check_clock()
    trusted = refresh(session)
    requests = _prepare(session, trusted.bundle, choose)
    asked = tuple(_ask_until_refused(session, trusted, requests)) if requests else ()
    now = session.clock.now()
    wallet = session.file.update(lambda held: _settle(held, session, trusted.bundle, now))
    return Synced(wallet, asked, now, trusted.warnings)


def refresh(session: Session) -> Trusted:
    """Fetch and store the newest trust bundle.

    Raises NotActivated, ApiProblem, BundleRejected or CommandError.
    """
    trusted = session.fetch_bundle(session.file.load().trusted())
    session.file.update(lambda wallet: adopt(wallet, trusted))
    return trusted


def _prepare(session: Session, bundle: TrustBundle, choose: Choose) -> tuple[PendingBatch, ...]:
    """The requests to send; they are in the file before the first of them leaves."""

    def change(wallet: Wallet) -> tuple[Wallet, tuple[PendingBatch, ...]]:
        windows = choose(wallet, bundle, session.clock.now())
        requests = request_missing(wallet, windows, bundle=bundle)
        return store_requests(wallet, requests), requests

    return session.file.transact(change)


def _ask_until_refused(
    session: Session, trusted: Trusted, requests: tuple[PendingBatch, ...]
) -> Sequence[Batch]:
    """Send the requests. Whoever is withdrawn has asked, and asks for the next window as planned.

    To ask again and again would tell who is ill: the issuer, and whoever watches the network.
    """
    try:
        return _ask(session, trusted.authority, requests)
    except ApiProblem as problem:
        if problem.fault is Problem.WITHDRAWN:
            refused = [request.window for request in requests]
            now = session.clock.now()
            session.file.update(
                lambda held: _settle(close(held, refused), session, trusted.bundle, now)
            )
        raise


def _ask(
    session: Session, authority: PinnedAuthority, requests: tuple[PendingBatch, ...]
) -> Sequence[Batch]:
    """Send the requests and store what comes back."""
    try:
        batches = _call(session, authority, requests)
    except ApiProblem as problem:
        if problem.fault is not Problem.BATCH_ALREADY_ISSUED:
            raise
        if len(requests) > 1:
            # One of the two is refused; asked for alone, the other can still be had.
            return [batch for one in requests for batch in _ask(session, authority, (one,))]
        batches = (faulty(requests[0], BatchFault.ALREADY_ISSUED),)
    now = session.clock.now()
    session.file.update(lambda wallet: store_batches(wallet, requests, batches, now=now))
    return batches


def _call(
    session: Session, authority: PinnedAuthority, requests: Sequence[PendingBatch]
) -> tuple[Batch, ...]:
    _, entitlement = session.file.load().activated()
    answer = session.client.post(
        PASSES_PATH,
        passes_body(entitlement, requests),
        account_key=entitlement.account_key,
        schema="passes-answer",
    )
    return finish(requests, answer, challenge=authority.challenge)


def _settle(wallet: Wallet, session: Session, bundle: TrustBundle, now: int) -> Wallet:
    """The API has just confirmed the time: drop what is over, and plan the next request."""
    wallet = drop_past(wallet, now)
    windows = wanted_windows(wallet, bundle, now=now)
    return settle(wallet, windows, now=now, below=session.below)
