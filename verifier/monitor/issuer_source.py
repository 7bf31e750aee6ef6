"""The issuer's address as a source. Other commands never load this module, nor the web client."""

from dataclasses import dataclass

from shell.errors import CommandError
from shell.fetching import NoAnswer, send
from verifier.monitor.findings import Unhad
from verifier.monitor.sources import NotHad


@dataclass(frozen=True)
class IssuerSource:
    """The issuer with this origin."""

    origin: str
    is_near: bool = False

    def read(self, path: str, *, limit: int) -> bytes:
        try:
            answer = send("GET", self.origin + path, limit=limit)
        except NoAnswer:
            raise NotHad(path, Unhad.NO_ANSWER) from None
        except CommandError:
            raise NotHad(path, Unhad.TOO_LARGE) from None
        if answer.status == 404:
            raise NotHad(path, Unhad.NOT_THERE)
        if answer.status != 200:
            raise NotHad(path, Unhad.NO_ANSWER)
        return answer.body
