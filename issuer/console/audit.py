"""What staff did: the last lines of the audit, and whether its chain is whole."""

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.oversight.audit import HOME_ROLE, Action
from issuer.staff import Role

LINES_SHOWN = 200


def show(desk: Desk) -> Response:
    audit = desk.authority.audit
    # Whoever rewrote the file may have put anything there, and this page must still show it.
    roles = {role: desk.say(f"role_{role}") for role in (*Role, HOME_ROLE)}
    actions = {action: desk.say(f"action_{action.replace(' ', '_')}") for action in Action}
    return desk.page(
        "audit.html",
        lines=audit.recent(LINES_SHOWN),
        verdict=audit.verify(),
        roles=roles,
        actions=actions,
    )


PAGE = Page("/console/audit", "audit", frozenset({Role.AUDITOR}), show)
