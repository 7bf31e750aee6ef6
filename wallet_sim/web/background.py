"""Passes and lists of warnings are fetched while the wallet is served, for everybody in turn."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event, Thread

from shell.command_line import complain
from shell.errors import CommandError, place_of
from wallet_sim.both import NoticesOfWallet
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.runner import Fetching, pause
from wallet_sim.fetching.session import Session
from wallet_sim.fetching.sync import Synced
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
        self._house.awake.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._house.awake.clear()
            try:
                look_after(self._house)
            except Exception as error:  # noqa: BLE001 - one bad look must not end all others.
                complain(place_of(error))
            self._house.awake.wait(pause(self._house.tools.below))


def look_after(house: House) -> None:
    """Fetch what is due for one person at most."""
    people = [person for person in house.people.all() if _is_readable(house, person)]
    quiet_until = _quiet_until(house, people)
    while people:
        person = people.pop(house.tools.below(len(people)))
        if _look_at(house, person, quiet_until):
            house.turns.take(person)


def _is_readable(house: House, person: Person) -> bool:
    """Forget what is over of a person; a damaged wallet, which its page tells, stops no other."""
    try:
        house.clear(person)
    except CommandError:
        return False
    return True


def _quiet_until(house: House, people: Sequence[Person]) -> int:
    """Until when nothing is asked for, by the device's clock: who sees one wallet sees the device.

    0 where nobody has just seen one.
    """
    ends = [0]
    for person in people:
        wallet = house.people.file(person).load()
        if wallet.quiet_until is not None:
            ends.append(wallet.quiet_until - wallet.clock_offset)
    return max(ends)


def _look_at(house: House, person: Person, quiet_until: int) -> bool:
    """Whether the issuer was asked for this person."""
    room, file = house.room(person), house.people.file(person)
    wallet = file.load()
    listener = _Listener(file, room)
    if wallet.authority is None:
        listener.prune()
        return False
    fetching = room.fetching = room.fetching or _fetching(house, file, room)
    fetching.notices = listener
    if room.listens:
        room.listens = False
        fetching.hear_now()
    held = wallet.entitlement
    fetching.wants_passes = held is None or held.account_key != room.gave_up
    try:
        with room.calls:
            asked = fetching.look(
                quiet_until=quiet_until + wallet.clock_offset,
                may_ask=house.turns.is_free(person),
            )
    except TROUBLE as error:
        # This will not pass by itself; no passes are asked for this entitlement any more.
        room.trouble, room.gave_up = error, held.account_key if held is not None else None
        return True
    if not listener.hear():
        fetching.retry_notices()
    return asked


def _fetching(house: House, file: WalletFile, room: Room) -> Fetching:
    tools = house.tools

    def report(_synced: Synced) -> None:
        room.trouble = None

    def failed(error: Exception) -> None:
        room.trouble = error

    return Fetching(file, lambda: tools.connect(file), tools.below, report, failed)


@dataclass
class _Listener:
    """The notices of one wallet for one look. A list that is due is fetched after it.

    By then nobody waits for the wallet's calls any more: to match a long list takes minutes.
    """

    file: WalletFile
    room: Room
    session: Session | None = None
    refreshed: bool = False

    def prune(self) -> None:
        self._beside.prune()

    def fetch(self, session: Session, *, refreshed: bool) -> bool:
        self.session, self.refreshed = session, refreshed
        return True

    def hear(self) -> bool:
        """Whether the list came, if it was due; why not is told on the page of what is held."""
        return self.session is None or self._beside.fetch(self.session, refreshed=self.refreshed)

    @property
    def _beside(self) -> NoticesOfWallet:
        def silent(error: Exception | None) -> None:
            self.room.silence = error

        return NoticesOfWallet(self.file, lambda _: silent(None), silent)
