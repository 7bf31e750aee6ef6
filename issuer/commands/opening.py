"""How an issuer command opens its home, and what it warns of."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Annotated

import typer

from issuer.authority import Authority
from issuer.home import Home
from issuer.keys.roots import WARN_BEFORE_END, load_chain, signer_end
from issuer.publication.entering import is_stuck
from schemas.languages import Language
from schemas.problems import ApiProblem, Problem
from shell.command_line import (
    EXIT_REFUSED,
    EXIT_USAGE,
    clock_at,
    home_option,
    home_path,
    warn,
)
from shell.errors import CommandError
from shell.times import local_date

HomeOption = Annotated[Path | None, home_option("QUPIA_ISSUER_HOME")]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", metavar="NAME", help="How exports are read: [profiles.NAME]."),
]


def issuer_home(given: Path | None) -> Home:
    return Home(home_path(given, "issuer"))


@contextmanager
def opened(given: Path | None, at: str | None = None) -> Iterator[tuple[Authority, int]]:
    """The authority of a home, with the warnings that every command gives, and what time it is.

    ``at`` is a time to use instead of the clock. What the API would refuse is one line, and exit
    status 1 unless the input is bad.
    """
    now = clock_at(at)()
    authority = Authority.open(issuer_home(given))
    try:
        if not authority.is_over(now):
            warn_of_signer(authority.home, now)
            warn_of_witnesses(authority, now)
        yield authority, now
    except ApiProblem as error:
        bad_input = error.fault in (Problem.INVALID, Problem.NOT_AN_IIN)
        status = EXIT_USAGE if bad_input else EXIT_REFUSED
        hint = " (--no-iin)" if error.fault is Problem.NOT_AN_IIN else ""
        raise CommandError(f"{error.text(Language.EN)}{hint}", exit_code=status) from None
    finally:
        authority.store.close()


@contextmanager
def opened_before_sunset(
    given: Path | None, at: str | None = None
) -> Iterator[tuple[Authority, int]]:
    """:func:`opened` for commands that make or issue something: none does after the sunset."""
    with opened(given, at) as (authority, now):
        refuse_after_sunset(authority, now)
        yield authority, now


def refuse_after_sunset(authority: Authority, now: int) -> None:
    if authority.is_over(now):
        ended = local_date(authority.sunset, authority.policy.zone)
        raise CommandError(
            f"this issuer ended on {ended}; to go on, ask the public again and found a new one: "
            "qupia-issuer init --home NEW",
            exit_code=EXIT_REFUSED,
        )


def warn_of_root_key(authority: Authority) -> None:
    for path in authority.home.root_keys():
        warn(f"{path} is still here; move it offline")


def warn_of_witnesses(authority: Authority, now: int) -> None:
    """Say that no bundle comes out; a damaged one is for the commands that need it."""
    with suppress(CommandError):
        if is_stuck(authority, now):
            warn(
                "witnesses have kept the next bundle back for 12 hours; ask them why, or name "
                "others: qupia-issuer keys delegate --root ROOT.pem --witness VKEY@URL --quorum N"
            )


def warn_if_waiting(authority: Authority) -> bool:
    """Say that a bundle is not out yet, where witnesses are still to sign it; whether one waits."""
    waits = authority.entered() is not None
    if waits:
        warn(
            "too few witnesses have signed the next bundle, so it is not out; serve asks them "
            "again and again"
        )
    return waits


def warn_of_signer(home: Home, now: int) -> None:
    """Say that the signer ends soon; a damaged chain stops only what needs a signer."""
    if not home.delegations.exists():
        return
    try:
        end = signer_end(load_chain(home))
    except CommandError as error:
        warn(error.message)
        return
    if end - now <= WARN_BEFORE_END:
        state = "ended" if end <= now else "ends"
        warn(
            f"the bundle signer {state} on {local_date(end, UTC)}; "
            "run: qupia-issuer keys delegate --root ROOT.pem"
        )
