"""All three programs at once: their real command lines over real files, around one clock.

Nothing is started and nothing goes over a network: the issuer's API is called in this process, and
every command runs in it too, with the clock of the device that it is typed on.

>>> # town.register(); town.citizen("aigerim").activate(link)
>>> # town.venue().scan(code).outcomes
>>> # ['admit']
"""

import io
import json
import os
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from issuer.api.background import forget_what_is_over, one_round
from schemas.encoding import format_time, parse_time
from schemas.kinds import HOUR
from shell.errors import CommandError
from shell.fetching import Answer
from tests.support.commands import Outcome, check_manners, run_here
from tests.support.issuers import MovableClock, Service
from verifier.monitor import issuer_source
from verifier.trust import update
from wallet_sim.commands import app as wallet_commands
from wallet_sim.fetching.file import WalletFile

_HOME = {
    "qupia-issuer": "QUPIA_ISSUER_HOME",
    "qupia-verifier": "QUPIA_VERIFIER_HOME",
    "qupia-wallet": "QUPIA_WALLET_HOME",
}


@dataclass(frozen=True)
class Verdicts:
    """What ``scan`` said, code by code."""

    status: int
    each: list[dict[str, Any]]

    @property
    def outcomes(self) -> list[str]:
        """Each reason, or ``admit``."""
        return [verdict["reason"] or verdict["outcome"] for verdict in self.each]


@dataclass(frozen=True)
class Sent:
    """A request as it left a device, and what came back."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    answer: Answer

    @property
    def members(self) -> dict[str, Any]:
        return dict(json.loads(self.body))


@dataclass
class Net:
    """Between the devices and the issuers: it keeps all that passes, and can be cut.

    ``log`` is what the issuers write on standard error while they answer.
    """

    log: io.StringIO = field(default_factory=io.StringIO)
    services: dict[str, Service] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    is_cut: bool = False
    lose_answers: bool = False
    replace_answer: Callable[[str, Answer], Answer] = lambda _url, answer: answer

    def send(
        self,
        method: str,
        url: str,
        *,
        limit: int,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Stands in for :func:`shell.fetching.send`."""
        origin = "/".join(url.split("/", 3)[:3])
        no_answer = CommandError(f"no answer from {origin}; check the address and the network")
        if self.is_cut or origin not in self.services:
            raise no_answer
        service = self.services[origin]
        with redirect_stderr(self.log):
            answer = service.send(method, url, limit=limit, body=body, headers=headers)
        self.sent.append(Sent(method, url, body or b"", headers or {}, answer))
        if self.lose_answers:
            raise no_answer
        return self.replace_answer(url, answer)

    def posted(self, path: str) -> list[Sent]:
        return [one for one in self.sent if one.method == "POST" and one.url.endswith(path)]


@dataclass
class Device:
    """A program with a home and a clock of its own, which is the town's until it is set wrong."""

    program: str
    home: Path
    net: Net
    town_clock: MovableClock
    clock_error: int = 0

    def clock(self) -> int:
        return self.town_clock.now + self.clock_error

    def run(self, *words: str, given: str | None = "") -> Outcome:
        tools = replace(wallet_commands.TOOLS, send=self.net.send)
        with (
            patch.object(update, "send", self.net.send),
            patch.object(issuer_source, "send", self.net.send),
            patch.object(wallet_commands, "TOOLS", tools),
            patch.dict(os.environ, {_HOME[self.program]: str(self.home)}),
        ):
            outcome = run_here(self.program, *words, given=given, clock=self.clock)
        check_manners(outcome)
        return outcome

    def done(self, *words: str, given: str = "") -> dict[str, Any]:
        """Run a command with ``--json`` that must succeed."""
        outcome = self.run(*words, "--json", given=given)
        assert outcome.status == 0, outcome
        return outcome.members

    def refused(self, *words: str, given: str = "", status: int = 1) -> str:
        """Run a command that must end with that status; its error line."""
        outcome = self.run(*words, given=given)
        assert outcome.status == status, outcome
        return outcome.error


