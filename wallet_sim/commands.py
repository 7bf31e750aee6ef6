"""``qupia-wallet``: take a code, fetch passes, show them, see and end what is held."""

import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from schemas.encoding import format_time
from schemas.languages import Language
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    JsonOption,
    LocalLanguageOption,
    answer,
    complain,
    home_option,
    new_app,
    read_secret,
    run,
    say,
    warn,
)
from shell.errors import CommandError
from wallet_sim.activating import activate as activate_slip
from wallet_sim.activating import check_replaceable, parse_slip
from wallet_sim.at_the_door import choose_pass, corrected_now, keep_on_screen
from wallet_sim.condition import condition, holdings
from wallet_sim.display import Display
from wallet_sim.owner_rights import ask_what_is_held, end_entitlement
from wallet_sim.reports import (
    activated_lines,
    data_lines,
    fault_lines,
    status_lines,
    synced_lines,
    synced_members,
)
from wallet_sim.session import Session
from wallet_sim.speaking import REFUSALS, spoken, to_command_error
from wallet_sim.syncing import Synced
from wallet_sim.syncing import sync as sync_wallet
from wallet_sim.texts import text
from wallet_sim.tools import Tools
from wallet_sim.wallet_file import WalletFile
from wallet_sim.watching import keep_fetching

app = new_app("A citizen's wallet: it fetches passes ahead of time and shows them without network.")
TOOLS = Tools()

HomeOption = Annotated[Path | None, home_option("QUPIA_WALLET_HOME")]


@app.command()
def activate(
    code: Annotated[
        str, typer.Argument(metavar="-", help="Read a code or an activation link from the input.")
    ],
    *,
    issuer: Annotated[str | None, typer.Option(metavar="URL", help="For a code alone.")] = None,
    root: Annotated[str | None, typer.Option(metavar="THUMBPRINT", help="The root to pin.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give up what it holds.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Use a code from a slip, then fetch passes for the current and the next window."""
    slip = parse_slip(read_secret(code, "code or link"), issuer=issuer, root=root)
    file = TOOLS.open_file(home)
    check_replaceable(file.load(), slip, replacing=replace)
    session = TOOLS.connect(file, slip.issuer)
    with spoken(language):
        _, entitlement = activate_slip(session, slip).activated()
    lines = activated_lines(entitlement, language) + _first_passes(session, language)
    members = {
        "status": entitlement.status,
        "holder": entitlement.holder,
        "until": format_time(entitlement.until),
        "passes": sum(len(batch.passes) for batch in file.load().batches),
    }
    answer(as_json=as_json, members=members, text="\n".join(lines))


def _first_passes(session: Session, language: Language) -> list[str]:
    """What came right after the activation; that has succeeded, whatever happens here."""
    try:
        synced = sync_wallet(session)
    except (*REFUSALS, CommandError) as error:
        why = to_command_error(error, language).message
        warn(text("passes_failed", language, why=why))
        return []
    return _report(synced, session, language)


@app.command()
def sync(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Keep fetching at random times.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """Fetch what is missing for the current and the next window."""
    _refuse_both(watch, as_json)
    file = TOOLS.open_file(home)
    with spoken(language):
        if watch:
            _keep_fetching(file, language)
        session = TOOLS.connect(file)
        synced = sync_wallet(session)
    lines = _report(synced, session, language)
    answer(as_json=as_json, members=synced_members(synced), text="\n".join(lines))
    return EXIT_DONE if synced.has_current else EXIT_REFUSED


def _report(synced: Synced, session: Session, language: Language) -> list[str]:
    """Lines for standard output; what went wrong goes to standard error at once."""
    for line in fault_lines(synced, language):
        warn(line)
    if session.clock.was_corrected:
        warn(text("clock_corrected", language, seconds=abs(session.clock.offset)))
    return synced_lines(synced, language)


def _keep_fetching(file: WalletFile, language: Language) -> NoReturn:
    """Run until Ctrl-C, which is how this is meant to end."""

    def report(synced: Synced, session: Session) -> None:
        say("\n".join(_report(synced, session, language)))

    def complain_of(error: Exception) -> None:
        complain(to_command_error(error, language).message)

    file.load().activated()
    say(text("watching", language))
    try:
        keep_fetching(
            file,
            connect=lambda: TOOLS.connect(file),
            sleep=TOOLS.sleep,
            below=TOOLS.below,
            report=report,
            complain=complain_of,
        )
    except KeyboardInterrupt:
        raise typer.Exit(EXIT_DONE) from None


@app.command()
def status(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """What this wallet has, and what to do next."""
    wallet = TOOLS.open_file(home).load()
    now = corrected_now(wallet, TOOLS)
    answer(
        as_json=as_json,
        members=condition(wallet, now=now),
        text="\n".join(status_lines(wallet, now, language)),
    )


@app.command()
def show(
    *,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="Write a picture.")
    ] = None,
    as_text: Annotated[bool, typer.Option("--text", help="Print the text of the code.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="A fresh proof each 30 s.")] = False,
    again: Annotated[bool, typer.Option("--again", help="The pass that was shown last.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Show a pass at a door, without network."""
    _refuse_both(watch, as_json)
    display = Display(language, png, as_text, as_json, watching=watch)
    display.check_png()
    with spoken(language):
        showing = choose_pass(TOOLS.open_file(home), TOOLS, again=again, language=language)
    if watch:
        keep_on_screen(showing, display, TOOLS)
    else:
        display.draw(showing, corrected_now(showing.wallet, TOOLS))


@app.command()
def data(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> int:
    """What this wallet holds, what the issuer holds about it, and when each dies."""
    file = TOOLS.open_file(home)
    wallet = file.load()
    issuer: list[dict[str, Any]] | None = []
    failure = None
    try:
        if wallet.entitlement is not None:
            issuer = ask_what_is_held(TOOLS.connect(file), wallet.entitlement)
    except (*REFUSALS, CommandError) as error:
        issuer, failure = None, to_command_error(error, language)
    held = holdings(wallet)
    lines = data_lines(held, issuer, language)
    answer(as_json=as_json, members={"wallet": held, "issuer": issuer}, text="\n".join(lines))
    if failure is not None:
        complain(failure.message)
        return failure.exit_code
    return EXIT_DONE


@app.command()
def end(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """Let the issuer issue nothing further, and empty this wallet."""
    file = TOOLS.open_file(home)
    with spoken(language):
        _, entitlement = file.load().activated()
        _confirm("ask_end", language)
        end_entitlement(TOOLS.connect(file), entitlement)
    file.erase()
    answer(as_json=as_json, members={"ended": True}, text=text("ended", language))


@app.command()
def erase(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """Empty this wallet without telling the issuer."""
    _confirm("ask_erase", language)
    TOOLS.open_file(home).erase()
    answer(as_json=as_json, members={"erased": True}, text=text("erased", language))


@app.command()
def demo(*, as_json: JsonOption = False, language: LocalLanguageOption) -> int:
    """The whole story, from laboratory to door, in a temporary folder."""
    from wallet_sim.demo import run_demo

    return run_demo(as_json=as_json, language=language)


def _confirm(question: str, language: Language) -> None:
    if sys.stdin.isatty() and not typer.confirm(text(question, language), err=True):
        raise typer.Abort


def _refuse_both(watch: bool, as_json: bool) -> None:
    if watch and as_json:
        raise CommandError("--watch speaks to people; leave out --json")


def main() -> None:
    """The command ``qupia-wallet``."""
    run(app, "qupia-wallet")


if __name__ == "__main__":
    main()
