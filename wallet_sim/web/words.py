"""What went wrong, in sentences for pages: they name no command."""

from collections.abc import Callable

from schemas.languages import Language
from shell.errors import CommandError
from shell.fetching import NoAnswer
from shell.times import local_time
from wallet_sim.fetching.trust import ClockBehind
from wallet_sim.passes.presentation import NotShown
from wallet_sim.passes.state import NotActivated
from wallet_sim.presence.check_in import NotCheckedIn
from wallet_sim.refusals import REFUSALS, to_command_error

TROUBLE = (*REFUSALS, CommandError)
"""Whatever a wallet may refuse with."""

Say = Callable[..., str]


def words(error: Exception, language: Language, say: Say) -> str:
    """One sentence; ``error`` is any of :data:`TROUBLE`, ``say`` gives a page's sentences."""
    match error:
        case NoAnswer():
            return say("no_answer")
        case ClockBehind():
            return say("clock_behind")
        case NotShown():
            return say(error.fault.value)
        case NotCheckedIn():
            return say(f"checkin_{error.fault}", at=local_time(error.at))
        case NotActivated():
            return say("not_activated")
        case CommandError():
            return say("trouble", message=error.message)
    return to_command_error(error, language).message
