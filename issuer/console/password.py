"""Choose one's own password; nothing else is possible before that."""

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.console.passkey import is_impossible
from issuer.oversight.audit import Action
from issuer.staff import PasswordFault, PasswordRefused, Role
from shell.pages import redirect


def show(desk: Desk) -> Response:
    return _form(desk, None)


def act(desk: Desk) -> Response:
    if desk.form.get("password") != desk.form.get("again"):
        return _form(desk, desk.say("passwords_differ"))
    if desk.menu and not desk.form.get("current"):
        return _form(desk, desk.say("password_wrong_current"))
    try:
        desk.authority.staff.choose_password(
            desk.account,
            desk.form.get("password", ""),
            current=desk.form.get("current"),
            keep=desk.token,
            note=lambda: desk.authority.audit.note(Action.PASSWORD, desk.account, desk.now),
        )
    except PasswordRefused as refused:
        if refused.fault is PasswordFault.WRONG_CURRENT:
            # Whoever found the browser open guesses once; who sits there rightly signs in again.
            desk.authority.staff.sessions.end(desk.token)
            return redirect("/console/sign-in")
        return _form(desk, desk.say(f"password_{refused.fault}"))
    # Whoever chose the first one goes on to work.
    return desk.done("password_set") if desk.menu else redirect("/console")


def _form(desk: Desk, problem: str | None) -> Response:
    return desk.page(
        "password.html",
        status=400 if problem else 200,
        problem=problem,
        asks_current=desk.menu,
        without_passkey=is_impossible(desk.authority),
    )


PAGE = Page("/console/password", "own_password", frozenset(Role), show, act)
