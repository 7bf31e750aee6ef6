"""``make privacy``: what an adversary with all logs learns, as tables or as JSON.

Started with the town that is there by default, it renews ``docs/privacy.json``, from which
``make docs`` makes the table and the pictures of ``docs/privacy.md``.
"""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from benchmarks.privacy.parameters import CLOCKS, HINTS, Parameters
from benchmarks.privacy.report import JOBS, measure

FIGURES = Path(__file__).parents[2] / "docs" / "privacy.json"

Share = Annotated[float, typer.Option(min=0, max=1)]
Count = Annotated[int, typer.Option(min=1)]


def main(
    people: Annotated[int, typer.Option(min=1_000)] = Parameters.people,
    venues: Count = Parameters.venues,
    days: Annotated[int, typer.Option(min=6, max=60)] = Parameters.days,
    hint: str = Parameters.hint,
    statuses: Annotated[int, typer.Option(min=1, max=4)] = Parameters.statuses,
    seed: Annotated[int, typer.Option(min=0)] = Parameters.seed,
    open_share: Share = Parameters.open_share,
    now_share: Share = Parameters.now_share,
    change_seen: Share = Parameters.change_seen,
    clock: str = Parameters.clock,
    json_only: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Measure what issuer, venues and network together learn of a simulated town."""
    _check("--hint", hint, HINTS)
    _check("--clock", clock, CLOCKS)
    parameters = Parameters(
        people, venues, days, hint, statuses, seed, open_share, now_share, change_seen, clock
    )
    try:
        report = _with_bar(parameters)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if parameters == Parameters():
        FIGURES.write_text(as_text(report), encoding="utf-8")
    if json_only:
        sys.stdout.write(as_text(report))
    else:
        _print(report)


def as_text(report: dict[str, Any]) -> str:
    """The report as it is stored: the same seed gives the same bytes."""
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def _check(option: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise typer.BadParameter(f"{option} is one of {', '.join(known)}")


def _with_bar(parameters: Parameters) -> dict[str, Any]:
    columns = (TextColumn("measuring"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(JOBS))
        return measure(parameters, lambda: progress.advance(task))


def _print(report: dict[str, Any]) -> None:
    console = Console()
    for part, names in (("designs", ("design", "measure")), ("channels", ("channel", "scenario"))):
        console.print(_table(part, report[part], names))
    console.print(_table("controls", report["controls"], ("planted", "found")))
    console.print(report["wire"])


def _table(title: str, rows: list[dict[str, Any]], names: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in (*names, "success", "95 % interval", "guessing", "bits"):
        table.add_column(column)
    for row in rows:
        interval = f"{row['low']:.2%} to {row['high']:.2%}"
        figures = (
            f"{row['success']:.2%}",
            interval,
            f"{row['guessing']:.2%}",
            f"{row['bits']:.1f}",
        )
        table.add_row(*(str(row[name]) for name in names), *figures)
    return table


if __name__ == "__main__":
    typer.run(main)
