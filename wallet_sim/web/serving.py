"""``qupia-wallet serve``: the pages, for browsers on this machine only."""

from collections.abc import Callable
from pathlib import Path

from schemas.origins import is_loopback
from shell.command_line import home_path
from shell.errors import CommandError
from shell.serving import Listen, serve_app
from wallet_sim.fetching.tools import Tools
from wallet_sim.web.app import create_app, make_house
from wallet_sim.web.guard import Keys


def serve_wallet(
    home: Path | None, tools: Tools, host: str, port: int, *, ready: Callable[[str], None]
) -> None:
    """Serve until stopped; ``ready`` is told the address that opens the wallet.

    Raises CommandError for a home or a port that cannot be used, and for any other machine.
    """
    if not is_loopback(host):
        raise CommandError(
            "a wallet is shown on its own machine only; leave --host out, or name 127.0.0.1"
        )
    listen = Listen(host, port)
    house = make_house(home_path(home, "wallet"), tools)
    keys = Keys(listen.address)
    serve_app(lambda: create_app(house, keys), listen, ready=lambda: ready(keys.address))
