"""``qupia-wallet``: take a code, fetch passes, show them, see and end what is held, serve."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from schemas.encoding import format_time
from schemas.languages import Language
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    JsonOption,
    LocalLanguageOption,
    answer,
    new_app,
    read_secret,
    run,
    warn,
)
from shell.errors import CommandError
from shell.evidence import EvidenceOut, answer_evidence, evidence_line
from wallet_sim.both import visits_of
from wallet_sim.commands.display import Display
from wallet_sim.commands.fetching import (
    ask_later,
    connect,
    first_passes,
    keep_fetching_here,
    tell,
)
from wallet_sim.commands.presence import (
    PresenceCommands,
    fetch_warnings,
    known_visits,
    notices_task,
    read_check_in,
)
from wallet_sim.commands.presence_reports import holdings as presence_holdings
from wallet_sim.commands.presence_reports import standing_lines
from wallet_sim.commands.showing import choose_pass, keep_on_screen
from wallet_sim.fetching.activation import activate as activate_slip
from wallet_sim.fetching.activation import check_replaceable, parse_slip
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.owner_rights import ask_what_is_held, end_entitlement
from wallet_sim.fetching.reports import (
    activated_lines,
    data_lines,
    status_lines,
    synced_members,
)
from wallet_sim.fetching.sync import sync as sync_wallet
from wallet_sim.fetching.tools import HomeOption, Tools
from wallet_sim.passes.state import warnings_read
from wallet_sim.passes.status import condition, holdings
from wallet_sim.presence.check_in import bindings_of
from wallet_sim.presence.file import VisitsFile
from wallet_sim.refusals import REFUSALS, spoken, to_command_error
from wallet_sim.texts import text

LaterOption = Annotated[
    bool, typer.Option("--later", help="Ask for passes at a random time within two hours.")
]

app = new_app("A citizen's wallet: it fetches passes ahead of time and shows them without network.")
TOOLS = Tools()


@app.command()
def activate(
    code: Annotated[
        str, typer.Argument(metavar="-", help="Read a code or an activation link from the input.")
    ],
    *,
    issuer: Annotated[str | None, typer.Option(metavar="URL", help="For a code alone.")] = None,
    root: Annotated[str | None, typer.Option(metavar="THUMBPRINT", help="The root to pin.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Give up what it holds.")] = False,
    later: LaterOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Use a code from a slip, then fetch passes for the current and the next window."""
    slip = parse_slip(read_secret(code, "code or link"), issuer=issuer, root=root)
    file = TOOLS.open_file(home)
    check_replaceable(file.load(), slip, replacing=replace)
    session = connect(file, TOOLS, language, slip.issuer)
    with spoken(language):
        _, entitlement = activate_slip(session, slip).activated()
    lines = activated_lines(entitlement, language)
    lines += ask_later(file, TOOLS, language) if later else first_passes(session, language)
    members = {
        "status": entitlement.status,
        "holder": entitlement.holder,
        "until": format_time(entitlement.until),
        "passes": sum(len(batch.passes) for batch in file.load().batches),
    }
    answer(as_json=as_json, members=members, text="\n".join(lines))


