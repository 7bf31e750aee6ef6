"""What an authority in memory serves of its bundles and logs, as a monitor reads it.

A test may take things away or put others in their place, or write all of it to a folder.
"""

from dataclasses import dataclass, field
from pathlib import Path

from schemas.encoding import b64url_decode, b64url_encode
from schemas.log.tiles import FULL, TilePath, format_entries, parse_tile_path, tiles_of
from schemas.paths import TRUST_BUNDLE_PATH
from tests.support.logs import MemoryLog
from tests.support.world import NOON, World
from verifier.monitor.findings import Unhad
from verifier.monitor.sources import NotHad

LOG = "/.well-known/qupia/log/"


@dataclass
class ServedLog:
    """A source, see :mod:`verifier.monitor.sources`; ``asked`` has the paths that were read.

    ``now`` is when the last bundle was made. ``instead`` has other bytes for a path, or None where
    it is gone.
    """

    world: World
    is_near: bool = True
    now: int = NOON
    in_force: bytes = b""
    logs: dict[int, MemoryLog] = field(default_factory=dict)
    instead: dict[str, bytes | None] = field(default_factory=dict)
    down: tuple[str, ...] = ()
    asked: list[str] = field(default_factory=list)

    def publish(self, data: bytes) -> bytes:
        """Serve a bundle of the world, and its log as it is now."""
        self.in_force = data
        self.logs[self.world.log.number] = self.world.log
        return data

    def make(self, now: int, **members: object) -> bytes:
        """The next bundle, served."""
        self.now = now
        return self.publish(self.world.bundle(now, **members))

    def read(self, path: str, *, limit: int) -> bytes:
        self.asked.append(path)
        if any(part in path for part in self.down):
            raise NotHad(Unhad.NO_ANSWER, path)
        data = self.instead[path] if path in self.instead else self._file(path)
        if data is None:
            raise NotHad(Unhad.NOT_THERE, path)
        assert len(data) <= limit
        return data

    def write(self, folder: Path) -> Path:
        """A folder with everything that is served."""
        for path in self._paths():
            data = self.instead[path] if path in self.instead else self._file(path)
            if data is not None:
                place = folder / path.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        return folder

    def bundle_path(self, index: int) -> str:
        """Where the bundle at ``index`` of today's log is served."""
        log = self.world.log
        return f"{LOG}{log.number}/bundle/{b64url_encode(log.entries[index])}"

    def _paths(self) -> list[str]:
        paths = [TRUST_BUNDLE_PATH]
        for number, log in self.logs.items():
            paths.append(f"{LOG}{number}/checkpoint")
            tiles = tiles_of(None, start=0, size=log.tree.size)
            paths += [f"{LOG}{number}/tile/{tile.text}" for tile in tiles]
            paths += [f"{LOG}{number}/bundle/{b64url_encode(entry)}" for entry in log.entries]
        return paths

    def _file(self, path: str) -> bytes | None:
        if path == TRUST_BUNDLE_PATH:
            return self.in_force
        number, _, name = path.removeprefix(LOG).partition("/")
        log = self.logs.get(int(number))
        if log is None:
            return None
        if name == "checkpoint":
            return log.proof(0).note.whole.encode()
        if name.startswith("tile/"):
            return _entries(log, parse_tile_path(name.removeprefix("tile/")))
        return log.bundles.get(b64url_decode(name.removeprefix("bundle/")))


def _entries(log: MemoryLog, tile: TilePath) -> bytes | None:
    end = tile.index * FULL + tile.width
    return None if end > log.tree.size else format_entries(log.entries[tile.index * FULL : end])
