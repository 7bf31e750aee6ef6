"""Tiles: parts of a log's tree and its entries as files that never change (C2SP tlog-tiles).

>>> [path.text for path in tiles_of(0, start=300, size=1000)]
['0/001', '0/002', '0/003.p/232']
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from schemas.log.merkle import HASH_BYTES

FULL = 256
"""Hashes of a full tile, or entries of a full bundle of entries."""

_GROUP = 1000
_LENGTH_BYTES = 2
_PATH = re.compile(
    r"(?:(?P<level>[0-9]|[1-5][0-9]|6[0-3])|entries)"
    r"/(?P<index>(?!x000/)(?:x[0-9]{3}/){0,6}[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


@dataclass(frozen=True)
class TilePath:
    """``level`` is None for a bundle of entries. ``width`` is 256 for a full tile."""

    level: int | None
    index: int
    width: int = FULL

    @property
    def text(self) -> str:
        """What comes after ``tile/`` in the address."""
        first, last = divmod(self.index, _GROUP)
        groups = [f"{last:03}"]
        while first:
            first, group = divmod(first, _GROUP)
            groups.insert(0, f"x{group:03}")
        level = "entries" if self.level is None else str(self.level)
        partial = "" if self.width == FULL else f".p/{self.width}"
        return f"{level}/{'/'.join(groups)}{partial}"


def parse_tile_path(text: str) -> TilePath:
    """The inverse of :attr:`TilePath.text`; raises ValueError for any other form."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise ValueError("not the path of a tile")
    index = int(found["index"].replace("x", "").replace("/", ""))
    level = None if found["level"] is None else int(found["level"])
    path = TilePath(level, index, int(found["width"] or FULL))
    if path.text != text:
        raise ValueError("not the width of a partial tile")
    return path


def parse_tile(data: bytes, *, width: int) -> list[bytes]:
    """The hashes of a tile of this width; raises ValueError for another length."""
    if len(data) != width * HASH_BYTES:
        raise ValueError("not a tile of this width")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


def format_entries(entries: Sequence[bytes]) -> bytes:
    """A bundle of entries: each after its length in two bytes."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def parse_entries(data: bytes, *, width: int) -> list[bytes]:
    """The inverse of :func:`format_entries` for so many; raises ValueError for another form.

    Entries of our logs have 32 bytes each: docs/formats.md, "The log".
    """
    step = _LENGTH_BYTES + HASH_BYTES
    entries = [data[at + _LENGTH_BYTES : at + step] for at in range(0, len(data), step)]
    if len(entries) != width or format_entries(entries) != data or len(data) != width * step:
        raise ValueError("not a bundle of so many entries")
    return entries


def tiles_of(level: int | None, *, start: int, size: int) -> list[TilePath]:
    """The tiles of a level, or of entries, with the hashes from ``start`` to before ``size``."""
    return [
        TilePath(level, index, min(FULL, size - index * FULL))
        for index in range(start // FULL, -(-size // FULL))
    ]
