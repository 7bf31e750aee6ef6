"""Commands of a laboratory: register, cancel, intake, withdraw."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer import staff_actions
from issuer.commands.opening import HomeOption, ProfileOption, opened_before_sunset
from issuer.intake.dry_run import Would, dry_run
from issuer.intake.register import run_intake
from issuer.intake.rows import IntakeSummary, Rejected
from issuer.registration.withdrawals import WITHDRAWALS
from issuer.staff_actions import result_members, until_members
from schemas.hints import HintForm, hint_of_birthday
from schemas.references import normalise_reference
from shell.command_line import (
    EXIT_DONE,
    EXIT_REFUSED,
    AtOption,
    JsonOption,
    answer,
    read_secret,
    time_argument,
)
from shell.errors import CommandError
from shell.progress import progress_bar

_POSITIVE = ", a positive result or a contact: nothing was withdrawn"

NoIinOption = Annotated[
    bool, typer.Option("--no-iin", help="The reference has an IIN's length and is another number.")
]
EvidenceOption = Annotated[str, typer.Option("--evidence", help="A kind of policy.toml.")]


def register(
    evidence: EvidenceOption,
    at: Annotated[str, typer.Option("--at", metavar="TIME", help="When the evidence was taken.")],
    birthday: Annotated[str | None, typer.Option("--birthday", metavar="MM-DD")] = None,
    reference: Annotated[str | None, typer.Option("--reference", metavar="-")] = None,
    no_iin: NoIinOption = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register one result: an activation code, or a withdrawal."""
    taken = time_argument(at)
    with opened_before_sunset(home) as (authority, now):
        rule = authority.policy.evidence.get(evidence)
        if rule is None:
            kinds = ", ".join(authority.policy.evidence)
            raise CommandError(f"--evidence: choose one of {kinds}")
        if taken > now:
            raise CommandError("--at lies in the future; give the time the evidence was taken")
        if authority.policy.evidence_ends(evidence, taken) <= now:
            raise CommandError("this evidence is too old to count; nothing was registered")
        if rule.needs_reference and reference is None:
            raise CommandError(f"{evidence} needs a reference: --reference -")
        if not rule.withdraws:
            _check_birthday(birthday, authority.config.hint)
        secret = None if reference is None else _read_reference(reference)
        result = staff_actions.register(
            authority, None,
            evidence=evidence, at=taken, birthday=birthday, reference=secret, no_iin=no_iin,
            now=now,
        )  # fmt: skip
        members = result_members(authority, result)
    answer(as_json=as_json, members=members, text=_result_text(members))


def cancel(code: str, home: HomeOption = None, as_json: JsonOption = False) -> None:
    """Void a lost or misprinted slip: - reads its code from standard input."""
    with opened_before_sunset(home) as (authority, now):
        staff_actions.cancel(authority, None, read_secret(code, "code"), now)
    answer(
        as_json=as_json,
        members={"done": True},
        text="The code is void; its result can be registered again.",
    )


def intake(
    files: Annotated[list[Path], typer.Argument(metavar="FILE …", help="Several: FHIR only.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the codes go; never overwritten.")
    ] = None,
    is_dry: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each row; store nothing.")
    ] = False,
    profile: ProfileOption = None,
    at: AtOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Take a laboratory's export; its codes go to a new file."""
    if is_dry:
        return _dry_intake(files, out, profile, at, home, as_json=as_json)
    if out is None:
        raise CommandError("--out FILE says where the codes go; --dry-run makes none")
    with (
        opened_before_sunset(home, at) as (authority, now),
        progress_bar("rows", at_once=True) as show,
    ):
        summary = run_intake(
            authority, None, files[0], out, *files[1:],
            now=now, progress=lambda done: show(done, None), profile=profile,
        )  # fmt: skip
    text = _summary_text(summary, out, files)
    answer(as_json=as_json, members=_summary_members(summary, files), text=text)
    return EXIT_REFUSED if summary.rejected else EXIT_DONE


