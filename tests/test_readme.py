"""What the README shows is what happens: its console blocks are run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.console import says, shell, steps

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"

_LOCAL_OFFSET = timedelta(hours=5)


def _seconds_to_midnight() -> int:
    """Until the window of an issuer with the default policy ends."""
    local = datetime.now(UTC) + _LOCAL_OFFSET  # noqa: TID251 - the commands below read the clock.
    return 86_400 - (local.hour * 60 + local.minute) * 60 - local.second


def test_every_command_of_the_readme_prints_what_the_readme_says(tmp_path: Path) -> None:
    if _seconds_to_midnight() < 300:
        pytest.skip("the story would cross midnight in Almaty, where it reads differently")
    story = steps(README.read_text(encoding="utf-8"))
    assert story, "the README shows no command"
    with shell(tmp_path) as running:
        for step in story:
            printed = running.run(step)
            assert says(printed, step.output), f"$ {step.command}\n{printed}"
