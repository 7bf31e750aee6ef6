"""What staff may do with results and people, whichever way they ask: by API, page or command line.

``account`` is None on the command line, where being able to write to the home is the permission:
then no role and no cap is looked at, and the audit names no account.

An action is noted before it is committed: where the note fails, nothing has happened, and it can be
done again.
"""

from datetime import datetime
from typing import Any

from issuer.authority import Authority
from issuer.oversight.audit import Action
from issuer.registration.codes import IssuedCode, cancel_code
from issuer.registration.references import typed_reference
from issuer.registration.withdrawals import Withdrawn
from issuer.rules.values import FRAUD
from issuer.staff import Account, Capped, Role
from schemas.activation import format_code
from schemas.encoding import format_time
from schemas.problems import NOT_ALLOWED_FOR_ROLE, ApiProblem, Problem

_REGISTRARS, _OFFICERS = frozenset({Role.REGISTRAR}), frozenset({Role.OFFICER})

ROLES = {
    Action.REGISTER: _REGISTRARS,
    Action.PAPER: _REGISTRARS,
    Action.UPLOAD: _REGISTRARS,
    Action.CANCEL: _REGISTRARS,
    Action.LOST_PHONE: _REGISTRARS,
    Action.WITHDRAW: _REGISTRARS | _OFFICERS,
    Action.LIFT: _OFFICERS,
    Action.RETIRE: _OFFICERS,
    Action.DELEGATE: _OFFICERS,
    Action.NOTICE_PUBLISH: _OFFICERS,
}
"""Whose accounts may do what."""


def require(account: Account | None, action: Action) -> None:
    """Raises ApiProblem ``not_allowed``, 403, for an account whose role may not do that."""
    if account is not None and account.role not in ROLES[action]:
        raise ApiProblem(Problem.NOT_ALLOWED, status=NOT_ALLOWED_FOR_ROLE)


def register(
    authority: Authority,
    account: Account | None,
    *,
    evidence: str,
    at: int,
    birthday: str | None,
    reference: str | None,
    no_iin: bool = False,
    now: int,
) -> IssuedCode | Withdrawn:
    """Register one result; raises ApiProblem, ``too_many`` at the account's daily cap."""
    require(account, Action.REGISTER)
    if reference is not None:
        reference = person(authority, reference, no_iin=no_iin, now=now)
    rule = authority.policy.evidence.get(evidence)
    withdraws = rule is not None and rule.withdraws
    authority.spend(account, Capped.WITHDRAWALS if withdraws else Capped.CODES, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.register(
            tx, evidence=evidence, at=at, birthday=birthday, reference=reference, now=now
        )
        authority.audit.note(Action.REGISTER, account, now)
    return result


def cancel(authority: Authority, account: Account | None, code: str, now: int) -> None:
    """Void a lost or misprinted slip; raises ApiProblem ``code_unknown`` or ``code_used``."""
    require(account, Action.CANCEL)
    with authority.store.transaction(now) as tx:
        cancel_code(tx, code)
        authority.audit.note(Action.CANCEL, account, now)


def withdraw(
    authority: Authority,
    account: Account | None,
    *,
    reference: str,
    no_iin: bool = False,
    evidence: str,
    at: int,
    now: int,
) -> Withdrawn:
    """Stop issuing for a person; fraud is for officers. Raises ApiProblem."""
    require(account, Action.LIFT if evidence == FRAUD else Action.WITHDRAW)
    reference = person(authority, reference, no_iin=no_iin, now=now)
    authority.spend(account, Capped.WITHDRAWALS, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.withdraw_reference(
            tx, reference=reference, evidence=evidence, at=at, now=now
        )
        authority.audit.note(Action.WITHDRAW, account, now)
    return result


def lift(
    authority: Authority,
    account: Account | None,
    *,
    reference: str,
    no_iin: bool = False,
    evidence: str,
    now: int,
) -> int | None:
    """End a withdrawal early; until when another kind still withdraws. Raises ApiProblem."""
    require(account, Action.LIFT)
    reference = person(authority, reference, no_iin=no_iin, now=now)
    with authority.store.transaction(now) as tx:
        until = authority.registrar.lift(tx, reference=reference, evidence=evidence)
        authority.audit.note(Action.LIFT, account, now)
    return until


def end_lost(
    authority: Authority,
    account: Account | None,
    *,
    reference: str,
    no_iin: bool = False,
    now: int,
) -> None:
    """A phone was lost: its wallet gets nothing more. It counts as a withdrawal against the cap."""
    require(account, Action.LOST_PHONE)
    reference = person(authority, reference, no_iin=no_iin, now=now)
    authority.spend(account, Capped.WITHDRAWALS, now)
    with authority.store.transaction(now) as tx:
        authority.registrar.end_lost(tx, reference=reference, now=now)
        authority.audit.note(Action.LOST_PHONE, account, now)


def person(authority: Authority, reference: str, *, no_iin: bool, now: int) -> str:
    """The reference that somebody typed, as it counts. Raises ApiProblem for one that is none."""
    today = datetime.fromtimestamp(now, authority.policy.zone).date()
    return typed_reference(reference, no_iin=no_iin, today=today)


def result_members(authority: Authority, result: IssuedCode | Withdrawn) -> dict[str, Any]:
    """What a registrar is told of a registered result."""
    if isinstance(result, Withdrawn):
        return until_members(result.until)
    return {
        "code": format_code(result.code),
        "activation_url": authority.activation_url(result.code),
        "expires_at": format_time(result.expires_at),
    }


def until_members(until: int | None) -> dict[str, Any]:
    """Until when nothing is issued to a person; None when passes can be."""
    return {"withdrawn_until": None if until is None else format_time(until)}
