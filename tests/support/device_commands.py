"""``qupia-verifier`` as a test runs it in its own process, and what it answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def members(self) -> dict[str, Any]:
        [members] = self.lines
        return members


Run = Callable[..., Result]


def complaint(result: Result, *, status: int = 2) -> str:
    """The one line that a failed command prints, and nothing else."""
    assert result.status == status
    assert result.out == ""
    [line] = result.err.splitlines()
    return line.removeprefix("error: ")