def _dry_intake(
    files: Sequence[Path],
    out: Path | None,
    profile: str | None,
    at: str | None,
    home: Path | None,
    *,
    as_json: bool,
) -> int:
    if out is not None:
        raise CommandError("--dry-run makes no codes; leave out --out")
    would: list[Would] = []
    with (
        opened_before_sunset(home, at) as (authority, now),
        progress_bar("rows", at_once=True) as show,
    ):
        summary = dry_run(
            authority, *files, now=now, profile=profile,
            progress=lambda done: show(done, None), told=would.append,
        )  # fmt: skip
    members = _summary_members(summary, files)
    members |= {"dry_run": True, "would": [_would_members(one, files) for one in would]}
    answer(as_json=as_json, members=members, text=_dry_text(summary, would, files))
    return EXIT_REFUSED if summary.rejected else EXIT_DONE


def withdraw(
    evidence: EvidenceOption,
    reference: Annotated[str, typer.Option("--reference", metavar="-")],
    no_iin: NoIinOption = False,
    at: AtOption = None,
    lift: Annotated[bool, typer.Option("--lift", help="End that withdrawal.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Stop issuing passes to a person, or lift that."""
    if evidence not in WITHDRAWALS:
        raise CommandError(f"--evidence: choose one of {', '.join(WITHDRAWALS)}")
    with opened_before_sunset(home, at) as (authority, now):
        secret = _read_reference(reference)
        whom: dict[str, Any] = {"reference": secret, "no_iin": no_iin, "evidence": evidence}
        if lift:
            until = staff_actions.lift(authority, None, **whom, now=now)
        else:
            until = staff_actions.withdraw(authority, None, **whom, at=now, now=now).until
    members = until_members(until)
    answer(as_json=as_json, members=members, text=_result_text(members))


def _check_birthday(birthday: str | None, hint: HintForm) -> None:
    try:
        hint_of_birthday(birthday, hint)
    except ValueError as error:
        raise CommandError(f"--birthday: {error}") from None


def _read_reference(given: str) -> str:
    secret = read_secret(given, "reference")
    try:
        normalise_reference(secret)
    except ValueError as error:
        raise CommandError(f"reference: {error}") from None
    return secret


def _result_text(members: dict[str, Any]) -> str:
    if "code" in members:
        return (
            f"code        {members['code']}\n"
            f"link        {members['activation_url']}\n"
            f"valid until {members['expires_at']}"
        )
    if members["withdrawn_until"] is None:
        return "Passes can be issued to that person again."
    return f"No passes are issued to that person before {members['withdrawn_until']}."


def _summary_members(summary: IntakeSummary, files: Sequence[Path]) -> dict[str, Any]:
    return {
        "rows": summary.rows,
        "codes": summary.codes,
        "withdrawals": summary.withdrawals,
        "repeated": summary.repeated,
        "rejected": [
            {"line": entry.line, "reason": entry.reason.value}
            | ({"file": str(files[entry.file - 1])} if entry.file else {})
            for entry in summary.rejected
        ],
    } | ({"others": summary.others} if summary.others else {})


def _would_members(would: Would, files: Sequence[Path]) -> dict[str, Any]:
    members: dict[str, Any] = {"line": would.line, "becomes": would.becomes}
    if would.evidence is not None:
        members["evidence"] = would.evidence
    if would.file:
        members["file"] = str(files[would.file - 1])
    return members


def _dry_text(summary: IntakeSummary, would: Sequence[Would], files: Sequence[Path]) -> str:
    counted = (
        f"{summary.rows} rows would become {summary.codes} codes and {summary.withdrawals} "
        f"withdrawals; {summary.repeated} were taken before, {len(summary.rejected)} are rejected; "
        "nothing was stored"
    )
    lines = [
        f"  {_place(one, files)}: {one.becomes}{f' ({one.evidence})' if one.evidence else ''}"
        for one in would
    ]
    return "\n".join([counted, *lines])


def _summary_text(summary: IntakeSummary, out: Path, files: Sequence[Path]) -> str:
    lines = [
        f"{summary.rows} rows: {summary.codes} codes in {out}, {summary.withdrawals} withdrawals, "
        f"{summary.repeated} taken before, {len(summary.rejected)} rejected"
    ]
    if summary.others:
        lines.append(f"no results (patients, specimens and others): {summary.others}")
    lines += [
        f"  {_place(entry, files)}: {entry.reason.value}{_POSITIVE if entry.withdraws else ''}"
        for entry in summary.rejected
    ]
    return "\n".join(lines)


def _place(entry: Rejected | Would, files: Sequence[Path]) -> str:
    file = f"{files[entry.file - 1].name}, " if entry.file else ""
    return f"{file}line {entry.line}"
