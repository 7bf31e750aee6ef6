"""Films for a browser's camera, and single frames of them: a code as a camera sees it.

A film is a sequence of scenes, each of which shows one text as a QR code, or nothing, for some
frames. The browser plays it from the beginning when the camera is opened, and again at its end.

>>> frame(hard("HELLO")).size
(1280, 720)
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sin
from pathlib import Path

from PIL import Image, ImageChops, ImageFilter

from shell.pictures import BORDER, qr_matrix

SIZE = (1280, 720)
"""Pixels of a frame: width and height, both even."""

MARKER_PIXELS = 32
"""Side of the patch in the top left corner that tells which scene is shown."""

MARKER_STEP = 24
"""Levels of grey between two scenes; a camera's colour conversion shifts them by a few."""

_GREY = 128
_FOCAL_LENGTH = 0.866
"""In widths of the picture: a field of view of 60 degrees, as phones have. It makes the perspective
of what is tilted."""

_FINER = 2
"""Drawn so many times larger and reduced, so that edges of modules are smooth."""

_NOISE_LAYERS = 4
_NOISE_SIGMA = 256 / 12**0.5 / _NOISE_LAYERS**0.5
"""Standard deviation of the mean of so many uniform bytes."""

_Matrix = tuple[float, float, float, float, float, float, float, float, float]
"""A plane projective map, row by row."""


@dataclass(frozen=True)
class Scene:
    """What the camera sees for so many ``frames``; with ``text=None`` a grey wall.

    A code ``beside`` it stands to its right, and each then has one half of the picture.
    ``height`` is of the symbol without its border, in pixels, as if it were not tilted. ``turn``
    (in the picture) and ``tilt`` (around the upright axis) are degrees; ``blur`` and ``noise``
    standard deviations in pixels and in levels of 255; ``brightness`` is added in such levels
    after ``contrast`` was applied around the middle. ``marker`` is 0 to 9, or None for no patch.
    """

    text: str | None = None
    beside: str | None = None
    height: int = 480
    turn: float = 0
    tilt: float = 0
    blur: float = 0
    noise: float = 0
    brightness: float = 0
    contrast: float = 1
    frames: int = 1
    marker: int | None = None


def hard(text: str, *, frames: int = 1, marker: int | None = None) -> Scene:
    """What a door must still read: blurred, tilted, noisy, and half as high as the picture."""
    return Scene(text, height=360, tilt=25, blur=2, noise=4, frames=frames, marker=marker)


def frame(scene: Scene, *, size: tuple[int, int] = SIZE, seed: int = 0) -> Image.Image:
    """One frame of a scene, of mode "L"; its noise depends on ``seed`` alone."""
    return _finish(_optics(scene, size), scene, seed)


