"""``serve``: the API and the console over HTTP, with the background work."""

from pathlib import Path
from typing import Annotated

import typer

from issuer.commands.opening import (
    HomeOption,
    opened,
    refuse_after_sunset,
    warn_of_root_key,
)
from issuer.keys.roots import missing_chain
from issuer.retention import run_retention
from issuer.serving import serve as serve_home
from schemas.origins import is_loopback
from shell.command_line import JsonOption, answer
from shell.serving import Listen

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8000


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
    with opened(home) as (authority, now):
        if authority.is_over(now):
            run_retention(authority, now)
        refuse_after_sunset(authority, now)
        if authority.home.awaits_roots:
            raise missing_chain(authority.home)
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
