"""``checkin``, ``checkout``, ``visits``, ``alerts``, and what other commands tell of warnings."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from schemas.check_in import PREFIX
from schemas.encoding import format_time
from schemas.languages import Language
from shell.command_line import (
    JsonOption,
    LocalLanguageOption,
    answer,
    read_secret,
    say,
    warn,
)
from shell.errors import CommandError
from shell.pictures import read_codes
from shell.progress import progress_bar
from wallet_sim.both import (
    NO_LIST,
    NoticesOfWallet,
    check_in_here,
    check_out_here,
    fetch_notices,
    visits_of,
)
from wallet_sim.commands.fetching import connect
from wallet_sim.commands.presence_reports import (
    alerts_lines,
    alerts_members,
    checked_in_lines,
    checked_in_members,
    checked_out_line,
    standing_lines,
    visits_lines,
    visits_members,
)
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.tools import HomeOption, Tools
from wallet_sim.passes.state import NotActivated
from wallet_sim.presence.check_in import CheckInFault, NotCheckedIn
from wallet_sim.presence.state import Visits
from wallet_sim.refusals import REFUSALS, spoken, to_command_error
from wallet_sim.texts import text

_PROMPT = "venue's code"

CodeArgument = Annotated[
    str,
    typer.Argument(
        metavar="- | PICTURE", help="Read the venue's code from the input, or from a picture."
    ),
]


class PresenceCommands:
    """``tools`` is asked for when a command runs."""

    def __init__(self, tools: Callable[[], Tools]) -> None:
        self._tools = tools

    def add_to(self, app: typer.Typer) -> None:
        for command in (self.checkin, self.checkout, self.visits, self.alerts):
            app.command()(command)

    def checkin(
        self,
        code: CodeArgument,
        *,
        home: HomeOption = None,
        as_json: JsonOption = False,
        language: LocalLanguageOption,
    ) -> None:
        """Seal a visit, so that nobody can read it back alone, you included."""
        file = self._tools().open_file(home)
        with spoken(language):
            checked_in = check_in_here(file, read_check_in(code))
        if checked_in.split_view:
            warn(text("split_view", language))
        lines = checked_in_lines(checked_in, language)
        answer(as_json=as_json, members=checked_in_members(checked_in), text="\n".join(lines))

    def checkout(
        self, *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
    ) -> None:
        """Leave: what was sealed for hours that have not begun is deleted."""
        tools = self._tools()
        file = tools.open_file(home)
        done = check_out_here(file)
        left = format_time(tools.clock() + file.load().clock_offset) if done.was_open else None
        members = {"left": left, "deleted": done.deleted}
        answer(as_json=as_json, members=members, text=checked_out_line(done, language))

    def visits(
        self, *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
    ) -> None:
        """How many sealed records there are of each date, which is all that can be known."""
        held = visits_of(self._tools().open_file(home)).load()
        lines = visits_lines(held, language)
        answer(as_json=as_json, members=visits_members(held), text="\n".join(lines))

    def alerts(
        self, *, home: HomeOption = None, as_json: JsonOption = False, language: LocalLanguageOption
    ) -> None:
        """Fetch the list that everyone fetches, and tell whether you were there."""
        tools = self._tools()
        file, failure = tools.open_file(home), None
        try:
            with progress_bar(text("alerts_matching", language)) as progress:
                session = connect(file, tools, language)
                held = fetch_notices(session, progress=progress)
        except (*REFUSALS, CommandError) as error:
            held, failure = visits_of(file).load(), to_command_error(error, language)
        lines = alerts_lines(held, language)
        answer(as_json=as_json, members=alerts_members(held), text="\n".join(lines))
        if failure is not None:
            raise failure


def fetch_warnings(session: Session, language: Language, *, refreshed: bool) -> Visits:
    """The warnings that come with a fetch of passes; that one is done, whatever happens here.

    The trust bundle is fetched first, unless it was just ``refreshed``.
    """
    try:
        with progress_bar(text("alerts_matching", language)) as progress:
            return fetch_notices(session, refreshed=refreshed, progress=progress)
    except NotActivated:
        pass  # Another command has emptied the wallet meanwhile: there is nobody to warn.
    except NO_LIST as error:
        _warn_of_failure(error, language)
    return known_visits(session.file)


def notices_task(file: WalletFile, language: Language) -> NoticesOfWallet:
    """For a wallet that runs in a terminal: nothing is printed unless there is a warning."""

    def arrived(visits: Visits) -> None:
        for line in standing_lines(visits, language):
            say(line)

    return NoticesOfWallet(file, arrived, lambda error: _warn_of_failure(error, language))


def _warn_of_failure(error: Exception, language: Language) -> None:
    why = to_command_error(error, language).message
    warn(text("alerts_failed", language, why=why))


def known_visits(file: WalletFile) -> Visits:
    """What was known before, for a command that is about something else.

    A damaged file is told by the commands that it is for.
    """
    try:
        return visits_of(file).load()
    except CommandError:
        return Visits()


def read_check_in(given: str) -> str:
    """The text of a venue's code, from standard input or from a picture.

    Raises NotCheckedIn for a picture without one, CommandError for the text of a code: arguments
    stay in the shell's history.
    """
    if given == "-":
        return read_secret(given, _PROMPT)
    if given.startswith(PREFIX) or not _is_file(given):
        raise CommandError(f"{_PROMPT}: write - and give it on standard input, or name a picture")
    codes = [found for found in read_codes(Path(given)) if found.startswith(PREFIX)]
    if len(codes) != 1:
        raise NotCheckedIn(CheckInFault.NOT_A_CODE)
    return codes[0]


def _is_file(given: str) -> bool:
    """Whether it names a file; what is too long to be a name does not, and is not repeated."""
    try:
        return Path(given).is_file()
    except (OSError, ValueError):
        return False
