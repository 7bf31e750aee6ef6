"""The tables of docs/privacy.md, made from docs/privacy.json; ``make docs`` puts them there."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.privacy.parameters import HINTS

DOCS = Path(__file__).parents[2] / "docs"
FIGURES = DOCS / "privacy.json"
DOCUMENT = DOCS / "privacy.md"

SYSTEMS = {
    "ashyq": "Ashyq: log of the server",
    "dcc": "EU certificate (DCC)",
    "shc": "SMART Health Card",
    "coronacheck": "CoronaCheck: class of people",
    "coronacheck_strip": "CoronaCheck: class, and start of the strip",
    "qupia_none": "Qupia, no hint",
    "qupia_month": "Qupia, month of birth",
    "qupia_day": "Qupia, day and month of birth",
}
MEASURES = {
    "pass_to_person": "whose is this pass?",
    "same_day": "another pass of that person, the same day",
    "two_days": "another pass of that person, the next day",
}
WIRE = {
    "lengths_differ": "calls whose length differs between wallets",
    "requests_per_day_withdrawn": "requests in its own name of a withdrawn wallet, busiest day",
    "first_request_after_start_s": "seconds from a start, showing or check-in to a request, least",
    "iat_follows_phone": "the time in a proof is the phone's",
    "marks": "ways to set a clock that doors admit",
}

NETWORK = "planned, over the venue's own network (a fifth of phones)"

Report = dict[str, Any]


def load() -> Report:
    """The figures as they are stored."""
    report: Report = json.loads(FIGURES.read_text(encoding="utf-8"))
    return report


def renewed(text: str, report: Report) -> str:
    """``text`` with new tables between its marks; raises ValueError where a mark is missing."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: made by make docs -->\n", f"<!-- end of {name} -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the document has no place for the table {name}")
        part = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        made = f"{begin}\n{table(report)}\n{end}"
        text = part.sub(lambda _, made=made: made, text)  # type: ignore[misc]
    return text


def short(report: Report) -> str:
    """The figures to remember, what is inherent first."""
    habit = [_found(report, "regulars", f"same place and time, hint {hint}") for hint in HINTS]
    family = _found(report, "family", "shown together")
    days = _found(report, "regulars", "days of fetching, wallets open while used")
    homes = _found(report, "regulars", "home and work known")
    alone = {row["design"]: row for row in report["designs"] if row["measure"] == "pass_to_person"}
    mixed = _found(report, "open_fetch", "all single scans of this town")
    evening, door = (
        _found(report, "open_fetch", f"open share 1, now share {now}") for now in (0, 1)
    )
    active = _found(report, "open_fetch", "on the day of activation")
    network = _found(report, "open_fetch", NETWORK)
    marked = _found(report, "clock_mark", "one phone of a cell marked, single scans")
    items = (
        "**Habits link.** Who goes to one place at one time is found again there on the next day "
        f"by that alone, without any clock: {_of(habit[0])} where passes have no hint, "
        f"{_of(habit[1])} with the month of birth, {_of(habit[2])} with day and month. *Inherent.*",
        "**Families are seen together.** Who comes with their family is named by who lives with "
        f"whom: {_of(family)}. *Inherent.*",
        "**Days tell.** A regular whom a venue knows by sight is among those who had passes on "
        f"just those days: {days['bits']:.1f} bits where wallets run only while they are used. "
        f"Whoever knows home and work names a single pass more often, too: {_of(homes)}. "
        "*Inherent.*",
        "**A single pass that was fetched ahead** is named as often as by chance: "
        f"{_of(alone['qupia_month'])}.",
        f"**All single passes of the town**, also those that came on their own day: {_of(mixed)}.",
        "**Asking at the door gives it away.** If all wallets ran only while they are open, and "
        f"their owners asked at the door: {_of(door)}. If they asked at home the evening before: "
        f"{_of(evening)}.",
        f"**The day of activation** is a bad one to go out at once: {_of(active)}.",
        "**A venue's own network** betrays planned requests. If a fifth of phones use it: "
        f"{_of(network)} of all passes.",
        "**One person whose clock the issuer sets**, alone among those who look alike, is found in "
        f"{share(marked['success'])} ({share(marked['guessing'])} by chance). One scan tells "
        f"{marked['bits']:.1f} bits of which setting a clock has.",
        "**Lengths, the time in requests, and the rhythm of a withdrawn wallet** say nothing more.",
    )
    return "\n".join(f"- {item}" for item in items)


def systems(report: Report) -> str:
    """A row for each system: how often each guess is right, by chance, and the bits of a pass."""
    rows = {(row["design"], row["measure"]): row for row in report["designs"]}
    lines = [
        _line([SYSTEMS[name], *(_hits(rows[name, measure]) for measure in MEASURES)])
        for name in SYSTEMS
    ]
    head = ["", *(f"{words}" for words in MEASURES.values())]
    return "\n".join([_line(head), _line(["---"] * len(head)), *lines])


def channels(report: Report) -> str:
    """All scenarios, by how many bits they give away."""
    ranked = sorted(report["channels"], key=lambda row: -row["bits"])
    head = ["bits", "channel", "scenario", "right", "95 % interval", "by chance", "state"]
    lines = [_line(_channel(row)) for row in ranked]
    return "\n".join([_line(head), _line(["--:", *["---"] * 6]), *lines])


def wire(report: Report) -> str:
    """What was counted where nothing is imitated."""
    lines = [_line([words, _plain(report["wire"][name])]) for name, words in WIRE.items()]
    return "\n".join([_line(["", "measured"]), _line(["---", "---"]), *lines])


def controls(report: Report) -> str:
    """What each detector finds where something is planted, and where nothing is."""
    head = ["planted", "found", "right", "by chance", "right with nothing planted"]
    lines = [
        _line(
            [row["planted"], _plain(row["found"]), share(row["success"]), share(row["guessing"]),
             f"{_interval(row['without'])}"]
        )
        for row in report["controls"]
    ]  # fmt: skip
    return "\n".join([_line(head), _line(["---"] * len(head)), *lines])


TABLES: dict[str, Callable[[Report], str]] = {
    "short": short,
    "systems": systems,
    "channels": channels,
    "wire": wire,
    "controls": controls,
}


def share(value: float) -> str:
    """A share in per cent, with two digits that say something."""
    percent = 100 * value
    if percent >= 10:
        return f"{percent:.0f} %"
    return f"{percent:.1f} %" if percent >= 1 else f"{percent:.2g} %"


def _found(report: Report, channel: str, scenario: str) -> Report:
    rows: list[Report] = report["channels"]
    return next(row for row in rows if row["channel"] == channel and row["scenario"] == scenario)


def _of(row: Report) -> str:
    return f"{share(row['success'])} ({share(row['guessing'])} by chance)"


def _channel(row: Report) -> list[str]:
    figures = [share(row["success"]), _interval(row), share(row["guessing"]), row["state"]]
    return [f"{row['bits'] + 0:.2f}", f"`{row['channel']}`", row["scenario"], *figures]


def _hits(row: Report) -> str:
    return f"{share(row['success'])} ({share(row['guessing'])}), {row['bits']:.1f} bits"


def _interval(row: Report) -> str:
    return f"{share(row['low'])} to {share(row['high'])}"


def _plain(value: Any) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value:,}"


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
