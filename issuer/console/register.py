"""Slips: register one result, of whose person nothing is kept, or void a slip that was lost."""

import re
from base64 import b64encode
from datetime import UTC, datetime

from starlette.responses import Response

from issuer import staff_actions
from issuer.console.desk import Desk, Page
from issuer.oversight.audit import Action
from issuer.registration.codes import IssuedCode
from issuer.registration.iin import parse_iin
from issuer.slips import Slip, activation_slip
from issuer.staff_actions import ROLES
from schemas.hints import HintForm
from schemas.languages import Language
from schemas.problems import ApiProblem, Problem
from shell.slips import Paper, draw_pdf, draw_png
from shell.times import local_clock, local_date, local_time

_IN_A_DATE = re.compile(r"[0-9]{1,2}")
_INVALID = {"register": "register_invalid", "paper": "paper_invalid"}


def show(desk: Desk) -> Response:
    return form(desk, "register")


def act(desk: Desk) -> Response:
    """A slip, a withdrawal, or the form once more with what is wrong."""
    try:
        birthday, reference = person(desk)
        result = staff_actions.register(
            desk.authority,
            desk.account,
            evidence=desk.sent("evidence"),
            at=desk.sent_time("date", "time"),
            birthday=birthday,
            reference=reference,
            no_iin=bool(desk.sent("no_iin")),
            now=desk.now,
        )
    except ApiProblem as problem:
        return form(desk, "register", problem)
    if not isinstance(result, IssuedCode):
        until = local_time(result.until, desk.authority.policy.zone)
        return desk.done("withdrawn_until", until=until)
    slip = activation_slip(
        desk.authority.policy,
        code=result.code,
        link=desk.authority.activation_url(result.code),
        expires_at=result.expires_at,
        language=slip_language(desk),
    )
    return show_slip(desk, slip, again=PAGE.path)


def person(desk: Desk) -> tuple[str | None, str | None]:
    """Birthday ``MM-DD`` and reference of whom the form is about; raises ApiProblem ``invalid``.

    An IIN is both. It leaves this process as a keyed hash only.
    """
    if number := desk.sent("iin"):
        today = datetime.fromtimestamp(desk.now, UTC).astimezone(
            desk.authority.policy.calendar.zone
        )
        try:
            iin = parse_iin(number, today=today.date())
        except ValueError:
            raise ApiProblem(Problem.INVALID) from None
        return iin.birthday, iin.number
    month, day = desk.sent("month"), desk.sent("day")
    reference = desk.sent("reference") or None
    if not (month or day):
        return None, reference
    if not (_IN_A_DATE.fullmatch(month) and _IN_A_DATE.fullmatch(day)):
        raise ApiProblem(Problem.INVALID)
    return f"{int(month):02}-{int(day):02}", reference


def form(desk: Desk, what: str, problem: ApiProblem | None = None) -> Response:
    """The form that asks for a result, of which ``what`` is made, with what is wrong.

    It has the last choices that name nobody. A pass on paper needs a birthday and a status.
    """
    policy, on_paper = desk.authority.policy, what == "paper"
    kinds = [rule.id for rule in policy.evidence.values() if rule.gives or not on_paper]
    return desk.page(
        "register.html",
        status=problem.status if problem else 200,
        what=what,
        problem=_sentence(desk, what, problem) if problem else None,
        kinds=[{"id": kind, "name": desk.evidence_name(kind)} for kind in kinds],
        chosen=desk.sent("evidence"),
        asks_birthday=on_paper or desk.authority.config.hint is not HintForm.NONE,
        months=[desk.say(f"month_{number:02}") for number in range(1, 13)],
        slip_language=slip_language(desk).value,
        zone=policy.calendar.zone.key,
        today=local_date(desk.now, policy.zone),
        # Were they set back to now after a mistake elsewhere, nobody would notice.
        date=desk.sent("date") or local_date(desk.now, policy.zone),
        clock=desk.sent("time") or local_clock(desk.now, policy.zone),
    )


def _sentence(desk: Desk, what: str, problem: ApiProblem) -> str:
    is_invalid = problem.fault is Problem.INVALID
    return desk.say(_INVALID[what]) if is_invalid else problem.text(desk.language)


def slip_language(desk: Desk) -> Language:
    """The citizen's, which need not be that of the page."""
    chosen = desk.sent("slip_language")
    return Language(chosen) if chosen in set(Language) else desk.language


def show_slip(desk: Desk, slip: Slip, *, again: str) -> Response:
    """A slip to print or to save: all of it is in this one answer, and the server keeps no copy."""
    files = {
        f"{name}_{kind}": b64encode(draw(slip, paper)).decode("ascii")
        for name, paper in (("a6", Paper.A6), ("roll", Paper.ROLL_58))
        for kind, draw in (("png", draw_png), ("pdf", draw_pdf))
    }
    return desk.page("slip.html", code=slip.code, again=again, files=files)


def show_cancel(desk: Desk) -> Response:
    return desk.page("cancel.html")


def cancel(desk: Desk) -> Response:
    """Void a lost or misprinted slip, so that its result can be registered again."""
    staff_actions.cancel(desk.authority, desk.account, desk.sent("code"), desk.now)
    return desk.done("cancelled")


PAGE = Page("/console/register", "register", ROLES[Action.REGISTER], show, act)
CANCEL_PAGE = Page("/console/cancel", "cancel", ROLES[Action.CANCEL], show_cancel, cancel)
