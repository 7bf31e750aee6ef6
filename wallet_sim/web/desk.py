"""One request of one person: what they sent, and how they are answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from schemas.languages import Language
from shell.pages import redirect
from wallet_sim.fetching.file import WalletFile
from wallet_sim.fetching.session import Session
from wallet_sim.passes.state import Wallet
from wallet_sim.texts import knows, text
from wallet_sim.web.house import House, Room
from wallet_sim.web.people import FIRST, Person
from wallet_sim.web.words import words

LOOK = "/look"
"""Where the style and the scripts are."""


@dataclass(frozen=True, repr=False)
class WalletDesk:
    """``form`` is what was sent; ``repeated`` says that the very same form came before."""

    house: House
    person: Person
    language: Language
    form: Mapping[str, str] = field(default_factory=dict)
    repeated: bool = False

    @property
    def file(self) -> WalletFile:
        return self.house.people.file(self.person)

    @property
    def room(self) -> Room:
        return self.house.room(self.person)

    @property
    def path(self) -> str:
        """The address of this person's pages."""
        return f"/p/{self.person.number}"

    def now(self, wallet: Wallet) -> int:
        return self.house.tools.corrected_now(wallet)

    def connect(self, issuer: str | None = None) -> Session:
        """Raises NotActivated."""
        return self.house.tools.connect(self.file, issuer)

    def sent(self, name: str) -> str:
        """A field of the form without white space around it; empty when it was not sent."""
        return self.form.get(name, "").strip()

    # Answers

    def say(self, name: str, /, **values: object) -> str:
        """A sentence of the pages, else one of the wallet's."""
        return say(self.house, self.language, name, **values)

    def words(self, error: Exception) -> str:
        return words(error, self.language, self.say)

    def page(self, template: str, *, status: int = 200, **values: Any) -> Response:
        """A page of this person. In it ``form_id()`` makes a form that works once.

        ``say("name", …)`` is a sentence of the pages or of the wallet, ``t`` one of the pages.
        """
        standing = {
            "form_id": lambda: self.house.forms.new(self.person.number),
            "name": name_of(self.house, self.language, self.person),
            "notices": self.room.hear(),
            "path": self.path,
            "say": self.say,
        }
        return answer(self.house, self.language, template, standing | values, self.person, status)

    def go(self, *steps: str) -> Response:
        """See another page of this person."""
        return redirect("/".join((self.path, *steps)))


Handler = Callable[[WalletDesk], Response]


def say(house: House, language: Language, name: str, /, **values: object) -> str:
    """A sentence of the pages, else one of the wallet's."""
    if house.pages.knows(name) or not knows(name):
        return house.pages.say(name, language, **values)
    return text(name, language, **values)


def name_of(house: House, language: Language, person: Person) -> str:
    """What a person is called on the pages; the first one has a name before one is given."""
    if person.name or person.number != FIRST:
        return person.name
    return say(house, language, "first_person")


def answer(
    house: House,
    language: Language,
    template: str,
    values: Mapping[str, Any],
    person: Person | None = None,
    status: int = 200,
) -> Response:
    """A page with the names of all people above it; ``person`` is the one it belongs to."""
    names = [(one, name_of(house, language, one)) for one in house.people.all()]
    frame = {"look": LOOK, "people": names, "person": person}
    return house.pages.answer(template, language, frame | dict(values), status=status)
