"""Take a pass, which stores it as used, and renew its proof while it is shown."""

from collections.abc import Callable

from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.runner import Sleep
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.presentation import Showing, choose, last_moment, seconds_left
from wallet_sim.passes.schedule import keep_quiet
from wallet_sim.passes.state import Wallet


def take_pass(file: WalletFile, tools: Tools, *, again: bool, agreed: bool) -> Showing:
    """A pass that is already stored as used; see :func:`wallet_sim.passes.presentation.choose`.

    From then on the wallet asks for nothing by itself for a while.
    """

    def change(wallet: Wallet) -> tuple[Wallet, Showing]:
        now = tools.corrected_now(wallet)
        showing = choose(wallet, now=now, again=again, agreed=agreed, below=tools.below)
        return keep_quiet(showing.wallet, now), showing

    return file.transact(change)


def keep_showing(
    showing: Showing,
    *,
    draw: Callable[[int], None],
    now: Callable[[], int],
    sleep: Sleep,
    until: int | None = None,
) -> None:
    """Draw the code anew for each half minute, as long as this pass may be shown.

    ``until`` is when the hours of a venue's code are over, if the pass is bound to one.
    """
    ends = last_moment(showing, now=now())
    ends = ends if until is None else min(ends, until)
    while True:
        at = now()
        draw(at)
        sleep(seconds_left(showing, at))
        if now() >= ends:
            return
