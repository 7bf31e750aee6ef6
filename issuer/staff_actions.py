"""What staff may do with results and people, whichever way they ask: by API or on a page.

An action is noted before it is committed: where the note fails, nothing has happened, and it can be
done again.
"""

from issuer.authority import Authority
from issuer.oversight.audit import Action
from issuer.registration.codes import IssuedCode, cancel_code
from issuer.registration.withdrawals import Withdrawn
from issuer.rules.values import FRAUD
from issuer.staff import Account, Capped, Role
from schemas.problems import NOT_ALLOWED_FOR_ROLE, ApiProblem, Problem


def register(
    authority: Authority,
    account: Account,
    *,
    evidence: str,
    at: int,
    birthday: str | None,
    reference: str | None,
    now: int,
) -> IssuedCode | Withdrawn:
    """Register one result; raises ApiProblem, ``too_many`` at the account's daily cap."""
    rule = authority.policy.evidence.get(evidence)
    withdraws = rule is not None and rule.withdraws
    spend(authority, account, Capped.WITHDRAWALS if withdraws else Capped.CODES, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.register(
            tx, evidence=evidence, at=at, birthday=birthday, reference=reference, now=now
        )
        authority.audit.note(Action.REGISTER, account, now)
    return result


def cancel(authority: Authority, account: Account, code: str, now: int) -> None:
    """Void a lost or misprinted slip; raises ApiProblem ``code_unknown`` or ``code_used``."""
    with authority.store.transaction(now) as tx:
        cancel_code(tx, code)
        authority.audit.note(Action.CANCEL, account, now)


def withdraw(
    authority: Authority, account: Account, *, reference: str, evidence: str, at: int, now: int
) -> Withdrawn:
    """Stop issuing for a person; fraud is for officers. Raises ApiProblem."""
    if evidence == FRAUD:
        require(account, Role.OFFICER)
    spend(authority, account, Capped.WITHDRAWALS, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.withdraw_reference(
            tx, reference=reference, evidence=evidence, at=at, now=now
        )
        authority.audit.note(Action.WITHDRAW, account, now)
    return result


def lift(
    authority: Authority, account: Account, *, reference: str, evidence: str, now: int
) -> int | None:
    """End a withdrawal early; until when another kind still withdraws. Raises ApiProblem."""
    require(account, Role.OFFICER)
    with authority.store.transaction(now) as tx:
        until = authority.registrar.lift(tx, reference=reference, evidence=evidence)
        authority.audit.note(Action.LIFT, account, now)
    return until


def end_lost(authority: Authority, account: Account, *, reference: str, now: int) -> None:
    """A phone was lost: its wallet gets nothing more. It counts as a withdrawal against the cap."""
    spend(authority, account, Capped.WITHDRAWALS, now)
    with authority.store.transaction(now) as tx:
        authority.registrar.end_lost(tx, reference=reference, now=now)
        authority.audit.note(Action.LOST_PHONE, account, now)


def require(account: Account, *roles: Role) -> None:
    """Raises ApiProblem ``not_allowed``, 403, for an account of another role."""
    if account.role not in roles:
        raise ApiProblem(Problem.NOT_ALLOWED, status=NOT_ALLOWED_FOR_ROLE)


def spend(authority: Authority, account: Account, what: Capped, now: int) -> None:
    """Count against a registrar's daily cap; raises ApiProblem ``too_many``."""
    caps = authority.policy.caps
    cap = caps.codes if what is Capped.CODES else caps.withdrawals
    if account.role is Role.REGISTRAR:
        authority.staff.spend(account, what, cap=cap, now=now)
