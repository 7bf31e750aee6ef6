"""Void a lost or misprinted slip, so that its result can be registered again."""

from starlette.responses import Response

from issuer import staff_actions
from issuer.console.desk import Desk, Page
from issuer.staff import Role


def show(desk: Desk) -> Response:
    return desk.page("cancel.html")


def act(desk: Desk) -> Response:
    staff_actions.cancel(desk.authority, desk.account, desk.sent("code"), desk.now)
    return desk.done("cancelled")


PAGE = Page("/console/cancel", "cancel", frozenset({Role.REGISTRAR}), show, act)
