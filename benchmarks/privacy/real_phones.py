"""Real wallets as people use them: started, shown, checked in, asked, and otherwise left alone.

A phone runs ``qupia-wallet sync --watch``; a device of several people runs ``qupia-wallet serve``.
What happens to them is noted, for issuer, venue and evaluation apart.
"""

import heapq
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from pathlib import Path
from random import Random
from typing import Protocol

from benchmarks.privacy.real_wire import Moment, Wire
from schemas.activation import Activation, format_activation_url
from schemas.kinds import MINUTE
from schemas.languages import Language
from wallet_sim.both import NoticesOfWallet, check_in_here, fetch_notices, visits_of
from wallet_sim.fetching.activation import ActivationSlip, activate
from wallet_sim.fetching.client import Send
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.owner_rights import ask_what_is_held, end_entitlement
from wallet_sim.fetching.runner import Fetching, pause
from wallet_sim.fetching.session import Session, TellOffset, untold
from wallet_sim.fetching.sync import sync
from wallet_sim.fetching.tools import Tools
from wallet_sim.passes.presentation import present
from wallet_sim.passes.state import Wallet
from wallet_sim.showing import keep_showing, take_pass
from wallet_sim.web import door, fetching, rights, starting, visits
from wallet_sim.web.app import make_house
from wallet_sim.web.background import look_after
from wallet_sim.web.desk import Handler, WalletDesk
from wallet_sim.web.house import House
from wallet_sim.web.people import Person
from wallet_sim.web.words import TROUBLE

ON_SCREEN = 75
"""Seconds for which a code is held up; it changes twice or three times."""


CLOSELY = 35 * MINUTE
"""Seconds after whatever happened to a device in which its program looks at the clock as often as
it wants to: in the first minutes it may wait, and between the requests of several people it must.
"""

SELDOM = 5 * MINUTE
"""Seconds between two of its looks at other times, in which it waits for hours that were drawn."""


class Kind(StrEnum):
    """What a person does that nobody at a desk should see in the requests after it."""

    START = "start"
    SHOWING = "showing"
    CHECK_IN = "check_in"


@dataclass(frozen=True)
class Act:
    """A person did that at that moment; for the evaluation only."""

    moment: float
    kind: Kind
    wallet: int


@dataclass(frozen=True)
class Showing:
    """What a venue with a camera can log: the code that came up, and when it changed.

    ``wallet`` is for the evaluation only.
    """

    moment: float
    codes: tuple[str, ...]
    changes: tuple[float, ...]
    wallet: int


