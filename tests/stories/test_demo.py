"""``make demo`` tells its story to the end, and keeps everything running for whoever asks."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.processes import PROGRAMS, run_real
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.process

VERDICTS = ["admit", "already_shown", "bad_signature", "unknown_key", "expired"]


def test_the_demo_tells_its_story_to_the_end(tmp_path: Path) -> None:
    home = tmp_path / "demo"
    outcome = run_real("qupia-wallet", "demo", "--json", "--home", home)
    assert outcome.status == 0, outcome
    told = outcome.members
    assert told["failure"] is None
    assert told["seconds"] > 0
    outcomes = [check["outcome"] for check in told["steps"]]
    # A day can end while it runs; then the old screenshot is yesterday's.
    assert [verdict for verdict in outcomes if verdict in VERDICTS] in (
        VERDICTS,
        ["admit", "expired", *VERDICTS[1:]],
    )
    assert [check["step"] for check in told["steps"] if check["outcome"] == "stale"] in (
        ["a screenshot, two minutes old"],
        [],
    )
    searches = {check["step"]: check["outcome"] for check in told["steps"]}
    assert searches["her data in the issuer's files"] == "[]"
    assert searches["keys of those days in any file"] == "[]"
    assert searches["records left"] == "0"
    assert told["page"].startswith("http://127.0.0.1:")
    assert {"issuer", "verifier", "wallet"} <= {path.name for path in home.iterdir()}
    again = run_real("qupia-wallet", "demo", "--json", "--home", home)
    assert (again.status, again.out) == (2, "")
    assert again.error == f"{home} holds other files; name an empty folder with --home"


def test_the_demo_keeps_authority_wallet_and_venue_running_until_it_is_stopped() -> None:
    command = [PROGRAMS / "qupia-wallet", "demo", "--serve", "--json"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as demo:
        try:
            assert demo.stdout is not None
            live = json.loads(demo.stdout.readline())
            page, _, link = live["page"].partition("#")
            assert link == urlencode({"setup": live["issuer"], "root": live["root"]})
            for url in (page, live["issuer"] + "/healthz", live["console"]):
                with urllib.request.urlopen(url) as answer:
                    assert answer.status == 200
            shown = run_real("qupia-wallet", "show", "--json", "--home", live["wallet_home"])
            assert shown.members["remaining"] == 7
        finally:
            demo.send_signal(signal.SIGTERM)
            ended = demo.wait(PATIENCE)
    assert ended == 0
    assert not Path(live["wallet_home"]).exists()
    for url in (page, live["issuer"], live["wallet"]):
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(url)
