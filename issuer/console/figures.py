"""Passes issued by day and status, rounded up; small numbers are hidden."""

from typing import Any

from starlette.responses import Response

from issuer.console.desk import Desk, Page
from issuer.issuance import issued_on
from issuer.retention import round_up
from issuer.staff import Role
from schemas.encoding import format_time
from schemas.kinds import DAY, STORED_KINDS, Kind

SMALL = 10
"""Fewer passes than this could point at somebody, so the page does not tell them from none."""


def show(desk: Desk) -> Response:
    statuses = desk.authority.policy.statuses
    days = rows(desk)
    return desk.page(
        "figures.html",
        statuses=[
            {"name": status.name[desk.language], "colour": status.colour} for status in statuses
        ],
        days=days,
        most=max((cell or 0 for day in days for cell in day["cells"]), default=0),
    )


def rows(desk: Desk) -> list[dict[str, Any]]:
    """Past UTC days, the newest first; a cell is None where there were fewer than ten."""
    today = desk.now // DAY
    with desk.authority.store.transaction(desk.now) as tx:
        return [
            {
                "day": format_time((today - ago) * DAY)[:10],
                "cells": [
                    _shown(issued_on(tx, today - ago, status.id))
                    for status in desk.authority.policy.statuses
                ],
            }
            for ago in range(1, STORED_KINDS[Kind.COUNT].period // DAY)
        ]


def _shown(number: int) -> int | None:
    return None if number < SMALL else round_up(number)


PAGE = Page("/console/figures", "figures", frozenset({Role.OFFICER, Role.AUDITOR}), show)
