"""From a venue's check-in code to sealed records, and what leaving early takes back. Pure.

Of a code nothing is kept: neither its keys, nor the venue's name, nor which records came of it.
Only an open stay knows which records are of hours to come.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from schemas.bundle import CLOCK_TOLERANCE, TrustBundle
from schemas.check_in import CheckInCode, grid_at, parse_check_in
from schemas.errors import Refusal
from schemas.hours import begin_of, date_of, first_hour_of, hour_at
from schemas.visits import HourOfStay, SealingKeys, seal_dummy, seal_visit
from wallet_sim.presence.state import LaterHour, Stay, VisitDay, Visits

HOURS_SEALED = 3
"""A stay is over after the hour of its beginning and two more, unless the code is shown again."""

PADDED_TO = 8
"""Records of a date; a number between two multiples would tell how long somebody stayed."""

_CHANCE = secrets.SystemRandom()


class CheckInFault(StrEnum):
    """Why a code is not used."""

    NOT_A_CODE = "not_a_code"
    CODE_OVER = "code_over"
    CODE_NOT_YET = "code_not_yet"
    NO_AUTHORITY_KEY = "no_authority_key"
    BUNDLE_EXPIRED = "bundle_expired"


class NotCheckedIn(Refusal[CheckInFault]):
    """A code is not used, and nothing was sealed.

    ``at`` is the moment that the sentence names, if it names one: when the code ended or begins.
    """

    def __init__(self, fault: CheckInFault, at: int = 0) -> None:
        super().__init__(fault)
        self.at = at


@dataclass(frozen=True, repr=False)
class CheckedIn:
    """``visits`` is to be stored; the rest is shown once and kept nowhere.

    ``arrived`` is what the first record says. ``split_view`` tells that the venue sees other pass
    keys than this wallet.
    """

    visits: Visits
    venue: str
    arrived: int
    until: int
    hours: int
    split_view: bool


@dataclass(frozen=True, repr=False)
class CheckedOut:
    """``visits`` is to be stored; ``deleted`` records were of hours that have not begun."""

    visits: Visits
    was_open: bool
    deleted: int


def read_code(text: str, *, now: int) -> CheckInCode:
    """The code in ``text``, which has a key for the hour of ``now``; raises NotCheckedIn."""
    try:
        code = parse_check_in(text)
    except ValueError:
        raise NotCheckedIn(CheckInFault.NOT_A_CODE) from None
    hour = hour_at(now)
    if hour >= code.end_hour:
        raise NotCheckedIn(CheckInFault.CODE_OVER, begin_of(code.end_hour))
    if hour < code.first_hour:
        raise NotCheckedIn(CheckInFault.CODE_NOT_YET, begin_of(code.first_hour))
    return code


def bindings_of(text: str, *, now: int) -> Mapping[int, bytes]:
    """By hour, the 16 bytes that tie a proof to the venue of a code; raises NotCheckedIn.

    The hour of ``now`` is among them. This is all that a pass ever meets of a check-in, and nothing
    of it is stored.
    """
    return read_code(text, now=now).bindings()


def check_in(visits: Visits, text: str, *, bundle: TrustBundle, now: int) -> CheckedIn:
    """Seal the hours of a stay that begins now; a stay that is open ends. Raises NotCheckedIn."""
    code = read_code(text, now=now)
    if now >= bundle.exp:
        raise NotCheckedIn(CheckInFault.BUNDLE_EXPIRED)
    visits = check_out(visits, now=now).visits
    sealed = seal_hours(visits, code, authority=bundle.tracing, now=now)
    stay = sealed.stay
    if stay is None:
        raise NotCheckedIn(CheckInFault.NO_AUTHORITY_KEY)
    hour = hour_at(now)
    return CheckedIn(
        visits=replace(sealed, sunset=bundle.sunset),
        venue=code.name,
        arrived=_hour_of_stay(hour, now).arrive,
        until=stay.until,
        hours=hour_at(stay.until) - hour,
        split_view=sees_other_keys(code, bundle, now=now),
    )


def check_out(visits: Visits, *, now: int) -> CheckedOut:
    """Delete the records of hours that have not begun, and forget the stay. Seals only dummies."""
    if visits.stay is None:
        return CheckedOut(visits, was_open=False, deleted=0)
    surplus = {item.record for item in visits.stay.later if begin_of(item.hour) > now}
    for day in visits.days:
        kept = [record for record in day.records if record not in surplus]
        if len(kept) < len(day.records):
            visits = visits.with_day(_padded(day.date, kept))
    return CheckedOut(replace(visits, stay=None), was_open=True, deleted=len(surplus))


def seal_hours(
    visits: Visits, code: CheckInCode, *, authority: Mapping[int, bytes], now: int
) -> Visits:
    """``visits`` with a record for each hour of the stay, and the stay open.

    As many hours as both sides have keys for, without a gap; the same visits where they have none
    for the hour of ``now``. ``authority`` has its public keys by hour.
    """
    first = hour_at(now)
    sealed: dict[int, bytes] = {}
    for hour in range(first, first + HOURS_SEALED):
        keys = _keys_at(hour, code, authority)
        if keys is None:
            break
        sealed[hour] = seal_visit(_hour_of_stay(hour, now), keys)
    if not sealed:
        return visits
    for date in sorted({date_of(hour) for hour in sealed}):
        added = [record for hour, record in sealed.items() if date_of(hour) == date]
        visits = visits.with_day(_padded(date, [*visits.day(date).records, *added]))
    later = tuple(LaterHour(hour, record) for hour, record in sealed.items() if hour > first)
    return replace(visits, stay=Stay(now, begin_of(first + len(sealed)), later))


def sees_other_keys(code: CheckInCode, bundle: TrustBundle, *, now: int) -> bool:
    """Whether the venue's grid of pass keys is none that this wallet sees.

    A code may be older than the window at ``now``, and a clock two minutes slow, so each window
    that it may be from is tried. One from before the bundle's first window cannot be compared.
    """
    begins = begin_of(code.first_hour)
    if begins < bundle.windows[0].nbf:
        return False
    latest = now + CLOCK_TOLERANCE
    windows = [w for w in bundle.windows if w.nbf <= latest and begins < w.exp]
    return code.grid not in {grid_at(bundle, window.nbf) for window in windows}


def _keys_at(hour: int, code: CheckInCode, authority: Mapping[int, bytes]) -> SealingKeys | None:
    """Keys of both sides; None where one has none, or the authority's is of low order."""
    venue, key = code.key_at(hour), authority.get(hour)
    if venue is None or key is None:
        return None
    try:
        return SealingKeys.of(hour, venue=venue, authority=key)
    except ValueError:
        return None


def _hour_of_stay(hour: int, now: int) -> HourOfStay:
    """Nobody can be asked when they will leave, so a record says: until the end of the hour."""
    return HourOfStay.of(hour, arrive=now, leave=begin_of(hour + 1))


def _padded(date: str, records: Sequence[bytes]) -> VisitDay:
    """A multiple of eight records in an order that tells nothing, not even which are older."""
    dummies = (_any_dummy(date) for _ in range(-len(records) % PADDED_TO))
    return VisitDay(date, _shuffled((*records, *dummies)))


def _any_dummy(date: str) -> bytes:
    return seal_dummy(first_hour_of(date))


def _shuffled(records: Iterable[bytes]) -> tuple[bytes, ...]:
    mixed = list(records)
    _CHANCE.shuffle(mixed)
    return tuple(mixed)
