"""What stands on a slip of paper, before it is drawn: a code to scan, and lines."""

from dataclasses import dataclass
from enum import Enum, auto


class Style(Enum):
    """How a line looks. A CODE is never broken, every other line is where it must be."""

    TITLE = auto()
    STRONG = auto()
    CODE = auto()
    TEXT = auto()


@dataclass(frozen=True, repr=False)
class SlipLine:
    text: str
    style: Style = Style.TEXT


@dataclass(frozen=True, kw_only=True, repr=False)
class Slip:
    """Lines above and below a QR code of ``qr``. It holds secrets, so it never prints itself.

    ``code`` is what a person can type instead of scanning, as it stands on the slip; "" where
    there is no such thing.
    """

    qr: str
    above: tuple[SlipLine, ...]
    below: tuple[SlipLine, ...]
    code: str = ""
