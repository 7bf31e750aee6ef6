"""Documents whose console blocks are run: what they print must be what the document says.

A block marked ``console`` holds commands after ``$ ``, continued after a backslash on lines that
begin with ``> ``, and below each command its output, standard error included. All blocks of a
document run in one shell, in an empty folder. In an output ``…`` stands for any text on its line,
and on a line of its own for any number of lines. A command that ends in ``&`` goes on beside the
others; what it prints first must be the output given. The ports 8000 and 8001 become free ones.

>>> [step] = steps("```console\\n$ echo a; echo b\\na\\n…\\n```")
>>> step.command, says("a\\nb", step.output), says("a b", step.output)
('echo a; echo b', True, False)
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.servers import free_port
from tests.support.waiting import PATIENCE

PORTS = ("8000", "8001")
"""What the documents write."""

LONGEST_SECONDS = 5 * PATIENCE
"""After this a document that hangs is ended, and its test fails."""

_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_END = "end of output"


@dataclass(frozen=True)
class Step:
    """A command and the output that the document gives for it."""

    command: str
    output: str


def steps(document: str) -> list[Step]:
    """All commands of a document, in order."""
    return [step for block in _BLOCK.findall(document) for step in _steps(block)]


def _steps(block: str) -> Iterator[Step]:
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        length = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
        command = "\n".join([lines[0], *(line.removeprefix("> ") for line in lines[1:length])])
        yield Step(command, "\n".join(lines[length:]).strip("\n"))


def says(printed: str, output: str) -> bool:
    """Whether ``printed`` is what a document gives as ``output``."""
    pattern = "\n".join(
        r"(?:.*\n)*?.*" if line == "…" else ".*?".join(map(re.escape, line.split("…")))
        for line in output.splitlines()
    )
    return re.fullmatch(pattern, printed) is not None


class Shell:
    """One shell in ``folder``, with the three commands and homes of their own in it."""

    def __init__(self, folder: Path) -> None:
        homes = {
            f"QUPIA_{name.upper()}_HOME": str(folder / name)
            for name in ("issuer", "verifier", "wallet")
        }
        programs = str(Path(sys.executable).parent)
        self._ports = {port: str(free_port()) for port in PORTS}
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=folder,
            env={
                "PATH": f"{programs}:{os.environ['PATH']}",
                "HOME": str(folder),
                "LANG": "C.UTF-8",
                "TZ": "Asia/Almaty",
                "COLUMNS": "80",
                **homes,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._watchdog = threading.Timer(LONGEST_SECONDS, self._kill)
        self._watchdog.daemon = True
        self._watchdog.start()

    def run(self, step: Step) -> str:
        """What a command prints, with the port that the document writes."""
        command = step.command
        for written, free in self._ports.items():
            command = re.sub(rf"(?:(?<=:)|(?<=--port )){written}\b", free, command)
        background = command.endswith("&")
        self._write(f"{{ {command}\n}} </dev/null")
        if not background:
            self._write(f"echo; echo '{_END}'")
        lines = list(self._lines(len(step.output.splitlines()) if background else None))
        printed = "".join(lines).strip("\n")
        for written, free in self._ports.items():
            printed = printed.replace(f":{free}", f":{written}")
        return printed

    def close(self) -> None:
        """End the shell and what still runs in it."""
        self._watchdog.cancel()
        try:
            self._process.communicate("kill $(jobs -p) 2>/dev/null; wait; exit\n", timeout=PATIENCE)
        except (subprocess.TimeoutExpired, BrokenPipeError):
            self._kill()
            self._process.communicate()

    def _kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def _lines(self, number: int | None) -> Iterator[str]:
        """So many lines, or all up to the mark."""
        assert self._process.stdout is not None
        while number is None or number > 0:
            line = self._process.stdout.readline()
            if not line or line.rstrip("\n") == _END:
                return
            number = None if number is None else number - 1
            yield line


@contextmanager
def shell(folder: Path) -> Iterator[Shell]:
    """A shell in ``folder``, closed at the end."""
    running = Shell(folder)
    try:
        yield running
    finally:
        running.close()
