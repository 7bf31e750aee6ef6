"""What is remembered while a wallet is served, for all people and for each; it dies with that."""

from dataclasses import dataclass, field
from threading import Event, Lock

from schemas.kinds import MINUTE
from shell.pages import Pages
from wallet_sim.fetching.runner import Fetching
from wallet_sim.fetching.tools import Tools
from wallet_sim.web.arrival import Arrival
from wallet_sim.web.forms import Forms
from wallet_sim.web.people import People, Person
from wallet_sim.web.stage import ShownPass, may_stay

SHORTEST_PAUSE = MINUTE
LONGEST_PAUSE = 30 * MINUTE
"""Seconds between the requests of two wallets of this device."""


@dataclass
class Room:
    """What is remembered of one person. ``unseen``: the pass in ``stage`` was on no page yet.

    ``arrival`` is what the venue's code said, and ``here`` whether the last pass was asked for at
    that venue. ``calls`` is held while the issuer is called, ``steps`` while a pass is taken or
    somebody checks in. ``gave_up`` is the account key for which no passes are fetched any more;
    ``silence`` is why the last list of warnings did not come, and ``listens`` whether somebody has
    just asked for it.
    """

    stage: ShownPass | None = None
    unseen: bool = False
    arrival: Arrival | None = None
    here: bool = False
    notices: list[tuple[bool, str]] = field(default_factory=list)
    trouble: Exception | None = None
    gave_up: bytes | None = None
    silence: Exception | None = None
    listens: bool = False
    fetching: Fetching | None = None
    calls: Lock = field(default_factory=Lock)
    steps: Lock = field(default_factory=Lock)

    def tell(self, sentence: str, *, good: bool = True) -> None:
        """Say it on this person's next page."""
        self.notices.append((good, sentence))

    def hear(self) -> list[tuple[bool, str]]:
        """What is to be said now, and then no more."""
        told, self.notices = self.notices, []
        return told

    def leave_venue(self) -> None:
        """Forget the venue's code, and the pass that is bound to it."""
        self.arrival, self.here = None, False
        if self.stage is not None and self.stage.is_bound:
            self.stage = None


class Turns:
    """Whose wallet may ask the issuer by itself.

    Wallets that ask one after the other, from one address, would tell which people live together.
    So there is a pause of random length between the requests of one and those of another, which
    begins anew with each request, those that a person asked for among them.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._last: int | None = None
        self._until = 0

    def is_free(self, person: Person) -> bool:
        """Whether this wallet may ask now; the one that asked last may go on."""
        now = self._tools.clock()
        return person.number == self._last or not now < self._until <= now + LONGEST_PAUSE

    def take(self, person: Person) -> None:
        """The issuer has just been asked for this person."""
        pause = SHORTEST_PAUSE + self._tools.below(LONGEST_PAUSE - SHORTEST_PAUSE + 1)
        self._until = self._tools.clock() + pause
        self._last = person.number


class House:
    """What is remembered of all people. ``awake`` is set to start the background work at once.

    ``turns`` keeps the wallets of this device apart.
    """

    def __init__(self, people: People, tools: Tools, pages: Pages) -> None:
        self.people = people
        self.tools = tools
        self.pages = pages
        self.forms = Forms(tools.clock)
        self.awake = Event()
        self.turns = Turns(tools)
        self._rooms: dict[int, Room] = {}

    def room(self, person: Person) -> Room:
        return self._rooms.setdefault(person.number, Room())

    def leave(self, person: Person) -> None:
        """Forget a person, or what was on their pages."""
        self._rooms.pop(person.number, None)

    def clear(self, person: Person) -> None:
        """Forget what is over although nobody asks for it."""
        with self.room(person).steps:
            self.arrived(person)
            self.on_stage(person)

    def arrived(self, person: Person) -> Arrival | None:
        """The venue whose code this person has scanned; None when that is over."""
        room, wallet = self.room(person), self.people.file(person).load()
        if room.arrival is not None and room.arrival.is_over(self.tools.corrected_now(wallet)):
            room.arrival = None
        return room.arrival

    def on_stage(self, person: Person) -> ShownPass | None:
        """The pass that this person shows now; None when it may be shown no longer."""
        room, wallet = self.room(person), self.people.file(person).load()
        now = self.tools.corrected_now(wallet)
        if room.stage is not None and not may_stay(room.stage, wallet, now=now):
            room.stage = None
        return room.stage
