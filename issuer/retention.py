"""Retention: what has expired is deleted, once a minute, at every start and by command.

The log gets one line a day with totals, also when nothing was due, so that a day on which
retention did not run shows as a gap. What the public reads of it is
docs/formats.md, "The retention statement".
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from issuer.authority import Authority
from issuer.documents.notice_list import parse_list
from issuer.home import Home
from issuer.intake.job_files import overdue_jobs, sweep_jobs
from issuer.keys.grid import destroy_ended, ended_keys
from issuer.keys.keyring import SigningKey, destroy_all_keys, statement_key_path
from issuer.keys.paper_keys import destroy_ended_paper_keys, ended_paper_keys
from issuer.keys.tracing import tracing_seeds
from issuer.log.bundles import ended_bundles, purge_bundles
from issuer.log.folder import log_folders
from issuer.notices.publishing import refresh_list
from issuer.oversight.approvals import overdue_approvals, sweep_approvals
from issuer.perishable.inspection import GRACE, inspect
from issuer.perishable.purge import purge
from issuer.perishable.store import Held
from issuer.publication.root_requests import destroy_pending, ended_pending
from schemas.encoding import format_time, parse_time
from schemas.jws import Typ, parse
from schemas.kinds import DAY, LOG_PERIOD, STORED_KINDS
from shell.errors import CommandError
from shell.files import destroy, read_private, remove_drafts, write_private

ROUND_STEPS = (1, 2, 5)
"""Figures are shown rounded up to 10, 20, 50, 100, …"""


@dataclass(frozen=True)
class LogLine:
    """What retention did on one UTC day: totals by kind, and when it last ran."""

    day: str
    last_run: int
    deleted: Mapping[str, int]

    def encode(self) -> str:
        return json.dumps(
            {"day": self.day, "last_run": format_time(self.last_run), "deleted": self.deleted}
        )

    @classmethod
    def decode(cls, text: str) -> "LogLine":
        """Raises ValueError, KeyError, TypeError or AttributeError for any other text."""
        members = json.loads(text)
        deleted = {kind: int(number) for kind, number in members["deleted"].items()}
        day = date.fromisoformat(members["day"]).isoformat()
        return cls(day, parse_time(members["last_run"]), deleted)


def run_retention(authority: Authority, now: int) -> Mapping[str, int]:
    """Delete everything whose time is over at ``now``; how many of each kind.

    Past the sunset that is everything but the configuration and the logs. Raises CommandError for
    a store that cannot be written.
    """
    with authority.making():
        over = authority.is_over(now)
        try:
            totals = _delete(authority, now, over=over)
            _log(authority, totals, now)
            if not over:
                _make_statement(authority, now)
        finally:
            # What has died in the store is in the list until it is made anew. That opens records:
            # one that is damaged holds up nothing here, and nothing here holds up the list.
            if not over:
                refresh_list(authority, now)
    return totals


def _delete(authority: Authority, now: int, *, over: bool) -> Mapping[str, int]:
    _remove_drafts(authority.home)
    # At the sunset all that is left is due, whatever day it was to die on.
    due = _after_everything(now) if over else now
    deleted = Counter(purge(authority.store, due).deleted)
    deleted["pass_keys"] = destroy_ended(authority.home.pass_keys, due)
    deleted["paper_keys"] = destroy_ended_paper_keys(authority.home, due)
    deleted["tracing_seeds"] = tracing_seeds(authority.home).destroy_ended(now, everyone=over)
    if over:
        deleted["signing_keys"] = destroy_all_keys(authority.home)
        _destroy_published(authority.home)
        for folder in log_folders(authority.home):
            folder.remove()
    deleted["logged_bundles"] = sum(
        purge_bundles(folder, now) for folder in log_folders(authority.home)
    )
    # After all that concerns people, so that a damaged file of accounts holds up none of it.
    deleted["approvals"] = sweep_approvals(authority.home, now, everyone=over)
    deleted["uploads"] = sweep_jobs(authority.home, now, everyone=over)
    deleted["pending_signers"] = destroy_pending(authority.home, now)
    deleted["staff_accounts"] = authority.staff.purge(now, everyone=over)
    authority.staff.hand_over_actions(authority.audit.take_over)
    deleted["audit_lines"] = authority.audit.purge(now)
    return {kind: number for kind, number in deleted.items() if number}


def overdue(home: Home, now: int) -> list[str]:
    """What is kept past its time, a line each, judged from the files alone; empty when nothing is.

    It needs no key and works beside a running service. Raises StoreError.
    """
    due = now - GRACE
    late = {
        "pass keys outlived their window": len(ended_keys(home.pass_keys, due)),
        "paper keys outlived their slips": len(ended_paper_keys(home, due)),
        "hours in the list of notices outlived their 14 days": _ended_notices(home, due),
        "tracing seeds outlived their 14 days": len(tracing_seeds(home).ended(due)),
        "signers that no root has named outlived their 35 days": len(ended_pending(home, due)),
        "uploads, perhaps with codes, outlived their hour": overdue_jobs(home, due),
        "bundles beside the log outlived their 14 days": len(_ended_bundles(home, due)),
        "proposals outlived their seven days": overdue_approvals(home, due),
    }
    findings = [str(finding) for finding in inspect(home.perishable, now)]
    findings += [f"{number} {what}" for what, number in late.items() if number]
    return findings


def read_log(authority: Authority) -> list[LogLine]:
    """One line a day, oldest first. Raises CommandError for a damaged log."""
    path = authority.home.retention_log
    if not path.exists():
        return []
    try:
        return [LogLine.decode(line) for line in read_private(path).decode().splitlines()]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CommandError(
            f"{path} is damaged; restore it from a backup, or move it away"
        ) from None


def last_run(authority: Authority) -> int | None:
    """When retention last ran, Unix seconds; None before the first time."""
    log = read_log(authority)
    return log[-1].last_run if log else None


def round_up(number: int) -> int:
    """0, or the next of 10, 20, 50, 100, 200, …: small numbers could point at people."""
    if number <= 0:
        return 0
    magnitude = 10
    while True:
        for step in ROUND_STEPS:
            if number <= step * magnitude:
                return step * magnitude
        magnitude *= 10


def statement_payload(authority: Authority, now: int) -> dict[str, Any]:
    """What anyone may know: rounded counts and whole days."""
    ran = last_run(authority)
    return {
        "iss": authority.config.url,
        "iat": now,
        "last_run_days": None if ran is None else max(0, now - ran) // DAY,
        "kinds": [_statement_member(held) for held in authority.store.census(now)],
    }


def _statement_member(held: Held) -> dict[str, Any]:
    oldest = held.oldest_seconds
    return {
        "kind": held.kind.value,
        "period_seconds": STORED_KINDS[held.kind].period,
        "held": round_up(held.held),
        "oldest_days": None if oldest is None else oldest // DAY,
    }


def _ended_notices(home: Home, due: int) -> int:
    try:
        listed = parse_list(read_private(home.notices))
    except FileNotFoundError:
        return 0
    return 0 if listed is None else listed.ended(due)


def _ended_bundles(home: Home, due: int) -> list[Path]:
    return [path for folder in log_folders(home) for path in ended_bundles(folder, due)]


def _destroy_published(home: Home) -> None:
    gone = (home.statement, home.notices, home.retired, home.tracing_listed)
    for path in (home.bundle, home.entered_bundle, *gone):
        destroy(path)


def _after_everything(now: int) -> int:
    return now + 2 * max(entry.longest for entry in STORED_KINDS.values())


def _log(authority: Authority, totals: Mapping[str, int], now: int) -> None:
    """Add to today's line, or begin it; lines over a year old go.

    Lines stand in the order of days, even when the clock was set back.
    """
    lines = {line.day: line for line in read_log(authority)}
    today, oldest = format_time(now)[:10], format_time(now - LOG_PERIOD)[:10]
    before = lines[today].deleted if today in lines else {}
    lines[today] = LogLine(today, now, Counter(before) + Counter(totals))
    kept = [lines[day].encode() for day in sorted(lines) if day >= oldest]
    write_private(authority.home.retention_log, "\n".join(kept).encode())


def _make_statement(authority: Authority, now: int) -> None:
    """Sign the public statement, once a day."""
    path = authority.home.statement
    if path.exists() and _made_at(path) // DAY == now // DAY:
        return
    key = SigningKey.load(statement_key_path(authority.home), Typ.RETENTION)
    write_private(path, key.sign(statement_payload(authority, now)).encode("ascii"))


def _made_at(statement: Path) -> int:
    try:
        return int(parse(read_private(statement).decode("ascii")).unverified_payload["iat"])
    except (ValueError, KeyError, TypeError):
        return 0  # A damaged statement is made anew.


def _remove_drafts(home: Home) -> None:
    logs = [path for log in log_folders(home) for path in (log.path, log.bundles)]
    folders = (home.path, home.keys, home.pass_keys, home.perishable, home.tracing_seeds)
    for folder in (*folders, *logs):
        remove_drafts(folder)
