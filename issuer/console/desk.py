"""One request of a member of staff: account, form, and the answer as a page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.responses import Response

from issuer.authority import Authority
from issuer.staff import Account, Role
from schemas.languages import Language
from schemas.problems import ApiProblem, Problem
from shell.forms import Sent, new_form, take_form
from shell.pages import Pages
from shell.times import read_local_time


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
            "form_id": lambda: new_form(self._form_key, self.now),
            "look": "/console/look",
            "menu": self.menu,
            "path": self.path,
        }
        return self.pages.answer(
            template, self.language, standing | values, status=status, headers=headers
        )

    def take_form(self, form_id: str) -> Response | None:
        """Use up a form of this session; a refusal where it is none, or was sent before.

        Its number is spent with the session, for all serving processes together.
        """
        spend = partial(self.authority.staff.sessions.spend_form, self.token)
        match take_form(self._form_key, form_id, now=self.now, spend=spend):
            case Sent.NEW:
                return None
            case Sent.REPEATED:
                return self.refuse("sent_before", status=409)
            case Sent.FOREIGN:
                return self.refuse("not_your_form", status=403)

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

    def sent_time(self, date: str, clock: str = "") -> int:
        """Unix seconds of a local time in two fields, of midnight without ``clock``.

        Raises ApiProblem ``invalid``.
        """
        try:
            at = self.sent(clock) if clock else "00:00"
            return read_local_time(self.sent(date), at, self.authority.policy.zone)
        except ValueError:
            raise ApiProblem(Problem.INVALID) from None

    def sent(self, name: str) -> str:
        """A field of the form without white space around it; empty when it was not sent."""
        return self.form.get(name, "").strip()

    @property
    def _form_key(self) -> bytes:
        return self.token.encode("ascii")


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
