"""``demo --outbreak``: fourteen days with made-up visits and patients, and who is warned.

An authority, twenty venues and two hundred wallets, each with real files in a temporary folder;
their clock is set from outside. The patients have no wallet: they name where they were.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from issuer.api.background import one_round
from issuer.authority import Authority
from issuer.home import Home
from issuer.init import RootChoice, init_issuer
from issuer.notices.exports import Proposal
from issuer.notices.publishing import agree_to_notice, propose_notice, publications
from issuer.staff import Account, Role
from schemas.check_in import DEFAULT_HOURS, format_check_in
from schemas.hints import HintForm
from schemas.hours import begin_of, hour_at, hours_between
from schemas.kinds import DAY, HOUR, MINUTE, TRACING_PERIOD
from schemas.trace import format_trace
from verifier.presence.check_in import make_check_in
from verifier.presence.seeds import sweep, venue_seeds
from verifier.presence.tracing import collect, seal_export
from verifier.trust.settings import Settings
from verifier.trust.store import TrustStore
from wallet_sim.demo.homes import WentWrong
from wallet_sim.presence.check_in import check_in, check_out
from wallet_sim.presence.file import VisitsFile
from wallet_sim.presence.notices import take_list
from wallet_sim.presence.state import Visits

WALLETS = 200
VENUES = 20
DAYS = 14
PATIENTS = 3
INFECTIOUS = range(9, 12)
"""The days on which the patients went out before they fell ill."""

BEGINS_AT = (3, 9, 20)
"""Hours of a date, in UTC, from which people set out; what begins last goes on past midnight."""

SPREAD = 3 * HOUR
LONGEST_STAY = 3 * HOUR
GOES_OUT = 0.12
"""How likely somebody sets out, each of the three times of a day."""

FORGETS = 0.2
"""How likely somebody leaves without checking out; the wallet then counts three hours."""

URL = "https://qupia.example"


@dataclass(frozen=True, order=True)
class Outing:
    """Somebody is at a venue from ``arrives`` to before ``leaves``, Unix seconds."""

    arrives: int
    leaves: int
    venue: int
    checks_out: bool

    @property
    def counted(self) -> range:
        """The hours that count; without a check-out, the hour of the check-in and two more."""
        if self.checks_out:
            return hours_between(self.arrives, self.leaves)
        return range(hour_at(self.arrives), hour_at(self.arrives) + LONGEST_STAY // HOUR)

    def meets(self, patient: "Outing") -> set[int]:
        """The hours that count and in which a patient was at the same venue."""
        if self.venue != patient.venue:
            return set()
        return set(self.counted) & set(hours_between(patient.arrives, patient.leaves))


@dataclass(frozen=True)
class OutbreakFigures:
    """What came of it. ``records_left`` counts records, warnings, seeds and notices at the end."""

    wallets: int
    venues: int
    days: int
    visits: int
    hours_published: int
    overlapped: int
    warned: int
    warned_wrongly: int
    records_left: int

    @property
    def is_right(self) -> bool:
        """Whether everyone who overlapped is warned, nobody else, and nothing is left."""
        missed = self.overlapped - (self.warned - self.warned_wrongly)
        return self.overlapped > 0 and missed == self.warned_wrongly == self.records_left == 0


class Town:
    """All who take part, under one clock that is moved from event to event."""

    def __init__(self, folder: Path, *, start: int) -> None:
        self.now = start
        self.authority = _init_authority(folder / "issuer", start)
        self.officers = [_add_officer(self.authority, name, start) for name in ("first", "second")]
        one_round(self.authority, self.clock)
        anchor = self.authority.anchor
        self.venues = [TrustStore(folder / f"venue-{number}") for number in range(VENUES)]
        for store in self.venues:
            store.set_up(self._bundle_bytes, anchor=anchor, settings=Settings(url=URL), now=start)
        homes = (folder / f"wallet-{number}" for number in range(WALLETS))
        self.wallets = [VisitsFile(home, self.clock) for home in homes]

    def clock(self) -> int:
        return self.now

    @property
    def _bundle_bytes(self) -> bytes:
        published = self.authority.published()
        if published is None:
            raise WentWrong("the authority published no trust bundle")
        return published.data

    def new_day(self) -> None:
        """The authority does its round, and every venue fetches the newest bundle."""
        one_round(self.authority, self.clock)
        for store in self.venues:
            store.accept(self._bundle_bytes, now=self.now)
            sweep(store, self.now)

    def arrive(self, wallet: int, outing: Outing) -> None:
        """Scan the code on the venue's screen."""
        self.now = outing.arrives
        bundle = self.authority.bundle()
        code = make_check_in(
            self.venues[outing.venue],
            bundle,
            name=f"Venue {outing.venue}",
            hours=DEFAULT_HOURS,
            now=self.now,
        )
        text = format_check_in(code)
        self.wallets[wallet].update(
            lambda visits: check_in(visits, text, bundle=bundle, now=self.now).visits
        )

    def leave(self, wallet: int, at: int) -> None:
        self.now = at
        self.wallets[wallet].update(lambda visits: check_out(visits, now=at).visits)

    def trace(self, outings: Iterable[Outing]) -> int:
        """Each venue hands over what the patients told; how many hours are published then."""
        for outing in outings:
            seeds = venue_seeds(self.venues[outing.venue])
            asked = collect(seeds, start=outing.arrives, end=outing.leaves, now=self.now)
            sealed = seal_export(asked, self.authority.bundle(), self.now)
            if sealed is None:
                raise WentWrong("a venue has no key of the authority for this hour")
            # Where nobody with a wallet came that day, no code was shown.
            if asked.keys:
                self._publish(
                    Proposal.of(format_trace(sealed), start=outing.arrives, end=outing.leaves)
                )
        listed = self.authority.notices()
        return 0 if listed is None else len(listed.hours)

    def _publish(self, proposal: Proposal) -> None:
        """Two officers agree; hours of several patients stand in the list once."""
        one, other = self.officers
        waiting = propose_notice(self.authority, proposal, one, self.now)
        agree_to_notice(self.authority, waiting.digest, other, self.now)

    def fetch_lists(self) -> Iterator[Visits]:
        """Every wallet fetches the same list; what each knows then."""
        listed = self.authority.notices()
        if listed is None:
            raise WentWrong("the authority published no list of notices")
        bundle = self.authority.bundle()
        for file in self.wallets:
            yield take_list(file, listed.data, bundle=bundle, authority=URL, now=self.now)

    def left(self) -> int:
        """Everything that presence tracing still keeps of those days, anywhere."""
        held = [file.load() for file in self.wallets]
        records = sum(len(day.records) for visits in held for day in visits.days)
        warnings = sum(len(visits.warnings) for visits in held)
        seeds = sum(len(venue_seeds(store).dates()) for store in self.venues)
        return records + warnings + seeds + len(publications(self.authority, self.now))


