"""Commands that put a root statement in force: ``keys delegate``, ``take``, ``replace-all``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from issuer.authority import Authority
from issuer.commands.opening import HomeOption, opened_before_sunset, warn_if_waiting
from issuer.commands.signing_requests import check_new, read_request, write_request
from issuer.commands.statement_changes import (
    NewRootsOption,
    QuorumOption,
    SunsetOption,
    ThresholdOption,
    WitnessesOption,
    parse_changes,
)
from issuer.keys.keyring import SigningKey
from issuer.keys.roots import load_roots, signer_end
from issuer.oversight.audit import Action
from issuer.publication import root_statements
from issuer.publication.root_requests import replacement_request
from issuer.publication.root_statements import (
    StatementRefused,
    publish_with_new_signer,
    take_statement,
)
from schemas.encoding import format_time
from schemas.jws import Typ
from shell.command_line import EXIT_REFUSED, JsonOption, answer, warn
from shell.errors import CommandError
from shell.files import is_private
from shell.progress import progress_bar

RootsOption = Annotated[
    list[Path] | None,
    typer.Option("--root", help="A root key, from where it is kept; once for each."),
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
        changes = parse_changes(
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


def take(
    statement: Annotated[Path, typer.Argument(help="The request that the roots have signed.")],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a statement in force that was signed elsewhere, and publish what follows from it."""
    with opened_before_sunset(home) as (authority, now):
        data = read_request(statement)
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
            check_new(out)
            authority.audit.note(Action.SIGNING_REQUEST, None, now)
            wanted = replacement_request(authority, reference_key=reference_key, now=now)
            write_request(wanted, out, as_json=as_json)
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


def _in_force(authority: Authority, signer: str) -> dict[str, Any]:
    return {
        "signer": signer,
        "until": format_time(signer_end(authority.chain)),
        "root": authority.anchor,
        "sunset": format_time(authority.sunset),
        "waits_for_witnesses": warn_if_waiting(authority),
    }


def _in_force_text(members: Mapping[str, Any]) -> str:
    return f"Signer {members['signer']} signs bundles until {members['until']}."
