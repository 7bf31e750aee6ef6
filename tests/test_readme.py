"""What the README shows is what happens: its console blocks are run."""

from pathlib import Path

import pytest

from tests.support.console import says, shell, steps
from tests.support.processes import skip_before_midnight

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def test_every_command_of_the_readme_prints_what_the_readme_says(tmp_path: Path) -> None:
    skip_before_midnight()
    story = steps(README.read_text(encoding="utf-8"))
    assert story, "the README shows no command"
    with shell(tmp_path) as running:
        for step in story:
            printed = running.run(step)
            assert says(printed, step.output), f"$ {step.command}\n{printed}"
