"""What is held now, by kind; the next deletions, the last runs, and a proof from the files."""

from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.oversight.audit import Action
from issuer.perishable.store import Held
from issuer.retention import overdue, read_log
from issuer.staff import Role
from schemas.encoding import format_time
from schemas.kinds import DAY, STORED_KINDS
from schemas.periods import period_text

_DAYS_SHOWN = 14


def show(desk: Desk) -> Response:
    return _page(desk, None)


def act(desk: Desk) -> Response:
    """Run ``retention verify``."""
    findings = overdue(desk.authority.home, desk.now)
    desk.authority.audit.note(Action.RETENTION_VERIFY, desk.account, desk.now)
    return _page(desk, findings)


def _kind(desk: Desk, entry: Held) -> dict[str, Any]:
    """Its period, how many are held, and the age of the oldest as a part of the period."""
    period = STORED_KINDS[entry.kind].longest
    oldest = entry.oldest_seconds
    return {
        "kind": entry.kind.value,
        "held": entry.held,
        "period": period_text(period, desk.language),
        "oldest": None if oldest is None else period_text(oldest, desk.language),
        "part": 0 if oldest is None else min(100, round(100 * oldest / period)),
    }


def _page(desk: Desk, findings: list[str] | None) -> Response:
    log = read_log(desk.authority)
    return desk.page(
        "retention.html",
        kinds=[_kind(desk, entry) for entry in desk.authority.store.census(desk.now)],
        next_days=_next_days(desk),
        runs=[
            {"day": line.day, "deleted": sum(line.deleted.values())}
            for line in reversed(log[-_DAYS_SHOWN:])
        ],
        findings=findings,
    )


def _next_days(desk: Desk) -> list[dict[str, Any]]:
    """How many records die at the end of each of the next UTC days."""
    last = format_time(desk.now + _DAYS_SHOWN * DAY)[:10]
    counted = desk.authority.store.days(desk.now)
    return [{"day": day, "records": number} for day, number in counted.items() if day <= last]


PAGE = Page("/console/retention", "retention", frozenset({Role.OFFICER, Role.AUDITOR}), show, act)
