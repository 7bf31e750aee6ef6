"""The built page in a folder that a test may change, and ``qupia-verifier serve`` over it."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.venue_server import VenueServer, venue_server
from verifier.serving import PAGE

_PROGRAM = """#!{python}
from pathlib import Path

import verifier.serving

verifier.serving.PAGE = Path({page!r})

from verifier.commands.app import main

main()
"""


@dataclass(frozen=True)
class PageFolder:
    """``path`` is served by ``server``."""

    path: Path
    server: VenueServer

    @property
    def url(self) -> str:
        return self.server.url

    def put_before(self, name: str, script: str) -> None:
        """Run ``script`` before one of the page's own, whose name begins with ``name``."""
        [file] = (self.path / "assets").glob(f"{name}-*.js")
        file.write_text(script + file.read_text())

    def change(self, old: str, new: str) -> None:
        """Make another version of the page: one text of index.html is another."""
        index = self.path / "index.html"
        text = index.read_text()
        assert text.count(old) == 1
        index.write_text(text.replace(old, new))
        self._tell_service_worker(f"{len(new)}-{old}-{new}")

    def _tell_service_worker(self, revision: str) -> None:
        """As the build does: the revision of index.html stands in the list of files to keep."""
        worker = self.path / "sw.js"
        before, name, after = worker.read_text().partition('url:"index.html",revision:"')
        assert name
        revision = revision.encode().hex()[:32]
        worker.write_text(before + name + revision + after[after.index('"') :])


@contextmanager
def page_folder(folder: Path) -> Iterator[PageFolder]:
    """A copy of the built page in ``folder``, served until the block ends."""
    page = folder / "page"
    shutil.copytree(PAGE, page)
    program = folder / "qupia-verifier"
    program.write_text(_PROGRAM.format(python=sys.executable, page=str(page)))
    program.chmod(0o755)
    with venue_server(folder, programs=folder) as server:
        yield PageFolder(page, server)
