"""Passes are fetched at their random times while the wallet is served, for everybody in turn."""

from threading import Event, Thread

from shell.command_line import complain
from shell.errors import place_of
from wallet_sim.session import Session
from wallet_sim.syncing import Synced
from wallet_sim.watching import POLL, Fetching
from wallet_sim.web.house import House, Room
from wallet_sim.web.people import Person
from wallet_sim.web.words import TROUBLE


class Background:
    """A thread that looks after all wallets until it is stopped."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._stopped = Event()
        self._thread = Thread(target=self._run, name="fetching", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """A call that is under way is not waited for: what it asked is stored, and asked again."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                look_after(self._house)
            except Exception as error:  # noqa: BLE001 - one bad look must not end all others.
                complain(place_of(error))
            self._stopped.wait(POLL)


def look_after(house: House) -> None:
    """Fetch what is due for one person at most.

    Wallets that ask in one moment would tell the issuer which people belong together.
    """
    people = list(house.people.all())
    while people:
        person = people.pop(house.tools.below(len(people)))
        if _look_at(house, person):
            return


def _look_at(house: House, person: Person) -> bool:
    """Whether the issuer was asked for this person."""
    room, file = house.room(person), house.people.file(person)
    held = file.load().entitlement
    if held is None or held.account_key == room.gave_up:
        return False
    if room.fetching is None:
        room.fetching = _fetching(house, person, room)
    try:
        with room.calls:
            return room.fetching.look()
    except TROUBLE as error:
        # This will not pass by itself; nothing is asked for this entitlement any more.
        room.trouble, room.gave_up = error, held.account_key
        return True


def _fetching(house: House, person: Person, room: Room) -> Fetching:
    file, tools = house.people.file(person), house.tools

    def report(_synced: Synced, _session: Session) -> None:
        room.trouble = None

    def failed(error: Exception) -> None:
        room.trouble = error

    return Fetching(file, lambda: tools.connect(file), tools.below, report, failed)
