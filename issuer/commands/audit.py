"""Commands about what staff did: verify."""

from typing import Annotated, Any

import typer

from issuer.commands.opening import HomeOption, issuer_home
from issuer.oversight.audit import Audit, AuditFault, AuditFindings
from shell.command_line import EXIT_DONE, EXIT_REFUSED, JsonOption, answer, new_app, warn

_FAULTS = {
    AuditFault.CHANGED: "Line {} was changed",
    AuditFault.MISSING: "Line {} is missing",
    AuditFault.REORDERED: "Line {} is not in its place",
    AuditFault.OTHER_HEAD: "The line of that hash is missing: lines were removed or written anew, "
    "or it is over a year old",
}

audit_app = new_app("What staff did: verify.")


@audit_app.callback()
def _keep_name() -> None:
    """With a single command Typer would drop its name."""


@audit_app.command()
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="Kept from an earlier run.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Prove that no line was changed, removed or moved; exit 1 otherwise."""
    place = issuer_home(home)
    place.check()
    verdict = Audit.of(place).verify(head)
    if verdict.torn:
        warn("a crash cut the last line short; what it was to say did not happen")
    answer(as_json=as_json, members=_members(verdict), text=_text(verdict))
    return EXIT_DONE if verdict.ok else EXIT_REFUSED


def _members(verdict: AuditFindings) -> dict[str, Any]:
    return {
        "ok": verdict.ok,
        "lines": verdict.lines,
        "head": verdict.head,
        "fault": verdict.fault,
        "first_bad": verdict.bad,
        "torn": verdict.torn,
    }


def _text(verdict: AuditFindings) -> str:
    if verdict.fault is not None:
        fault = _FAULTS[verdict.fault].format(verdict.bad)
        return f"{fault}; right before it: {_lines(verdict)}."
    if not verdict.head:
        return "No line yet."
    return (
        f"{_lines(verdict)}, each in its place. Keep the hash of the last one elsewhere, and "
        f"give it to the next run with --head:\n{verdict.head}"
    )


def _lines(verdict: AuditFindings) -> str:
    return "1 line" if verdict.lines == 1 else f"{verdict.lines} lines"
