from pathlib import Path

import pytest
from PIL import Image

from schemas.presentation import slot_at
from shell.pictures import (
    PICTURE_LIMIT,
    ErrorLevel,
    qr_for_terminal,
    qr_matrix,
    qr_version,
    read_codes,
    save_qr,
)
from tests.support.world import NOON, World

WORLD = World()
TEXT = WORLD.show(WORLD.issue(NOON), slot_at(NOON))


def test_a_code_is_read_back_from_its_picture(tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    save_qr(TEXT, path)
    assert read_codes(path) == [TEXT]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["code.jpg", "code.webp", "code.gif", "code.bmp"])
def test_a_photo_of_a_code_is_read_in_any_common_format(tmp_path: Path, name: str) -> None:
    save_qr(TEXT, tmp_path / "code.png")
    with Image.open(tmp_path / "code.png") as picture:
        picture.convert("L").rotate(7, expand=True, fillcolor=255).save(tmp_path / name)
    assert read_codes(tmp_path / name) == [TEXT]


def test_transparent_pixels_are_white(tmp_path: Path) -> None:
    save_qr(TEXT, tmp_path / "code.png")
    with Image.open(tmp_path / "code.png") as picture:
        dark = picture.convert("L").point(lambda value: 255 - value)
        clear = Image.new("RGBA", picture.size, (0, 0, 0, 0))
        clear.putalpha(dark)
        clear.save(tmp_path / "clear.png")
    assert read_codes(tmp_path / "clear.png") == [TEXT]


@pytest.mark.parametrize("size", [(6000, 4000), (8000, 6000)], ids=["24", "48"])
def test_a_photo_of_so_many_megapixels_is_read(tmp_path: Path, size: tuple[int, int]) -> None:
    save_qr(TEXT, tmp_path / "code.png")
    with Image.open(tmp_path / "code.png") as code:
        photo = Image.new("L", size, 90)
        photo.paste(code.convert("L"), (700, 900))
        photo.save(tmp_path / "photo.jpg")
    assert read_codes(tmp_path / "photo.jpg") == [TEXT]


def test_several_codes_in_one_picture_are_all_read(tmp_path: Path) -> None:
    for name in ("ONE", "TWO"):
        save_qr(name, tmp_path / f"{name}.png")
    with Image.open(tmp_path / "ONE.png") as one, Image.open(tmp_path / "TWO.png") as two:
        both = Image.new("L", (one.width * 2, one.height), 255)
        both.paste(one, (0, 0))
        both.paste(two, (one.width, 0))
        both.save(tmp_path / "both.png")
    assert sorted(read_codes(tmp_path / "both.png")) == ["ONE", "TWO"]


def test_a_picture_with_too_many_pixels_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (PICTURE_LIMIT // 1000 + 1, 1000)).save(path)
    assert path.stat().st_size < 50_000
    assert read_codes(path) == []


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    with path.open("wb") as file:
        file.truncate(PICTURE_LIMIT + 1)
    assert read_codes(path) == []


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_codes(tmp_path / "nothing.png")


def test_a_code_for_a_terminal_is_black_on_white(tmp_path: Path) -> None:
    lines = qr_for_terminal(TEXT).splitlines()
    assert len(lines) == (69 + 2 * 4 + 1) // 2
    assert all(line.startswith("\x1b[30;107m") and line.endswith("\x1b[0m") for line in lines)
    assert {len(line) for line in lines} == {69 + 2 * 4 + len("\x1b[30;107m\x1b[0m")}


def test_a_code_at_a_door_bears_more_damage_than_one_on_a_phone(tmp_path: Path) -> None:
    text, dirty = "QV1:" + "A" * 200, {}
    for level in ErrorLevel:
        path = tmp_path / f"{level.name}.png"
        save_qr(text, path, level)
        with Image.open(path) as picture:
            spoilt = picture.convert("L")
        spot = spoilt.width // 4
        spoilt.paste(255, (spoilt.width // 2,) * 2 + (spoilt.width // 2 + spot,) * 2)
        spoilt.save(path)
        dirty[level] = read_codes(path)
    assert dirty == {ErrorLevel.L: [], ErrorLevel.M: [text]}


def test_passes_keep_the_lower_level() -> None:
    assert qr_version(TEXT) == qr_version(TEXT, ErrorLevel.L) == 13 < qr_version(TEXT, ErrorLevel.M)
    assert len(qr_matrix("A" * 200, ErrorLevel.M)) > len(qr_matrix("A" * 200))
    lines = qr_for_terminal("A" * 200, ErrorLevel.M).splitlines()
    assert len(lines) == (len(qr_matrix("A" * 200, ErrorLevel.M)) + 1) // 2
