"""Refusals as the holder reads them: one line in their language, and the exit status.

They are those of passes and those of visits: codes of venues, lists of notices.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.bundle_faults import BundleRejected
from schemas.languages import Language
from schemas.notices import NoticesRejected
from schemas.problems import ApiProblem, Problem
from shell.command_line import EXIT_REFUSED, EXIT_USAGE
from shell.errors import CommandError
from shell.times import local_time
from wallet_sim.passes.blinding import BlindingError
from wallet_sim.passes.presentation import NotShown
from wallet_sim.passes.state import NotActivated
from wallet_sim.presence.check_in import NotCheckedIn
from wallet_sim.texts import text

_TRY_LATER = (Problem.TOO_MANY, Problem.NOT_READY, Problem.FAILED)
"""Nothing was refused: the issuer could not be asked properly."""

REFUSALS = (
    ApiProblem,
    BundleRejected,
    BlindingError,
    NotShown,
    NotActivated,
    NotCheckedIn,
    NoticesRejected,
)


def to_command_error(error: Exception, language: Language) -> CommandError:
    """Any of :data:`REFUSALS`, or a CommandError, as a command ends with it."""
    match error:
        case ApiProblem():
            busy = error.fault in _TRY_LATER
            return CommandError(
                error.text(language), exit_code=EXIT_USAGE if busy else EXIT_REFUSED
            )
        case BundleRejected() | NoticesRejected():
            return CommandError(
                f"{error.text(language)} ({error.helpdesk})", exit_code=EXIT_REFUSED
            )
        case BlindingError():
            return CommandError(text("bad_key", language), exit_code=EXIT_REFUSED)
        case NotShown():
            return CommandError(text(error.fault, language), exit_code=EXIT_REFUSED)
        case NotCheckedIn():
            name, at = f"checkin_{error.fault}", local_time(error.at)
            return CommandError(text(name, language, at=at), exit_code=EXIT_REFUSED)
        case NotActivated():
            return CommandError(text("not_activated", language))
        case CommandError():
            return error
    raise error


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Turn refusals inside the block into the one line that a person sees."""
    try:
        yield
    except REFUSALS as error:
        raise to_command_error(error, language) from None
