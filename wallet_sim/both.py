"""What needs the wallet's file and the file of visits: check-in, check-out, lists of notices.

Passes and visits never meet: of the wallet only its authority, its clock and its network are used
here, and nothing of one file is written to the other. A check-in tells the wallet to keep quiet for
some minutes, as a showing does.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from schemas.bundle import TrustBundle
from schemas.bundle_faults import BundleRejected
from schemas.notices import NoticesFault, NoticesRejected
from schemas.problems import ApiProblem
from shell.clock import Clock
from shell.errors import CommandError
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import refresh
from wallet_sim.fetching.trust import stored_bundle
from wallet_sim.passes.schedule import keep_quiet
from wallet_sim.passes.state import NotActivated, PinnedAuthority, Wallet
from wallet_sim.presence.check_in import CheckedIn, CheckedOut, check_in, check_out
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.matching import Progress, silent
from wallet_sim.presence.notices import forget_gone_keys, take_list
from wallet_sim.presence.state import Visits

NO_LIST = (ApiProblem, BundleRejected, NoticesRejected, CommandError)
"""Why there may be no new list; the warnings that were known stay."""


def visits_of(file: WalletFile) -> VisitsFile:
    """The visits beside a wallet.

    They die when the device's clock and the clock as corrected agree that their time is over, as
    everything does that cannot be had again.
    """
    offset = file.load().clock_offset
    return VisitsFile(file.home, _earlier_of(file.clock, offset))


def check_in_here(file: WalletFile, text: str) -> CheckedIn:
    """Check in with a code under the wallet's authority. Raises NotCheckedIn or NotActivated.

    From then on the wallet asks for nothing by itself for a while: somebody at the venue could see
    both.
    """
    wallet = file.load()
    bundle, now = _bundle(wallet), file.clock() + wallet.clock_offset

    def change(visits: Visits) -> tuple[Visits, CheckedIn]:
        checked_in = check_in(visits, text, bundle=bundle, now=now)
        return checked_in.visits, checked_in

    checked_in = visits_of(file).transact(change)
    file.update(lambda held: keep_quiet(held, now))
    return checked_in


def check_out_here(file: WalletFile) -> CheckedOut:
    """End the open stay, if there is one."""
    now = file.clock() + file.load().clock_offset

    def change(visits: Visits) -> tuple[Visits, CheckedOut]:
        checked_out = check_out(visits, now=now)
        return checked_out.visits, checked_out

    return visits_of(file).transact(change)


def fetch_notices(
    session: Session, *, refreshed: bool = False, progress: Progress = silent
) -> Visits:
    """Fetch the list of notices, the same for everyone, and match it.

    The trust bundle comes first, unless it was just ``refreshed``: keys may have been withdrawn.
    One that does not know who signed the list is fetched again. Raises NotActivated, or one of
    :data:`NO_LIST`.
    """
    if not refreshed:
        refresh(session)
    _forget_gone_keys(session)  # Whoever withholds lists does not keep alive what a thief has said.
    data = session.client.fetch_notices()
    try:
        return _take_list(session, data, progress)
    except NoticesRejected as rejected:
        if rejected.fault is not NoticesFault.UNKNOWN_SIGNER:
            raise
    refresh(session)
    return _take_list(session, data, progress)


@dataclass(frozen=True)
class NoticesOfWallet:
    """A :class:`wallet_sim.fetching.runner.NoticesTask` over the file of visits of one wallet.

    ``arrived`` gets the visits after each list that came, ``failed`` one of :data:`NO_LIST`.
    """

    file: WalletFile
    arrived: Callable[[Visits], None]
    failed: Callable[[Exception], None]

    def prune(self) -> None:
        # A damaged file is complained of where it is needed, and passes go on without it.
        with suppress(CommandError):
            visits_of(self.file).load()

    def fetch(self, session: Session, *, refreshed: bool) -> bool:
        try:
            visits = fetch_notices(session, refreshed=refreshed)
        except NotActivated:
            return False  # The wallet was emptied meanwhile.
        except NO_LIST as error:
            self.failed(error)
            return False
        self.arrived(visits)
        return True


def _take_list(session: Session, data: bytes, progress: Progress) -> Visits:
    wallet = session.file.load()
    return take_list(
        visits_of(session.file),
        data,
        bundle=_bundle(wallet),
        authority=_name(wallet.trusted()),
        now=session.clock.now(),
        progress=progress,
    )


def _forget_gone_keys(session: Session) -> None:
    wallet = session.file.load()
    visits, authority = visits_of(session.file), _name(wallet.trusted())
    forget_gone_keys(visits, bundle=_bundle(wallet), authority=authority)


def _bundle(wallet: Wallet) -> TrustBundle:
    return stored_bundle(wallet.trusted())


def _name(authority: PinnedAuthority) -> str:
    return f"{authority.issuer} {authority.trust.anchor}"


def _earlier_of(clock: Clock, offset: int) -> Clock:
    return lambda: clock() + min(0, offset)