def write_film(
    path: Path, scenes: Iterable[Scene], *, fps: int = 10, size: tuple[int, int] = SIZE
) -> None:
    """Write the scenes as YUV4MPEG2 with 4:2:0 colour, frame by frame.

    A frame of the default size takes 1.4 MB.
    """
    width, height = size
    colour = bytes([_GREY]) * (width // 2 * (height // 2) * 2)
    number = 0
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420\n".encode())
        for scene in scenes:
            seen = _optics(scene, size)
            for _ in range(scene.frames):
                file.write(b"FRAME\n" + _video_levels(_finish(seen, scene, number)) + colour)
                number += 1


def _optics(scene: Scene, size: tuple[int, int]) -> Image.Image:
    """What is the same in all frames of a scene."""
    picture = Image.new("L", size, _GREY)
    codes = [text for text in (scene.text, scene.beside) if text is not None]
    for number, text in enumerate(codes):
        width = size[0] // len(codes)
        picture.paste(_code(scene, text, (width, size[1])), (number * width, 0))
    if scene.blur:
        picture = picture.filter(ImageFilter.GaussianBlur(scene.blur))
    if scene.contrast != 1 or scene.brightness:
        middle = _GREY + scene.brightness
        picture = picture.point([_level((v - _GREY) * scene.contrast + middle) for v in range(256)])
    return picture


def _finish(picture: Image.Image, scene: Scene, seed: int) -> Image.Image:
    """With noise, and with the marker, which stays without."""
    if scene.noise:
        noise = _noise(picture.size, scene.noise, seed)
        picture = ImageChops.add(picture, noise, offset=-_GREY)
    if scene.marker is not None:
        picture = picture.copy()
        level = _level((scene.marker + 1) * MARKER_STEP)
        picture.paste(level, (0, 0, MARKER_PIXELS, MARKER_PIXELS))
    return picture


def _noise(size: tuple[int, int], sigma: float, seed: int) -> Image.Image:
    """Nearly Gaussian noise around the middle grey: the mean of some uniform layers."""
    source = random.Random(seed)
    mean = Image.new("L", size)
    for i in range(_NOISE_LAYERS):
        layer = Image.frombytes("L", size, source.randbytes(size[0] * size[1]))
        mean = Image.blend(mean, layer, 1 / (i + 1))
    return mean.point([_level((v - 127.5) * sigma / _NOISE_SIGMA + _GREY) for v in range(256)])


def _video_levels(picture: Image.Image) -> bytes:
    """Luminance as video carries it: black is 16 and white 235 (ITU-R BT.601)."""
    return picture.point([16 + round(v * 219 / 255) for v in range(256)]).tobytes()


def _level(value: float) -> int:
    return min(max(round(value), 0), 255)


# Geometry


def _code(scene: Scene, text: str, size: tuple[int, int]) -> Image.Image:
    """The code on a white sheet, held before the camera."""
    matrix = qr_matrix(text)
    modules = len(matrix) - 2 * BORDER
    dots = max(round(_FINER * scene.height / modules), 1)
    sheet = _sheet(matrix, dots)
    wide = (size[0] * _FINER, size[1] * _FINER)
    scale = _FINER * scene.height / (modules * dots)
    held = _held(scene, sheet.width, scale, _FOCAL_LENGTH * wide[0])
    to_middle: _Matrix = (1, 0, wide[0] / 2, 0, 1, wide[1] / 2, 0, 0, 1)
    back = _inverse(_product(to_middle, held))
    seen = sheet.transform(
        wide,
        Image.Transform.PERSPECTIVE,
        [value / back[8] for value in back[:8]],
        Image.Resampling.BICUBIC,
        fillcolor=_GREY,
    )
    return seen.reduce(_FINER)


def _sheet(matrix: list[list[bool]], dots: int) -> Image.Image:
    side = len(matrix)
    levels = bytes(0 if dark else 255 for row in matrix for dark in row)
    sheet = Image.frombytes("L", (side, side), levels)
    return sheet.resize((side * dots, side * dots), Image.Resampling.NEAREST)


def _held(scene: Scene, side: int, scale: float, focal: float) -> _Matrix:
    """From pixels of the sheet to pixels around the middle of the picture."""
    to_sheet_middle: _Matrix = (scale, 0, -side * scale / 2, 0, scale, -side * scale / 2, 0, 0, 1)
    turn, tilt = radians(scene.turn), radians(scene.tilt)
    turned: _Matrix = (cos(turn), -sin(turn), 0, sin(turn), cos(turn), 0, 0, 0, 1)
    tilted: _Matrix = (cos(tilt), 0, 0, 0, 1, 0, sin(tilt) / focal, 0, 1)
    return _product(tilted, _product(turned, to_sheet_middle))


def _product(one: _Matrix, other: _Matrix) -> _Matrix:
    a, b, c, d, e, f, g, h, i = (
        sum(one[3 * row + k] * other[3 * k + column] for k in range(3))
        for row in range(3)
        for column in range(3)
    )
    return a, b, c, d, e, f, g, h, i


def _inverse(matrix: _Matrix) -> _Matrix:
    """Up to a factor, which a projective map does not have: the adjugate."""
    a, b, c, d, e, f, g, h, i = matrix
    return (
        *(e * i - f * h, c * h - b * i, b * f - c * e),
        *(f * g - d * i, a * i - c * g, c * d - a * f),
        *(d * h - e * g, b * g - a * h, a * e - b * d),
    )
