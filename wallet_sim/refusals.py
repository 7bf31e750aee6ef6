"""Refusals of codes and lists as their reader meets them, and those of the wallet beside them."""

from collections.abc import Iterator
from contextlib import contextmanager

from schemas.languages import Language
from schemas.notices import NoticesRejected
from shell.command_line import EXIT_REFUSED
from shell.errors import CommandError
from wallet_sim.fetching.refusals import REFUSALS as WALLET_REFUSALS
from wallet_sim.fetching.refusals import to_command_error as wallet_error
from wallet_sim.presence.check_in import NotCheckedIn
from wallet_sim.texts import local_time, text

REFUSALS = (NotCheckedIn, NoticesRejected, *WALLET_REFUSALS)


def to_command_error(error: Exception, language: Language) -> CommandError:
    """Any of :data:`REFUSALS`, or a CommandError, as a command ends with it."""
    match error:
        case NotCheckedIn():
            name, at = f"checkin_{error.fault}", local_time(error.at)
            return CommandError(text(name, language, at=at), exit_code=EXIT_REFUSED)
        case NoticesRejected():
            said = f"{error.text(language)} ({error.helpdesk})"
            return CommandError(said, exit_code=EXIT_REFUSED)
    return wallet_error(error, language)


@contextmanager
def spoken(language: Language) -> Iterator[None]:
    """Turn refusals inside the block into the one line that a person sees."""
    try:
        yield
    except REFUSALS as error:
        raise to_command_error(error, language) from None
