"""How a command opens a device's files: they are ours alone, and what is over is gone."""

from pathlib import Path
from typing import Annotated

from schemas.languages import Language
from shell.command_line import home_option, home_path
from shell.errors import CommandError
from verifier.door.condition import Condition
from verifier.presence.seeds import sweep
from verifier.trust.store import TrustStore

HomeOption = Annotated[Path | None, home_option("QUPIA_VERIFIER_HOME")]


def open_store(home: Path | None, now: int) -> TrustStore:
    """The files of a device; seeds whose time is over at ``now`` are destroyed."""
    store = store_as_it_is(home)
    sweep(store, now)
    return store


def store_as_it_is(home: Path | None) -> TrustStore:
    """The same without destroying anything, for whoever looks after the destruction."""
    store = TrustStore(home_path(home, "verifier"))
    store.check_private()
    return store


def check_usable(condition: Condition, language: Language) -> None:
    """Raise CommandError where a scan could check nothing either."""
    refused = condition.refused
    if refused is not None:
        raise CommandError(f"{refused.text(language)} ({refused.helpdesk})")
