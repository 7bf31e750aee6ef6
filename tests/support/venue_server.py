"""``qupia-verifier serve`` as a process of its own: the venue's page on a free port."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

from tests.support.servers import PROGRAMS, Server, free_port
from tests.support.waiting import PATIENCE


@dataclass
class VenueServer(Server):
    """It can be stopped and started again at the same address."""

    port: int = field(default_factory=free_port)
    programs: Path = PROGRAMS

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def command(self) -> Sequence[str | Path]:
        return [self.programs / "qupia-verifier", "serve", "--port", str(self.port)]

    def is_ready(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status == 200


def venue_server(folder: Path, programs: Path = PROGRAMS) -> AbstractContextManager[VenueServer]:
    """A server until the block ends; its log is kept in ``folder``."""
    return VenueServer(folder / "venue.log", programs=programs).serving()
