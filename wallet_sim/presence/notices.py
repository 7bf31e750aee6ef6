"""From the list that everyone downloads to this wallet's own warnings.

A list is believed, matched and stored in one go, and matched while no lock is held: meanwhile its
owner can check in. Warnings are those of the newest list of each key that signs for the authority
and no others: a notice that was withdrawn takes its warning away, and a key that the authority no
longer names all that it said.
"""

from collections.abc import Sequence
from dataclasses import replace

from schemas.bundle import TrustBundle
from schemas.hours import begin_of
from schemas.notices import Notice, NoticeList, accept_notices, notices_kids
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
    held = forget_gone_keys(file, bundle=bundle, authority=authority)
    known = held.heard_from(authority)
    seen = {kid: heard.seen for kid, heard in known.items()}
    accepted = accept_notices(data, bundle=bundle, seen=seen, now=now)
    warnings = _warnings(held, known.get(accepted.kid), accepted, progress)
    count = len(accepted.notices)
    heard = Heard(authority, accepted.kid, accepted.state, now, count, warnings)

    def change(visits: Visits) -> Visits:
        other = visits.heard_from(authority).get(heard.kid)
        if other is not None and other.seen.version > heard.seen.version:
            return visits  # Another process has taken a newer list meanwhile.
        if visits == Visits() != held:
            return visits  # Their owner has erased everything meanwhile.
        return replace(visits.with_list(heard), sunset=bundle.sunset)

    return file.update(change)


def forget_gone_keys(file: VisitsFile, *, bundle: TrustBundle, authority: str) -> Visits:
    """The visits without what keys have said that ``bundle`` does not name any more."""
    kids = notices_kids(bundle)
    return file.update(lambda visits: visits.with_keys(authority, kids))


def _warnings(
    held: Visits, heard: Heard | None, accepted: NoticeList, progress: Progress
) -> tuple[HourOfStay, ...]:
    if heard is not None and _is_matched(heard, accepted):
        return heard.warnings
    return match(held.days, accepted.notices, progress)


def _is_matched(heard: Heard, accepted: NoticeList) -> bool:
    """Whether this very list was matched, and no record came since that it could open.

    Records are of the hour in which they were made and later ones, so those of hours that were over
    when the list was matched had all been there.
    """
    return heard.seen == accepted.state and _all_over(accepted.notices, heard.at)


def _all_over(notices: Sequence[Notice], at: int) -> bool:
    return all(begin_of(notice.hour + 1) <= at for notice in notices)
