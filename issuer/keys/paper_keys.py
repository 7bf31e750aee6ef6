"""The keys of paper passes: one for each week, made ahead of time, gone when no slip is good.

The key of a slip follows from the midnight at which the slip begins and not from the moment of
signing, so that all slips of one class can be one text. Weeks are counted from 1970 on, in UTC. A
key signs for one week and counts for two, because a slip may be good for seven days.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from issuer.home import Home
from issuer.keys.keyring import SigningKey
from schemas.jws import Typ
from schemas.kinds import DAY
from schemas.paper import LONGEST_PAPER
from schemas.windows import Window
from shell.files import destroy

WEEK = 7 * DAY
_NAME = "paper-{begins}.pem"


@dataclass(frozen=True)
class PaperKeyFile:
    """A key on disk. ``window`` is when slips under it may count, as the bundle says it."""

    path: Path
    window: Window

    @cached_property
    def key(self) -> SigningKey:
        """Raises CommandError for a damaged file."""
        return SigningKey.load(self.path, Typ.PAPER)

    @property
    def kid(self) -> str:
        return self.key.thumbprint

    def member(self) -> dict[str, Any]:
        """How the bundle lists it in ``paper_keys``."""
        return {
            **self.key.jwk,
            "kid": self.kid,
            "nbf": self.window.nbf,
            "exp": self.window.exp,
        }


def paper_key_for(home: Home, nbf: int) -> PaperKeyFile | None:
    """The key of slips that begin at ``nbf``; None before it is made."""
    file = _file(home, _week(nbf))
    return file if file.path.exists() else None


def list_paper_keys(home: Home, now: int) -> list[PaperKeyFile]:
    """The keys that are not over, the oldest first."""
    return [file for file in _files(home) if now < file.window.exp]


def make_paper_keys(home: Home, *, nbf: int, until: int) -> int:
    """Make what is missing for slips that begin from ``nbf`` to before ``until``; how many.

    Only for a caller that holds the lock of making.
    """
    made = 0
    for begins in range(_week(nbf), until, WEEK):
        file = _file(home, begins)
        if not file.path.exists():
            SigningKey.generate(Typ.PAPER).create(file.path)
            made += 1
    return made


def ended_paper_keys(home: Home, now: int) -> list[PaperKeyFile]:
    """The keys under which no slip is good any more and that are still there."""
    return [file for file in _files(home) if file.window.exp <= now]


def destroy_ended_paper_keys(home: Home, now: int) -> int:
    """Destroy the keys that are over; how many."""
    ended = ended_paper_keys(home, now)
    for file in ended:
        destroy(file.path)
    return len(ended)


def _week(at: int) -> int:
    return at - at % WEEK


def _file(home: Home, begins: int) -> PaperKeyFile:
    window = Window(begins, begins + WEEK + LONGEST_PAPER)
    return PaperKeyFile(home.keys / _NAME.format(begins=begins), window)


def _files(home: Home) -> list[PaperKeyFile]:
    names = (path.stem.removeprefix("paper-") for path in home.keys.glob("paper-*.pem"))
    return [_file(home, begins) for begins in sorted(int(n) for n in names if n.isdecimal())]
