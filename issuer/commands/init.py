"""``init``: a new issuer."""

from typing import Annotated

import typer

from issuer.commands.opening import (
    HomeOption,
    issuer_home,
)
from issuer.init import init_issuer
from issuer.rules.policy import load_policy
from schemas.hints import HintForm
from shell.clock import system_clock
from shell.command_line import JsonOption, answer
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
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Found an issuer."""
    place = issuer_home(home)
    config = init_issuer(
        place.path,
        name=name,
        url=url,
        hint=hint,
        sunset=sunset,
        specimen=specimen,
        now=system_clock(),
    )
    members = {"root": config.root, "url": config.url, "home": str(place.path)}
    answer(
        as_json=as_json,
        members=members,
        text=f"root thumbprint  {config.root}\n"
        f"ends on          {local_date(config.sunset, load_policy(place.policy).zone)}\n"
        f"home             {place.path}\n"
        f"Now move {place.root_key} offline, then run: qupia-issuer serve",
    )
