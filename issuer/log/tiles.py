"""The bytes of tiles (C2SP tlog-tiles)."""

from issuer.log.log import Log
from schemas.log.merkle import LARGEST_SIZE
from schemas.log.tiles import FULL, TilePath, format_entries

_LEVEL_BITS = 8


def tile(log: Log, path: TilePath) -> bytes | None:
    """The bytes of a tile, or of entries; None beyond the checkpoint in force."""
    start, level = path.index * FULL, path.level or 0
    end = start + path.width
    if end << level * _LEVEL_BITS > min(log.checkpoint.size, log.size, LARGEST_SIZE):
        return None
    if path.level is None:
        return format_entries(log.entries(start, end))
    tree = log.tree()
    return b"".join(tree.node(level * _LEVEL_BITS, at) for at in range(start, end))
