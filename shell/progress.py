"""A bar on standard error for whoever waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

PATIENCE = 1.0
"""Seconds of which nobody needs to be told."""


@contextmanager
def progress_bar(
    label: str, *, at_once: bool = False
) -> Iterator[Callable[[int, int | None], None]]:
    """To be told what is done, and of how many; no terminal, no bar.

    It appears for those who have waited a second, or ``at_once``.
    """
    console, begun = Console(stderr=True), monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)
    task = bar.add_task(label, total=None)

    def tell(done: int, of: int | None) -> None:
        bar.update(task, completed=done, total=of)
        if at_once or monotonic() - begun > PATIENCE:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()
