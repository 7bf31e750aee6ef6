"""Days of a small town in which all wallets are real: who does what when, from one seed."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from benchmarks.privacy.real_office import Door, Office, Result
from benchmarks.privacy.real_phones import (
    Act,
    Agenda,
    Device,
    Owner,
    Phone,
    Showing,
    Surroundings,
)
from benchmarks.privacy.real_wire import Moment, Request, Wire
from schemas.bundle import TrustBundle
from schemas.kinds import DAY, HOUR, MINUTE
from tests.support.issuers import pool_keys
from tests.support.world import NOON
from wallet_sim import both
from wallet_sim.fetching.trust import stored_bundle
from wallet_sim.passes.state import PinnedAuthority
from wallet_sim.storage import ValueFile
from wallet_sim.web import door as web_door

ROUND = HOUR
"""Seconds between two rounds of the issuer's background work and two updates of the venue."""

MORNING = 7 * HOUR
"""Of the first local day: when people begin to activate their wallets."""

GROUP = 12
"""Of so many wallets the last three are on one device, and three before them run only when used."""

STEADY = (0, 2)
"""The places in a group of wallets that never stop running."""

ILL = (1, 3, 10)
"""The places of those who are withdrawn on the second day: they run, one of them on a device."""

EVIDENCE = ("vaccinated_full", "no_record", "recovered", "pcr_negative", "vaccinated_first")
BIRTHDAYS = ("03-17", "03-02", "11-30", "07-07")


@dataclass(frozen=True)
class Setting:
    """What is chosen about it; ``retires`` says whether a key is retired on the last day."""

    wallets: int = 48
    days: int = 3
    seed: int = 1
    retires: bool = True


@dataclass(frozen=True)
class Logs:
    """All that issuer, network and venue can log, and what only the evaluation knows.

    ``errors`` are by how many seconds each phone's clock is fast, ``withdrawn`` when the issuing
    for a wallet ended, ``devices`` the wallets that share one, ``steady`` those that always
    run, ``windows`` when each local day begins, and when the last one ends.
    """

    requests: tuple[Request, ...]
    showings: tuple[Showing, ...]
    outcomes: tuple[str, ...]
    acts: tuple[Act, ...]
    errors: dict[int, float]
    withdrawn: dict[int, float]
    devices: tuple[tuple[int, ...], ...]
    steady: tuple[int, ...]
    began: float
    ended: float
    windows: tuple[int, ...]


