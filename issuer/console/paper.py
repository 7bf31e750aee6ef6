"""A pass on paper, for somebody without a phone: it counts together with an ID only."""

from starlette.responses import Response

from issuer import paper
from issuer.console.desk import Desk, Page
from issuer.console.moments import parse_moment
from issuer.console.register import person, person_fields, show_slip, slip_language
from issuer.oversight.audit import Action
from issuer.slips import paper_slip
from issuer.staff_actions import ROLES
from schemas.problems import ApiProblem, Problem


def show(desk: Desk) -> Response:
    return _form(desk, None)


def act(desk: Desk) -> Response:
    """A slip, or the form once more with what is wrong."""
    try:
        birthday, reference = person(desk)
        issued = paper.issue(
            desk.authority,
            evidence=desk.sent("evidence"),
            at=parse_moment(desk.authority.policy, desk.sent("date"), desk.sent("time")),
            birthday=birthday or "",
            reference=reference,
            now=desk.now,
            account=desk.account,
        )
    except ApiProblem as problem:
        return _form(desk, problem)
    slip = paper_slip(desk.authority.policy, issued, language=slip_language(desk))
    return show_slip(desk, slip, again=PAGE.path)


def _form(desk: Desk, problem: ApiProblem | None) -> Response:
    evidence = desk.authority.policy.evidence.values()
    kinds = [
        {"id": rule.id, "name": desk.evidence_name(rule.id)} for rule in evidence if rule.gives
    ]
    sentence = None
    if problem is not None:
        is_invalid = problem.fault is Problem.INVALID
        sentence = desk.say("paper_invalid") if is_invalid else problem.text(desk.language)
    fields = person_fields(desk) | {"asks_birthday": True}
    return desk.page(
        "register.html",
        status=problem.status if problem else 200,
        what="paper",
        problem=sentence,
        kinds=kinds,
        chosen=desk.sent("evidence"),
        **fields,
    )


PAGE = Page("/console/paper", "paper", ROLES[Action.PAPER], show, act)
