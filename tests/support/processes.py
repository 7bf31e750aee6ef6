"""Real processes for stories and drills: a served issuer, its clients, and commands.

Ports are free ones, clocks are the machine's, and whatever is started is stopped at the end.
"""

import http.client
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pytest

from issuer.authority import Authority
from issuer.home import Home
from issuer.registration.codes import IssuedCode
from issuer.staff import Role
from schemas.kinds import DAY, HOUR
from shell.clock import system_clock
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.commands import Outcome, check_manners
from tests.support.issuers import Service, pool_keys
from tests.support.servers import PROGRAMS, Server, free_port
from tests.support.waiting import PATIENCE
from wallet_sim.fetching.activation import ActivationSlip, activate
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session, open_session
from wallet_sim.fetching.sync import Synced, sync

LONGEST_TEST = 600
"""Seconds, for a package of browser tests or a drill in full length on a busy machine."""


def skip_before_midnight() -> None:
    """In Almaty, where windows end, and in UTC, where days do.

    Real programs read the machine's clock, which only its owner can set; what they do as a day ends
    is tested in one process, where time is a parameter.
    """
    now = system_clock()
    if min(-(now + 5 * HOUR) % DAY, -now % DAY) < LONGEST_TEST:
        pytest.skip("this would cross midnight in Almaty or in UTC")


def session_of(process: "subprocess.Popen[bytes]") -> dict[int, str]:
    """The living processes that were started under ``process``, itself too, and their commands."""
    pids = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())
    commands = {pid: _command(pid, process.pid) for pid in pids}
    return {pid: command for pid, command in commands.items() if command}


def _command(pid: int, session: int) -> str:
    """The command of a process; empty when it is dead or of another session (proc(5))."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ""
    if fields[0] == "Z" or int(fields[3]) != session:
        return ""
    return command.replace(b"\0", b" ").decode("utf-8", "replace")


def run_real(program: str, *words: str | Path, given: str = "", **more: Any) -> Outcome:
    """Run a command to its end."""
    done = subprocess.run(
        [PROGRAMS / program, *words],
        input=given,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=PATIENCE,
        **more,
    )
    outcome = Outcome(done.returncode, done.stdout, done.stderr)
    check_manners(outcome)
    return outcome


@dataclass
class RealIssuer(Server):
    """An issuer at this machine's time, with keys from the pool; ``serve`` it to talk to it."""

    home: Home
    url: str
    root: str
    registrar: str

    @classmethod
    def found(cls, folder: Path, *, host: str = "127.0.0.1") -> Self:
        """A new home in ``folder``, without hints: two pass keys for each window.

        ``host`` is what this machine is called in its URL.

        Skips the test where a window or a day would end in the middle of it.
        """
        skip_before_midnight()
        port = free_port()
        with pool_keys():
            service = Service.found(
                folder / "issuer",
                now=system_clock(),
                url=f"http://{host}:{port}",
            )
        registrar = service.staff(Role.REGISTRAR)
        config = service.authority.config
        service.close()
        return cls(
            folder / "serve.log", service.home, config.url, service.authority.anchor, registrar
        )

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def command(self) -> Sequence[str | Path]:
        return [PROGRAMS / "qupia-issuer", "serve", "--home", self.home.path]

    def is_ready(self) -> bool:
        return self.call("GET", "/healthz").status == 200

    # Calls

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request on a connection of its own. Raises OSError when there is no answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with closing(connection):
            try:
                connection.request(method, path, body or None, dict(headers or {}))
                response = connection.getresponse()
                return Answer(
                    response.status, response.read(), response.headers.get("Date", ""), ""
                )
            except http.client.HTTPException as error:
                raise ConnectionError(str(error)) from None

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The transport of wallets; like the real one, but it loads no certificates each time."""
        try:
            answer = self.call(method, url.removeprefix(self.url), body or b"", headers)
        except OSError:
            raise CommandError("no answer from the issuer") from None
        assert len(answer.body) <= limit
        return answer

    def register(self, **members: Any) -> Answer:
        """``POST /v1/codes`` in the name of the registrar."""
        body = json.dumps(members).encode()
        return self.call("POST", "/v1/codes", body, {"Authorization": f"Bearer {self.registrar}"})

    # At the home itself

    @contextmanager
    def opened(self) -> Iterator[Authority]:
        authority = Authority.open(self.home)
        try:
            yield authority
        finally:
            authority.store.close()

    def codes(self, number: int) -> list[str]:
        """Activation codes of so many people, registered at the home itself."""
        now = system_clock()
        with self.opened() as authority, authority.store.transaction(now) as tx:
            issued = [
                authority.registrar.register(
                    tx, evidence="pcr_negative", at=now, birthday=None, reference=None, now=now
                )
                for _ in range(number)
            ]
        return [one.code for one in issued if isinstance(one, IssuedCode)]

    def drafts(self) -> list[str]:
        """Unfinished files that were left behind."""
        return [path.name for path in self.home.path.rglob("*.draft")]


@dataclass(frozen=True)
class RealWallet:
    """The wallet's own code, at the machine's time, talking to a real issuer."""

    issuer: RealIssuer
    home: Path
    code: str

    @property
    def file(self) -> WalletFile:
        return WalletFile(self.home, system_clock)

    def session(self) -> Session:
        offset = self.file.load().clock_offset
        return open_session(
            self.file,
            issuer=self.issuer.url,
            offset=offset,
            send=self.issuer.send,
            below=lambda n: n // 2,
        )

    def activate(self) -> None:
        """Raises ApiProblem or CommandError."""
        activate(self.session(), ActivationSlip(self.issuer.url, self.issuer.root, self.code))

    def sync(self) -> Synced:
        return sync(self.session())
