"""Exposure notices: one officer brings a venue's export, another agrees; what is published now."""

from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.notices.exports import NoticeFault, NoticeRefused, Proposal
from issuer.notices.publishing import (
    KIND,
    Publication,
    agree_to_notice,
    hours_of,
    last_end,
    propose_notice,
    publications,
    withdraw_notice,
)
from issuer.notices.words import warning_texts
from issuer.oversight.approvals import ApprovalRefused, Pending, pending, reject
from issuer.oversight.audit import Action
from issuer.staff import Role
from issuer.staff_actions import require
from schemas.problems import ApiProblem, Problem
from shell.times import local_span, local_time, spans

_TIMES = ("from_date", "from_time", "to_date", "to_time")


def show(desk: Desk) -> Response:
    return _page(desk, None)


def act(desk: Desk) -> Response:
    """Bring an export, agree to one, reject it, or withdraw what was published."""
    require(desk.account, Action.NOTICE_PUBLISH)
    steps = {
        "bring": _bring,
        "agree": _agree,
        "reject": _reject,
        "withdraw": _are_you_sure,
        "do": _withdraw,
    }
    step = steps.get(desk.sent("step"))
    try:
        return step(desk) if step else _page(desk, None)
    except ApprovalRefused as refused:
        return _page(desk, desk.say(f"{refused.fault}_proposal"))
    except NoticeRefused as refused:
        return _page(desk, _sentence(desk, refused))


def _bring(desk: Desk) -> Response:
    try:
        start = desk.sent_time("from_date", "from_time")
        end = desk.sent_time("to_date", "to_time")
    except ApiProblem as problem:
        if problem.fault is not Problem.INVALID:
            raise
        return _page(desk, desk.say("notice_bad_time"))
    # A browser sends another letter as one that no export has, so it is refused as none.
    file = desk.sent("export").encode("ascii", "replace")
    proposal = Proposal.of(file, start=start, end=end)
    propose_notice(desk.authority, proposal, desk.account, desk.now)
    return desk.done("notice_waits")


def _agree(desk: Desk) -> Response:
    publication = agree_to_notice(desk.authority, desk.sent("digest"), desk.account, desk.now)
    return desk.done("notice_published", number=len(publication.hours))


def _reject(desk: Desk) -> Response:
    reject(desk.authority.home, KIND, desk.sent("digest"), desk.account, desk.now)
    return desk.done("proposal_rejected")


def _are_you_sure(desk: Desk) -> Response:
    name = desk.sent("name")
    found = [one for one in publications(desk.authority, desk.now) if one.name == name]
    if not found:
        raise NoticeRefused(NoticeFault.UNKNOWN_NAME)
    return desk.page(
        "person_sure.html",
        consequence=desk.say("notice_withdraw_means", number=len(found[0].hours)),
        kept={"name": name},
    )


def _withdraw(desk: Desk) -> Response:
    hours = withdraw_notice(desk.authority, desk.sent("name"), desk.account, desk.now)
    return desk.done("notice_withdrawn", number=hours)


def _proposal(desk: Desk, waiting: Pending) -> dict[str, Any]:
    """What the second officer agrees to: opened anew, since hours die while it waits."""
    try:
        hours = hours_of(desk.authority, Proposal.decode(waiting.value), desk.now)
    except NoticeRefused as refused:
        content: dict[str, Any] = {"problem": _sentence(desk, refused), "number": 0}
    else:
        zone = desk.authority.policy.zone
        title, advice = warning_texts(hours, zone)[desk.language].split("\n")
        content = _told(desk, hours) | {"problem": None, "title": title, "advice": advice}
    return content | {
        "digest": waiting.digest,
        "is_mine": waiting.proposer == desk.account.number,
        "can_be_agreed_to": content["problem"] is None,
        "waits": local_time(waiting.expires_at, desk.authority.policy.zone),
    }


def _publication(desk: Desk, publication: Publication) -> dict[str, Any]:
    return _told(desk, publication.hours) | {"name": publication.name}


def _told(desk: Desk, hours: tuple[int, ...]) -> dict[str, Any]:
    policy = desk.authority.policy
    return {
        "spans": [local_span(span, policy.zone) for span in spans(hours)],
        "number": len(hours),
        "ends": local_time(last_end(hours), policy.zone),
    }


def _sentence(desk: Desk, refused: NoticeRefused) -> str:
    zone = desk.authority.policy.zone
    named = ", ".join(local_span(span, zone).spelt(desk.language) for span in spans(refused.hours))
    return desk.say(f"notice_{refused.fault}") + (f" {named}" if named else "")


def _page(desk: Desk, problem: str | None) -> Response:
    waiting = pending(desk.authority.home, KIND, desk.now)
    published = publications(desk.authority, desk.now)
    return desk.page(
        "notices.html",
        status=400 if problem else 200,
        problem=problem,
        may_act=desk.account.role is Role.OFFICER,
        zone=desk.authority.policy.zone.key,
        sent={name: desk.sent(name) for name in _TIMES},
        waiting=[_proposal(desk, one) for one in waiting],
        published=[_publication(desk, one) for one in published],
    )


PAGE = Page("/console/notices", "notices", frozenset({Role.OFFICER, Role.AUDITOR}), show, act)
