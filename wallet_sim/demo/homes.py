"""The homes of the three programs, their commands as real processes, and what is told of them."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

from schemas.errors import QupiaError
from schemas.languages import Language

PATIENCE = 300
"""Seconds for a command, and for a service to come or to go: a machine may have much else to do."""

WIDTH = 92


class WentWrong(QupiaError):
    """Something came out otherwise than it must."""


@dataclass(frozen=True)
class Result:
    """What a command did: exit status and standard output."""

    program: str
    status: int
    text: str

    @property
    def members(self) -> dict[str, Any]:
        """The one JSON object that it printed."""
        objects = self.objects
        if len(objects) != 1:
            raise WentWrong(f"{self.program} printed {len(objects)} answers, not one")
        return objects[0]

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The JSON objects that it printed, one a line."""
        try:
            return [json.loads(line) for line in self.text.splitlines()]
        except ValueError:
            raise WentWrong(f"{self.program} printed something else than JSON") from None


@dataclass
class Homes:
    """Homes below ``folder``; ``checks`` collects what was compared, for ``--json``."""

    folder: Path
    language: Language
    silent: bool
    checks: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._console = Console(quiet=self.silent, highlight=False, width=WIDTH)

    def chapter(self, title: str) -> None:
        self._console.print()
        self._console.rule(f"[bold]{title}", align="left")

    def narrate(self, text: str) -> None:
        self._console.print(text)

    def show(self, text: str) -> None:
        """What a program printed, as it printed it."""
        if not self.silent:
            sys.stdout.write(self._shorten(text.rstrip()) + "\n")
            sys.stdout.flush()

    def table(self, *columns: str, rows: list[tuple[str, ...]]) -> None:
        table = Table(*columns, box=None, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*row)
        self._console.print(Padding(table, (0, 0, 0, 2)))

    def expect(self, what: str, actual: object, wanted: object) -> None:
        """Compare an outcome with what it must be; raises WentWrong."""
        self.checks.append({"step": what, "outcome": str(actual)})
        if actual != wanted:
            raise WentWrong(f"{what}: expected {wanted}, got {actual}")

    def run(self, program: str, *words: str, given: str = "", told: bool = True) -> Result:
        """Run a command to its end, as a person would; ``given`` is typed into it."""
        if told:
            self._tell_command(program, words, given)
        done = subprocess.run(  # noqa: S603 - our own commands with our own words.
            [_path_of(program), *words],
            input=given,
            env=self._environment(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )
        if told and done.returncode and done.stderr:
            self.narrate(f"  [dim]{done.stderr.strip()}")
        return Result(program, done.returncode, done.stdout)

    @contextmanager
    def background(
        self, program: str, *words: str, told: bool = True, read: bool = False
    ) -> Iterator["subprocess.Popen[bytes]"]:
        """A command that runs on its own, and is gone when this ends.

        Its standard output is a pipe with ``read``.
        """
        if told:
            self._tell_command(program, words, "")
        process = subprocess.Popen(  # noqa: S603 - our own command with our own words.
            [_path_of(program), *words],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if read else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Whoever is left closes what it read, and waits for the end.
        with process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(PATIENCE)
                except subprocess.TimeoutExpired:
                    process.kill()

    @contextmanager
    def page_of(self, program: str, *words: str) -> Iterator[str]:
        """``serve`` of a program that tells its address itself: that address."""
        with self.background(program, "serve", *words, "--json", read=True) as server:
            line = server.stdout.readline() if server.stdout else b""
            try:
                yield str(json.loads(line)["url"])
            except ValueError:
                raise WentWrong("a service stopped as soon as it was started") from None

    @contextmanager
    def serving(self, program: str, url: str, *words: str, told: bool = True) -> Iterator[None]:
        """``serve`` of a program: ``url`` answers when this begins."""
        with self.background(program, "serve", *words, told=told) as server:
            _await_answer(url, server)
            yield

    def _environment(self) -> dict[str, str]:
        homes = {
            f"QUPIA_{part}_HOME": str(self.folder / part.lower())
            for part in ("ISSUER", "VERIFIER", "WALLET")
        }
        return {**os.environ, **homes, "LC_ALL": "C.UTF-8"}

    def _tell_command(self, program: str, words: tuple[str, ...], given: str) -> None:
        shown = " ".join(f'"{word}"' if " " in word else word for word in words)
        typed = "  [dim](the code is typed in)" if given else ""
        self._console.print(f"  [cyan]$ {program} {self._shorten(shown)}[/]{typed}", soft_wrap=True)

    def _shorten(self, text: str) -> str:
        return text.replace(f"{self.folder}/", "")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _path_of(program: str) -> str:
    """The command beside the Python that runs us."""
    return str(Path(sys.executable).with_name(program))


def _await_answer(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(PATIENCE * 10):
        if server.poll() is not None:
            raise WentWrong("a service stopped as soon as it was started")
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own URL.
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise WentWrong("a service was not ready in time")