class Citizen(Device):
    """Somebody with a wallet."""

    def activate(self, link: str, *words: str) -> dict[str, Any]:
        return self.done("activate", "-", *words, given=link + "\n")

    def show(self, *words: str) -> str:
        """The QR text of a pass, with a proof of this half minute."""
        return str(self.done("show", *words)["qr"])

    @property
    def file(self) -> WalletFile:
        return WalletFile(self.home, self.clock)


class Venue(Device):
    """A door."""

    def scan(self, *codes: str, at: int | None = None, policy: str | None = None) -> Verdicts:
        """Scan the codes in one run, as a handheld scanner types them."""
        words = ["--at", format_time(at)] if at is not None else []
        words += ["--policy", policy] if policy is not None else []
        outcome = self.run("scan", "-", "--json", *words, given="\n".join(codes))
        return Verdicts(outcome.status, [json.loads(line) for line in outcome.out.splitlines()])


class Town:
    """One authority and everybody who deals with it."""

    def __init__(self, folder: Path, service: Service, net: Net | None = None) -> None:
        self.folder = folder
        self.service = service
        self.clock = service.clock
        self.net = net or Net()
        self.net.services[service.authority.config.url] = service
        self.office = Device("qupia-issuer", service.home.path, self.net, self.clock)

    @property
    def now(self) -> int:
        return self.clock.now

    @property
    def root(self) -> str:
        return self.service.authority.anchor

    @property
    def bundle_file(self) -> Path:
        return self.service.home.bundle

    def citizen(self, name: str = "citizen") -> Citizen:
        return Citizen("qupia-wallet", self.folder / name, self.net, self.clock)

    def venue(self, name: str = "venue", *words: str) -> Venue:
        """A door that was set up from the issuer's address."""
        venue = Venue("qupia-verifier", self.folder / name, self.net, self.clock)
        venue.done("setup", self.service.authority.config.url, "--root", self.root, *words)
        return venue

    def register(
        self,
        evidence: str = "pcr_negative",
        *,
        reference: str | None = None,
        ago: int = HOUR,
        birthday: str = "03-17",
    ) -> dict[str, Any]:
        """Register a result; what the laboratory is told."""
        words = ["--evidence", evidence, "--at", format_time(self.clock.now - ago)]
        words += ["--birthday", birthday]
        words += ["--reference", "-"] if reference is not None else []
        return self.office.done("register", *words, given=reference or "")

    def slip(self, evidence: str = "pcr_negative", **more: Any) -> str:
        """The link on the slip of a new result."""
        return str(self.register(evidence, **more)["activation_url"])

    def withdraw(self, reference: str, evidence: str, *words: str) -> int | None:
        """Withdraw, or lift that; until when."""
        words = ("withdraw", "--evidence", evidence, "--reference", "-", *words)
        until = self.office.done(*words, given=reference)["withdrawn_until"]
        return None if until is None else parse_time(until)

    def activated(
        self, name: str = "citizen", evidence: str = "pcr_negative", **more: Any
    ) -> Citizen:
        """Somebody who has passes for the current window and the next."""
        citizen = self.citizen(name)
        citizen.activate(self.slip(evidence, **more))
        return citizen

    def work(self) -> None:
        """What the service does once a minute."""
        one_round(self.service.authority, self.clock)
        forget_what_is_over(self.service.authority, self.clock)

    def until(self, moment: int) -> None:
        """Let the time pass, and the service work at the end of it."""
        self.clock.now = moment
        self.work()

    def window_end(self, *, ahead: int = 0) -> int:
        """When the current window ends, or the one so many windows later."""
        calendar = self.service.authority.policy.calendar
        window = calendar.window_at(self.clock.now)
        for _ in range(ahead):
            window = calendar.next_window(window)
        return window.exp
