"""A progress bar on standard error, from the second second on."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from wallet_sim.presence.matching import Progress

PATIENCE = 1.0
"""Seconds of which nobody needs to be told."""


@contextmanager
def progress_bar(label: str) -> Iterator[Progress]:
    """What is to be told of the progress; it draws nothing where standard error is no terminal."""
    console, begun = Console(stderr=True), monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bar = Bar(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal)
    task = bar.add_task(label, total=None)

    def tell(done: int, of: int) -> None:
        bar.update(task, completed=done, total=of)
        if monotonic() - begun > PATIENCE:
            bar.start()

    try:
        yield tell
    finally:
        bar.stop()
