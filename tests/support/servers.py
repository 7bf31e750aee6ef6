"""Programs that serve until they are told to stop: started, awaited and ended in one way."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.support.waiting import PATIENCE, wait_until

PROGRAMS = Path(sys.executable).parent


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def heard(command: Sequence[str | Path], **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """A program whose output is read by the test; it is gone when the block ends."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        # A test run in the background of a shell hands on that it ignores this signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def ended_by(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str, str]:
    """The exit status after this signal, and what was written that nobody has read yet."""
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out, err


@dataclass
class Server:
    """A program that may be ended and started again; what it prints is added to ``log``."""

    log: Path
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False, init=False)

    def command(self) -> Sequence[str | Path]:
        """What is run, without further words."""
        raise NotImplementedError

    def is_ready(self) -> bool:
        """Whether it does its work by now; OSError means no."""
        raise NotImplementedError

    def start(self, *words: str, wait: bool = True) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.command(), *words], stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            self.await_ready()

    def await_ready(self) -> None:
        """Raises AssertionError when it ends instead."""
        wait_until(self._is_up, f"{self.log} does not say that it is ready; that")

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()
        with suppress(OSError):
            return self.is_ready()
        return False

    def stop(self) -> None:
        """End it as a service manager does; with force when that does not help."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
        self.process = None

    def kill(self) -> None:
        """``kill -9`` to the process and all that it started."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    @contextmanager
    def serving(self, *words: str) -> Iterator[Self]:
        """Serve until the block ends."""
        try:
            self.start(*words)
            yield self
        finally:
            self.stop()
