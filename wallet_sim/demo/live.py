"""Issuer, wallet and the venue's page, kept running for whoever wants to try them."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, NoReturn

from schemas.encoding import format_time
from schemas.kinds import HOUR
from schemas.paths import HEALTH_PATH
from shell.command_line import EXIT_DONE, say
from wallet_sim.demo.stage import Stage, WentWrong
from wallet_sim.demo.story import found, page_served

_INVITATION = """
The venue's page, set up with this issuer:
  {page}
Each time you press Enter here the wallet gives a pass. Paste its text anywhere on the page, or
choose its picture there: {picture}
The same wallet from another terminal: QUPIA_WALLET_HOME={wallet} qupia-wallet show
Ctrl-C ends everything."""


@dataclass(frozen=True)
class Live:
    """Where everything is; ``page`` is the address that sets the venue's page up."""

    page: str
    issuer: str
    root: str
    wallet: str

    def members(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def running(stage: Stage, *, now: int) -> Iterator[Live]:
    """An issuer of its own, a wallet with passes and a served page, until this ends."""
    authority = found(stage)
    with (
        stage.serving("qupia-issuer", authority.url + HEALTH_PATH),
        page_served(stage, authority) as page,
    ):
        _fill_wallet(stage, now)
        with stage.beside("qupia-wallet", "sync", "--watch"):
            yield Live(page, authority.url, authority.root, str(stage.folder / "wallet"))


def try_out(stage: Stage, live: Live) -> None:
    """Tell where the page is, and give a pass whenever somebody asks for one, until Ctrl-C."""
    picture = stage.folder / "pass.png"
    if not stage.silent:
        say(_INVITATION.format(picture=picture, **asdict(live)))
    for _ in sys.stdin if sys.stdin.isatty() else ():
        _give_pass(stage, str(picture))
    while True:
        signal.pause()


def _fill_wallet(stage: Stage, now: int) -> None:
    evidence = ("--evidence", "pcr_negative", "--at", format_time(now - HOUR))
    register = ("register", *evidence, "--birthday", "03-17", "--json")
    link = stage.run("qupia-issuer", *register).members["activation_url"]
    if stage.run("qupia-wallet", "activate", "-", "--json", given=link + "\n").status != EXIT_DONE:
        raise WentWrong("the wallet could not be activated")


def _give_pass(stage: Stage, picture: str) -> None:
    """A fresh one; the last one again when none is left."""
    shown = stage.run("qupia-wallet", "show", "--png", picture, "--json", told=False)
    if shown.status != EXIT_DONE:
        again = ("show", "--again", "--png", picture, "--json")
        shown = stage.run("qupia-wallet", *again, told=False)
    if shown.status == EXIT_DONE:
        say(f"\n{shown.members['qr']}\n")


def end_kindly() -> None:
    """A service manager's signal ends this as Ctrl-C does, so that no process is left behind."""

    def end(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
