"""Command lines as a person or a program types them, run in this process, and how they ended.

>>> # run_here("qupia-verifier", "status", "--json", clock=lambda: NOON).members["is_set_up"]
>>> # False
"""

import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from types import MappingProxyType, SimpleNamespace
from typing import Any
from unittest.mock import patch

from issuer.commands import app as issuer_commands
from verifier.commands import app as verifier_commands
from wallet_sim.commands import app as wallet_commands

_MAIN: dict[str, Callable[[], None]] = {
    "qupia-issuer": issuer_commands.main,
    "qupia-verifier": verifier_commands.main,
    "qupia-wallet": wallet_commands.main,
}

ENGLISH: Mapping[str, str] = MappingProxyType({"LC_ALL": "C", "COLUMNS": "200"})


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The JSON objects that it printed, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def members(self) -> dict[str, Any]:
        """The one JSON object that it printed, on one line."""
        assert self.out.count("\n") == 1, self
        [members] = self.lines
        return members

    @property
    def error(self) -> str:
        """Its one error line; it printed nothing else but warnings."""
        assert self.status != 0 and self.out == "", self
        [line] = [line for line in self.err.splitlines() if not line.startswith("warning: ")]
        assert line.startswith("error: "), self
        return line.removeprefix("error: ")

    @property
    def warnings(self) -> list[str]:
        lines = self.err.splitlines()
        return [line.removeprefix("warning: ") for line in lines if line.startswith("warning: ")]


Run = Callable[..., Outcome]
"""Runs one program with the words that it is given; the rest as for :func:`run_here`."""


class Terminal(io.StringIO):
    """A person's terminal: what they type there, or what they are shown."""

    def isatty(self) -> bool:
        return True


Given = str | bytes | Terminal | None
"""What is piped into a command or typed at its terminal; with None its standard input is closed."""


def run_here(
    program: str,
    *words: str,
    clock: Callable[[], int],
    given: Given = "",
    screen: Terminal | None = None,
    environment: Mapping[str, str] = ENGLISH,
) -> Outcome:
    """Run a command line in this process, at the time of ``clock``.

    No traceback may reach whoever typed it. With a ``screen`` standard error goes there.
    """
    out, err = io.StringIO(), screen or io.StringIO()
    status: object = None
    before = os.umask(0o022)
    try:
        with (
            patch.object(sys, "argv", [program, *words]),
            patch.object(sys, "stdin", _standard_input(given)),
            patch("shell.clock.time", SimpleNamespace(time=clock, monotonic=clock)),
            patch.dict(os.environ, environment),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            _MAIN[program]()
    except SystemExit as ended:
        status = ended.code
    finally:
        os.umask(before)
    assert isinstance(status, int), status
    outcome = Outcome(status, out.getvalue(), err.getvalue())
    assert "Traceback" not in outcome.out + outcome.err
    assert "internal error" not in outcome.err, outcome.err
    return outcome


def _standard_input(given: Given) -> io.TextIOBase | None:
    if given is None or isinstance(given, Terminal):
        return given
    data = given.encode() if isinstance(given, str) else given
    return io.TextIOWrapper(io.BytesIO(data), "utf-8")


def check_manners(outcome: Outcome) -> None:
    """What every command owes a person: one line for an error, and no traceback."""
    assert "Traceback" not in outcome.err
    assert "internal error" not in outcome.err, outcome.err
    lines = outcome.err.splitlines()
    assert all(line.startswith(("error: ", "warning: ")) for line in lines), outcome.err
    assert sum(line.startswith("error: ") for line in lines) <= 1, outcome.err
    if outcome.status == 2 and not outcome.out:
        assert outcome.error


def complaint(outcome: Outcome, *, status: int = 2) -> str:
    """The one line that a failed command prints, and nothing else, not even a warning."""
    assert outcome.status == status
    assert outcome.out == ""
    [line] = outcome.err.splitlines()
    return line.removeprefix("error: ")
