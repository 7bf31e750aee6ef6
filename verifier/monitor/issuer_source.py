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
            raise NotHad(Unhad.NO_ANSWER, path) from None
        except CommandError:
            raise NotHad(Unhad.TOO_LARGE, path) from None
        if answer.status == 404:
            raise NotHad(Unhad.NOT_THERE, path)
        if answer.status != 200:
            raise NotHad(Unhad.NO_ANSWER, path)
        return answer.body
