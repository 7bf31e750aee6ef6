"""A pass on paper, for somebody without a phone: it counts together with an ID only."""

from starlette.responses import Response

from issuer import paper, staff_actions
from issuer.console.desk import Desk, Page
from issuer.console.register import form, person, show_slip, slip_language
from issuer.oversight.audit import Action
from issuer.slips import paper_slip
from issuer.staff_actions import ROLES
from schemas.problems import ApiProblem


def show(desk: Desk) -> Response:
    return form(desk, "paper")


def act(desk: Desk) -> Response:
    """A slip, or the form once more with what is wrong."""
    try:
        birthday, reference = person(desk)
        issued = paper.issue(
            desk.authority,
            evidence=desk.sent("evidence"),
            at=desk.sent_time("date", "time"),
            birthday=birthday or "",
            reference=reference
            and staff_actions.person(
                desk.authority, reference, no_iin=bool(desk.sent("no_iin")), now=desk.now
            ),
            now=desk.now,
            account=desk.account,
        )
    except ApiProblem as problem:
        return form(desk, "paper", problem)
    slip = paper_slip(desk.authority.policy, issued, language=slip_language(desk))
    return show_slip(desk, slip, again=PAGE.path)


PAGE = Page("/console/paper", "paper", ROLES[Action.PAPER], show, act)
