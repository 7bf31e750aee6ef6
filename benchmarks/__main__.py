"""Print each figure beside its limit; exit status 1 when one is not reached.

``python -m benchmarks signing purge`` measures only those.
"""

import sys

from rich.console import Console
from rich.table import Table

from benchmarks import demo, intake, log, page, presence, purge, service, signing, verification
from benchmarks.figures import Figure

SUITES = {
    "signing": signing.run,
    "verification": verification.run,
    "purge": purge.run,
    "service": service.run,
    "intake": intake.run,
    "log": log.run,
    "page": page.run,
    "presence": presence.run,
    "demo": demo.run,
}


def main(names: list[str]) -> int:
    """Measure the named suites, or all of them."""
    if unknown := set(names) - SUITES.keys():
        print(f"error: no such benchmark: {unknown.pop()}; there are {', '.join(SUITES)}")
        return 2
    console, figures = Console(), []
    for name in names or SUITES:
        with Console(stderr=True).status(f"measuring {name}"):
            measured = SUITES[name]()
        console.print(_table(name, measured))
        figures += measured
    return 0 if all(figure.is_met for figure in figures) else 1


def _table(name: str, figures: list[Figure]) -> Table:
    table = Table(title=name, title_justify="left", box=None, padding=(0, 2, 0, 0))
    for column in ("figure", "measured", "unit", "must reach", ""):
        table.add_column(column, justify="right" if column == "measured" else "left")
    for figure in figures:
        sign = "≥" if figure.at_least else "≤"
        demand = "" if figure.limit is None else f"{sign} {figure.limit:g}"
        verdict = "" if figure.limit is None else "yes" if figure.is_met else "NO"
        table.add_row(figure.name, f"{figure.value:,.4g}", figure.unit, demand, verdict)
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
