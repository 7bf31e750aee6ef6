"""Slips as pictures and as pages to print: A6, and the 58 mm rolls of thermal printers.

>>> from shell.slip_form import Line, Slip, Style
>>> slip = Slip(qr="HELLO", above=(Line("Қош келдіңіз", Style.TITLE),), below=(Line("Text"),))
>>> draw_png(slip, Paper.A6)[:4]
b'\\x89PNG'
"""

import io
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import product

import ttf_opensans
from PIL import Image, ImageDraw, ImageFont

from schemas.errors import QupiaError
from shell.pictures import qr_matrix
from shell.slip_form import Slip, SlipLine, Style

LEAST_DOTS = 3
"""In a module: on a roll 0.38 mm, which a phone still reads."""

_WHITE = 255
_EPOCH = time.gmtime(0)
"""The date of every PDF, so that two slips of one content are the same bytes."""


class SlipTooSmall(QupiaError, ValueError):
    """The content does not fit the paper, even in the smallest letters."""


@dataclass(frozen=True, kw_only=True)
class _Form:
    """Lengths in dots. ``height`` is None for a roll, which is as long as what is on it.

    ``sizes`` of the text are tried from the largest, with each of the widths ``qr`` that the code
    may have. ``paper`` is how wide the sheet is where it
    is wider than what can be printed on.
    """

    width: int
    height: int | None
    paper: int
    dpi: float
    mode: str
    margin: int
    qr: tuple[int, ...]
    sizes: tuple[int, ...]


class Paper(Enum):
    """What a slip is printed on."""

    A6 = _Form(
        width=1240, height=1748, paper=1240, dpi=300, mode="L", margin=72, qr=(600, 430),
        sizes=(38, 36, 34, 32, 30, 28, 26, 24),
    )  # fmt: skip
    """ISO 216: 105 mm × 148 mm at 300 dots an inch; the smallest letters have 5.8 points."""

    ROLL_58 = _Form(
        width=384, height=None, paper=464, dpi=203.2, mode="1", margin=6, qr=(372,), sizes=(23,)
    )
    """58 mm with 8 dots a millimetre, of which such printers print the 48 mm in the middle."""


_SCALE = {Style.TITLE: 1.4, Style.STRONG: 1.1, Style.CODE: 1.9, Style.TEXT: 1.0}
_LEADING = 1.28
_AFTER = 0.45
"""Heights of a line and of the space after a paragraph, in sizes of the letters."""


def draw_png(slip: Slip, paper: Paper) -> bytes:
    """The slip as a PNG: grey on A6, black and white on a roll. Raises SlipTooSmall."""
    form = paper.value
    buffer = io.BytesIO()
    _draw(slip, form).save(buffer, "PNG", dpi=(form.dpi, form.dpi), optimize=True)
    return buffer.getvalue()


