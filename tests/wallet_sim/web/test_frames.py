"""Pictures of a venue's code: read in memory for the page that sends them, and for nobody else."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image

from shell.pictures import ErrorLevel, qr_png
from tests.support.asgi import Reply
from tests.support.films import frame, hard
from tests.support.issuer_in_memory import Phone
from tests.support.venue_in_memory import Venue
from tests.support.visitor import ORIGIN, Visitor
from tests.support.world import NOON, World
from wallet_sim.both import visits_of
from wallet_sim.presence.state import Visits
from wallet_sim.web.frames import FRAME_LIMIT
from wallet_sim.web.house import House

OURS = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}


@pytest.fixture
def code(venue: Venue, world: World) -> str:
    return venue.code(NOON, bundle=world.accepted(NOON))


def form_id(visitor: Visitor, person: int = 1) -> str:
    return visitor.get(f"/p/{person}/venue").form(f"/p/{person}/venue")["form"]


def send(visitor: Visitor, picture: bytes, **headers: str) -> Reply:
    """As the first person's page sends a picture; ``headers`` replace its own."""
    named = OURS | {"qupia-form": form_id(visitor)} | headers
    return visitor.send("POST", "/p/1/frame", picture, named)


def jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def test_a_code_is_read_as_a_camera_sees_it(visitor: Visitor, code: str) -> None:
    picture = jpeg(frame(hard(code)))
    assert len(picture) < FRAME_LIMIT / 5
    seen = send(visitor, picture)
    assert json.loads(seen.html) == {"code": code, "other": False}
    assert seen.header("cache-control") == "no-store"


def test_one_form_serves_for_many_pictures_and_is_not_used_up(visitor: Visitor, code: str) -> None:
    form = form_id(visitor)
    for _ in range(3):
        assert send(visitor, b"", **{"qupia-form": form}).status == 200
    assert visitor.post("/p/1/venue", {"form": form, "code": "x"}).status == 400


def test_another_code_is_told_apart(visitor: Visitor) -> None:
    assert json.loads(send(visitor, qr_png("QP1:ABC")).html) == {"code": None, "other": True}


def test_of_two_venues_in_one_picture_none_is_taken(
    visitor: Visitor, code: str, other_venue: Venue
) -> None:
    codes = [Image.open(io.BytesIO(qr_png(text))) for text in (code, other_venue.code(NOON))]
    both = Image.new("L", (codes[0].width + codes[1].width, codes[0].height), 255)
    both.paste(codes[0], (0, 0))
    both.paste(codes[1], (codes[0].width, 0))
    assert json.loads(send(visitor, jpeg(both)).html) == {"code": None, "other": True}


@pytest.mark.parametrize("picture", [b"", b"x", b"\xff\xd8\xff\xe0" + bytes(1000)])
def test_what_is_no_picture_has_no_code(visitor: Visitor, picture: bytes) -> None:
    assert json.loads(send(visitor, picture).html) == {"code": None, "other": False}


def test_a_small_file_that_is_a_huge_picture_is_not_unpacked(visitor: Visitor, code: str) -> None:
    huge = Image.new("1", (2_500, 2_500), 1)
    huge.paste(Image.open(io.BytesIO(qr_png(code, ErrorLevel.L))), (0, 0))
    buffer = io.BytesIO()
    huge.save(buffer, "PNG")
    assert json.loads(send(visitor, buffer.getvalue()).html) == {"code": None, "other": False}


def test_too_large_a_picture_is_refused(visitor: Visitor) -> None:
    assert send(visitor, bytes(FRAME_LIMIT + 1)).status == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"qupia-form": ""},
        {"qupia-form": "AAAA"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site"},
        {"origin": "http://127.0.0.1:9000", "sec-fetch-site": "same-site"},
    ],
)
def test_pictures_of_other_pages_are_not_looked_at(
    visitor: Visitor, code: str, headers: dict[str, str]
) -> None:
    seen = send(visitor, qr_png(code), **headers)
    assert seen.status == 403
    assert code not in seen.html


def test_the_form_of_another_person_does_not_serve(
    visitor: Visitor, code: str, house: House
) -> None:
    house.people.add("Child")
    assert send(visitor, qr_png(code), **{"qupia-form": form_id(visitor, 2)}).status == 403
    named = OURS | {"qupia-form": form_id(visitor)}
    for person in (2, 3, int("9" * 30)):
        assert visitor.send("POST", f"/p/{person}/frame", b"", named).status == 403


def test_without_the_printed_address_no_picture_is_looked_at(stranger: Visitor) -> None:
    assert stranger.send("POST", "/p/1/frame", b"", OURS).status == 403


def test_a_picture_is_neither_kept_nor_told_nor_does_it_check_anybody_in(
    visitor: Visitor,
    code: str,
    phone: Phone,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    send(visitor, qr_png(code))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert visits_of(phone.file).load() == Visits()
    assert capsys.readouterr() == ("", "")
