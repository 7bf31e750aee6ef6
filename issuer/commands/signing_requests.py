"""Commands of a statement on its way to the roots: ``keys request`` and ``keys sign``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.commands.statement_changes import (
    NewRootsOption,
    QuorumOption,
    SunsetOption,
    ThresholdOption,
    WitnessesOption,
    parse_changes,
)
from issuer.keys.keyring import SigningKey
from issuer.keys.root_files import read_public_root
from issuer.oversight.audit import Action
from issuer.publication.root_requests import SigningRequest, signing_request
from schemas.encoding import format_time
from schemas.jws import Typ
from shell.command_line import JsonOption, UnusedHomeOption, answer
from shell.errors import CommandError
from shell.files import create_private, read_given

_REQUEST_LIMIT = 256_000
"""Bytes of a request for a root statement; it has 2,000."""


def request(
    out: Annotated[Path, typer.Option("--out", help="The request; never overwritten.")],
    new_root: NewRootsOption = None,
    threshold: ThresholdOption = None,
    sunset: SunsetOption = None,
    witness: WitnessesOption = None,
    quorum: QuorumOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask roots that are kept elsewhere for a statement with a fresh bundle signer."""
    check_new(out)
    with opened_before_sunset(home) as (authority, now):
        changes = parse_changes(
            authority,
            now,
            roots=[read_public_root(path) for path in new_root or ()],
            threshold=threshold,
            sunset=sunset,
            witnesses=witness,
            quorum=quorum,
        )
        authority.audit.note(Action.SIGNING_REQUEST, None, now)
        wanted = signing_request(authority, changes, now)
    write_request(wanted, out, as_json=as_json)


def sign(
    request: Annotated[Path, typer.Argument(help="The request, with the signatures so far.")],
    root: Annotated[Path, typer.Option("--root", help="The root key, from where it is kept.")],
    out: Annotated[Path, typer.Option("--out", help="The signed request; never overwritten.")],
    home: UnusedHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add one signature, on a machine that has no network and no home."""
    wanted = SigningRequest.parse(read_request(request))
    root_key = SigningKey.load(root, Typ.ROOT, at_home=False)
    check_new(out)
    signed = wanted.with_signature(root_key)
    create_private(out, signed.encode())
    members = _request_members(signed)
    last = f"Upload {out} on the issuer's page, or run there: qupia-issuer keys take {out}"
    more = f"Take {out} to the next root: {members['missing']} more must sign."
    answer(
        as_json=as_json,
        members=members,
        text=f"{_request_text(members)}\nCompare the signer with the one that the issuer shows. "
        f"{more if members['missing'] else last}",
    )


def write_request(wanted: SigningRequest, out: Path, *, as_json: bool) -> None:
    """Hand over a request, and say what it is and where to take it."""
    create_private(out, wanted.encode())
    members = _request_members(wanted)
    answer(
        as_json=as_json,
        members=members,
        text=f"{_request_text(members)}\nTake {out} to each root and run there: "
        f"qupia-issuer keys sign {out} --root ROOT.pem --out SIGNED",
    )


def read_request(path: Path) -> bytes:
    """The file of a request; raises CommandError for none."""
    try:
        return read_given(path, limit=_REQUEST_LIMIT)
    except FileNotFoundError:
        raise CommandError(f"{path} is missing; give the file of the request") from None


def check_new(out: Path) -> None:
    """Raise CommandError for a file that is there already."""
    if out.exists():
        raise CommandError(f"{out} exists and is never overwritten; choose another")


def _request_members(wanted: SigningRequest) -> dict[str, Any]:
    statement = wanted.signed.statement
    return {
        "issuer": wanted.issuer,
        "version": statement.version,
        "signer": wanted.signer,
        "until": format_time(wanted.exp),
        "roots": list(statement.roots),
        "threshold": statement.threshold,
        "sunset": format_time(statement.sunset),
        "log": statement.log.text,
        "witnesses": [{"key": one.key.text, "url": one.url} for one in statement.witnesses],
        "quorum": statement.quorum,
        "missing": wanted.missing(),
    }


def _request_text(members: Mapping[str, Any]) -> str:
    witnesses = "".join(f"\nwitness      {one['key']} {one['url']}" for one in members["witnesses"])
    return (
        f"statement    {members['version']} of {members['issuer']}\n"
        f"signer       {members['signer']} until {members['until']}\n"
        f"roots        {members['threshold']} of: {' '.join(members['roots'])}\n"
        f"ends on      {members['sunset']}\n"
        f"log          {members['log']}{witnesses}\n"
        f"quorum       {members['quorum']}\n"
        f"missing      {members['missing']} signatures"
    )
