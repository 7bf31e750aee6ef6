"""One request of a member of staff: account, form, and the answer as a page."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from starlette.responses import Response

from issuer.authority import Authority
from issuer.staff import Account, Role
from schemas.encoding import b64url_decode, b64url_encode
from schemas.languages import Language
from shell.pages import Pages

_FORM_LABEL = b"qupia-console-form"
_ID_BYTES = 16


@dataclass(frozen=True, repr=False)
class Desk:
    """``token`` is the session's, ``form`` what was sent with a POST, ``now`` Unix seconds.

    ``menu`` holds the pages that this account may see, in their order.
    """

    authority: Authority
    account: Account
    token: str
    language: Language
    now: int
    pages: Pages
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    menu: "tuple[Page, ...]" = ()
    form: Mapping[str, str] = field(default_factory=dict)

    def page(
        self,
        template: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **values: Any,
    ) -> Response:
        """A page of the console; ``form_id()`` in it makes a form that can be sent once."""
        standing = {
            "account": self.account,
            "authority": self.authority.policy.name[self.language],
            "form_id": lambda: new_form_id(self.token),
            "look": "/console/look",
            "menu": self.menu,
            "path": self.path,
        }
        return self.pages.answer(
            template, self.language, standing | values, status=status, headers=headers
        )

    def refuse(self, name: str, *, status: int = 400) -> Response:
        """One sentence that says what to do, instead of what was asked for."""
        return self.page("sentence.html", status=status, sentence=self.say(name), good=False)

    def done(self, name: str, **values: object) -> Response:
        """One sentence that says what was done."""
        return self.page("sentence.html", sentence=self.say(name, **values), good=True)

    def say(self, name: str, **values: object) -> str:
        return self.pages.say(name, self.language, **values)

    def evidence_name(self, kind: str) -> str:
        """What people call a kind of evidence; one of the authority's own is called by its id."""
        try:
            return self.say(f"evidence_{kind}")
        except KeyError:
            return kind

    def sent(self, name: str) -> str:
        """A field of the form without white space around it; empty when it was not sent."""
        return self.form.get(name, "").strip()


Handler = Callable[[Desk], Response]


@dataclass(frozen=True)
class Page:
    """An address of the console, and whose roles may see it and send its form.

    ``name`` is that of the text that the menu shows; empty for a page that is in no menu.
    """

    path: str
    name: str
    roles: frozenset[Role]
    show: Handler
    act: Handler | None = None


def new_form_id(token: str) -> str:
    """Names one form of a session: a number drawn here, and our mark on it.

    It is the form's CSRF token too: nobody else can make one for this session.
    """
    drawn = secrets.token_bytes(_ID_BYTES)
    return b64url_encode(drawn + _mark(token, drawn))


def form_number(token: str, form_id: str) -> bytes | None:
    """The number in a form's id; None unless it was made for this session."""
    try:
        data = b64url_decode(form_id)
    except ValueError:
        return None
    drawn, mark = data[:_ID_BYTES], data[_ID_BYTES:]
    return drawn if hmac.compare_digest(mark, _mark(token, drawn)) else None


def _mark(token: str, drawn: bytes) -> bytes:
    return hmac.digest(token.encode("ascii"), _FORM_LABEL + drawn, sha256)
