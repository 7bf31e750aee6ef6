"""``show``: the pass is marked as used in the file before anybody can see it."""

import sys

import typer

from schemas.languages import Language
from shell.command_line import say
from wallet_sim.commands.display import Display
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.runner import keep_showing
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.presentation import Denied, NotShown, Showing, choose
from wallet_sim.passes.state import Wallet
from wallet_sim.texts import local_time, text


def corrected_now(wallet: Wallet, tools: Tools) -> int:
    """The time, as far as this wallet knows it."""
    return tools.clock() + wallet.clock_offset


def choose_pass(file: WalletFile, tools: Tools, *, again: bool, language: Language) -> Showing:
    """A pass that is already stored as used.

    Without ``again`` a terminal is asked before the last one is shown once more. Raises NotShown
    or NotActivated.
    """
    try:
        return take_pass(file, tools, again=again, agreed=again)
    except NotShown as error:
        if error.denied is not Denied.MUST_AGREE or not _agrees(file, tools, language):
            raise
    return take_pass(file, tools, again=again, agreed=True)


def take_pass(file: WalletFile, tools: Tools, *, again: bool, agreed: bool) -> Showing:
    """A pass that is already stored as used; see :func:`wallet_sim.showing.choose`."""

    def change(wallet: Wallet) -> tuple[Wallet, Showing]:
        now = corrected_now(wallet, tools)
        showing = choose(wallet, now=now, again=again, agreed=agreed, below=tools.below)
        return showing.wallet, showing

    return file.transact(change)


def keep_on_screen(showing: Showing, display: Display, tools: Tools) -> None:
    """Renew the proof until Ctrl-C, or until this pass may be shown no longer."""
    try:
        keep_showing(
            showing,
            draw=lambda now: display.draw(showing, now),
            now=lambda: corrected_now(showing.wallet, tools),
            sleep=tools.sleep,
            until=display.ends,
        )
    except KeyboardInterrupt:
        return
    over = display.ends is not None and corrected_now(showing.wallet, tools) >= display.ends
    say(text("venue_over" if over else "shown_enough", display.language))


def _agrees(file: WalletFile, tools: Tools, language: Language) -> bool:
    """Ask whoever sits at the terminal; nobody there agrees to nothing."""
    wallet = file.load()
    batch = wallet.batch_at(corrected_now(wallet, tools))
    if batch is None or not sys.stdin.isatty():
        return False
    ends = local_time(batch.window.exp)
    return typer.confirm(text("ask_again", language, ends=ends), err=True)