class Days:
    """One small town, made in ``folder``; :meth:`live` lets its days pass."""

    def __init__(self, folder: Path, setting: Setting) -> None:
        self.setting = setting
        self.chance = Random(setting.seed)
        self.moment = Moment(NOON)
        self.office = Office(folder / "issuer", self.moment)
        self.door = Door(folder / "venue", self.office)
        self.wire = Wire(self.office.app, self.moment, self.chance)
        self.agenda = Agenda(self.moment)
        self.around = Surroundings(self.agenda, self.wire, self.chance)
        self.midnight = self.office.window().exp
        self.errors: dict[int, float] = {}
        self.withdrawn: dict[int, float] = {}
        self.devices: list[tuple[int, ...]] = []
        self.outcomes: list[str] = []
        self.owners = self._make_owners(folder)

    @property
    def steady(self) -> tuple[int, ...]:
        """The wallets that run from the first day to the end without a pause."""
        return tuple(n for n in range(self.setting.wallets) if n % GROUP in STEADY)

    @property
    def end(self) -> float:
        return self.midnight + self.setting.days * DAY

    def live(self) -> Logs:
        self._plan()
        with self.wire.connected():
            self.agenda.run(self.end)
        return Logs(
            requests=tuple(self.wire.requests),
            showings=tuple(self.around.showings),
            outcomes=tuple(self.outcomes),
            acts=tuple(self.around.acts),
            errors=self.errors,
            withdrawn=self.withdrawn,
            devices=tuple(self.devices),
            steady=self.steady,
            began=self.midnight + MORNING,
            ended=self.end,
            windows=tuple(self.midnight + day * DAY for day in range(self.setting.days + 1)),
        )

    # Who there is

    def _make_owners(self, folder: Path) -> list[Owner]:
        owners: list[Owner] = []
        while len(owners) < self.setting.wallets:
            number = len(owners)
            error = self._clock_error(number)
            members = range(number, number + (3 if number % GROUP == GROUP - 3 else 1))
            self.errors |= dict.fromkeys(members, error)
            if len(members) == 1:
                owners.append(Phone(self.around, number, folder / f"wallet-{number}", error))
                continue
            self.devices.append(tuple(members))
            device = Device(self.around, tuple(members), folder / f"wallet-{number}", error)
            owners += device.owners
        return owners

    def _clock_error(self, number: int) -> float:
        """Of phones: most are right, some are off by seconds, minutes or a time zone."""
        spread = (1.5, 1.5, 12.0, 28.0, 50.0, 300.0)[number % 6]
        hours = self.chance.choice((-2, -1, 1)) if number % GROUP == 4 else 0
        return self.chance.uniform(-spread, spread) + hours * HOUR

    # What happens when

    def _plan(self) -> None:
        self._each(ROUND, self._round)
        for owner in self.owners:
            self._plan_owner(owner)
        for owner in self.owners:
            if owner.wallet % GROUP in ILL:
                self.agenda.at(self._time_of_day(1, 9, 15), partial(self._withdraw, owner.wallet))
        if self.setting.retires:
            self.agenda.at(self._time_of_day(self.setting.days - 1, 8, 10), self._retire)

    def _round(self) -> None:
        self.office.work()
        self.door.update()

    def _each(self, seconds: float, action: Callable[[], None]) -> None:
        def again() -> None:
            action()
            self.agenda.after(seconds, again)

        self.agenda.at(self.midnight, again)

    def _time_of_day(self, day: int, earliest: float, latest: float) -> float:
        """A random moment between two hours of a local day, the first of which is 0."""
        return self.midnight + day * DAY + self.chance.uniform(earliest, latest) * HOUR

    def _plan_owner(self, owner: Owner) -> None:
        number = owner.wallet
        begins = self._time_of_day(0, 7, 10)
        self.agenda.at(begins, lambda: self._activate(owner))
        place = number % GROUP
        if place < GROUP - 6:
            self._plan_running(owner, begins)
        elif place < GROUP - 3:
            self._plan_opening(owner)
        else:
            if place == GROUP - 3:
                self._plan_running(owner, begins + HOUR)
            for day in range(self.setting.days):
                self.agenda.at(self._time_of_day(day, 11, 22), lambda: self._visit(owner))
        if number % 8 == 3:
            self.agenda.at(self._time_of_day(1, 8, 22), owner.ask_what_is_held)
        if number % GROUP == 5:
            self.agenda.at(self._time_of_day(1, 8, 22), owner.end)

    def _plan_running(self, owner: Owner, begins: float) -> None:
        """Runs always; most are started anew now and then, some after hours without it."""
        number = owner.wallet
        self.agenda.at(begins + MINUTE, owner.start)
        for day in range(self.setting.days):
            if number not in self.steady:
                stops = self._time_of_day(day, 11, 23)
                self.agenda.at(stops, owner.stop)
                pause = self.chance.choice((MINUTE, MINUTE, 5 * HOUR))
                self.agenda.at(stops + pause, owner.start)
            if day:
                self.agenda.at(self._time_of_day(day, 8, 22), lambda: self._visit(owner))

    def _plan_opening(self, owner: Owner) -> None:
        """Runs only while it is open: at doors, and for those with foresight in the evening."""
        foresees = self.chance.random() < 0.5
        for day in range(self.setting.days):
            for _ in range(self.chance.choice((1, 2))):
                self.agenda.at(self._time_of_day(day, 11, 20), lambda: self._open_at_door(owner))
            if foresees:
                self.agenda.at(self._time_of_day(day, 20, 23), lambda: self._open_at_home(owner))

    # What people do

    def _activate(self, owner: Owner) -> None:
        """Some send a code of somebody else first, or one that nobody was given."""
        number = owner.wallet
        result = Result(
            evidence=EVIDENCE[number % len(EVIDENCE)],
            age=self.chance.randrange(HOUR, 30 * HOUR),
            birthday=BIRTHDAYS[number % len(BIRTHDAYS)],
            reference=_reference(number),
        )
        slip = self.office.register(result)
        if number % 7 == 5:
            owner.activate(replace(slip, code="0" * len(slip.code)))
        owner.activate(slip)
        if number % 7 == 6:
            self.owners[number - 1].activate(slip)

    def _open_at_door(self, owner: Owner) -> None:
        owner.start()
        self.agenda.after(self.chance.uniform(5, 40), lambda: self._visit(owner))
        self.agenda.after(self.chance.uniform(90, 600), owner.stop)

    def _open_at_home(self, owner: Owner) -> None:
        owner.start()
        owner.ask_for_passes()
        self.agenda.after(self.chance.uniform(5, 60) * MINUTE, owner.stop)

    def _visit(self, owner: Owner) -> None:
        """Come to the door; whoever has no passes asks for some there, or goes home."""
        if self.chance.random() < 0.3:
            owner.check_in(self.door.check_in_code())
        if not owner.show():
            owner.ask_for_passes()
            if not owner.show():
                return
        self.outcomes.append(self.door.scan(self.around.showings[-1].codes[0]))

    # What the authority does

    def _withdraw(self, number: int) -> None:
        self.office.withdraw(_reference(number))
        self.withdrawn[number] = self.moment.now

    def _retire(self) -> None:
        """The key of the current window under which most wallets have passes."""
        now = self.moment()
        held = [w.batch_at(now) for w in (owner.load() for owner in self.owners)]
        ids = [batch.key_id for batch in held if batch is not None]
        if ids:
            key = self.office.authority.bundle().by_id[max(set(ids), key=ids.count)]
            self.office.retire(key, after=6 * HOUR)


