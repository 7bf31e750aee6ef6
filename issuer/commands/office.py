"""``init`` and ``serve``: the beginning of an issuer, and its daily work."""

from pathlib import Path
from typing import Annotated

import typer

from issuer.commands.opening import (
    HomeOption,
    day,
    issuer_home,
    opened,
    refuse_after_sunset,
    warn_of_root_key,
)
from issuer.init import found_issuer
from issuer.retention import run_retention
from issuer.rules.policy import load_policy
from issuer.serving import serve as serve_home
from schemas.hints import HintForm
from schemas.origins import is_loopback
from shell.clock import system_clock
from shell.command_line import JsonOption, answer
from shell.serving import Listen

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


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
    config = found_issuer(
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
        f"ends on          {day(config.sunset, load_policy(place.policy).zone)}\n"
        f"home             {place.path}\n"
        f"Now move {place.root_key} offline, then run: qupia-issuer serve",
    )


def serve(
    host: Annotated[str, typer.Option("--host")] = DEFAULT_HOST,
    port: Annotated[int | None, typer.Option("--port", min=1, max=65535)] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=64)] = 1,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer wallets and laboratories; keep keys, bundles and retention going."""
    now = system_clock()
    with opened(home, now) as authority:
        if authority.is_over(now):
            run_retention(authority, now)
        refuse_after_sunset(authority, now)
        warn_of_root_key(authority)
        place, url = authority.home.path, authority.config.url
    chosen = port if port is not None else _port_of(url)
    listen = Listen(host, chosen, tls_cert, tls_key, workers)
    members = {"url": url, "host": host, "port": chosen}
    serve_home(
        place,
        listen,
        ready=lambda: answer(
            as_json=as_json,
            members=members,
            text=f"serving {url} on {host}:{chosen}; stop with Ctrl-C",
        ),
    )


def _port_of(url: str) -> int:
    """A local issuer listens where its URL says; behind a proxy that is another port."""
    scheme, _, place = url.partition("://")
    host, _, port = place.rpartition(":")
    local = scheme == "http" and is_loopback(host.strip("[]"))
    return int(port) if local and port.isdecimal() else DEFAULT_PORT
