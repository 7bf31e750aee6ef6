"""A root statement that was signed offline: one officer brings it, another agrees."""

from base64 import b64encode
from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.keys.roots import Changes
from issuer.oversight.approvals import (
    ApprovalKind,
    ApprovalRefused,
    Pending,
    agreeing,
    pending,
    propose,
    reject,
)
from issuer.oversight.audit import Action
from issuer.publication.root_requests import carried_in, signing_request
from issuer.publication.root_statements import (
    StatementRefused,
    check_statement,
    publish_with_new_signer,
    take_statement,
)
from issuer.staff_actions import ROLES
from schemas.root_statements import parse_signed
from shell.times import local_time

_KIND = ApprovalKind.ROOT_STATEMENT


def show(desk: Desk) -> Response:
    return _page(desk, None)


def act(desk: Desk) -> Response:
    """Ask for a signature, bring a statement, agree to one, or reject it."""
    steps = {"request": _request, "bring": _bring, "agree": _agree, "reject": _reject}
    step = steps.get(desk.sent("step"))
    try:
        return step(desk) if step else _page(desk, None)
    except ApprovalRefused as refused:
        return _page(desk, desk.say(f"{refused.fault}_proposal"))
    except StatementRefused as refused:
        return _page(desk, desk.say(f"statement_{refused.fault}"))


def _request(desk: Desk) -> Response:
    desk.authority.audit.note(Action.SIGNING_REQUEST, desk.account, desk.now)
    request = signing_request(desk.authority, Changes(), desk.now)
    return _page(desk, None, request=b64encode(request.encode()).decode("ascii"))


def _bring(desk: Desk) -> Response:
    statement = desk.sent("statement").encode("ascii", "replace").strip()
    check_statement(desk.authority, statement, desk.now)
    propose(desk.authority.home, _KIND, statement, desk.account, desk.now)
    return _page(desk, None)


def _agree(desk: Desk) -> Response:
    authority, account, now = desk.authority, desk.account, desk.now
    agreed = agreeing(authority.home, _KIND, desk.sent("digest"), account, now)
    with authority.making(), agreed as statement:
        take_statement(authority, statement, now, account=account)
    publish_with_new_signer(authority, now)
    waits = authority.entered() is not None
    return desk.done("statement_waits" if waits else "statement_in_force")


def _reject(desk: Desk) -> Response:
    reject(desk.authority.home, _KIND, desk.sent("digest"), desk.account, desk.now)
    return desk.done("proposal_rejected")


def _proposal(desk: Desk, proposal: Pending) -> dict[str, Any]:
    """What the second officer agrees to: it was checked when it was brought."""
    statement = parse_signed(carried_in(proposal.value)).statement
    zone = desk.authority.policy.zone
    [(signer, member)] = statement.signers.items()
    return {
        "digest": proposal.digest,
        "is_mine": proposal.proposer == desk.account.number,
        "can_be_agreed_to": True,
        "ends": local_time(proposal.expires_at, zone),
        "version": statement.version,
        "signer": signer,
        "signer_ends": local_time(member["exp"], zone),
        "roots": list(statement.roots),
        "threshold": statement.threshold,
        "sunset": local_time(statement.sunset, zone),
        "log": statement.log.text,
        "witnesses": [f"{one.key.text} {one.url}" for one in statement.witnesses],
        "quorum": statement.quorum,
    }


def _page(desk: Desk, problem: str | None, **more: Any) -> Response:
    waiting = pending(desk.authority.home, _KIND, desk.now)
    values = {
        "problem": problem,
        "request": None,
        "waiting": [_proposal(desk, proposal) for proposal in waiting],
    }
    return desk.page("root_statement.html", status=400 if problem else 200, **(values | more))


PAGE = Page("/console/root-statement", "", ROLES[Action.DELEGATE], show, act)
