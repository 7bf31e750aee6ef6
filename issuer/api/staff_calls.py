"""What laboratories and officers call: register, cancel, withdraw, lift."""

from typing import Any

from issuer import staff_actions
from issuer.api.requests import Call, bearer_key, parse_body
from issuer.authority import Authority
from issuer.registration.codes import IssuedCode
from issuer.registration.withdrawals import Withdrawn
from issuer.staff import Account, Role
from schemas.activation import Activation, format_activation_url, format_code
from schemas.encoding import format_time, parse_body_time
from schemas.problems import ApiProblem, Problem


def post_codes(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Register one result: an activation code, or a withdrawal."""
    account = _staff(authority, call, now, Role.REGISTRAR)
    body = parse_body(call, "code-request")
    result = staff_actions.register(
        authority,
        account,
        evidence=body["evidence"],
        at=_time(body["at"]),
        birthday=body.get("birthday"),
        reference=body.get("reference"),
        now=now,
    )
    return result_members(authority, result)


def post_cancel(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Void a lost or misprinted slip."""
    account = _staff(authority, call, now, Role.REGISTRAR)
    staff_actions.cancel(authority, account, parse_body(call, "cancel-request")["code"], now)
    return {"done": True}


def post_withdrawals(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Stop issuing for a person; fraud is for officers."""
    account = _staff(authority, call, now, Role.REGISTRAR, Role.OFFICER)
    body = parse_body(call, "withdrawal-request")
    result = staff_actions.withdraw(
        authority,
        account,
        reference=body["reference"],
        evidence=body["evidence"],
        at=_time(body["at"]),
        now=now,
    )
    return result_members(authority, result)


def post_lift(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """End a withdrawal early; for officers."""
    account = _staff(authority, call, now, Role.OFFICER)
    body = parse_body(call, "withdrawal-request")
    _time(body["at"])
    until = staff_actions.lift(
        authority, account, reference=body["reference"], evidence=body["evidence"], now=now
    )
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
    staff_actions.require(account, *roles)
    return account


def _time(text: str) -> int:
    try:
        return parse_body_time(text)
    except ValueError:
        raise ApiProblem(Problem.INVALID) from None
