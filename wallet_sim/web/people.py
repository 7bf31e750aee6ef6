"""Who has a wallet on this device: the home's own is the first, the others have theirs beside it.

Nothing but a number and a name of the user's choice is kept of a person here; wallets never meet.
"""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from schemas.errors import Refusal
from schemas.jws import parse_json_object
from shell.clock import Clock
from shell.errors import CommandError
from shell.files import locked, make_private_directory, read_private, write_private
from wallet_sim.fetching.file import WalletFile
from wallet_sim.passes.state import Wallet

FILE_NAME = "people.json"
LOCK_NAME = "people.lock"
FOLDER_NAME = "people"
FORMAT = 1

FIRST = 1
"""Whose wallet is that of the commands. It has no name until one is given."""

NAME_LIMIT = 40
PEOPLE_LIMIT = 20
"""Of a family; each is looked after every half minute."""


T = TypeVar("T")


class PersonFault(StrEnum):
    """A name that cannot be told from the others or is none; no room for another person; a wallet
    that is not empty, and must be ended or erased first.
    """

    BAD_NAME = "bad_name"
    FULL = "full"
    STILL_USED = "still_used"


class PersonRefused(Refusal[PersonFault]):
    """The people of this device stay who they were."""


@dataclass(frozen=True)
class Person:
    """``number`` is never given to anybody else on this device."""

    number: int
    name: str = ""


@dataclass(frozen=True)
class _Register:
    people: tuple[Person, ...] = (Person(FIRST),)
    next: int = FIRST + 1


class People:
    """The wallets under the folder ``home``; ``clock`` is the device's."""

    def __init__(self, home: Path, clock: Clock) -> None:
        self._home = home
        self._clock = clock

    def prepare(self) -> None:
        """Make the home, or check it. Raises CommandError, as a wallet's file does."""
        self.file(Person(FIRST)).update(lambda wallet: wallet)

    def all(self) -> tuple[Person, ...]:
        """In the order in which they came."""
        return self._read().people

    def find(self, number: int) -> Person | None:
        return next((person for person in self.all() if person.number == number), None)

    def file(self, person: Person) -> WalletFile:
        """The wallet of one person, in a folder of its own."""
        return WalletFile(self._folder(person), self._clock)

    def add(self, name: str) -> Person:
        """A new person with an empty wallet. Raises PersonRefused."""

        def change(register: _Register) -> tuple[_Register, Person]:
            if len(register.people) >= PEOPLE_LIMIT:
                raise PersonRefused(PersonFault.FULL)
            person = Person(register.next, _checked(name, register.people))
            return _Register((*register.people, person), register.next + 1), person

        return self._transact(change)

    def rename(self, person: Person, name: str) -> Person:
        """Raises PersonRefused."""

        def change(register: _Register) -> tuple[_Register, Person]:
            others = [one for one in register.people if one.number != person.number]
            renamed = replace(person, name=_checked(name, others))
            people = tuple(
                renamed if one.number == person.number else one for one in register.people
            )
            return replace(register, people=people), renamed

        return self._transact(change)

    def remove(self, person: Person) -> None:
        """Forget a person whose wallet is empty; the first one stays. Raises PersonRefused."""
        self.check_removable(person)

        def change(register: _Register) -> tuple[_Register, None]:
            people = tuple(one for one in register.people if one.number != person.number)
            return replace(register, people=people), None

        self._transact(change)
        self.file(person).erase()
        shutil.rmtree(self._folder(person), ignore_errors=True)

    def check_removable(self, person: Person) -> None:
        """Raises PersonRefused."""
        if person.number == FIRST or not is_empty(self.file(person).load()):
            raise PersonRefused(PersonFault.STILL_USED)

    def _folder(self, person: Person) -> Path:
        if person.number == FIRST:
            return self._home
        return self._home / FOLDER_NAME / str(person.number)

    def _transact(self, change: Callable[[_Register], tuple[_Register, T]]) -> T:
        self.prepare()
        make_private_directory(self._home / FOLDER_NAME)
        with locked(self._home / LOCK_NAME):
            register, result = change(self._read())
            write_private(self._home / FILE_NAME, _to_bytes(register))
            return result

    def _read(self) -> _Register:
        path = self._home / FILE_NAME
        if not path.exists():
            return _Register()
        try:
            return _from_bytes(read_private(path))
        except (ValueError, KeyError, TypeError):
            raise CommandError(
                f"{path} is damaged, and nothing in it was changed; put back a copy"
            ) from None


def is_empty(wallet: Wallet) -> bool:
    """Whether nothing would be lost with this wallet."""
    return wallet.entitlement is None and not wallet.batches and not wallet.activating


def _checked(name: str, others: Iterable[Person]) -> str:
    """``name`` with single spaces; raises PersonRefused."""
    tidy = " ".join(name.split())
    taken = {one.name.casefold() for one in others}
    if not tidy or len(tidy) > NAME_LIMIT or not tidy.isprintable() or tidy.casefold() in taken:
        raise PersonRefused(PersonFault.BAD_NAME)
    return tidy


def _to_bytes(register: _Register) -> bytes:
    people = [[person.number, person.name] for person in register.people]
    members = {"format": FORMAT, "next": register.next, "people": people}
    return json.dumps(members, ensure_ascii=False, indent=1).encode("utf-8")


def _from_bytes(data: bytes) -> _Register:
    """Raises ValueError, KeyError or TypeError for what was never written here."""
    members = parse_json_object(data)
    people = tuple(Person(int(number), str(name)) for number, name in members["people"])
    register = _Register(people, int(members["next"]))
    numbers = [person.number for person in people]
    in_order = numbers == sorted(set(numbers)) and numbers[:1] == [FIRST]
    if members["format"] != FORMAT or not in_order or numbers[-1] >= register.next:
        raise ValueError("no register of ours")
    return register
