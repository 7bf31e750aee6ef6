"""Commands that change what the roots say: ``keys delegate``, ``request``, ``sign``, ``take``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.authority import Authority
from issuer.commands.opening import HomeOption, opened_before_sunset
from issuer.init import parse_sunset
from issuer.keys.keyring import SigningKey
from issuer.keys.root_files import read_public_root
from issuer.keys.roots import Changes, load_roots, signer_end
from issuer.oversight.audit import Action
from issuer.publication import root_statements
from issuer.publication.root_requests import (
    SigningRequest,
    replacement_request,
    signing_request,
)
from issuer.publication.root_statements import (
    StatementRefused,
    publish_with_new_signer,
    take_statement,
)
from schemas.encoding import format_time
from schemas.jws import Typ
from schemas.log.notes import KeyType, parse_vkey
from schemas.root_statements import RootStatement, Witness
from shell.command_line import EXIT_REFUSED, JsonOption, UnusedHomeOption, answer, warn
from shell.errors import CommandError
from shell.files import create_private, is_private, read_given
from shell.progress import progress_bar
from shell.times import local_date

RootsOption = Annotated[
    list[Path] | None,
    typer.Option("--root", help="A root key, from where it is kept; once for each."),
]
NewRootsOption = Annotated[
    list[Path] | None,
    typer.Option("--new-root", help="Replace the roots by these, once for each."),
]
ThresholdOption = Annotated[
    int | None, typer.Option("--threshold", help="How many roots must sign from now on.")
]
SunsetOption = Annotated[
    str | None,
    typer.Option("--sunset", metavar="YYYY-MM-DD", help="End earlier, never later."),
]
WitnessesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--witness", metavar="VKEY@URL", help="Who watches the log, once for each; or: none."
    ),
]
QuorumOption = Annotated[
    int | None, typer.Option("--quorum", help="How many of them must have signed.")
]

COSTS = (
    "every pass in a phone is refused once venues have the new bundle; phones fetch new ones "
    "after a new activation",
    "every entitlement ends: everybody needs a new code",
    "every slip of paper is refused; print new ones",
    "visits of days to come are sealed to new keys; those before today can still be opened",
)
"""What a replacement costs people."""

REFERENCE_COST = (
    "withdrawals in force are lost: enter them again, or withdrawn people can register anew"
)

_REQUEST_LIMIT = 256_000
"""Bytes of a request for a root statement; it has 2,000."""

_REASONS = {
    "not_a_statement": "this is no root statement; copy the file whole",
    "wrong_root": "no root of this issuer has signed it; use the right ROOT.pem",
    "not_enough": "not enough roots have signed it; take the file to the next root: "
    "qupia-issuer keys sign",
    "wrong_version": "this is not the next statement; run: qupia-issuer keys request",
    "wrong_change": "it changes what no statement may; run: qupia-issuer keys request",
    "foreign_signer": "it names a key that this issuer has not asked for; "
    "run: qupia-issuer keys request",
    "not_now": "the signer in it is not in force now; check the clock",
}


def delegate(
    root: RootsOption = None,
    new_root: NewRootsOption = None,
    threshold: ThresholdOption = None,
    sunset: SunsetOption = None,
    witness: WitnessesOption = None,
    quorum: QuorumOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign a root statement with a fresh bundle signer for 35 days, where the roots are at hand."""
    with opened_before_sunset(home) as (authority, now):
        roots = _load_roots(authority, root or [])
        coming = [_load_or_create_root(path) for path in new_root or ()]
        changes = _changes(
            authority,
            now,
            roots=[key.jwk for key in coming],
            threshold=threshold,
            sunset=sunset,
            witnesses=witness,
            quorum=quorum,
        )
        with progress_bar("keys", at_once=True) as show:
            signer = root_statements.delegate(
                authority, _distinct([*roots, *coming]), changes, now=now, progress=show
            )
        members = _in_force(authority, signer)
    answer(as_json=as_json, members=members, text=_in_force_text(members))


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
    _check_new(out)
    with opened_before_sunset(home) as (authority, now):
        changes = _changes(
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
    _write_request(wanted, out, as_json=as_json)


def sign(
    request: Annotated[Path, typer.Argument(help="The request, with the signatures so far.")],
    root: Annotated[Path, typer.Option("--root", help="The root key, from where it is kept.")],
    out: Annotated[Path, typer.Option("--out", help="The signed request; never overwritten.")],
    home: UnusedHomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add one signature, on a machine that has no network and no home."""
    wanted = SigningRequest.parse(_read_request(request))
    root_key = SigningKey.load(root, Typ.ROOT, at_home=False)
    _check_new(out)
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


def take(
    statement: Annotated[Path, typer.Argument(help="The request that the roots have signed.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a statement in force that was signed elsewhere, and publish what follows from it."""
    with opened_before_sunset(home) as (authority, now):
        data = _read_request(statement)
        try:
            with authority.making():
                signer = take_statement(authority, data, now, account=None)
        except StatementRefused as refused:
            raise CommandError(_REASONS[refused.fault], exit_code=EXIT_REFUSED) from None
        with progress_bar("keys", at_once=True) as show:
            publish_with_new_signer(authority, now, show)
        members = _in_force(authority, signer)
    answer(as_json=as_json, members=members, text=_in_force_text(members))


def replace_all(
    root: RootsOption = None,
    reference_key: Annotated[
        bool,
        typer.Option("--reference-key", help="That key, too: withdrawals in force are lost."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Write a request for roots that are elsewhere."),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace every key of the server, after somebody may have copied them."""
    if (out is None) == (not root):
        raise CommandError("give --root for each root at hand, or --out for roots elsewhere")
    with opened_before_sunset(home) as (authority, now):
        warn_of_costs(reference_key=reference_key)
        if out is not None:
            _check_new(out)
            authority.audit.note(Action.SIGNING_REQUEST, None, now)
            wanted = replacement_request(authority, reference_key=reference_key, now=now)
            _write_request(wanted, out, as_json=as_json)
            return
        roots = _load_roots(authority, root or [])
        with progress_bar("keys", at_once=True) as show:
            signer = root_statements.replace_all(
                authority, roots, reference_key=reference_key, now=now, progress=show
            )
        members = _in_force(authority, signer)
    answer(as_json=as_json, members=members, text=_in_force_text(members))


def warn_of_costs(*, reference_key: bool) -> None:
    """What a replacement costs people, said before it is done."""
    for cost in COSTS + ((REFERENCE_COST,) if reference_key else ()):
        warn(cost)


def _changes(
    authority: Authority,
    now: int,
    *,
    roots: list[dict[str, str]],
    threshold: int | None,
    sunset: str | None,
    witnesses: list[str] | None,
    quorum: int | None,
) -> Changes:
    last = authority.chain.last
    changes = Changes(
        roots=tuple(roots) or None,
        threshold=threshold,
        sunset=None if sunset is None else _earlier_sunset(authority, sunset, now),
        witnesses=None if witnesses is None else _witnesses(witnesses),
        quorum=quorum,
    )
    _check_numbers(last, changes)
    return changes


def _check_numbers(last: RootStatement, changes: Changes) -> None:
    roots = len(last.roots if changes.roots is None else changes.roots)
    threshold = last.threshold if changes.threshold is None else changes.threshold
    if not 1 <= threshold <= roots:
        raise CommandError(f"--threshold is from 1 to {roots}, the number of roots")
    witnesses = len(last.witnesses if changes.witnesses is None else changes.witnesses)
    quorum = last.quorum if changes.quorum is None else changes.quorum
    if not 0 <= quorum <= witnesses:
        raise CommandError(f"--quorum is from 0 to {witnesses}, the number of witnesses")
    if quorum and quorum == witnesses:
        warn("every witness must sign each bundle: if one of them is down, no bundle comes out")


def _earlier_sunset(authority: Authority, text: str, now: int) -> int:
    when = parse_sunset(text, authority.policy.time_zone, now)
    if when > authority.sunset:
        stands = local_date(authority.sunset, authority.policy.zone)
        raise CommandError(
            f"the sunset is {stands} and can only move earlier", exit_code=EXIT_REFUSED
        )
    return when


def _witnesses(texts: list[str]) -> tuple[Witness, ...]:
    return () if texts == ["none"] else tuple(map(_witness, texts))


def _witness(text: str) -> Witness:
    key, _, url = text.partition("@")
    try:
        return Witness(parse_vkey(key, type=KeyType.COSIGNATURE), url)
    except ValueError:
        raise CommandError(
            "--witness is the witness's key and address: NAME+ID+KEY@https://…"
        ) from None


def _load_or_create_root(path: Path) -> SigningKey:
    """A root key that is to stand in the next statement; a new one where there is no file."""
    if path.exists():
        return SigningKey.load(path, Typ.ROOT, at_home=False)
    key = SigningKey.generate(Typ.ROOT)
    key.create_new(path)
    return key


def _load_roots(authority: Authority, paths: list[Path]) -> list[SigningKey]:
    roots = load_roots(authority.chain, paths)
    for path in paths:
        if not is_private(path):
            warn(f"others can read {path}; lock the stick away, or run: chmod 600 '{path}'")
    return roots


def _distinct(keys: list[SigningKey]) -> list[SigningKey]:
    return list({key.thumbprint: key for key in keys}.values())


def _write_request(wanted: SigningRequest, out: Path, *, as_json: bool) -> None:
    create_private(out, wanted.encode())
    members = _request_members(wanted)
    answer(
        as_json=as_json,
        members=members,
        text=f"{_request_text(members)}\nTake {out} to each root and run there: "
        f"qupia-issuer keys sign {out} --root ROOT.pem --out SIGNED",
    )


def _read_request(path: Path) -> bytes:
    try:
        return read_given(path, limit=_REQUEST_LIMIT)
    except FileNotFoundError:
        raise CommandError(f"{path} is missing; give the file of the request") from None


def _check_new(out: Path) -> None:
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


def _in_force(authority: Authority, signer: str) -> dict[str, Any]:
    if authority.entered() is not None:
        warn("too few witnesses have signed the next bundle; serve asks them again and again")
    return {
        "signer": signer,
        "until": format_time(signer_end(authority.chain)),
        "root": authority.anchor,
        "sunset": format_time(authority.sunset),
    }


def _in_force_text(members: Mapping[str, Any]) -> str:
    return f"Signer {members['signer']} signs bundles until {members['until']}."
