"""A member of staff without a screen: signs in to an issuer's pages and sends their forms.

::

    clerk = Clerk.of(service, Role.REGISTRAR)
    page = clerk.get("/console/register")
    clerk.send_form("/console/register", evidence="pcr_negative", …)
"""

import re
from dataclasses import dataclass
from itertools import count
from typing import Self

from starlette.applications import Starlette

from issuer.serving import create_all
from issuer.staff import Role
from tests.support.asgi import Reply
from tests.support.issuers import Service
from tests.support.visitor import Visitor

PASSWORD = "four words in a row"

_numbers = count(1)


@dataclass
class Clerk(Visitor):
    """A browser with the cookies of one person; ``token`` is its session's."""

    @classmethod
    def at(cls, service: Service, app: Starlette | None = None) -> Self:
        """Whoever comes to the issuer's pages, not signed in."""
        app = app or create_all(service.authority, service.clock, step=0)
        return cls(app, service.authority.config.url)

    @classmethod
    def of(cls, service: Service, role: Role | str, app: Starlette | None = None) -> Self:
        """A new account of that role, with a password, signed in at the home itself."""
        name = f"{Role(role).value} {next(_numbers)}"
        service.authority.staff.add(name, Role(role), service.now)
        account = service.authority.staff.accounts()[-1]
        account = service.authority.staff.choose_password(account, PASSWORD)
        clerk = cls.at(service, app)
        clerk.cookies[cookie_name(service)] = service.authority.staff.sessions.start(
            account, service.now, proven=True
        )
        return clerk

    @property
    def token(self) -> str:
        [token] = [value for name, value in self.cookies.items() if "qupia" in name]
        return token

    def sign_in(self, name: str, password: str, **headers: str) -> Reply:
        return self.post("/console/sign-in", {"name": name, "password": password}, **headers)

    def choose(self, password: str = PASSWORD, again: str | None = None, **more: str) -> Reply:
        """Give oneself a password, as the first page after the key asks."""
        again = password if again is None else again
        return self.send_form("/console/password", password=password, again=again, **more)

    def send_form(self, path: str, nth: int = 0, /, **fields: str) -> Reply:
        """Open the page at ``path``, fill in one of its forms and send it."""
        return self.post(path, self.get(path).form(path, nth) | fields)

    def go_on(self, seen: Reply, path: str) -> Reply:
        """Send the form that asks whether one is sure."""
        return self.post(path, seen.form(path))


def cookie_name(service: Service) -> str:
    return "__Host-qupia" if service.authority.config.url.startswith("https:") else "qupia"


def alert(seen: Reply) -> str:
    """The sentence that says what is wrong; empty when nothing is."""
    found = re.search(r'role="alert">(?:<p>)?✗ (.*?)</', seen.html, re.S)
    return found[1] if found else ""


def praise(seen: Reply) -> str:
    """The sentence that says what was done."""
    found = re.search(r'role="status">✓ (.*?)</', seen.html, re.S)
    return found[1] if found else ""
