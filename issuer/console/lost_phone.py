"""A phone was lost: its wallet gets nothing more, and its owner can have a new code."""

from starlette.responses import Response

from issuer import staff_actions
from issuer.console.desk import Desk, Page
from issuer.console.withdraw import last_pass_hours, reference_of
from issuer.staff import Role


def show(desk: Desk) -> Response:
    return desk.page("person.html", what="lost_phone", kinds=[], may_lift=False, today="")


def act(desk: Desk) -> Response:
    reference = reference_of(desk)
    if desk.sent("step") != "do":
        consequence = desk.say("lost_phone_means", hours=last_pass_hours(desk))
        return desk.page("person_sure.html", consequence=consequence, kept={"reference": reference})
    staff_actions.end_lost(desk.authority, desk.account, reference=reference, now=desk.now)
    return desk.done("lost_phone_done")


PAGE = Page("/console/lost-phone", "lost_phone", frozenset({Role.REGISTRAR}), show, act)
