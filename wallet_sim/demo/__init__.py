"""``qupia-wallet demo``: from a laboratory's export to the door, and to the deletion of all of it.

It plays the three parts with the three real commands, a real issuer process and real files, in a
folder that is given or a temporary one. Every outcome is compared with what it must be; the demo
fails if one is not.
With ``--serve`` an authority, a wallet and a venue run on until Ctrl-C, with their pages. With
``--outbreak`` fourteen days of presence tracing are played, with 200 wallets.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from schemas.languages import Language
from shell.clock import system_clock
from shell.command_line import EXIT_DONE, EXIT_REFUSED, complain, say
from shell.files import claim_directory
from wallet_sim.demo.homes import Homes, WentWrong
from wallet_sim.demo.live import end_kindly, running, try_out
from wallet_sim.demo.outbreak import OutbreakFigures, play
from wallet_sim.demo.story import tell

_TRY = """
The venue's page, with this issuer:
  {page}
Issuer, wallet and page have ended with the story. To try the pages of an authority, a wallet and a
venue that run on: make demo ARGS=--serve"""


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    """``home``, which must be empty and stays as it is then; else one that is gone afterwards.

    Raises CommandError.
    """
    if home is None:
        with tempfile.TemporaryDirectory(prefix="qupia-demo-") as folder:
            yield Path(folder)
    else:
        claim_directory(home)
        yield home.absolute()


def run_demo(home: Path | None, *, as_json: bool, language: Language) -> int:
    """Tell the story; exit status 1 when anything came out otherwise than it must."""
    start = system_clock()
    with _folder(home) as folder:
        homes = Homes(folder, language=language, silent=as_json)
        try:
            page, failure = tell(homes, now=start), None
        except WentWrong as error:
            page, failure = "", str(error)
    seconds = system_clock() - start
    if as_json:
        members = {"steps": homes.checks, "failure": failure, "page": page, "seconds": seconds}
        say(json.dumps(members, ensure_ascii=False))
    elif failure:
        homes.narrate(f"The demo failed: {failure}")
    else:
        homes.narrate(f"{len(homes.checks)} outcomes, each as it must be, in {seconds} s.")
        say(_TRY.format(page=page))
    return EXIT_REFUSED if failure else EXIT_DONE


def run_live(home: Path | None, *, as_json: bool, language: Language) -> int:
    """Keep authority, wallet and venue running until Ctrl-C; exit status 1 if that fails."""
    end_kindly()
    with _folder(home) as folder, suppress(KeyboardInterrupt):
        homes = Homes(folder, language=language, silent=as_json)
        try:
            with running(homes, now=system_clock()) as live:
                if as_json:
                    say(json.dumps(live.members()))
                try_out(homes, live)
        except WentWrong as error:
            complain(str(error))
            return EXIT_REFUSED
    return EXIT_DONE


_SEED = 14
"""The same town each time, so that what goes wrong goes wrong again."""


def run_outbreak(home: Path | None, *, as_json: bool, language: Language) -> int:
    """Let fourteen days pass; exit status 1 unless just those who overlapped were warned."""
    start = system_clock()
    with _folder(home) as folder:
        homes = Homes(folder, language=language, silent=as_json)
        homes.chapter("An outbreak: 200 wallets, 20 venues, 14 days")
        outcome = play(
            homes.folder, today=start, seed=_SEED, tell=lambda told: homes.narrate(f"  {told}")
        )
    if as_json:
        say(json.dumps(asdict(outcome) | {"seconds": system_clock() - start}))
    else:
        homes.narrate(_told(outcome))
    return EXIT_DONE if outcome.is_right else EXIT_REFUSED


def _told(outcome: OutbreakFigures) -> str:
    return (
        f"{outcome.visits} visits; {outcome.hours_published} hours published in which one of three "
        f"patients was there. {outcome.overlapped} wallets shared an hour with them, "
        f"{outcome.warned} were warned, {outcome.warned_wrongly} of them wrongly. Fifteen days "
        f"later {outcome.records_left} records, seeds, notices and warnings are left."
    )
