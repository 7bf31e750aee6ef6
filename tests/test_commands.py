"""What all commands of the three programs have in common."""

from collections.abc import Iterator

import pytest
import typer

from issuer.commands.app import app as issuer_app
from verifier.commands.app import app as verifier_app
from wallet_sim.commands.app import app as wallet_app

PROGRAMS = {
    "qupia-issuer": issuer_app,
    "qupia-verifier": verifier_app,
    "qupia-wallet": wallet_app,
}


def commands_of(command: object, path: str) -> Iterator[tuple[str, object]]:
    """Every command below ``command`` with the words that name it."""
    groups = getattr(command, "commands", None)
    if groups is None:
        yield path, command
        return
    for name, inner in groups.items():
        yield from commands_of(inner, f"{path} {name}")


COMMANDS = dict(
    entry
    for program, app in PROGRAMS.items()
    for entry in commands_of(typer.main.get_command(app), program)
)


def options_of(command: object) -> dict[str, object]:
    return {name: option for option in command.params for name in option.opts}  # type: ignore[attr-defined]


def test_all_commands_are_walked_through() -> None:
    assert len(COMMANDS) > 40
    assert {
        "qupia-issuer init",
        "qupia-issuer keys sign",
        "qupia-issuer notice agree",
        "qupia-verifier retention status",
        "qupia-verifier serve",
        "qupia-wallet demo",
        "qupia-wallet checkin",
    } <= COMMANDS.keys()


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_takes_a_home_and_json(name: str) -> None:
    options = options_of(COMMANDS[name])
    assert getattr(options["--home"], "metavar", None) == "DIR"
    assert getattr(options["--json"], "is_flag", False)
