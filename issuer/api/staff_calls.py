"""What laboratories and officers call: register, cancel, withdraw, lift."""

from typing import Any

from issuer import staff_actions
from issuer.api.requests import Call, bearer_key, parse_body
from issuer.authority import Authority
from issuer.oversight.audit import Action
from issuer.staff import Account
from issuer.staff_actions import result_members, until_members
from schemas.encoding import parse_body_time
from schemas.problems import ApiProblem, Problem


def post_codes(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Register one result: an activation code, or a withdrawal."""
    account = _staff(authority, call, now, Action.REGISTER)
    body = parse_body(call, "code-request")
    result = staff_actions.register(
        authority,
        account,
        evidence=body["evidence"],
        at=_time(body["at"]),
        birthday=body.get("birthday"),
        reference=body.get("reference"),
        no_iin=body.get("no_iin", False),
        now=now,
    )
    return result_members(authority, result)


def post_cancel(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Void a lost or misprinted slip."""
    account = _staff(authority, call, now, Action.CANCEL)
    staff_actions.cancel(authority, account, parse_body(call, "cancel-request")["code"], now)
    return {"done": True}


def post_withdrawals(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """Stop issuing for a person; fraud is for officers."""
    account = _staff(authority, call, now, Action.WITHDRAW)
    body = parse_body(call, "withdrawal-request")
    result = staff_actions.withdraw(
        authority,
        account,
        reference=body["reference"],
        no_iin=body.get("no_iin", False),
        evidence=body["evidence"],
        at=_time(body["at"]),
        now=now,
    )
    return result_members(authority, result)


def post_lift(authority: Authority, call: Call, now: int) -> dict[str, Any]:
    """End a withdrawal early; for officers."""
    account = _staff(authority, call, now, Action.LIFT)
    body = parse_body(call, "withdrawal-request")
    _time(body["at"])
    until = staff_actions.lift(
        authority,
        account,
        reference=body["reference"],
        no_iin=body.get("no_iin", False),
        evidence=body["evidence"],
        now=now,
    )
    return until_members(until)


def _staff(authority: Authority, call: Call, now: int, action: Action) -> Account:
    """Raises ApiProblem ``not_allowed``: 401 without a right key, 403 with another role."""
    key = bearer_key(call)
    account = authority.staff.authenticate(key, now) if key else None
    if account is None:
        raise ApiProblem(Problem.NOT_ALLOWED)
    staff_actions.require(account, action)
    return account


def _time(text: str) -> int:
    try:
        return parse_body_time(text)
    except ValueError:
        raise ApiProblem(Problem.INVALID) from None
