"""What laboratories and officers call: register, cancel, withdraw, lift.

An action is noted before it is committed: where the note fails, nothing has happened, and the call
can be made again.
"""

from typing import Any

from issuer.api.requests import Call, bearer_key, parse_body
from issuer.audit import Action
from issuer.authority import Authority
from issuer.registration import IssuedCode, Withdrawn, cancel_code
from issuer.rules.values import FRAUD
from issuer.staff import Account, Capped, Role
from schemas.activation import Activation, format_activation_url, format_code
from schemas.encoding import format_time, parse_body_time
from schemas.problems import NOT_ALLOWED_FOR_ROLE, ApiProblem, Problem


def post_codes(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Register one result: an activation code, or a withdrawal."""
    account = _staff(authority, call, now, Role.REGISTRAR)
    body = parse_body(call, "code-request")
    rule = authority.policy.evidence.get(body["evidence"])
    withdraws = rule is not None and rule.withdraws
    _spend(authority, account, Capped.WITHDRAWALS if withdraws else Capped.CODES, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.register(
            tx,
            evidence=body["evidence"],
            at=_time(body["at"]),
            birthday=body.get("birthday"),
            reference=body.get("reference"),
            now=now,
        )
        authority.audit.note(Action.REGISTER, account, now)
    return result_members(authority, result)


def post_cancel(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Void a lost or misprinted slip."""
    account = _staff(authority, call, now, Role.REGISTRAR)
    body = parse_body(call, "cancel-request")
    with authority.store.transaction(now) as tx:
        cancel_code(tx, body["code"])
        authority.audit.note(Action.CANCEL, account, now)
    return {"done": True}


def post_withdrawals(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Stop issuing for a person; fraud is for officers."""
    account = _staff(authority, call, now, Role.REGISTRAR, Role.OFFICER)
    body = parse_body(call, "withdrawal-request")
    if body["evidence"] == FRAUD:
        _require(account, Role.OFFICER)
    _spend(authority, account, Capped.WITHDRAWALS, now)
    with authority.store.transaction(now) as tx:
        result = authority.registrar.withdraw_reference(
            tx,
            reference=body["reference"],
            evidence=body["evidence"],
            at=_time(body["at"]),
            now=now,
        )
        authority.audit.note(Action.WITHDRAW, account, now)
    return result_members(authority, result)


def post_lift(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """End a withdrawal early; for officers."""
    account = _staff(authority, call, now, Role.OFFICER)
    body = parse_body(call, "withdrawal-request")
    _time(body["at"])
    with authority.store.transaction(now) as tx:
        until = authority.registrar.lift(tx, reference=body["reference"], evidence=body["evidence"])
        authority.audit.note(Action.LIFT, account, now)
    return {"withdrawn_until": None if until is None else format_time(until)}


def result_members(authority: Authority, result: IssuedCode | Withdrawn) -> dict[str, Any]:
    """What a registrar is told of a registered result."""
    if isinstance(result, Withdrawn):
        return {"withdrawn_until": format_time(result.until)}
    config = authority.config
    return {
        "code": format_code(result.code),
        "activation_url": format_activation_url(Activation(config.url, result.code, config.root)),
        "expires_at": format_time(result.expires_at),
    }


def _staff(authority: Authority, call: Call, now: int, *roles: Role) -> Account:
    """Raises ApiProblem ``not_allowed``: 401 without a right key, 403 with another role."""
    key = bearer_key(call)
    account = authority.staff.authenticate(key, now) if key else None
    if account is None:
        raise ApiProblem(Problem.NOT_ALLOWED)
    _require(account, *roles)
    return account


def _require(account: Account, *roles: Role) -> None:
    if account.role not in roles:
        raise ApiProblem(Problem.NOT_ALLOWED, status=NOT_ALLOWED_FOR_ROLE)


def _spend(authority: Authority, account: Account, what: Capped, now: int) -> None:
    caps = authority.policy.caps
    cap = caps.codes if what is Capped.CODES else caps.withdrawals
    if account.role is Role.REGISTRAR:
        authority.staff.spend(account, what, cap=cap, now=now)


def _time(text: str) -> int:
    try:
        return parse_body_time(text)
    except ValueError:
        raise ApiProblem(Problem.INVALID) from None