def _reference(number: int) -> str:
    return f"N{number:07}"


@contextmanager
def town(folder: Path, setting: Setting) -> Iterator[Days]:
    """One in ``folder``, whose days pass quickly as long as this lasts."""
    with quick():
        days = Days(folder, setting)
        with closing(days.office):
            yield days


@contextmanager
def quick() -> Iterator[None]:
    """While it lasts nothing is made or read twice that would come out the same.

    RSA keys are ready-made. All wallets look at their files every half minute, several times a
    look, and nobody else does: what they read is remembered as long as the file or the bundle is
    the same, and locks are taken at the first touch only. Pages get the text of a code in the place
    of its picture.
    """
    read = _remembering(ValueFile._read, within_a_second=False)
    load = _remembering(ValueFile.load, within_a_second=True)
    with (
        pool_keys(),
        patch.object(web_door, "qr_path", lambda text: (len(text), text)),
        patch.object(both, "stored_bundle", _remembering_bundles()),
        patch.multiple(ValueFile, _read=read, load=load, _locked=_locking_once()),
    ):
        yield


def _remembering(
    call: Callable[[ValueFile[Any]], Any], *, within_a_second: bool
) -> Callable[[ValueFile[Any]], Any]:
    """``call`` of a file, remembered as long as the file is the same, or for a second at most."""
    seen: dict[Path, tuple[object, Any]] = {}

    def remembered(file: ValueFile[Any]) -> Any:
        path, now = file.home / f"{file.name}.json", file.clock() if within_a_second else 0
        held = seen.get(path)
        if held is None or held[0] != (_mark(path), now):
            value = call(file)
            held = seen[path] = (_mark(path), now), value
        return held[1]

    return remembered


def _locking_once() -> Callable[[ValueFile[Any]], AbstractContextManager[None]]:
    known: set[tuple[Path, str]] = set()
    lock = ValueFile._locked

    def locked(file: ValueFile[Any]) -> AbstractContextManager[None]:
        if (file.home, file.name) in known:
            return nullcontext()
        known.add((file.home, file.name))
        return lock(file)

    return locked


def _remembering_bundles() -> Callable[[PinnedAuthority], TrustBundle]:
    read = stored_bundle
    seen: dict[tuple[str, int | None], TrustBundle] = {}

    def remembered(authority: PinnedAuthority) -> TrustBundle:
        key = authority.bundle, authority.trust.sunset
        if key not in seen:
            seen[key] = read(authority)
        return seen[key]

    return remembered


def _mark(path: Path) -> tuple[int, ...] | None:
    """What is another one after each write; None where there is no file."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
