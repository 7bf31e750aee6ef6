"""``demo --serve``: authority, wallet and venue run until Ctrl-C, with their pages."""

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
from wallet_sim.demo.homes import Homes, WentWrong, free_port
from wallet_sim.demo.story import init_authority, page_served

_INVITATION = """
The authority's console: {console}
  sign in with a name and its key; then you choose a password
  registrar  {registrar}
  officer    {officer}
  auditor    {auditor}
The citizen's wallet, which holds passes already: {wallet}
The venue's page, set up with this authority:
  {page}

Try it as a new user would: register a result in the console and save the slip; in the wallet add a
person and give it the slip's link or code; show a pass; scan it on the venue's page with a camera,
or choose its picture there. Then withdraw the person in the console, and end everything in the
wallet.
Each time you press Enter here the wallet gives a pass as text, to be pasted anywhere on the venue's
page, and as a picture: {picture}
Ctrl-C ends everything."""


@dataclass(frozen=True)
class Live:
    """Where everything is: ``page`` sets the venue's page up, ``wallet`` opens the wallet.

    The roles are followed by the keys of accounts that have their names.
    """

    page: str
    issuer: str
    root: str
    console: str
    registrar: str
    officer: str
    auditor: str
    wallet: str
    wallet_home: str

    def members(self) -> dict[str, Any]:
        return asdict(self)


@contextmanager
def running(homes: Homes, *, now: int) -> Iterator[Live]:
    """An issuer of its own with staff, a wallet with passes, and their pages, until this ends."""
    authority = init_authority(homes)
    keys = {role: _add_staff(homes, role) for role in ("registrar", "officer", "auditor")}
    with (
        homes.serving("qupia-issuer", authority.url + HEALTH_PATH),
        page_served(homes, authority) as page,
    ):
        _fill_wallet(homes, now)
        with homes.page_of("qupia-wallet", "--port", str(free_port())) as wallet:
            yield Live(
                page=page,
                issuer=authority.url,
                root=authority.root,
                console=f"{authority.url}/console",
                **keys,
                wallet=wallet,
                wallet_home=str(homes.folder / "wallet"),
            )


def try_out(homes: Homes, live: Live) -> None:
    """Tell where the pages are, and give a pass whenever somebody asks for one, until Ctrl-C."""
    picture = homes.folder / "pass.png"
    if not homes.silent:
        say(_INVITATION.format(picture=picture, **asdict(live)))
    for _ in sys.stdin if sys.stdin.isatty() else ():
        _give_pass(homes, str(picture))
    while True:
        signal.pause()


def _add_staff(homes: Homes, role: str) -> str:
    words = ("staff", "add", role, "--role", role, "--json")
    key: str = homes.run("qupia-issuer", *words, told=False).members["key"]
    return key


def _fill_wallet(homes: Homes, now: int) -> None:
    evidence = ("--evidence", "pcr_negative", "--at", format_time(now - HOUR))
    register = ("register", *evidence, "--birthday", "03-17", "--json")
    link = homes.run("qupia-issuer", *register).members["activation_url"]
    if homes.run("qupia-wallet", "activate", "-", "--json", given=link + "\n").status != EXIT_DONE:
        raise WentWrong("the wallet could not be activated")


def _give_pass(homes: Homes, picture: str) -> None:
    """A fresh one; the last one again when none is left."""
    shown = homes.run("qupia-wallet", "show", "--png", picture, "--json", told=False)
    if shown.status != EXIT_DONE:
        again = ("show", "--again", "--png", picture, "--json")
        shown = homes.run("qupia-wallet", *again, told=False)
    if shown.status == EXIT_DONE:
        say(f"\n{shown.members['qr']}\n")


def end_kindly() -> None:
    """A service manager's signal ends this as Ctrl-C does, so that no process is left behind."""

    def end(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
