"""What a new root statement is to change, as it is typed: STATEMENT of the commands for keys."""

from pathlib import Path
from typing import Annotated

import typer

from issuer.authority import Authority
from issuer.init import parse_sunset
from issuer.keys.roots import Changes
from schemas.log.notes import KeyType, parse_vkey
from schemas.root_statements import RootStatement, Witness
from shell.command_line import EXIT_REFUSED, warn
from shell.errors import CommandError
from shell.times import local_date

NewRootsOption = Annotated[
    list[Path] | None,
    typer.Option("--new-root", help="Replace the roots by these, once for each."),
]
ThresholdOption = Annotated[
    int | None, typer.Option("--threshold", help="How many roots must sign from now on.")
]
SunsetOption = Annotated[
    str | None,
    typer.Option("--sunset", metavar="YYYY-MM-DD", help="End earlier, never later."),
]
WitnessesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--witness", metavar="VKEY@URL", help="Who watches the log, once for each; or: none."
    ),
]
QuorumOption = Annotated[
    int | None, typer.Option("--quorum", help="How many of them must have signed.")
]


def parse_changes(
    authority: Authority,
    now: int,
    *,
    roots: list[dict[str, str]],
    threshold: int | None,
    sunset: str | None,
    witnesses: list[str] | None,
    quorum: int | None,
) -> Changes:
    """The changes that were asked for; raises CommandError for impossible ones."""
    last = authority.chain.last
    changes = Changes(
        roots=tuple(roots) or None,
        threshold=threshold,
        sunset=None if sunset is None else _earlier_sunset(authority, sunset, now),
        witnesses=None if witnesses is None else _witnesses(witnesses),
        quorum=quorum,
    )
    _check_numbers(last, changes)
    return changes


def _check_numbers(last: RootStatement, changes: Changes) -> None:
    roots = len(last.roots if changes.roots is None else changes.roots)
    threshold = last.threshold if changes.threshold is None else changes.threshold
    if not 1 <= threshold <= roots:
        raise CommandError(f"--threshold is from 1 to {roots}, the number of roots")
    witnesses = len(last.witnesses if changes.witnesses is None else changes.witnesses)
    quorum = last.quorum if changes.quorum is None else changes.quorum
    if not 0 <= quorum <= witnesses:
        raise CommandError(f"--quorum is from 0 to {witnesses}, the number of witnesses")
    if quorum and quorum == witnesses:
        warn("every witness must sign each bundle: if one of them is down, no bundle comes out")


def _earlier_sunset(authority: Authority, text: str, now: int) -> int:
    when = parse_sunset(text, authority.policy.time_zone, now)
    if when > authority.sunset:
        stands = local_date(authority.sunset, authority.policy.zone)
        raise CommandError(
            f"the sunset is {stands} and can only move earlier", exit_code=EXIT_REFUSED
        )
    return when


def _witnesses(texts: list[str]) -> tuple[Witness, ...]:
    return () if texts == ["none"] else tuple(map(_witness, texts))


def _witness(text: str) -> Witness:
    key, _, url = text.partition("@")
    try:
        return Witness(parse_vkey(key, type=KeyType.COSIGNATURE), url)
    except ValueError:
        raise CommandError(
            "--witness is the witness's key and address: NAME+ID+KEY@https://…"
        ) from None
