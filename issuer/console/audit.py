"""What staff did: the last lines of the audit, and whether its chain is whole."""

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.staff import Role

LINES_SHOWN = 200


def show(desk: Desk) -> Response:
    audit = desk.authority.audit
    return desk.page("audit.html", lines=audit.recent(LINES_SHOWN), verdict=audit.verify())


PAGE = Page("/console/audit", "audit", frozenset({Role.AUDITOR}), show)
