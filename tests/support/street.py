"""A few real wallets and one real issuer over a wire that logs every byte, without days to live.

::

    with street(tmp_path) as place:
        place.activated("green", "03").ask_for_passes()
    place.wire.requests
"""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from benchmarks.privacy.real_days import quick
from benchmarks.privacy.real_office import URL, Office, Result
from benchmarks.privacy.real_phones import Act, Agenda, Phone, Surroundings
from benchmarks.privacy.real_wire import Moment, Wire
from schemas.kinds import HOUR
from tests.support.world import NOON
from wallet_sim.fetching.activation import ActivationSlip
from wallet_sim.passes.account import dpop_proof, new_private_key

EVIDENCE = {"green": "vaccinated_full", "blue": "no_record"}
BIRTHDAYS = {"03": "03-17", "11": "11-30"}


def unchanged(app: ASGIApp) -> ASGIApp:
    """What stands around the issuer's application where nothing is planted."""
    return app


class Street:
    """``around`` wraps the issuer's application, to plant something."""

    def __init__(self, folder: Path, around: Callable[[ASGIApp], ASGIApp] = unchanged) -> None:
        self._folder = folder
        self.moment = Moment(NOON)
        self.office = Office(folder / "issuer", self.moment)
        chance = random.Random(1)
        self.wire = Wire(around(self.office.app), self.moment, chance)
        self.agenda = Agenda(self.moment)
        self._around = Surroundings(self.agenda, self.wire, chance)
        self.phones: list[Phone] = []

    def phone(self, error: float = 0.0) -> Phone:
        """An empty wallet on a phone that is ``error`` seconds fast."""
        number = len(self.phones)
        self.phones.append(Phone(self._around, number, self._folder / f"wallet-{number}", error))
        return self.phones[-1]

    def slip(
        self, evidence: str = "vaccinated_full", birthday: str = "03-17", *, age: int = HOUR
    ) -> ActivationSlip:
        """For the next phone; the reference of its person is N and that phone's number."""
        return self.office.register(Result(evidence, age, birthday, f"N{len(self.phones)}"))

    def activated(self, status: str = "green", hint: str = "03", *, error: float = 0.0) -> Phone:
        """A wallet that has passes for the current window and the next."""
        slip = self.slip(EVIDENCE[status], BIRTHDAYS[hint])
        phone = self.phone(error)
        phone.activate(slip)
        return phone

    @property
    def acts(self) -> list[Act]:
        """What people did with their wallets."""
        return self._around.acts

    def tomorrow(self) -> None:
        """An hour of the next window has passed."""
        self.moment.reach(self.office.window().exp + HOUR)
        self.office.work()


@contextmanager
def street(folder: Path, around: Callable[[ASGIApp], ASGIApp] = unchanged) -> Iterator[Street]:
    """A street whose wallets reach the issuer as long as this lasts."""
    with quick():
        place = Street(folder, around)
        with closing(place.office), place.wire.connected():
            yield place


@dataclass(frozen=True)
class Caller:
    """Whoever calls the API with an entitlement and an account key, rightly or wrongly."""

    place: Street
    token: str
    account_key: bytes

    @classmethod
    def with_wallet_of(cls, place: Street, phone: Phone) -> "Caller":
        _, held = phone.load().activated()
        return cls(place, held.token, held.account_key)

    @classmethod
    def stranger(cls, place: Street) -> "Caller":
        return cls(place, "", new_private_key())

    def post(self, path: str, body: bytes, *, address: int = 200, late: int = 0) -> None:
        """Send ``body`` with a proof whose time is ``late`` seconds late."""
        url, now = URL + path, self.place.moment() + late
        proof = dpop_proof(self.account_key, method="POST", url=url, body=body, now=now)
        headers = {"Content-Type": "application/json", "DPoP": proof}
        send = self.place.wire.send_as(address)
        send("POST", url, limit=1_000_000, body=body, headers=headers)

    def ask(self, *batches: dict[str, Any], **more: Any) -> None:
        """Ask for passes."""
        body = {"entitlement": self.token, "batches": list(batches)}
        self.post("/v1/passes", json.dumps(body).encode(), **more)