@app.command()
def sync(
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Keep fetching at random times.")] = False,
    later: LaterOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """Fetch what is missing for the current and the next window."""
    _refuse_both(watch, as_json)
    file = TOOLS.open_file(home)
    with spoken(language):
        if later:
            lines = ask_later(file, TOOLS, language)
            answer(
                as_json=as_json,
                members={"later": file.load().soon is not None},
                text="\n".join(lines),
            )
            if not watch:
                return EXIT_DONE
        if watch:
            keep_fetching_here(file, TOOLS, language, notices=notices_task(file, language))
        session = connect(file, TOOLS, language)
        try:
            synced = sync_wallet(session)
        except REFUSALS:
            # Whoever gets no passes may still have been where somebody infectious was.
            visits = fetch_warnings(session, language, refreshed=False)
            for line in standing_lines(visits, language):
                warn(line)
            raise
    lines = tell(synced, language)
    visits = fetch_warnings(session, language, refreshed=True)
    lines += standing_lines(visits, language)
    members = synced_members(synced) | {"alerts": len(visits.warnings)}
    answer(as_json=as_json, members=members, text="\n".join(lines))
    return EXIT_DONE if synced.has_current else EXIT_REFUSED


@app.command()
def status(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """What this wallet has, and what to do next."""
    file = TOOLS.open_file(home)
    wallet, visits, pairs = file.load(), known_visits(file), file.evidence()
    now = TOOLS.corrected_now(wallet)
    lines = standing_lines(visits, language) + status_lines(wallet, now, language)
    if pairs:
        lines.insert(0, evidence_line(pairs, "qupia-wallet evidence", language))
    members = condition(wallet, now=now) | {"alerts": len(visits.warnings), "evidence": len(pairs)}
    answer(as_json=as_json, members=members, text="\n".join(lines))
    if not as_json:
        file.update(warnings_read)


@app.command()
def evidence(
    *,
    out: EvidenceOut = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Pairs of bundles that prove what the authority did; one may be made for this wallet alone."""
    pairs = TOOLS.open_file(home).evidence()
    answer_evidence(pairs, out=out, as_json=as_json, language=language)


@app.command()
def show(
    *,
    png: Annotated[
        Path | None, typer.Option("--png", metavar="FILE", help="Write a picture.")
    ] = None,
    as_text: Annotated[bool, typer.Option("--text", help="Print the text of the code.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="A fresh proof each 30 s.")] = False,
    again: Annotated[bool, typer.Option("--again", help="The pass that was shown last.")] = False,
    venue: Annotated[
        str | None,
        typer.Option("--venue", metavar="-", help="Bind it to the venue's code in the input."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> None:
    """Show a pass at a door, without network."""
    _refuse_both(watch, as_json)
    file = TOOLS.open_file(home)
    with spoken(language):
        bindings = _bindings(file, venue)
        display = Display(language, png, as_text, as_json, watching=watch, bindings=bindings)
        display.check_png()
        showing = choose_pass(file, TOOLS, again=again, language=language)
    if watch:
        keep_on_screen(showing, display, TOOLS)
    else:
        display.draw(showing, TOOLS.corrected_now(showing.wallet))


PresenceCommands(lambda: TOOLS).add_to(app)


@app.command()
def data(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """What this wallet holds, what the issuer holds about it, and when each dies."""
    file = TOOLS.open_file(home)
    wallet = file.load()
    issuer: list[dict[str, Any]] | None = []
    failure = None
    try:
        if wallet.entitlement is not None:
            session = connect(file, TOOLS, language)
            issuer = ask_what_is_held(session, wallet.entitlement)
    except (*REFUSALS, CommandError) as error:
        issuer, failure = None, to_command_error(error, language)
    now = TOOLS.corrected_now(wallet)
    held = holdings(wallet, now=now) + presence_holdings(visits_of(file).load())
    lines = data_lines(held, issuer, language)
    answer(as_json=as_json, members={"wallet": held, "issuer": issuer}, text="\n".join(lines))
    if failure is not None:
        raise failure


@app.command()
def end(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """Let the issuer issue nothing further, and empty this wallet."""
    file = TOOLS.open_file(home)
    with spoken(language):
        _, entitlement = file.load().activated()
        _confirm("ask_end", language)
        end_entitlement(connect(file, TOOLS, language), entitlement)
    _empty(file)
    answer(as_json=as_json, members={"ended": True}, text=text("ended", language))


@app.command()
def erase(
    *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
) -> None:
    """Empty this wallet without telling the issuer."""
    _confirm("ask_erase", language)
    _empty(TOOLS.open_file(home))
    answer(as_json=as_json, members={"erased": True}, text=text("erased", language))


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8002,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Pages of this wallet, for a browser on this machine; they fetch passes by themselves."""
    # Imported where it is used, so that a pass is shown without even loading the web server.
    from wallet_sim.web.serving import serve_wallet

    def ready(url: str) -> None:
        members = {"url": url, "host": host, "port": port}
        answer(as_json=as_json, members=members, text=f"open {url} here; stop with Ctrl-C")

    serve_wallet(home, TOOLS, host, port, ready=ready)


@app.command()
def demo(
    *,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Keep authority, wallet and venue running, with their pages."),
    ] = False,
    outbreak: Annotated[
        bool, typer.Option("--outbreak", help="Fourteen days of presence tracing in a town.")
    ] = False,
    home: Annotated[
        Path | None,
        typer.Option(
            "--home", metavar="DIR", help="An empty folder, to be kept; else a temporary one."
        ),
    ] = None,
    as_json: JsonOption = False,
    language: LocalLanguageOption,
) -> int:
    """The whole story, from laboratory to door, with homes of its own."""
    from wallet_sim.demo import run_demo, run_live, run_outbreak

    if serve and outbreak:
        raise CommandError("--serve and --outbreak are two demos; choose one")
    play = run_live if serve else run_outbreak if outbreak else run_demo
    return play(home, as_json=as_json, language=language)


def _bindings(file: WalletFile, venue: str | None) -> Mapping[int, bytes] | None:
    """What a pass is bound to; a code that is not for now is refused before a pass is used up."""
    if venue is None:
        return None
    return bindings_of(read_check_in(venue), now=TOOLS.corrected_now(file.load()))


def _empty(file: WalletFile) -> None:
    """Visits go first: should the rest fail, it can be tried again."""
    VisitsFile(file.home, file.clock).erase()
    file.erase()


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
