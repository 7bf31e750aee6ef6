"""How long the two stories of ``make demo`` take, each from its first command to its last."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Figure

STORIES = (
    ("from the laboratory to the door", (), 60.0),
    ("two weeks of a town", ("--outbreak",), 120.0),
)


def run() -> list[Figure]:
    return [Figure(name, _seconds(*words), "s", most) for name, words, most in STORIES]


def _seconds(*words: str) -> float:
    command = [Path(sys.executable).with_name("qupia-wallet"), "demo", "--json", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(json.loads(done.stdout)["seconds"])
