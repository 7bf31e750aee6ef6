"""A root statement that was signed offline comes into force.

1. It is a root statement.
2. A root of the statement in force signed it.
3. It is the next one.
4. It gives its signer 35 days at most.
5. It names one signer, and that is one whose private key waits here.
6. That signer may sign now.
"""

from contextlib import suppress
from enum import StrEnum

from issuer.authority import Authority
from issuer.home import Config, Home
from issuer.keys.keyring import SigningKey, signer_path
from issuer.keys.roots import current_statement, delegate_next, load_delegations, put_in_force
from issuer.oversight.audit import Action
from issuer.publication.making import Progress, make_missing_keys, publish, silent
from issuer.publication.root_requests import PendingSigner, pending_signers
from issuer.staff import Account
from schemas.bundle_faults import BundleRejected
from schemas.errors import Refusal
from schemas.jws import UnverifiedJws, parse
from schemas.trust import LONGEST_DELEGATION, walk_chain
from schemas.validation import matches


class StatementFault(StrEnum):
    """Why a root statement does not come into force."""

    NOT_A_STATEMENT = "not_a_statement"
    WRONG_ROOT = "wrong_root"
    WRONG_VERSION = "wrong_version"
    TOO_LONG = "too_long"
    FOREIGN_SIGNER = "foreign_signer"
    NOT_NOW = "not_now"


class StatementRefused(Refusal[StatementFault]):
    """The chain stays what it was."""


def check_statement(authority: Authority, statement: bytes, now: int) -> PendingSigner:
    """The pending signer that ``statement`` puts in force; raises StatementRefused.

    Raises CommandError when the chain on disk is damaged.
    """
    return _check(authority.home, authority.config, statement, now)


def take_statement(
    authority: Authority, statement: bytes, now: int, *, account: Account | None
) -> str:
    """Put a statement in force; the thumbprint of its signer, of which no bundle is out yet.

    Only for a caller that holds the lock of making. ``account`` is who did so last, None for
    whoever can write to the home. Raises StatementRefused and CommandError.
    """
    home = authority.home
    pending = _check(home, authority.config, statement, now)
    authority.audit.note(Action.DELEGATE, account, now)
    # An interruption after this leaves a copy, and the pending one to try again with.
    with suppress(FileExistsError):
        pending.load().create(signer_path(home, pending.thumbprint))
    chain = [*load_delegations(home), _text(statement)]
    put_in_force(home, chain, signer=pending.thumbprint)
    return pending.thumbprint


def delegate(
    authority: Authority,
    root: SigningKey,
    *,
    next_root: SigningKey | None,
    now: int,
    progress: Progress,
) -> str:
    """Sign the next statement with a root key that is here; the thumbprint of its signer.

    Only whoever can write to the home can. Raises CommandError.
    """
    with authority.making():
        authority.audit.note(Action.DELEGATE, None, now)
        signer = delegate_next(
            authority.home, authority.config, root=root, next_root=next_root, now=now
        )
    publish_with_new_signer(authority, now, progress)
    return signer


def publish_with_new_signer(authority: Authority, now: int, progress: Progress = silent) -> None:
    """What follows a new root statement, wherever it was signed.

    Where no service runs beside, the windows since the last bundle have no keys yet.
    """
    make_missing_keys(authority, now, progress)
    publish(authority, now)


def _check(home: Home, config: Config, statement: bytes, now: int) -> PendingSigner:
    unverified = _parse(statement)  # 1
    payload = unverified.unverified_payload
    last = current_statement(home, config)
    if unverified.unverified_header.get("kid") not in tuple(last.roots):  # 2
        raise StatementRefused(StatementFault.WRONG_ROOT)
    if payload["version"] != last.version + 1:  # 3
        raise StatementRefused(StatementFault.WRONG_VERSION)
    if any(not 0 < s["exp"] - s["nbf"] <= LONGEST_DELEGATION for s in payload["signers"]):  # 4
        raise StatementRefused(StatementFault.TOO_LONG)
    try:
        # Every client walks the same chain; what is left to be wrong is the signature.
        signers = walk_chain([*load_delegations(home), unverified.text], root=config.root).signers
    except BundleRejected:
        raise StatementRefused(StatementFault.WRONG_ROOT) from None
    waiting = {signer.thumbprint: signer for signer in pending_signers(home)}
    if len(payload["signers"]) != 1 or not signers.keys() <= waiting.keys():  # 5
        raise StatementRefused(StatementFault.FOREIGN_SIGNER)
    [(name, jwk)] = signers.items()
    if not jwk["nbf"] <= now < jwk["exp"]:  # 6
        raise StatementRefused(StatementFault.NOT_NOW)
    return waiting[name]


def _parse(statement: bytes) -> UnverifiedJws:
    try:
        unverified = parse(_text(statement))
    except ValueError:
        raise StatementRefused(StatementFault.NOT_A_STATEMENT) from None
    if not matches("root-statement", unverified.unverified_payload):
        raise StatementRefused(StatementFault.NOT_A_STATEMENT)
    return unverified


def _text(statement: bytes) -> str:
    """A file may end with a line break; raises ValueError for anything but ASCII."""
    return statement.decode("ascii").strip()
