"""The leaf hashes of a whole log, read from its tiles (C2SP tlog-tiles).

docs/formats.md, "The log". Nothing read here is known to be true before its root is compared.
"""

from collections.abc import Callable

from schemas.log.merkle import HASH_BYTES
from schemas.log.tiles import FULL, TilePath, parse_tile, tiles_of

TILE_BYTES = FULL * HASH_BYTES
"""Of a full tile, the longest that there is."""

MOST_LEAVES = 65_536
"""Leaves of the largest log that is read whole, 2 MB: fourteen years of twelve bundles a day. An
issuer that claims more than it has cannot keep a device busy for ever."""

Read = Callable[[str], bytes | None]
"""Gets the path of a file below the issuer's origin; its bytes, or None where it is not had."""


def log_path(origin: str) -> str:
    """Where a log is below its issuer's origin, from the name of the log.

    Who serves it is known already: only the path of the name is used. Raises ValueError for a name
    without one.
    """
    _, separator, path = origin.partition("/")
    if not separator or not path:
        raise ValueError("the name of a log ends with its path")
    return f"/{path}"


def read_leaves(origin: str, size: int, read: Read) -> list[bytes]:
    """The leaf hashes of the log ``origin`` of ``size`` entries, 32 bytes each.

    Raises ValueError for a log that is too large, or a tile that is missing or of another length.
    """
    if not 0 <= size <= MOST_LEAVES:
        raise ValueError("the log is too large to be read whole")
    root = log_path(origin)
    return [leaf for path in tiles_of(0, start=0, size=size) for leaf in _tile(root, path, read)]


def _tile(root: str, path: TilePath, read: Read) -> list[bytes]:
    """The hashes of a tile; a partial one goes when the full one is there."""
    data, width = read(f"{root}/tile/{path.text}"), path.width
    if data is None and width < FULL:
        data, width = read(f"{root}/tile/{TilePath(path.level, path.index).text}"), FULL
    if data is None or len(data) != width * HASH_BYTES:
        raise ValueError("a tile of the log is missing or has another length")
    return parse_tile(data, width=width)[: path.width]
