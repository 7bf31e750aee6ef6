"""``qupia-wallet demo``: the whole story, from a laboratory's export to the door and to oblivion.

It plays the three parts with the three real commands, a real issuer process and real files, in a
temporary folder. Every outcome is compared with what it must be; the demo fails if one is not.
"""

import json
import tempfile
from pathlib import Path

from schemas.languages import Language
from shell.clock import system_clock
from shell.command_line import EXIT_DONE, EXIT_REFUSED, say
from wallet_sim.demo.stage import Stage, WentWrong
from wallet_sim.demo.story import tell


def run_demo(*, as_json: bool, language: Language) -> int:
    """Tell the story; exit status 1 when anything came out otherwise than it must."""
    start = system_clock()
    with tempfile.TemporaryDirectory(prefix="qupia-demo-") as folder:
        stage = Stage(Path(folder), language=language, silent=as_json)
        try:
            tell(stage, now=start)
            failure = None
        except WentWrong as error:
            failure = str(error)
    seconds = system_clock() - start
    if as_json:
        members = {"checks": stage.checks, "failure": failure, "seconds": seconds}
        say(json.dumps(members, ensure_ascii=False))
    elif failure:
        stage.narrate(f"The demo failed: {failure}")
    else:
        stage.narrate(f"{len(stage.checks)} outcomes, each as it must be, in {seconds} s.")
    return EXIT_REFUSED if failure else EXIT_DONE
