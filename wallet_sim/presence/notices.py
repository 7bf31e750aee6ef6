"""From the list that everyone downloads to this wallet's own warnings.

A list is believed, matched and stored in one go, and matched while no lock is held: meanwhile its
owner can check in. Warnings are those of the newest list and no others, so a notice that was
withdrawn takes its warning away.
"""

from collections.abc import Sequence
from dataclasses import replace

from schemas.bundle import TrustBundle
from schemas.hours import begin_of
from schemas.notices import Notice, NoticeList, NoticesState, accept_notices
from schemas.visits import HourOfStay
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.matching import Progress, match, silent
from wallet_sim.presence.state import Heard, Visits


def take_list(
    file: VisitsFile,
    data: bytes,
    *,
    bundle: TrustBundle,
    authority: str,
    now: int,
    progress: Progress = silent,
) -> Visits:
    """The visits with the warnings of the list in ``data``.

    ``authority`` is the name under which :class:`Heard` keeps how far its lists were seen. Raises
    NoticesRejected; what was known before is then still there.
    """
    held = file.load()
    accepted, seen = accept_notices(data, bundle=bundle, state=held.seen(authority), now=now)
    warnings = _warnings(held, accepted, authority, progress)
    heard = Heard(authority, seen, now, len(accepted.notices))

    def change(visits: Visits) -> Visits:
        if visits.seen(authority).version > seen.version:
            return visits  # Another process has taken a newer list meanwhile.
        if visits == Visits() != held:
            return visits  # Their owner has erased everything meanwhile.
        return replace(visits, warnings=warnings, heard=heard, sunset=bundle.sunset)

    return file.update(change)


def _warnings(
    held: Visits, accepted: NoticeList, authority: str, progress: Progress
) -> tuple[HourOfStay, ...]:
    if _is_matched(held.heard, accepted, authority):
        return held.warnings
    return match(held.days, accepted.notices, progress)


def _is_matched(heard: Heard | None, accepted: NoticeList, authority: str) -> bool:
    """Whether this very list was matched, and no record came since that it could open.

    Records are of the hour in which they were made and later ones, so those of hours that were over
    when the list was matched had all been there.
    """
    if heard is None or heard.authority != authority:
        return False
    same = heard.seen == NoticesState(accepted.version, accepted.digest)
    return same and _all_over(accepted.notices, heard.at)


def _all_over(notices: Sequence[Notice], at: int) -> bool:
    return all(begin_of(notice.hour + 1) <= at for notice in notices)