class Agenda:
    """What happens when, in the order of time."""

    def __init__(self, moment: Moment) -> None:
        self.moment = moment
        self._numbers = count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def at(self, moment: float, action: Callable[[], None]) -> None:
        heapq.heappush(self._due, (moment, next(self._numbers), action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        self.at(self.moment.now + seconds, action)

    def run(self, until: float) -> None:
        while self._due and self._due[0][0] <= until:
            moment, _, action = heapq.heappop(self._due)
            self.moment.reach(moment)
            action()
        self.moment.reach(until)


@dataclass
class Surroundings:
    """What all devices share, and what is noted of them."""

    agenda: Agenda
    wire: Wire
    chance: Random
    acts: list[Act] = field(default_factory=list)
    showings: list[Showing] = field(default_factory=list)

    def note(self, kind: Kind, wallet: int) -> None:
        self.acts.append(Act(self.agenda.moment.now, kind, wallet))
        self.wire.latest[wallet] = self.agenda.moment.now

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Somebody asked for what is done meanwhile."""
        self.wire.asking = True
        try:
            yield
        finally:
            self.wire.asking = False

    def look_again(self, wallets: Sequence[int], look: Callable[[], None]) -> None:
        """Let a program look at the clock in half a minute, or in some while nothing happens."""
        latest = max(self.wire.latest.get(wallet, 0.0) for wallet in wallets)
        is_close = self.agenda.moment.now - latest < CLOSELY
        self.agenda.after(pause(self.chance.randrange) if is_close else SELDOM, look)

    def tools(self, wallet: int, error: float) -> Tools:
        """What a wallet reaches the world with, its clock ``error`` seconds fast."""
        moment = self.agenda.moment
        return Tools(
            send=self.wire.send_as(wallet),
            clock=lambda: int(moment.now + error),
            below=self.chance.randrange,
            monotonic=lambda: moment.now,
        )


class Owner(Protocol):
    """Somebody with a wallet, and what they do with it."""

    wallet: int

    def load(self) -> Wallet: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def activate(self, slip: ActivationSlip) -> None: ...
    def ask_for_passes(self) -> None: ...
    def ask_what_is_held(self) -> None: ...
    def end(self) -> None: ...
    def check_in(self, code: str) -> None: ...
    def show(self) -> bool: ...


class Phone:
    """One person with the commands of a wallet, one of which keeps running."""

    def __init__(self, around: Surroundings, wallet: int, home: Path, error: float) -> None:
        self.wallet = wallet
        self._around = around
        self._tools = around.tools(wallet, error)
        self._file = WalletFile(home, self._tools.clock)
        self.running: Fetching | None = None

    def load(self) -> Wallet:
        return self._file.load()

    def start(self) -> None:
        """``sync --watch``, which ends by itself when nothing is activated any more."""
        self._around.note(Kind.START, self.wallet)
        self.running = Fetching(
            self._file,
            lambda: self._tools.connect(self._file),
            self._tools.below,
            _nothing,
            _nothing,
            NoticesOfWallet(self._file, _nothing, _nothing),
        )
        self._look(self.running)

    def stop(self) -> None:
        self.running = None

    def activate(self, slip: ActivationSlip) -> None:
        with self._around.asking(), suppress(*TROUBLE):
            session = self._tools.connect(self._file, slip.issuer)
            activate(session, slip)
            sync(session)

    def ask_for_passes(self) -> None:
        """``sync``, which looks for warnings, too."""
        with self._around.asking(), suppress(*TROUBLE):
            session = self._tools.connect(self._file)
            sync(session)
            fetch_notices(session)

    def ask_what_is_held(self) -> None:
        with self._around.asking(), suppress(*TROUBLE):
            _, entitlement = self.load().activated()
            ask_what_is_held(self._tools.connect(self._file), entitlement)

    def end(self) -> None:
        """``end``, which empties the wallet."""
        with self._around.asking(), suppress(*TROUBLE):
            _, entitlement = self.load().activated()
            end_entitlement(self._tools.connect(self._file), entitlement)
            visits_of(self._file).erase()
            self._file.erase()

    def check_in(self, code: str) -> None:
        with suppress(*TROUBLE):
            check_in_here(self._file, code)
            self._around.note(Kind.CHECK_IN, self.wallet)

    def show(self) -> bool:
        """Hold a pass up; whether there was one."""
        try:
            showing = take_pass(self._file, self._tools, again=False, agreed=False)
        except TROUBLE:
            return False
        self._around.note(Kind.SHOWING, self.wallet)
        screen = Screen(self._around, self.wallet)
        with suppress(PutAway):
            keep_showing(
                showing,
                draw=lambda now: screen.draw(present(showing, now=now)),
                now=lambda: self._tools.corrected_now(showing.wallet),
                sleep=screen.wait,
            )
        screen.put_away()
        return True

    def _look(self, program: Fetching) -> None:
        if self.running is not program:
            return
        try:
            program.look()
        except TROUBLE:
            self.running = None
        self._around.look_again([self.wallet], lambda: self._look(program))


class PutAway(Exception):
    """The code was seen, and the phone goes back into the pocket."""


class Screen:
    """What a camera sees of a code that is held up. Others do nothing meanwhile."""

    def __init__(self, around: Surroundings, wallet: int) -> None:
        self._around, self._wallet = around, wallet
        self._moment = around.agenda.moment
        self._began = self._moment.now
        self._codes: list[str] = []
        self._changes: list[float] = []

    def draw(self, code: str) -> None:
        if self._codes and code != self._codes[-1]:
            self._changes.append(self._moment.now)
        self._codes.append(code)

    def wait(self, seconds: float) -> None:
        """Let that much time pass; raises PutAway when it has been seen for long enough."""
        self._moment.now += seconds
        if self._moment.now - self._began > ON_SCREEN:
            raise PutAway

    def put_away(self) -> None:
        self._moment.now = self._began
        codes, changes = tuple(self._codes), tuple(self._changes)
        self._around.showings.append(Showing(self._began, codes, changes, self._wallet))


@dataclass(frozen=True)
class _SharedTools(Tools):
    """The network of one device; ``sends`` tells the evaluation whose request it is, by home."""

    sends: Mapping[Path, Send] = field(default_factory=dict)

    def connect(
        self, file: WalletFile, issuer: str | None = None, tell_offset: TellOffset = untold
    ) -> Session:
        own = Tools(self.sends[file.home], self.clock, self.sleep, self.below, self.monotonic)
        return own.connect(file, issuer, tell_offset)


class Device:
    """Several people with pages on one device: ``serve`` looks after all of them."""

    def __init__(
        self, around: Surroundings, wallets: Sequence[int], home: Path, error: float
    ) -> None:
        self.around = around
        self._home = home
        self._sends: dict[Path, Send] = {}
        plain = around.tools(wallets[0], error)
        self._tools = _SharedTools(**vars(plain), sends=self._sends)
        self.house = make_house(home, self._tools)
        people = self.house.people
        persons = [people.all()[0], *(people.add(f"Person {wallet}") for wallet in wallets[1:])]
        self.owners = [Resident(self, *pair) for pair in zip(wallets, persons, strict=True)]
        for owner in self.owners:
            self._sends[people.file(owner.person).home] = around.wire.send_as(owner.wallet)
        self._running: House | None = None

    def start(self) -> None:
        """``serve`` begins with empty rooms."""
        for owner in self.owners:
            self.around.note(Kind.START, owner.wallet)
        self._running = self.house = make_house(self._home, self._tools)
        self._look(self._running)

    def stop(self) -> None:
        self._running = None

    def _look(self, house: House) -> None:
        if self._running is house:
            look_after(house)
            wallets = [owner.wallet for owner in self.owners]
            self.around.look_again(wallets, lambda: self._look(house))


class Resident:
    """One of several people of a device, at their pages."""

    def __init__(self, device: Device, wallet: int, person: Person) -> None:
        self.wallet, self.person = wallet, person
        self._device = device

    def load(self) -> Wallet:
        return self._device.house.people.file(self.person).load()

    def start(self) -> None:
        self._device.start()

    def stop(self) -> None:
        self._device.stop()

    def activate(self, slip: ActivationSlip) -> None:
        link = format_activation_url(Activation(slip.issuer, slip.code, slip.root))
        self._ask(starting.start, code=link)

    def ask_for_passes(self) -> None:
        self._ask(fetching.fetch_now)

    def ask_what_is_held(self) -> None:
        self._ask(rights.ask_issuer)

    def end(self) -> None:
        self._ask(rights.end)

    def check_in(self, code: str) -> None:
        visits.check_in(self._desk(code=code))
        self._device.around.note(Kind.CHECK_IN, self.wallet)

    def show(self) -> bool:
        door.take(self._desk())
        if self._device.house.on_stage(self.person) is None:
            return False
        self._device.around.note(Kind.SHOWING, self.wallet)
        door.show_code(self._desk())
        screen = Screen(self._device.around, self.wallet)
        with suppress(PutAway):
            while True:
                members = json.loads(bytes(door.renew_code(self._desk()).body))
                screen.draw(members["drawn"])
                screen.wait(members["left"])
        screen.put_away()
        return True

    def _ask(self, handler: Handler, **form: str) -> None:
        """What the page does, and what it wakes the background for."""
        house = self._device.house
        with self._device.around.asking():
            handler(self._desk(**form))
            if house.awake.is_set():
                house.awake.clear()
                look_after(house)

    def _desk(self, **form: str) -> WalletDesk:
        return WalletDesk(self._device.house, self.person, Language.EN, form)


def _nothing(*_: object) -> None:
    """Nobody reads what this wallet says."""
