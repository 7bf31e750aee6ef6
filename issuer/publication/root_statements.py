"""A root statement that was signed offline comes into force.

1. It is a root statement.
2. Enough roots of the statement in force signed it, and enough of its own where they change.
3. It is the next one.
4. It changes nothing that a statement may not: the sunset moves earlier only, a new log follows.
5. It names one signer, whose private key waits here, and a log whose key is here.
6. That signer may sign now.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any

from issuer.authority import Authority
from issuer.home import Home
from issuer.keys.keyring import SigningKey, signer_path
from issuer.keys.roots import (
    Changes,
    is_complete,
    load_chain,
    load_delegations,
    next_payload,
    put_in_force,
    sign_statement,
    verified_chain,
)
from issuer.log.keys import destroy_log_keys
from issuer.log.log import has_log_key
from issuer.oversight.audit import Action
from issuer.publication.entering import hand_over
from issuer.publication.making import Progress, make_missing_keys, publish, silent
from issuer.publication.replacement import plan_replacement
from issuer.publication.root_requests import (
    PendingSigner,
    carried_in,
    next_log,
    pending_member,
    pending_signers,
)
from issuer.staff import Account
from schemas.bundle_faults import BundleRejected
from schemas.errors import Refusal
from schemas.root_statements import RootStatement, SignedStatement, check_follows, parse_signed
from shell.errors import CommandError


class StatementFault(StrEnum):
    """Why a root statement does not come into force."""

    NOT_A_STATEMENT = "not_a_statement"
    WRONG_ROOT = "wrong_root"
    NOT_ENOUGH = "not_enough"
    WRONG_VERSION = "wrong_version"
    WRONG_CHANGE = "wrong_change"
    FOREIGN_SIGNER = "foreign_signer"
    NOT_NOW = "not_now"


class StatementRefused(Refusal[StatementFault]):
    """The chain stays what it was."""


def check_statement(authority: Authority, statement: bytes, now: int) -> PendingSigner:
    """The pending signer that ``statement`` puts in force; raises StatementRefused.

    Raises CommandError when the chain on disk is damaged.
    """
    return _check(authority.home, _parse(statement), now)


def take_statement(
    authority: Authority, statement: bytes, now: int, *, account: Account | None
) -> str:
    """Put a statement in force; the thumbprint of its signer, of which no bundle is out yet.

    Only for a caller that holds the lock of making. ``account`` is who did so last, None for
    whoever can write to the home. Raises StatementRefused and CommandError.
    """
    signed = _parse(statement)
    pending = _check(authority.home, signed, now)
    authority.audit.note(Action.DELEGATE, account, now)
    _put_in_force(authority.home, carried_in(statement), pending)
    return pending.thumbprint


def delegate(
    authority: Authority,
    roots: Sequence[SigningKey],
    changes: Changes,
    *,
    now: int,
    progress: Progress,
) -> str:
    """Sign the next statement with root keys that are here; the thumbprint of its signer.

    ``roots`` are those in force and, where they change, those to come. Only whoever can write to
    the home can. Raises CommandError.
    """
    with authority.making():
        signer = delegate_next(authority, roots, changes, now=now)
    publish_with_new_signer(authority, now, progress)
    return signer


def delegate_next(
    authority: Authority, roots: Sequence[SigningKey], changes: Changes, *, now: int
) -> str:
    """The same without the bundle that follows, for a holder of the lock of making."""
    statement = check_enough(authority, roots, changes, now)
    authority.audit.note(Action.DELEGATE, None, now)
    pending = _check(authority.home, parse_signed(statement), now)
    _put_in_force(authority.home, statement, pending)
    return pending.thumbprint


def replace_all(
    authority: Authority,
    roots: Sequence[SigningKey],
    *,
    reference_key: bool,
    now: int,
    progress: Progress,
) -> str:
    """Replace every key of the server, with roots that are here; the new signer's thumbprint.

    Raises CommandError before anything is changed where the roots are not enough.
    """
    with authority.making():
        log = next_log(authority)
        changes = Changes(log=log)
        check_enough(authority, roots, changes, now)
        plan_replacement(authority.home, log, reference_key=reference_key)
        signer = delegate_next(authority, roots, changes, now=now)
    publish_with_new_signer(authority, now, progress)
    return signer


def put_first_in_force(home: Home, statement: Mapping[str, Any], now: int) -> None:
    """Begin the chain of a home that has no one else yet; raises StatementRefused."""
    _put_in_force(home, statement, _check(home, parse_signed(statement), now))


def publish_with_new_signer(authority: Authority, now: int, progress: Progress = silent) -> None:
    """What follows a new root statement, wherever it was signed.

    Where no service runs beside, the windows since the last bundle have no keys yet.
    """
    make_missing_keys(authority, now, progress)
    publish(authority, now)


def _put_in_force(home: Home, carried: Mapping[str, Any], pending: PendingSigner) -> None:
    statement = parse_signed(carried).statement
    # An interruption after this leaves a copy, and the pending one to try again with.
    with suppress(FileExistsError):
        pending.load().create(signer_path(home, pending.thumbprint))
    earlier = load_delegations(home) if home.delegations.exists() else []
    if earlier:
        before = verified_chain(earlier).last
        with suppress(CommandError):  # A log that is lost knows nothing of it, and clients say so.
            hand_over(home, statement, before)
    put_in_force(home, [*earlier, carried], signer=pending.thumbprint)
    home.first_request.unlink(missing_ok=True)
    for path in home.handovers():
        if path != home.handover(statement.version):
            path.unlink()
    # A log that was replaced stays to be read, and nobody signs for it again.
    destroy_log_keys(home, before=statement.place.number)


def check_enough(
    authority: Authority, roots: Sequence[SigningKey], changes: Changes, now: int
) -> dict[str, Any]:
    """The next statement under the signatures of ``roots``.

    Raises CommandError where they are not enough, or for one that no client would believe.
    """
    before = authority.chain.last
    payload = next_payload(before, pending_member(authority.home, now), changes)
    statement = sign_statement(payload, roots)
    try:
        signed = parse_signed(statement)
    except ValueError as error:
        raise CommandError(f"such a statement is not possible: {error}") from None
    if not is_complete(signed, before):
        raise CommandError(
            f"{len(roots)} root keys are not enough: {before.threshold} must sign, and as many of "
            "new ones as they ask for; run: qupia-issuer keys request --out FILE, then keys sign "
            "where each root is, then keys take FILE"
        )
    return statement


def _check(home: Home, signed: SignedStatement, now: int) -> PendingSigner:
    statement = signed.statement
    before = load_chain(home).last if home.delegations.exists() else None
    _check_signatures(signed, before)  # 2
    if statement.version != (1 if before is None else before.version + 1):  # 3
        raise StatementRefused(StatementFault.WRONG_VERSION)
    if before is not None:
        try:
            check_follows(signed, before)  # 4
        except BundleRejected:
            raise StatementRefused(StatementFault.WRONG_CHANGE) from None
    waiting = {signer.thumbprint: signer for signer in pending_signers(home)}
    if len(statement.signers) != 1 or not statement.signers.keys() <= waiting.keys():  # 5
        raise StatementRefused(StatementFault.FOREIGN_SIGNER)
    if not has_log_key(home, statement.log):
        raise StatementRefused(StatementFault.FOREIGN_SIGNER)
    [(name, jwk)] = statement.signers.items()
    if not jwk["nbf"] <= now < jwk["exp"]:  # 6
        raise StatementRefused(StatementFault.NOT_NOW)
    return waiting[name]


def _check_signatures(signed: SignedStatement, before: RootStatement | None) -> None:
    """Raise StatementRefused where no root signed at all, or not enough of them."""
    if is_complete(signed, before):
        return
    judges = signed.statement if before is None else before
    try:
        some = signed.signed_by(judges.roots)
    except ValueError:
        some = set()
    raise StatementRefused(StatementFault.NOT_ENOUGH if some else StatementFault.WRONG_ROOT)


def _parse(statement: bytes) -> SignedStatement:
    try:
        return parse_signed(carried_in(statement))
    except ValueError:
        raise StatementRefused(StatementFault.NOT_A_STATEMENT) from None