@dataclass(frozen=True)
class VisitPlan:
    """Who goes where, decided beforehand; ``chance`` makes the same town of the same seed."""

    start: int
    chance: random.Random

    @cached_property
    def outings(self) -> Mapping[int, list[Outing]]:
        """By wallet."""
        return {wallet: list(self._outings(range(DAYS), GOES_OUT)) for wallet in range(WALLETS)}

    @cached_property
    def patients(self) -> list[Outing]:
        """Where the patients were while they were infectious: they went out each time."""
        return [outing for _ in range(PATIENTS) for outing in self._outings(INFECTIOUS, 1)]

    def _outings(self, days: Iterable[int], likely: float) -> Iterator[Outing]:
        for day in days:
            for begins_at in BEGINS_AT:
                if self.chance.random() < likely:
                    yield self._outing(self.start + day * DAY + begins_at * HOUR)

    def _outing(self, earliest: int) -> Outing:
        arrives = earliest + self.chance.randrange(SPREAD)
        # Nobody is still there when the wallet's three hours are over.
        latest = begin_of(hour_at(arrives)) + LONGEST_STAY
        leaves = self.chance.randrange(arrives + MINUTE, latest)
        return Outing(
            arrives, leaves, self.chance.randrange(VENUES), self.chance.random() >= FORGETS
        )

    def overlaps(self) -> dict[int, set[int]]:
        """By wallet, the hours that it shared with a patient; only of those that shared one."""
        shared = {
            wallet: {hour for o in outings for p in self.patients for hour in o.meets(p)}
            for wallet, outings in self.outings.items()
        }
        return {wallet: hours for wallet, hours in shared.items() if hours}


def play(folder: Path, *, today: int, seed: int, tell: Callable[[str], None]) -> OutbreakFigures:
    """Let the days pass, and tell each.

    It begins fourteen days before ``today`` (Unix seconds), at midnight in UTC.
    """
    start = today - today % DAY - DAYS * DAY
    plan = VisitPlan(start, random.Random(seed))  # noqa: S311 - a town, not a secret.
    town = Town(folder, start=start)
    for day in range(DAYS):
        town.now = start + day * DAY
        town.new_day()
        tell(f"day {day + 1}: {_live(town, plan, day)} visits sealed")
    # The last evening went on past midnight. The first day's records are dead by now.
    town.now = start + DAYS * DAY + 2 * HOUR
    town.new_day()
    published = town.trace(plan.patients)
    tell(f"{published} hours published")
    known = list(town.fetch_lists())
    tell("every wallet has tried the list")
    town.now += TRACING_PERIOD + DAY
    town.new_day()
    overlaps = plan.overlaps()
    warned = {w: {hour.hour for hour in visits.warnings} for w, visits in enumerate(known)}
    wrongly = [w for w, hours in warned.items() if hours - overlaps.get(w, set())]
    right = [w for w, hours in warned.items() if hours and hours == overlaps.get(w)]
    return OutbreakFigures(
        wallets=WALLETS,
        venues=VENUES,
        days=DAYS,
        visits=sum(map(len, plan.outings.values())),
        hours_published=published,
        overlapped=len(overlaps),
        warned=len(right) + len(wrongly),
        warned_wrongly=len(wrongly),
        records_left=town.left(),
    )


def _live(town: Town, plan: VisitPlan, day: int) -> int:
    """All of one day's comings and goings, in their order; how many visits there were."""
    begin = plan.start + day * DAY
    today = [
        (wallet, outing)
        for wallet, outings in plan.outings.items()
        for outing in outings
        if begin <= outing.arrives < begin + DAY
    ]
    moments = [(outing.arrives, wallet, outing) for wallet, outing in today]
    moments += [(o.leaves, wallet, o) for wallet, o in today if o.checks_out]
    for at, wallet, outing in sorted(moments):
        if at == outing.arrives:
            town.arrive(wallet, outing)
        else:
            town.leave(wallet, at)
    return len(today)


def _init_authority(path: Path, now: int) -> Authority:
    init_issuer(
        path,
        name="Health Department",
        url=URL,
        hint=HintForm.NONE,
        sunset=None,
        specimen=False,
        roots=RootChoice(),
        now=now,
    )
    return Authority.open(Home(path))


def _add_officer(authority: Authority, name: str, now: int) -> Account:
    account = authority.staff.authenticate(authority.staff.add(name, Role.OFFICER, now), now)
    if account is None:
        raise WentWrong("an officer's key is not known")
    return account
