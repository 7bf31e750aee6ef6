"""Commands about what is kept: run, status, verify."""

from contextlib import suppress
from typing import Any

from issuer.commands.opening import HomeOption, issuer_home, opened
from issuer.home import Home
from issuer.oversight.audit import Action, Audit
from issuer.retention import last_run, overdue, read_log, run_retention
from schemas.encoding import format_time
from schemas.kinds import HOUR, STORED_KINDS
from schemas.periods import period_text
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    AtOption,
    JsonOption,
    answer,
    clock_at,
    new_app,
    warn,
)
from shell.errors import CommandError

retention_app = new_app("What is kept: run, status, verify.")


@retention_app.command()
def run(at: AtOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Delete everything whose time is over."""
    with opened(home, at) as (authority, now):
        # A damaged log is reported after the deletion, which it must not hold up.
        with suppress(CommandError):
            _warn_of_clock(last_run(authority), now)
        totals = run_retention(authority, now)
    text = ", ".join(f"{number} {kind}" for kind, number in totals.items()) or "nothing was due"
    answer(as_json=as_json, members={"deleted": dict(totals)}, text=f"Deleted: {text}.")


@retention_app.command()
def status(at: AtOption = None, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """What is held now, by kind, and when retention last ran."""
    with opened(home, at) as (authority, now):
        ran = last_run(authority)
        _warn_of_clock(ran, now)
        members = {
            "kinds": [
                {
                    "kind": entry.kind.value,
                    "period_seconds": STORED_KINDS[entry.kind].period,
                    "held": entry.held,
                    "oldest_seconds": entry.oldest_seconds,
                }
                for entry in authority.store.census(now)
            ],
            "last_run": None if ran is None else format_time(ran),
            "days_logged": len(read_log(authority)),
        }
    answer(as_json=as_json, members=members, text=_status_text(members))


@retention_app.command()
def verify(at: AtOption = None, home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Prove from the files that nothing is kept past its time; exit 1 otherwise."""
    now = clock_at(at)()
    place = issuer_home(home)
    place.check()
    findings = overdue(place, now)
    _note_verify(place, now)
    text = "\n".join(findings) if findings else "Nothing is kept past its time."
    answer(as_json=as_json, members={"ok": not findings, "findings": findings}, text=text)
    return EXIT_REFUSED if findings else EXIT_DONE


def _note_verify(place: Home, now: int) -> None:
    """What was found is told even where the audit cannot be written."""
    try:
        Audit.of(place).note(Action.RETENTION_VERIFY, None, now)
    except CommandError as error:
        warn(error.message)


def _warn_of_clock(ran: int | None, now: int) -> None:
    if ran is not None and now < ran - HOUR:
        warn(
            f"the clock is {(ran - now) // HOUR} h before the last run; "
            "set it, or records live longer than they should"
        )


def _status_text(members: dict[str, Any]) -> str:
    lines = [f"{'kind':<12} {'held':>8}  {'oldest':>8}  kept at most"]
    for entry in members["kinds"]:
        oldest = entry["oldest_seconds"]
        age = "-" if oldest is None else period_text(oldest)
        period = period_text(entry["period_seconds"])
        lines.append(f"{entry['kind']:<12} {entry['held']:>8}  {age:>8}  {period}")
    lines.append(f"last run: {members['last_run'] or 'never; run: qupia-issuer retention run'}")
    return "\n".join(lines)
