"""``witness``: sign that logs only grew, for whoever counts this witness."""

from pathlib import Path
from typing import Annotated

import typer

from schemas.log.notes import KeyType, parse_vkey
from shell.command_line import JsonOption, answer, home_path
from shell.errors import CommandError
from verifier.commands.opening import HomeOption
from verifier.witness.files import WitnessFiles


def witness(
    *,
    name: Annotated[str, typer.Option("--name", help="How the key is called: witness.example.")],
    log: Annotated[
        list[str], typer.Option("--log", metavar="VKEY", help="A log to watch, once for each.")
    ],
    host: Annotated[str, typer.Option("--host")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535)] = 8002,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE")] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Cosign checkpoints of logs that only grow; anybody can run one. It needs no set-up."""
    # Imported where they are used, so that a scan does not even load the web server.
    from shell.serving import Listen, serve_app
    from verifier.witness.app import MakeWitness

    _check_logs(log)
    files = WitnessFiles(home_path(home, "verifier") / "witness", _checked_name(name))
    files.prepare()
    listen = Listen(host, port, tls_cert, tls_key)
    members = {"url": listen.address, "key": files.vkey.text}
    text = f"witness {members['key']}\nserving on {listen.address}; stop with Ctrl-C"
    make = MakeWitness(files.home, files.name, tuple(log))
    serve_app(
        make, listen, ready=lambda: answer(as_json=as_json, members=members, text=text), dated=True
    )


def _check_logs(logs: list[str]) -> None:
    try:
        for log in logs:
            parse_vkey(log, type=KeyType.ED25519)
    except ValueError:
        raise CommandError("--log is the verifier key of a log: NAME+ID+KEY") from None


def _checked_name(name: str) -> str:
    if not name or "+" in name or not name.isascii() or not name.isprintable() or " " in name:
        raise CommandError("--name is a word without spaces and plus signs: witness.example")
    return name