def draw_pdf(slip: Slip, paper: Paper) -> bytes:
    """The slip as one page of the paper's size. Raises SlipTooSmall.

    In black and white, which PDF keeps without loss.
    """
    form = paper.value
    drawn = _draw(slip, form)
    page = Image.new("L", (form.paper, drawn.height), _WHITE)
    page.paste(drawn, ((form.paper - drawn.width) // 2, 0))
    buffer = io.BytesIO()
    flat = page.point(lambda value: _WHITE if value > _WHITE // 2 else 0, "1")
    flat.save(buffer, "PDF", resolution=form.dpi, creationDate=_EPOCH, modDate=_EPOCH)
    return buffer.getvalue()


def _draw(slip: Slip, form: _Form) -> Image.Image:
    for widest, size in product(form.qr, form.sizes):
        drawn = _try(slip, form, size, _draw_code(slip.qr, widest))
        if drawn is not None:
            return drawn
    raise SlipTooSmall("this does not fit on the paper; shorten the authority's name")


def _try(slip: Slip, form: _Form, size: int, code: Image.Image) -> Image.Image | None:
    """The slip in letters of ``size`` dots; None when it is higher than the paper."""
    above, below = _paragraphs(slip.above, form, size), _paragraphs(slip.below, form, size)
    height = form.margin * 2 + code.height + sum(map(_height, (*above, *below)))
    if form.height is not None and height > form.height:
        return None
    picture = Image.new(form.mode, (form.width, form.height or height), _WHITE)
    draw = ImageDraw.Draw(picture)
    at = _write(draw, above, form.margin, form)
    picture.paste(code, ((form.width - code.width) // 2, at))
    _write(draw, below, at + code.height, form)
    return picture


@dataclass(frozen=True)
class _Paragraph:
    rows: tuple[str, ...]
    font: ImageFont.FreeTypeFont
    centred: bool


def _height(paragraph: _Paragraph) -> int:
    return round(paragraph.font.size * (len(paragraph.rows) * _LEADING + _AFTER))


def _write(
    draw: ImageDraw.ImageDraw, paragraphs: Iterable[_Paragraph], top: int, form: _Form
) -> int:
    """Write downwards from ``top``; where the writing ends."""
    for paragraph in paragraphs:
        for number, row in enumerate(paragraph.rows):
            room = form.width - 2 * form.margin - paragraph.font.getlength(row)
            left = form.margin + (room / 2 if paragraph.centred else 0)
            down = top + round(number * paragraph.font.size * _LEADING)
            draw.text((left, down), row, fill=0, font=paragraph.font)
        top += _height(paragraph)
    return top


def _paragraphs(lines: Iterable[SlipLine], form: _Form, size: int) -> list[_Paragraph]:
    return [_set(line, form, size) for line in lines]


def _set(line: SlipLine, form: _Form, size: int) -> _Paragraph:
    width = form.width - 2 * form.margin
    if line.style is Style.CODE:
        return _Paragraph((line.text,), _fitting(line.text, width, size), centred=True)
    font = _font(line.style is not Style.TEXT, round(size * _SCALE[line.style]))
    rows = tuple(_break(line.text, font, width))
    return _Paragraph(rows, font, centred=line.style is Style.TITLE)


def _fitting(text: str, width: int, size: int) -> ImageFont.FreeTypeFont:
    """The largest letters in which ``text`` fits in one row."""
    for larger in range(round(size * _SCALE[Style.CODE]), size - 1, -1):
        font = _font(True, larger)
        if font.getlength(text) <= width:
            return font
    raise SlipTooSmall("a code does not fit on one row")


def _break(text: str, font: ImageFont.FreeTypeFont, width: int) -> Iterator[str]:
    """Rows no wider than ``width``; a word that is wider is cut."""
    row = ""
    for word in text.split():
        if row and font.getlength(f"{row} {word}") > width:
            yield row
            row = ""
        row = f"{row} {word}" if row else word
        while font.getlength(row) > width:
            cut = next(n for n in range(len(row), 0, -1) if font.getlength(row[:n]) <= width)
            yield row[:cut]
            row = row[cut:]
    if row:
        yield row


def _draw_code(text: str, widest: int) -> Image.Image:
    """The QR code with its quiet zone, each module as large in whole dots as there is room for."""
    matrix = qr_matrix(text)
    dots = widest // len(matrix)
    if dots < LEAST_DOTS:
        raise SlipTooSmall("the code has too many modules for this paper")
    small = Image.new("1", (len(matrix), len(matrix)))
    small.putdata([0 if dark else _WHITE for row in matrix for dark in row])
    return small.resize((dots * len(matrix),) * 2, Image.Resampling.NEAREST)


@cache
def _font(bold: bool, size: int) -> ImageFont.FreeTypeFont:
    chosen = ttf_opensans.OPENSANS_BOLD if bold else ttf_opensans.OPENSANS_REGULAR
    return ImageFont.truetype(str(chosen.path), size)
