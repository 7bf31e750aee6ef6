"""A venue's check-in code: its keys for the next hours, as one QR text.

The bytes are docs/formats.md, "The check-in code".

Codes are not signed: a sticker over one can send visitors to keys that nobody has.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from schemas.bundle import TrustBundle
from schemas.encoding import base45_decode, base45_encode
from schemas.hour_keys import KEY_BYTES, binding_of, load_public_key
from schemas.hours import HOURS, hour_bytes
from schemas.resources import load_json

PREFIX = "QV1:"

DEFAULT_HOURS = 4
MOST_HOURS = 12
MOST_SHOWN_HOURS = 6
"""The longest code that is still QR version 12 at level M under the longest name."""

NAME_BYTES = 60
GRID_BYTES = 16
TEXT_LIMIT = 702
"""Characters: a code of 12 hours with the longest name."""

_HEAD = 5
_SHORTEST = _HEAD + KEY_BYTES + GRID_BYTES


def _any_of(ranges: Iterable[str]) -> str:
    """A class of characters from the form of the Unicode Character Database, ``00A0..00AD``."""
    ends = (entry.partition("..") for entry in ranges)
    return "".join(f"\\U{first:0>8}-\\U{last or first:0>8}" for first, _, last in ends)


# The list is fixed: each program would have the categories of another version of Unicode.
_CHARACTERS = load_json("name_characters.json")
_SPACES = re.compile(f"[{_any_of(_CHARACTERS['space'])}]+")
_FORBIDDEN = re.compile(f"[{_any_of(_CHARACTERS['forbidden'])}]")


@dataclass(frozen=True, repr=False)
class CheckInCode:
    """``keys`` are public keys of 32 bytes, those of the hours from ``first_hour`` on.

    ``grid`` is the digest of the pass keys that this venue sees, 16 bytes. ``name`` is what the
    venue calls itself; nobody has checked it.
    """

    first_hour: int
    keys: tuple[bytes, ...]
    grid: bytes
    name: str

    @property
    def end_hour(self) -> int:
        """The hour in which the code is of no use any more."""
        return self.first_hour + len(self.keys)

    def key_at(self, hour: int) -> bytes | None:
        """The venue's public key for ``hour``; None where the code has none."""
        return (
            self.keys[hour - self.first_hour] if self.first_hour <= hour < self.end_hour else None
        )

    def bindings(self) -> dict[int, bytes]:
        """By hour, what a proof is bound to."""
        return {hour: binding_of(key) for hour, key in enumerate(self.keys, start=self.first_hour)}


def check_name(name: str) -> str:
    """``name`` with single spaces, as a code carries it; raises ValueError for one that cannot be.

    Marks without a shape are refused: they could turn around the text beside the name. What no
    version of Unicode has assigned yet is taken: it may be a letter where it was written.
    """
    tidy = " ".join(filter(None, _SPACES.split(name)))
    if len(tidy.encode()) > NAME_BYTES or _FORBIDDEN.search(tidy):
        raise ValueError(f"a venue's name has at most {NAME_BYTES} bytes, all of them printable")
    return tidy


def format_check_in(code: CheckInCode) -> str:
    """The QR text: alphanumeric, at most 702 characters."""
    return PREFIX + base45_encode(
        hour_bytes(code.first_hour)
        + len(code.keys).to_bytes(1, "big")
        + b"".join(code.keys)
        + code.grid
        + code.name.encode()
    )


def parse_check_in(text: str) -> CheckInCode:
    """The inverse of :func:`format_check_in`; raises ValueError for any other text.

    Also for a key that :func:`schemas.hour_keys.load_public_key` refuses.
    """
    line = text.removesuffix("\n").removesuffix("\r")
    if len(line) > TEXT_LIMIT or not line.startswith(PREFIX):
        raise ValueError("not a check-in code")
    data = base45_decode(line[len(PREFIX) :])
    if len(data) < _SHORTEST or not 1 <= data[4] <= MOST_HOURS:
        raise ValueError("not a check-in code")
    first_hour, end = int.from_bytes(data[:4], "big"), _HEAD + KEY_BYTES * data[4]
    grid, name = data[end : end + GRID_BYTES], data[end + GRID_BYTES :].decode()
    if len(grid) != GRID_BYTES or first_hour + data[4] > HOURS or check_name(name) != name:
        raise ValueError("not a check-in code")
    keys = tuple(data[at : at + KEY_BYTES] for at in range(_HEAD, end, KEY_BYTES))
    for key in keys:
        load_public_key(key)
    return CheckInCode(first_hour, keys, grid, name)


def grid_digest(key_ids: Iterable[bytes]) -> bytes:
    """The first 16 bytes of the hash of the sorted ids (32 bytes each) of a window's pass keys."""
    return sha256(b"".join(sorted(key_ids))).digest()[:GRID_BYTES]


def grid_at(bundle: TrustBundle, now: int) -> bytes | None:
    """The digest for the window that contains ``now``; None where the bundle has none."""
    ids = [key.id for key in bundle.pass_keys if key.window.contains(now)]
    return grid_digest(ids) if ids else None
