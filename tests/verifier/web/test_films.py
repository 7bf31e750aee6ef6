"""The films for the browser's camera show what they promise to show."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from shell.pictures import read_codes
from tests.support.films import MARKER_PIXELS, SIZE, Scene, frame, hard, write_film
from tests.support.world import NOON, World


@pytest.fixture(scope="module")
def text() -> str:
    """A real presentation: 592 characters."""
    world = World()
    world.accepted(NOON)
    return world.code(NOON)


@pytest.mark.parametrize(
    "look",
    [
        Scene,
        hard,
        lambda text: replace(hard(text), tilt=-25, turn=10),
        lambda text: Scene(text, turn=30),
        lambda text: Scene(text, contrast=0.4, brightness=-40, noise=4),
    ],
    ids=["mild", "hard", "hard the other way and turned", "turned", "dim"],
)
def test_a_frame_is_read_by_the_decoder(
    tmp_path: Path, text: str, look: Callable[[str], Scene]
) -> None:
    path = tmp_path / "frame.png"
    frame(look(text)).save(path)
    assert read_codes(path) == [text]


def test_the_symbol_has_the_height_that_was_asked_for(text: str) -> None:
    picture = frame(Scene(text, height=360))
    dark = picture.point(lambda level: 255 if level < 64 else 0)
    left, top, right, bottom = dark.getbbox() or (0, 0, 0, 0)
    assert (right - left, bottom - top) == pytest.approx((360, 360), abs=2)
    assert (left + right, top + bottom) == pytest.approx(SIZE, abs=2)


def test_a_tilt_makes_the_symbol_narrower_and_one_side_higher(text: str) -> None:
    picture = frame(Scene(text, height=360, tilt=25))
    light = picture.point(lambda level: 255 if level > 200 else 0)
    left, _, right, _ = light.getbbox() or (0, 0, 0, 0)
    assert right - left < 380
    sides = [light.crop((x, 0, x + 8, SIZE[1])).getbbox() for x in (left + 4, right - 12)]
    near, far = (box[3] - box[1] for box in sides if box)
    assert near > far * 1.1


def test_a_wall_has_no_code_and_the_noise_that_was_asked_for(tmp_path: Path) -> None:
    picture = frame(Scene(noise=12), seed=3)
    picture.save(tmp_path / "wall.png")
    assert read_codes(tmp_path / "wall.png") == []
    [mean], [sigma] = ImageStat.Stat(picture).mean, ImageStat.Stat(picture).stddev
    assert (mean, sigma) == pytest.approx((128, 12), abs=1)
    assert picture.tobytes() == frame(Scene(noise=12), seed=3).tobytes()


def test_a_marker_tells_one_scene_from_another() -> None:
    corner = (0, 0, MARKER_PIXELS, MARKER_PIXELS)
    levels = [
        frame(Scene(noise=20, marker=number)).crop(corner).getextrema() for number in range(10)
    ]
    assert levels == [(24 * n, 24 * n) for n in range(1, 11)]


def test_a_film_has_all_frames_of_all_scenes_in_order(tmp_path: Path) -> None:
    path, size = tmp_path / "film.y4m", (64, 48)
    write_film(path, [Scene(frames=2, marker=0), Scene(noise=5, marker=9)], fps=5, size=size)
    head, *frames = path.read_bytes().split(b"FRAME\n")
    assert head == b"YUV4MPEG2 W64 H48 F5:1 Ip A1:1 C420\n"
    assert [len(one) for one in frames] == [64 * 48 * 3 // 2] * 3
    assert frames[0] == frames[1]
    corners = [Image.frombytes("L", size, one[: 64 * 48]).getpixel((4, 4)) for one in frames]
    assert corners == [37, 37, 222]
