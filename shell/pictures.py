"""QR codes as pictures: drawn for a file or a terminal, read back from a picture file."""

import io
import warnings
from enum import IntEnum
from math import ceil, sqrt
from pathlib import Path

import qrcode
import zxingcpp
from PIL import Image

from shell.files import write_private

BORDER = 4
"""Modules of quiet zone (ISO/IEC 18004)."""

MODULE_PIXELS = 8
PICTURE_LIMIT = 64_000_000
"""Bytes of a picture file; and as many pixels: phones take photos of 48 megapixels and more."""

_READ_PIXELS = 16_000_000
"""A larger picture is reduced before it is read; a code that fills a tenth of it stays readable."""

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
_QR_ONLY = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)


class ErrorLevel(IntEnum):
    """How much of a code may be unreadable (ISO/IEC 18004): about 7 per cent, or 15.

    L for a code on a phone that is held to a scanner, M for one that hangs at a door.
    """

    L = qrcode.constants.ERROR_CORRECT_L
    M = qrcode.constants.ERROR_CORRECT_M


def qr_matrix(text: str, level: ErrorLevel = ErrorLevel.L) -> list[list[bool]]:
    """The modules of a QR code with its border; True is dark.

    A text in the alphanumeric alphabet becomes one alphanumeric segment.
    """
    return _qr(text, level).get_matrix()


def qr_version(text: str, level: ErrorLevel = ErrorLevel.L) -> int:
    """The version that :func:`qr_matrix` uses: 1 to 40."""
    return int(_qr(text, level).version)


def save_qr(text: str, path: Path, level: ErrorLevel = ErrorLevel.L) -> None:
    """Write a black-on-white PNG, readable by its owner only. Raises OSError."""
    write_private(path, qr_png(text, level))


def qr_png(text: str, level: ErrorLevel = ErrorLevel.L) -> bytes:
    """The bytes of a black-on-white PNG."""
    buffer = io.BytesIO()
    _qr(text, level).make_image().save(buffer, "PNG")
    return buffer.getvalue()


def qr_for_terminal(text: str, level: ErrorLevel = ErrorLevel.L) -> str:
    """Half-block characters, two modules high each, black on white whatever the theme."""
    matrix = qr_matrix(text, level)
    matrix.append([False] * len(matrix[0]))
    rows = zip(matrix[::2], matrix[1::2], strict=False)
    glyphs = {(False, False): " ", (False, True): "▄", (True, False): "▀", (True, True): "█"}
    return "\n".join(
        "\x1b[30;107m" + "".join(glyphs[pair] for pair in zip(*row, strict=True)) + "\x1b[0m"
        for row in rows
    )


def read_codes(path: Path) -> list[str]:
    """The texts of the QR codes in a picture; empty when there is none or it is no picture.

    Raises OSError when the file cannot be read at all.
    """
    return codes_in(path.read_bytes()) if path.stat().st_size <= PICTURE_LIMIT else []


def codes_in(data: bytes, *, pixels: int = PICTURE_LIMIT) -> list[str]:
    """The same for a picture in memory; one of more than ``pixels`` has none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            picture = _open_picture(data, pixels)
    except Exception:  # noqa: BLE001 - Pillow's decoders raise many types on damaged pictures.
        return []
    factor = ceil(sqrt(picture.width * picture.height / _READ_PIXELS))
    # A code that is too small then is looked for in the picture as it came.
    return _texts_in(picture.reduce(factor)) or (_texts_in(picture) if factor > 1 else [])


def _texts_in(picture: Image.Image) -> list[str]:
    codes = zxingcpp.read_barcodes(picture, formats=_QR_ONLY)
    return [code.text for code in codes if code.valid]


def _open_picture(data: bytes, pixels: int) -> Image.Image:
    picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    if picture.width * picture.height > pixels:
        raise ValueError("too many pixels")
    if not picture.has_transparency_data:
        return picture.convert("L")
    # Transparent pixels are what a screen shows behind them: white.
    flat = Image.new("RGBA", picture.size, "white")
    flat.alpha_composite(picture.convert("RGBA"))
    return flat.convert("L")


def _qr(text: str, level: ErrorLevel) -> qrcode.QRCode:  # type: ignore[type-arg] # Generic only in its stubs.
    code = qrcode.QRCode(error_correction=int(level), border=BORDER, box_size=MODULE_PIXELS)
    # One segment in the densest mode that the whole text allows.
    code.add_data(text.encode("utf-8"), optimize=0)
    code.make(fit=True)
    return code
