"""Slips on both papers: what stands on them can be read, fits, and has the right size."""

import io
import re
import struct
from pathlib import Path

import pytest
from PIL import Image

from shell.pictures import read_codes
from shell.slip_form import Slip, SlipLine, Style
from shell.slips import Paper, SlipTooSmall, draw_pdf, draw_png

LINK = "https://health.example/activate#7K3M-9QX2-VT00-1C5H." + "aB3_-" * 8 + "xyz"
PAPER_PASS = "eyJhbGciOiJFUzI1NiJ9." + "q1W2e3R4t5" * 38
TEXT = "Қазақша мәтін әріптерімен: әғқңөұүһі ӘҒҚҢӨҰҮҺІ; русский ёжик; and English. " * 4


def slip(*, qr: str = LINK, text: str = TEXT, lines: int = 4) -> Slip:
    return Slip(
        qr=qr,
        above=(SlipLine("Белсендіру коды", Style.TITLE),),
        below=(SlipLine("7K3M-9QX2-VT00-1C5H", Style.CODE), *[SlipLine(text)] * lines),
    )


def save(folder: Path, picture: Image.Image) -> Path:
    path = folder / "slip.png"
    picture.save(path)
    return path


def page_of(pdf: bytes) -> Image.Image:
    """The one picture in a PDF of ours, which CCITT G4 (ITU-T T.6) keeps without loss."""
    found = re.search(rb"/Width (\d+)", pdf), re.search(rb"/Height (\d+)", pdf)
    width, height = (int(match.group(1)) for match in found if match)
    [data] = re.findall(rb"/CCITTFaxDecode.*?stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    black_is_1 = b"/BlackIs1 true" in pdf
    tags = [
        (256, 4, width),
        (257, 4, height),
        (258, 3, 1),
        (259, 3, 4),
        (262, 3, 0),
        (273, 4, 8 + 2 + 8 * 12 + 4),
        (278, 4, height),
        (279, 4, len(data)),
    ]
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    tiff = head + body + struct.pack("<I", 0) + data
    assert black_is_1 or b"/K -1" in pdf
    with Image.open(io.BytesIO(tiff)) as picture:
        return picture.convert("L")


@pytest.mark.parametrize("paper", Paper)
@pytest.mark.parametrize("qr", [LINK, PAPER_PASS], ids=["link", "paper pass"])
def test_the_code_is_read_back_from_picture_and_page(tmp_path: Path, paper: Paper, qr: str) -> None:
    content = slip(qr=qr, lines=2)
    with Image.open(io.BytesIO(draw_png(content, paper))) as picture:
        assert read_codes(save(tmp_path, picture.convert("L"))) == [qr]
    assert read_codes(save(tmp_path, page_of(draw_pdf(content, paper)))) == [qr]


def test_a_picture_for_a6_has_300_dots_an_inch() -> None:
    with Image.open(io.BytesIO(draw_png(slip(), Paper.A6))) as picture:
        assert (picture.size, picture.mode) == ((1240, 1748), "L")
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_a_picture_for_a_roll_is_384_black_or_white_dots_wide_and_as_long_as_it_needs() -> None:
    heights = []
    for lines in (1, 9):
        with Image.open(io.BytesIO(draw_png(slip(lines=lines), Paper.ROLL_58))) as picture:
            assert (picture.width, picture.mode) == (384, "1")
            heights.append(picture.height)
    assert heights[1] > 2 * heights[0]


@pytest.mark.parametrize(
    ("paper", "width", "height"), [(Paper.A6, 105, 148), (Paper.ROLL_58, 58, 0)]
)
def test_a_page_has_the_size_of_the_paper(paper: Paper, width: int, height: int) -> None:
    pdf = draw_pdf(slip(), paper)
    assert pdf.startswith(b"%PDF-")
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", pdf)
    assert box is not None
    millimetres = [float(points) / 72 * 25.4 for points in box.groups()]
    assert millimetres[0] == pytest.approx(width, abs=0.1)
    assert not height or millimetres[1] == pytest.approx(height, abs=0.1)


def test_one_content_is_always_the_same_bytes() -> None:
    for paper in Paper:
        assert draw_png(slip(), paper) == draw_png(slip(), paper)
        assert draw_pdf(slip(), paper) == draw_pdf(slip(), paper)


@pytest.mark.parametrize("paper", Paper)
def test_nothing_is_drawn_at_the_edge(paper: Paper) -> None:
    long = slip(text="Ұ" * 300 + " https://" + "w" * 200 + " " + TEXT, lines=1)
    with Image.open(io.BytesIO(draw_png(long, paper))) as picture:
        grey = picture.convert("L")
    edge = 3
    for box in (
        (0, 0, grey.width, edge),
        (0, grey.height - edge, grey.width, grey.height),
        (0, 0, edge, grey.height),
        (grey.width - edge, 0, grey.width, grey.height),
    ):
        assert grey.crop(box).getextrema() == (255, 255)


def test_what_does_not_fit_on_a6_is_refused_and_goes_on_a_roll() -> None:
    long = slip(lines=20)
    with pytest.raises(SlipTooSmall, match="does not fit on the paper"):
        draw_png(long, Paper.A6)
    assert draw_png(long, Paper.ROLL_58)


def test_a_code_that_is_too_long_for_the_paper_is_refused() -> None:
    with pytest.raises(SlipTooSmall, match="too many modules"):
        draw_png(slip(qr="x" * 2900), Paper.ROLL_58)
    code = Slip(qr="A", above=(), below=(SlipLine("W" * 40, Style.CODE),))
    with pytest.raises(SlipTooSmall, match="one row"):
        draw_png(code, Paper.ROLL_58)


def test_a_slip_never_prints_itself() -> None:
    assert "7K3M" not in f"{slip()!r} {slip()} {slip().below}"


def test_every_letter_of_kazakh_and_russian_has_a_shape_of_its_own() -> None:
    letters = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяәғқңөұүһі"
    missing = one_letter("\U0010ffff")
    shapes = {one_letter(letter) for letter in letters + letters.upper()}
    assert missing not in shapes
    assert len(shapes) == 2 * len(letters)


def one_letter(letter: str) -> bytes:
    return draw_png(Slip(qr="A", above=(), below=(SlipLine(letter, Style.CODE),)), Paper.ROLL_58)
