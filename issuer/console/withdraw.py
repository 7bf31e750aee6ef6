"""Stop issuing for a person, or lift that, or end what a lost phone holds.

What will happen is said and asked first.
"""

from typing import Any

from starlette.responses import Response

from issuer import staff_actions
from issuer.console.desk import Desk, Page
from issuer.oversight.audit import Action
from issuer.registration.withdrawals import WITHDRAWALS
from issuer.rules.values import FRAUD
from issuer.staff import Role
from issuer.staff_actions import ROLES
from schemas.kinds import HOUR
from schemas.problems import ApiProblem, Problem
from shell.times import local_date, local_time


def show(desk: Desk) -> Response:
    is_officer = desk.account.role is Role.OFFICER
    kinds = [kind for kind in WITHDRAWALS if is_officer or kind != FRAUD]
    return desk.page(
        "person.html",
        what="withdraw",
        kinds=[{"id": kind, "name": desk.evidence_name(kind)} for kind in kinds],
        today=local_date(desk.now, desk.authority.policy.zone),
        may_lift=is_officer,
    )


def act(desk: Desk) -> Response:
    evidence, whom = desk.sent("evidence"), _whom(desk)
    if evidence not in WITHDRAWALS:
        raise ApiProblem(Problem.INVALID)
    if evidence == FRAUD or desk.sent("lift"):
        staff_actions.require(desk.account, Action.LIFT)
    at = desk.sent_time("date")
    if desk.sent("step") != "do":
        return _ask(desk, evidence, at)
    if desk.sent("lift"):
        left = staff_actions.lift(
            desk.authority, desk.account, **whom, evidence=evidence, now=desk.now
        )
        if left is None:
            return desk.done("lifted")
        return desk.done("lifted_but", until=local_time(left, desk.authority.policy.zone))
    result = staff_actions.withdraw(
        desk.authority, desk.account, **whom, evidence=evidence, at=at, now=desk.now
    )
    return desk.done("withdrawn_until", until=local_time(result.until, desk.authority.policy.zone))


def show_lost(desk: Desk) -> Response:
    return desk.page("person.html", what="lost_phone", kinds=[], may_lift=False, today="")


def end_lost(desk: Desk) -> Response:
    """A phone was lost: its wallet gets nothing more, and its owner can have a new code."""
    whom = _whom(desk)
    if desk.sent("step") != "do":
        consequence = desk.say("lost_phone_means", count=_last_pass_hours(desk))
        kept = {name: desk.sent(name) for name in ("reference", "no_iin")}
        return desk.page("person_sure.html", consequence=consequence, kept=kept)
    staff_actions.end_lost(desk.authority, desk.account, **whom, now=desk.now)
    return desk.done("lost_phone_done")


def _whom(desk: Desk) -> dict[str, Any]:
    """Whom the form is about; raises ApiProblem ``invalid`` for nobody, ``not_an_iin``.

    What cannot be done is told before anybody is asked whether it should be.
    """
    no_iin = bool(desk.sent("no_iin"))
    reference = staff_actions.person(
        desk.authority, desk.sent("reference"), no_iin=no_iin, now=desk.now
    )
    return {"reference": reference, "no_iin": no_iin}


def _last_pass_hours(desk: Desk) -> int:
    """Within how many hours the last pass of somebody who is withdrawn now is over, rounded up.

    A wallet can hold passes for the current and the next window.
    """
    calendar = desk.authority.policy.calendar
    ends = calendar.next_window(calendar.window_at(desk.now)).exp
    return -(-(ends - desk.now) // HOUR)


def _ask(desk: Desk, evidence: str, at: int) -> Response:
    policy = desk.authority.policy
    if desk.sent("lift"):
        consequence = desk.say("lift_means", why=desk.evidence_name(evidence))
    else:
        ends = policy.evidence_ends(evidence, at)
        if at > desk.now or ends <= desk.now:
            raise ApiProblem(Problem.INVALID)
        until = local_time(ends, policy.zone)
        consequence = desk.say(
            "withdraw_means",
            why=desk.evidence_name(evidence), until=until, count=_last_pass_hours(desk),
        )  # fmt: skip
    kept = {name: desk.sent(name) for name in ("evidence", "date", "reference", "no_iin", "lift")}
    return desk.page("person_sure.html", consequence=consequence, kept=kept)


PAGE = Page("/console/withdraw", "withdraw", ROLES[Action.WITHDRAW], show, act)
LOST_PAGE = Page("/console/lost-phone", "lost_phone", ROLES[Action.LOST_PHONE], show_lost, end_lost)
