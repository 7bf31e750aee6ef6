"""Checkpoints: how large a log is, and the root of its tree (C2SP tlog-checkpoint)."""

import re
from dataclasses import dataclass

from schemas.encoding import b64_decode, b64_encode
from schemas.log.merkle import HASH_BYTES, LARGEST_SIZE

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True)
class Checkpoint:
    """``origin`` names the log. Extension lines are kept, since they are signed, and ignored."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """What the log and its witnesses sign; ends in a newline."""
        lines = (self.origin, str(self.size), b64_encode(self.root), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


def parse_checkpoint(text: str) -> Checkpoint:
    """The text of a note as a checkpoint; raises ValueError for one of another form."""
    lines = text.split("\n")
    if len(lines) < 4 or lines.pop() != "" or "" in lines:
        raise ValueError("not a checkpoint")
    origin, size, root, *extensions = lines
    return Checkpoint(origin, parse_size(size), parse_hash(root), tuple(extensions))


def parse_size(text: str) -> int:
    """A decimal from 0 to 2^63 - 1 without leading zeroes; raises ValueError for another form."""
    if not _DECIMAL.fullmatch(text) or int(text) > LARGEST_SIZE:
        raise ValueError("not a size")
    return int(text)


def parse_hash(text: str) -> bytes:
    """32 bytes in base64; raises ValueError for another form."""
    data = b64_decode(text)
    if len(data) != HASH_BYTES:
        raise ValueError("not a hash")
    return data
