"""``show``: the pass is marked as used in the file before anybody can see it."""

import sys

import typer

from schemas.languages import Language
from shell.command_line import say
from shell.times import local_time
from wallet_sim.commands.display import Display
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.presentation import Denied, NotShown, Showing
from wallet_sim.showing import keep_showing, take_pass
from wallet_sim.texts import text


def choose_pass(file: WalletFile, tools: Tools, *, again: bool, language: Language) -> Showing:
    """A pass that is already stored as used.

    Without ``again`` a terminal is asked before the last one is shown once more. Raises NotShown
    or NotActivated.
    """
    try:
        return take_pass(file, tools, again=again, agreed=again)
    except NotShown as error:
        if error.fault is not Denied.MUST_AGREE or not _agrees(file, tools, language):
            raise
    return take_pass(file, tools, again=again, agreed=True)


def keep_on_screen(showing: Showing, display: Display, tools: Tools) -> None:
    """Renew the proof until Ctrl-C, or until this pass may be shown no longer."""
    try:
        keep_showing(
            showing,
            draw=lambda now: display.draw(showing, now),
            now=lambda: tools.corrected_now(showing.wallet),
            sleep=tools.sleep,
            until=display.ends,
        )
    except KeyboardInterrupt:
        return
    over = display.ends is not None and tools.corrected_now(showing.wallet) >= display.ends
    say(text("venue_over" if over else "shown_enough", display.language))


def _agrees(file: WalletFile, tools: Tools, language: Language) -> bool:
    """Ask whoever sits at the terminal; nobody there agrees to nothing."""
    wallet = file.load()
    batch = wallet.batch_at(tools.corrected_now(wallet))
    if batch is None or not sys.stdin.isatty():
        return False
    ends = local_time(batch.ends)
    return typer.confirm(text("ask_again", language, ends=ends), err=True)
