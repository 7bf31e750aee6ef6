"""One wallet and its issuer, while a command runs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from schemas.bundle_faults import BundleFault, BundleRejected, TrustWarning
from schemas.evidence import FAULTS, EvidencePair
from shell.clock import Monotonic, monotonic_clock
from shell.errors import CommandError
from wallet_sim.fetching.client import Client, Send
from wallet_sim.fetching.clock import CorrectedClock
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.trust import ClockBehind, Trusted, accept
from wallet_sim.passes.schedule import Below
from wallet_sim.passes.state import PinnedAuthority

TellOffset = Callable[[int], object]
"""Told what the device's clock lacks from now on, in seconds."""

_PERHAPS_THE_CLOCK = (BundleFault.EXPIRED, BundleFault.UNKNOWN_SIGNER)


@dataclass(frozen=True)
class Session:
    """The wallet's file, calls to one issuer, and a source of random numbers."""

    file: WalletFile
    client: Client
    below: Below

    @property
    def clock(self) -> CorrectedClock:
        return self.client.clock

    def fetch_bundle(self, authority: PinnedAuthority) -> Trusted:
        """The newest bundle, accepted against all that is known of ``authority``.

        A bundle that does not fit the time may mean a wrong clock: the API is asked for the time,
        and the bundle is judged again if that corrects the clock. Raises ApiProblem,
        BundleRejected or CommandError.
        """
        data = self.client.fetch_bundle()
        try:
            return self._accept(authority, data)
        except ClockBehind:
            if not self.client.check_clock():
                raise
        except BundleRejected as rejected:
            if rejected.fault not in _PERHAPS_THE_CLOCK or not self.client.check_clock():
                raise
        return self._accept(authority, data)

    def _accept(self, authority: PinnedAuthority, data: bytes) -> Trusted:
        try:
            trusted = accept(authority, data, now=self.clock.now())
            if TrustWarning.CONTINUITY_UNKNOWN not in trusted.warnings:
                return trusted
            leaves = self._fetch_leaves(trusted)
            return accept(authority, data, now=self.clock.now(), leaves=leaves)
        except BundleRejected as rejected:
            if rejected.fault in FAULTS and authority.bundle:
                offered = data.decode("utf-8")
                self.file.keep_evidence(EvidencePair(rejected.fault, authority.bundle, offered))
            raise

    def _fetch_leaves(self, trusted: Trusted) -> Sequence[bytes] | None:
        """The whole log, for a wallet that was away for longer than a proof reaches back."""
        log = trusted.log
        try:
            return None if log is None else self.client.fetch_leaves(log.origin, log.size)
        except CommandError:
            return None


def untold(_offset: int) -> None:
    """Where what is shown says how wrong the clock is, anyway."""


def open_session(
    file: WalletFile,
    *,
    issuer: str,
    offset: int,
    send: Send,
    below: Below,
    monotonic: Monotonic = monotonic_clock,
    tell_offset: TellOffset = untold,
) -> Session:
    """A session with the issuer at ``issuer``; ``offset`` is the wallet's clock correction.

    ``tell_offset`` gets a new one at once, whatever comes of the session: it is the only sign of an
    issuer that marks a clock and then refuses everything.
    """

    def remember(new: int) -> None:
        file.update(lambda wallet: replace(wallet, clock_offset=new))
        tell_offset(new)

    clock = CorrectedClock(file.clock, monotonic, offset, remember)
    return Session(file, Client(issuer, send, clock), below)
