"""``sync``: what came is printed at once; what went wrong goes to standard error."""

from typing import NoReturn

import typer

from schemas.catalogues import sentence
from schemas.languages import Language
from shell.command_line import EXIT_DONE, complain, say, warn
from shell.errors import CommandError
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.reports import clock_line, fault_lines, synced_lines
from wallet_sim.fetching.runner import NoticesTask, keep_fetching
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced, sync
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.schedule import plan_soon
from wallet_sim.passes.state import Wallet
from wallet_sim.passes.status import advice
from wallet_sim.refusals import REFUSALS, to_command_error
from wallet_sim.texts import text


def connect(
    file: WalletFile, tools: Tools, language: Language, issuer: str | None = None
) -> Session:
    """A session that says at once when it corrects the clock; raises NotActivated."""
    return tools.connect(file, issuer, lambda offset: warn(clock_line(offset, language)))


def tell(synced: Synced, language: Language) -> list[str]:
    """The lines for standard output; faults are warned of here."""
    for line in fault_lines(synced, language):
        warn(line)
    for warning in synced.warnings:
        warn(sentence(warning, language))
    return synced_lines(synced, language)


def first_passes(session: Session, language: Language) -> list[str]:
    """What came right after the activation; that has succeeded, whatever happens here."""
    try:
        synced = sync(session)
    except (*REFUSALS, CommandError) as error:
        why = to_command_error(error, language).message
        warn(text("passes_failed", language, why=why))
        return []
    return tell(synced, language)


def ask_later(file: WalletFile, tools: Tools, language: Language) -> list[str]:
    """Plan to ask for what is missing at a random time, and say so. Raises NotActivated."""

    def change(held: Wallet) -> Wallet:
        held.activated()
        return plan_soon(held, now=tools.corrected_now(held), below=tools.below)

    planned = file.update(change).soon is not None
    return [text("later_planned" if planned else "nothing_missing", language)]


def keep_fetching_here(
    file: WalletFile, tools: Tools, language: Language, *, notices: NoticesTask
) -> NoReturn:
    """Run until Ctrl-C, which is how this is meant to end; ``notices`` are fetched, too."""

    def report(synced: Synced) -> None:
        say("\n".join(tell(synced, language)))

    def complain_of(error: Exception) -> None:
        complain(to_command_error(error, language).message)

    wallet = file.load()
    wallet.trusted()
    say(text("watching", language))
    step = advice(wallet, now=tools.corrected_now(wallet))
    if step in ("next_sync", "next_later"):
        warn(text(step, language))
    try:
        keep_fetching(
            file,
            connect=lambda: connect(file, tools, language),
            sleep=tools.sleep,
            below=tools.below,
            report=report,
            complain=complain_of,
            notices=notices,
        )
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None
