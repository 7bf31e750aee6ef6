"""The two pictures of docs/privacy.md, drawn from docs/privacy.json; the same each time."""

import re
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.privacy.document import DOCS, MEASURES, SYSTEMS, Report, share

FOLDER = DOCS / "pictures"
COLOURS = ("#1b4965", "#5fa8d3", "#c9790a")
LEAST = 2e-5
"""Where the logarithmic axis begins."""

SETTINGS: Any = {
    "svg.hashsalt": "qupia",  # Names inside the picture, which are random otherwise.
    "svg.fonttype": "none",
    "font.size": 9.0,
}


def draw(report: Report, folder: Path = FOLDER) -> None:
    """Write both pictures into ``folder``."""
    with mpl.rc_context(SETTINGS):
        figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
        draw_systems(axes, report)
        _save(figure, folder / "privacy-systems.svg")
        figure, pair = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
        draw_clocks(pair[0], report)
        draw_asking(pair[1], report)
        _save(figure, folder / "privacy-clocks.svg")


def draw_systems(axes: Axes, report: Report) -> None:
    """Bars of success, with a mark at what chance would give."""
    rows = {(row["design"], row["measure"]): row for row in report["designs"]}
    for number, (measure, words) in enumerate(MEASURES.items()):
        place = [line + 0.27 * (number - 1) for line in range(len(SYSTEMS))]
        of_measure = [rows[name, measure] for name in SYSTEMS]
        right = [max(row["success"], LEAST) for row in of_measure]
        axes.barh(place, right, 0.25, label=words, color=COLOURS[number])
        chance = [row["guessing"] for row in of_measure]
        axes.plot(chance, place, "|", color="black", label="by chance" if not number else None)
    axes.set_yticks(range(len(SYSTEMS)), list(SYSTEMS.values()))
    axes.invert_yaxis()
    axes.set(xscale="log", xlim=(LEAST, 1.3), xlabel="share of right guesses")
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1), ncols=2, frameon=False)


def draw_clocks(axes: Axes, report: Report) -> None:
    """Two passes of two days linked by nothing but the clock, by how well clocks are set."""
    found = _scenarios(report, "change", r"two days, (\w+) clocks, (.+)")
    clocks = list(dict.fromkeys(clock for clock, _ in found))
    for number, seen in enumerate(dict.fromkeys(seen for _, seen in found)):
        rows = [found[clock, seen] for clock in clocks]
        axes.errorbar(
            clocks,
            [row["success"] for row in rows],
            _errors(rows),
            fmt="o-",
            color=COLOURS[2 * number],
            label=seen,
            capsize=3,
        )
    axes.plot(clocks, [found[clock, seen]["guessing"] for clock in clocks], "k:", label="by chance")
    highest = max(row["high"] for row in found.values())
    axes.set(title="Two days linked by clocks alone", xlabel="how clocks are set")
    axes.set_ylim(0, 1.4 * highest)  # Room for the legend.
    _in_percent(axes)


def draw_asking(axes: Axes, report: Report) -> None:
    """Passes linked where all wallets run only while open, by how many people ask at the door."""
    found = _scenarios(report, "open_fetch", r"open share 1, now share ([\d.]+)")
    shares = sorted(found)
    rows = [found[one] for one in shares]
    axes.errorbar(
        [float(one) for (one,) in shares],
        [row["success"] for row in rows],
        _errors(rows),
        fmt="o-",
        color=COLOURS[0],
        capsize=3,
    )
    axes.set(title="Wallets open only while used", xlabel="share of people who ask at the door")
    axes.set_ylim(0, None)
    _in_percent(axes, legend=False)


def _scenarios(report: Report, channel: str, form: str) -> dict[tuple[str, ...], Any]:
    """The rows of a channel whose scenario has this form, by what varies in it."""
    rows = (row for row in report["channels"] if row["channel"] == channel)
    matches = ((re.fullmatch(form, row["scenario"]), row) for row in rows)
    return {match.groups(): row for match, row in matches if match is not None}


def _errors(rows: list[Any]) -> list[list[float]]:
    return [
        [row["success"] - row["low"] for row in rows],
        [row["high"] - row["success"] for row in rows],
    ]


def _in_percent(axes: Axes, *, legend: bool = True) -> None:
    axes.yaxis.set_major_formatter(lambda value, _: share(value) if value else "0")
    axes.set_ylabel("share of right guesses")
    if legend:
        axes.legend(frameon=False)


def _save(figure: Any, path: Path) -> None:
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE), encoding="utf-8")
