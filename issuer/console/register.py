"""Register one result: the slip is shown once, and nothing of the person is kept."""

import re
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from issuer import staff_actions
from issuer.console.desk import Desk, Page
from issuer.console.moments import local_clock, local_date, local_time, parse_moment
from issuer.console.slip_page import show_slip
from issuer.intake.iin import parse_iin
from issuer.registration.codes import IssuedCode
from issuer.slips import activation_slip
from issuer.staff import Role
from schemas.activation import Activation, format_activation_url
from schemas.hints import HintForm
from schemas.languages import Language
from schemas.problems import ApiProblem, Problem

_IN_A_DATE = re.compile(r"[0-9]{1,2}")


def show(desk: Desk) -> Response:
    """The form, with the last choices that name nobody."""
    return _form(desk, None)


def act(desk: Desk) -> Response:
    """A slip, a withdrawal, or the form once more with what is wrong."""
    try:
        birthday, reference = person(desk)
        result = staff_actions.register(
            desk.authority,
            desk.account,
            evidence=desk.sent("evidence"),
            at=parse_moment(desk.authority.policy, desk.sent("date"), desk.sent("time")),
            birthday=birthday,
            reference=reference,
            now=desk.now,
        )
    except ApiProblem as problem:
        return _form(desk, problem)
    if not isinstance(result, IssuedCode):
        until = local_time(desk.authority.policy, result.until)
        return desk.done("withdrawn_until", until=until)
    config = desk.authority.config
    link = format_activation_url(Activation(config.url, result.code, config.root))
    slip = activation_slip(
        desk.authority.policy, code=result.code, link=link, expires_at=result.expires_at,
        language=slip_language(desk),
    )  # fmt: skip
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


def person_fields(desk: Desk) -> dict[str, Any]:
    """What the part of a form needs that asks for a person."""
    return {
        "asks_birthday": desk.authority.config.hint is not HintForm.NONE,
        "months": desk.say("months").split(", "),
        "slip_language": slip_language(desk).value,
        "zone": desk.authority.policy.calendar.zone.key,
        "today": local_date(desk.authority.policy, desk.now),
        # Were they set back to now after a mistake elsewhere, nobody would notice.
        "date": desk.sent("date") or local_date(desk.authority.policy, desk.now),
        "clock": desk.sent("time") or local_clock(desk.authority.policy, desk.now),
    }


def slip_language(desk: Desk) -> Language:
    """The citizen's, which need not be that of the page."""
    chosen = desk.sent("slip_language")
    return Language(chosen) if chosen in set(Language) else desk.language


def _form(desk: Desk, problem: ApiProblem | None) -> Response:
    kinds = [
        {"id": kind, "name": desk.evidence_name(kind)} for kind in desk.authority.policy.evidence
    ]
    return desk.page(
        "register.html",
        what="register",
        status=problem.status if problem else 200,
        problem=_sentence(desk, problem) if problem else None,
        kinds=kinds,
        chosen=desk.sent("evidence"),
        **person_fields(desk),
    )


def _sentence(desk: Desk, problem: ApiProblem) -> str:
    if problem.fault is Problem.INVALID:
        return desk.say("register_invalid")
    return problem.text(desk.language)


PAGE = Page("/console/register", "register", frozenset({Role.REGISTRAR}), show, act)
