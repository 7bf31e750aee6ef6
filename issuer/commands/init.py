"""``init``: a new issuer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.commands.opening import (
    HomeOption,
    issuer_home,
)
from issuer.home import Home
from issuer.init import Founded, RootChoice, init_issuer
from issuer.keys.root_files import read_public_root
from issuer.rules.cells import cells_warning, smallest_cell
from issuer.rules.policy import MOST_PEOPLE, load_policy
from issuer.rules.values import Policy
from schemas.hints import HintForm
from shell.clock import system_clock
from shell.command_line import JsonOption, answer, warn
from shell.errors import CommandError
from shell.times import local_date


def init(
    name: Annotated[str, typer.Option("--name", help="The authority's name.")],
    url: Annotated[str, typer.Option("--url", help="Where wallets will reach it.")],
    hint: Annotated[HintForm, typer.Option("--hint")] = HintForm.MONTH,
    sunset: Annotated[
        str | None, typer.Option("--sunset", metavar="YYYY-MM-DD", help="Default: in 180 days.")
    ] = None,
    specimen: Annotated[
        bool, typer.Option("--specimen", help="For training: its passes admit nobody.")
    ] = False,
    roots: Annotated[
        int | None, typer.Option("--roots", help="Make so many root keys here, for trying out.")
    ] = None,
    root_public: Annotated[
        list[Path] | None,
        typer.Option("--root-public", help="The public key of a root made elsewhere, in PEM."),
    ] = None,
    threshold: Annotated[
        int | None, typer.Option("--threshold", help="How many must sign; default: over half.")
    ] = None,
    people: Annotated[
        int | None,
        typer.Option(
            "--people", min=1, max=MOST_PEOPLE, help="How many it serves: are enough alike?"
        ),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Found an issuer."""
    if roots is not None and root_public:
        raise CommandError("give --roots or --root-public, not both")
    place = issuer_home(home)
    founded = init_issuer(
        place.path,
        name=name,
        url=url,
        hint=hint,
        sunset=sunset,
        specimen=specimen,
        roots=RootChoice(1 if roots is None else roots, _read_roots(root_public or ()), threshold),
        people=people,
        now=system_clock(),
    )
    policy = load_policy(place.policy)
    members = {"root": founded.anchor, "url": founded.config.url, "home": str(place.path)}
    members |= _cells(policy, hint)
    answer(
        as_json=as_json,
        members=members,
        text=f"root thumbprint  {founded.anchor}\n"
        f"ends on          {local_date(founded.sunset, policy.zone)}\n"
        f"home             {place.path}\n"
        f"{_next_step(place, founded)}",
    )


def _cells(policy: Policy, hint: HintForm) -> dict[str, Any]:
    """How many people look alike, where it was said how many there are."""
    if policy.people is None:
        return {}
    warning = cells_warning(policy, hint)
    if warning is not None:
        warn(warning)
    return {"people": policy.people, "smallest_cell": smallest_cell(policy, hint)}


def _read_roots(paths: Sequence[Path]) -> tuple[dict[str, str], ...]:
    return tuple(map(read_public_root, paths))


def _next_step(place: Home, founded: Founded) -> str:
    """Move the roots away, or have the first statement signed where they are."""
    if founded.request is None:
        paths = ", ".join(str(path) for path in place.root_keys())
        return f"Now move {paths} offline, then run: qupia-issuer serve"
    return (
        f"Now take {place.first_request} to {founded.request.missing()} of the roots: "
        "qupia-issuer keys sign; then run: qupia-issuer keys take SIGNED"
    )
